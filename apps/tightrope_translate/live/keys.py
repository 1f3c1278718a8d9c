"""A terminal's keys as they are pressed, and what they do to a text.

with Keys(sys.stdin.fileno()) as keys:
    while (pressed := keys.read(0.5)) != END:
        text = typed(text, pressed)
"""

from __future__ import annotations

import codecs
import os
import re
import select
from types import TracebackType

from tightrope.errors import BadInputError

END = "\x04"  # Ctrl-D
SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)  # arrows and the like: nothing is done
RUB_OUT, RUB_WORD, RUB_ALL = ("\x7f", "\x08"), "\x17", "\x15"  # Backspace, Ctrl-W, Ctrl-U
LAST_WORD = re.compile(r"\S*\s*\Z")


class Keys:
    """A terminal that gives each key at once. Raises BadInputError where there is no such terminal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def __enter__(self) -> Keys:
        try:
            import termios
            import tty
        except ImportError as error:
            raise BadInputError("keys are read on Linux and macOS only: pipe growing lines into the command") from error
        self._before = termios.tcgetattr(self._descriptor)
        tty.setcbreak(self._descriptor)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import termios

        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)

    def read(self, timeout: float) -> str:
        """What was pressed within `timeout` seconds, "" if nothing; END for Ctrl-D and for a closed terminal."""
        if not select.select([self._descriptor], [], [], timeout)[0]:
            return ""
        data = os.read(self._descriptor, 4096)
        pressed = self._decoder.decode(data)
        return END if not data or END in pressed else pressed


def typed(text: str, pressed: str) -> str:
    """`text` after the keys `pressed`."""
    for key in SEQUENCE.sub("", pressed):
        if key in RUB_OUT:
            text = text[:-1]
        elif key == RUB_WORD:
            text = LAST_WORD.sub("", text)
        elif key == RUB_ALL:
            text = ""
        elif key in "\r\n":
            text += "\n"
        elif key.isprintable():
            text += key
    return text
