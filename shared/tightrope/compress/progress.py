"""What a pass says while it works reaches whoever runs the recipe.

>>> with heard_by(print):
...     say("12 of 90")
12 of 90
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Progress = Callable[[str], None]


def _nobody(step: str) -> None:
    """Without a listener a pass works in silence."""


_listener: ContextVar[Progress] = ContextVar("listener", default=_nobody)


def say(step: str) -> None:
    """Tell the listener which step begins."""
    _listener.get()(step)


@contextmanager
def heard_by(listener: Progress) -> Iterator[None]:
    """Inside, `say` reaches `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
