"""A window that shows the overlay of a live camera."""

from __future__ import annotations

import os
import subprocess
import sys

import cv2

from tightrope_translate.image.pictures import Picture

_TITLE = "tightrope translate"
_QUIT = frozenset((27, ord("q")))  # Escape
# Qt ends the whole process where there is no display, so another process tries first.
_PROBE = f"import cv2; cv2.namedWindow({_TITLE!r})"


class Window:
    """Shows pictures until the person presses q or Escape or closes it."""

    @staticmethod
    def possible() -> bool:
        """Whether there is a display to open one on."""
        os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")  # of fonts that OpenCV does not bring along
        probe = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, check=False, timeout=60)
        return probe.returncode == 0

    def __init__(self) -> None:
        cv2.namedWindow(_TITLE, cv2.WINDOW_NORMAL)

    def show(self, picture: Picture) -> bool:
        """Show a BGR picture, uint8 [h, w, 3]; False when the person wants to end."""
        cv2.imshow(_TITLE, picture)
        key = cv2.waitKey(1) & 0xFF
        return key not in _QUIT and cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) >= 1

    def close(self) -> None:
        cv2.destroyAllWindows()
