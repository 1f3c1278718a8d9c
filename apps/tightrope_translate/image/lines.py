"""A line of text in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tightrope_translate.image.boxes import Box


@dataclass(frozen=True)
class Line:
    """Where it stands, what it says, and how sure that is (0 to 1)."""

    text: str
    confidence: float
    box: Box

    def to_dict(self) -> dict[str, Any]:
        corners = [[round(float(v), 1) for v in corner] for corner in self.box.corners()]
        return {"text": self.text, "confidence": round(self.confidence, 4), "corners": corners}
