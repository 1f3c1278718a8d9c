"""Live translation in a terminal, and between pipes.

follow_keys(live)                        # a person types; Ctrl-D or Ctrl-C ends
follow_lines(live, lines, as_json=True)  # each line is the whole text so far

Both give the run's summary: how many keys were answered within the budget's limit, and how long they took.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterable

from rich.console import Console, Group
from rich.live import Live as Screen
from rich.text import Text

from tightrope.interrupt import Interrupt
from tightrope.runtime import LiveRunner, Reason
from tightrope.runtime.outcome import Abstain, Outcome, Wait
from tightrope.runtime.summary import Summary
from tightrope_translate.live.keys import END, Keys, typed
from tightrope_translate.live.live import PAUSE_S, Live
from tightrope_translate.live.runner import Keystroke, TypingRunner, open_runner
from tightrope_translate.live.update import Update


def follow_keys(live: Live, runner: TypingRunner | None = None) -> Summary:
    """Show what is typed and, under it, its translation: stable text plain, tentative text dim.

    A thread translates the newest text, so that what is typed is on the screen at once.
    """
    runner = runner or open_runner(live)
    console = Console()
    with Interrupt() as stop, Keys(sys.stdin.fileno()) as keys, Screen(console=console, auto_refresh=False) as screen:
        board = _Board(live, screen)
        with LiveRunner(runner) as running:
            shower = threading.Thread(target=board.follow, args=(running,), name="screen", daemon=True)
            shower.start()
            text, settled = "", True
            board.show(text)
            while not stop.is_set() and board.error is None and (pressed := keys.read(PAUSE_S)) != END:
                if not pressed and settled:
                    continue
                text, settled = typed(text, pressed), not pressed
                live.supersede()
                running.push(Keystroke(text, settled), runner.clock.now())
                board.show(text)
            running.push(Keystroke(text, settled=True), runner.clock.now())
            running.close()
            shower.join()
    if board.error is not None:
        raise board.error
    return runner.telemetry.close(runner.clock.now())


class _Board:
    """The source with a cursor, and the translation; drawn by the thread of the keys and by that of the answers."""

    def __init__(self, live: Live, screen: Screen) -> None:
        self._live, self._screen = live, screen
        self._drawing = threading.Lock()
        self._text = self._trouble = ""
        self.error: Exception | None = None

    def follow(self, running: LiveRunner[Keystroke, Update]) -> None:
        """Draw anew with every outcome, to the last; `error` is what the runner ended with."""
        try:
            for outcome in running:
                self._trouble = _trouble(outcome)
                self.show(self._text)
        except Exception as error:  # raised again where the keys are read
            self.error = error

    def show(self, text: str) -> None:
        with self._drawing:
            self._text = text
            self._screen.update(drawn(text, self._live, self._trouble), refresh=True)


def drawn(text: str, live: Live, trouble: str = "") -> Group:
    """The source with a cursor, the translation, and what is wrong."""
    stable, tentative = live.shown
    translation = Text(stable)
    translation.append(tentative, style="dim italic")
    return Group(Text(text + "▏", style="cyan"), translation, *([Text(trouble, style="red")] if trouble else []))


def follow_lines(live: Live, lines: Iterable[bytes], as_json: bool, runner: TypingRunner | None = None) -> Summary:
    """Print an update for each line as soon as it comes, and the settled one after the last."""
    runner = runner or open_runner(live)
    text = ""
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        say(runner.push(Keystroke(text), runner.clock.now()), live, as_json)
    say(runner.push(Keystroke(text, settled=True), runner.clock.now()), live, as_json)
    return runner.telemetry.close(runner.clock.now())


def say(outcome: Outcome[Update], live: Live, as_json: bool) -> None:
    """One line: the update as JSON, or the stable text and the [tentative] one."""
    if trouble := _trouble(outcome):
        print(trouble, file=sys.stderr)
    update = None if isinstance(outcome, Wait) else outcome.result
    if not as_json:
        shown = f"{live.stable}[{live.tentative}]" if live.tentative else live.stable
        print(shown.replace("\n", " "), flush=True)
    elif update is not None:
        print(json.dumps(update.to_dict(), ensure_ascii=False), flush=True)


def _trouble(outcome: Outcome[Update]) -> str:
    """What broke; '' where nothing did."""
    return outcome.why if isinstance(outcome, Abstain) and outcome.reason is Reason.error else ""
