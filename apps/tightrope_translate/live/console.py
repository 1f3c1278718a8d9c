"""Live translation in a terminal, and between pipes.

follow_keys(live)                        # a person types; Ctrl-D or Ctrl-C ends
follow_lines(live, lines, as_json=True)  # each line is the whole text so far
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

from rich.console import Console, Group
from rich.live import Live as Screen
from rich.text import Text

from tightrope.interrupt import Interrupt
from tightrope_translate.live.keys import END, Keys, typed
from tightrope_translate.live.live import PAUSE_S, Live
from tightrope_translate.live.update import Update


def follow_keys(live: Live) -> None:
    """Show what is typed and, under it, its translation: stable text plain, tentative text dim."""
    text, settled = "", True
    console = Console()
    with Interrupt() as stop, Keys(sys.stdin.fileno()) as keys, Screen(console=console, auto_refresh=False) as screen:
        screen.update(drawn(text, live), refresh=True)
        while not stop.is_set() and (pressed := keys.read(PAUSE_S)) != END:
            if not pressed and settled:
                continue
            text, settled = typed(text, pressed), not pressed
            live.update(text, settled)
            screen.update(drawn(text, live), refresh=True)
        live.update(text, settled=True)
        screen.update(drawn(text, live), refresh=True)


def drawn(text: str, live: Live) -> Group:
    """The source with a cursor, and the translation."""
    translation = Text(live.stable)
    translation.append(live.tentative, style="dim italic")
    return Group(Text(text + "▏", style="cyan"), translation)


def follow_lines(live: Live, lines: Iterable[bytes], as_json: bool) -> None:
    """Print an update for each line as soon as it comes, and the settled one after the last."""
    text = ""
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        say(live.update(text), live, as_json)
    say(live.update(text, settled=True), live, as_json)


def say(update: Update | None, live: Live, as_json: bool) -> None:
    """One line: the update as JSON, or the stable text and the [tentative] one."""
    if as_json and update is not None:
        print(json.dumps(update.to_dict(), ensure_ascii=False), flush=True)
    else:
        shown = f"{live.stable}[{live.tentative}]" if live.tentative else live.stable
        print(shown.replace("\n", " "), flush=True)
