"""The live command at a terminal and between pipes, with an engine that needs no model."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tightrope_translate.live import Live
from tightrope_translate.live.console import follow_lines
from tightrope_translate.live.keys import typed

from .live_engines import Shouting

CHECKOUT = Path(__file__).parents[2]
SESSION = """
import sys
from tests.translate.live_engines import Shouting
from tightrope_translate.live import Live
from tightrope_translate.live.console import follow_keys, follow_lines
live = Live(Shouting(), "en", "de")
follow_keys(live) if sys.stdin.isatty() else follow_lines(live, sys.stdin.buffer, as_json=False)
print("END:", live.text)
"""


@pytest.mark.parametrize(
    ("pressed", "text"),
    [
        ("Hi", "Hi"),
        ("Ho\x7fi", "Hi"),
        ("\x7f\x08Hi", "Hi"),
        ("one two \x17Hi", "one Hi"),
        ("one two\x15Hi", "Hi"),
        ("H\x1b[A\x1b[1;5Ci\x1bOP\x1b", "Hi"),
        ("a\rb\x00\x07ü😀", "a\nbü😀"),
    ],
)
def test_what_keys_do(pressed: str, text: str) -> None:
    assert typed("", pressed) == text


def test_growing_lines(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [b"One", b"One two three four ", b"One two three four five.\n", b"\xff\xfe"]
    follow_lines(Live(Shouting(), "en", "de", mask=0, agree=1), lines, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "",
        "[ONE TWO THREE FOUR]",
        "ONE TWO THREE FOUR FIVE.",
        "",
        "[\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}]",
    ]


def test_updates_as_json_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    live = Live(Shouting(), "en", "de")
    follow_lines(live, [b"One. Two", b"One. Two. Thr", b"Won. Two"], as_json=True)
    stable = ""
    for update in map(json.loads, capsys.readouterr().out.splitlines()):
        stable = stable[: update["keep"]] + update["stable"]
    assert stable + update["tentative"] == "WON. TWO"


def test_a_pipe_is_answered_line_by_line() -> None:
    command = [sys.executable, "-c", SESSION]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"Hello. \n")
        process.stdin.flush()
        assert process.stdout.readline() == b"HELLO. \n", "before the next line is there"
        process.stdin.close()
        assert process.stdout.read().splitlines() == [b"HELLO. ", b"END: HELLO. "]
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals")
@pytest.mark.parametrize("end", [b"\x04", b"\x03"], ids=["Ctrl-D", "Ctrl-C"])
def test_a_person_at_a_terminal(end: bytes) -> None:
    import pty

    child, terminal = pty.fork()
    if child == 0:  # the person's machine
        os.chdir(CHECKOUT)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in the background inherits that it is ignored
        os.execv(sys.executable, [sys.executable, "-c", SESSION])
    try:
        shown = Shown(terminal)
        shown.wait_for(lambda text: "▏" in text)
        os.write(terminal, b"Where is it? I am")
        shown.wait_for(lambda text: "WHERE IS IT? " in text)
        shown.wait_for(lambda text: "I AM" in text)  # after a pause
        os.write(terminal, b"\x7f\x7fwas" + end)
        shown.wait_for(lambda text: "END: WHERE IS IT? I " in text)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        os.close(terminal)  # hangs up on a child that is still there


class Shown:
    """What a terminal has printed so far."""

    def __init__(self, terminal: int) -> None:
        self._terminal, self.text = terminal, ""

    def wait_for(self, condition: Callable[[str], bool]) -> None:
        until = time.monotonic() + 20
        while not condition(self.text):
            assert time.monotonic() < until, self.text
            if select.select([self._terminal], [], [], 0.1)[0]:
                self.text += os.read(self._terminal, 65536).decode("utf-8", "replace")
