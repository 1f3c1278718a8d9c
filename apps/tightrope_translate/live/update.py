"""What changed on the reader's screen: some text that will stay, and some that may yet change.

Update(keep=0, stable="Wo ist", tentative=" der", source="en", sure=True)
Update(keep=6, stable=" der Bahnhof?", tentative="", source="en", sure=True)   # now: "Wo ist der Bahnhof?"
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Update:
    """A change to the stable text, and the whole tentative text.

    The screen shows stable and tentative text one behind the other; no white space has to be put between them.
    """

    keep: int
    """How many characters (code points) of the stable text so far stay: all of them, unless the source was edited."""
    stable: str
    """What comes behind those."""
    tentative: str
    """What is shown behind the stable text, in place of the former tentative text."""
    source: str
    """The language that is read, 'en' or 'de'; 'auto' until it can be told."""
    sure: bool
    """Whether every sentence that has ended was translated with confidence."""

    def apply(self, stable: str) -> str:
        """The stable text after this update, of the one before it."""
        return stable[: self.keep] + self.stable

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
