"""The window of `--view`."""

from __future__ import annotations

import os
import subprocess
import sys

import cv2

from tightrope.errors import BadInputError
from tightrope.interrupt import Stop
from tightrope_road.preprocess import Picture

_TITLE = "tightrope road"
_POLL_MS = 100
_QUIT = frozenset((27, ord("q")))  # Escape
# Qt ends the whole process where there is no display, so another process tries first.
_PROBE = f"import cv2; cv2.namedWindow({_TITLE!r})"


class Window:
    """Shows pictures until the person presses q or Escape or closes it. Raises BadInputError without a display."""

    def __init__(self) -> None:
        # Qt otherwise complains, line after line, of fonts that OpenCV does not bring along.
        os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")
        probe = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, check=False, timeout=60)
        if probe.returncode != 0:
            raise BadInputError("--view needs a display, and none can be opened here; use --out DIR instead")
        cv2.namedWindow(_TITLE, cv2.WINDOW_NORMAL)

    def show(self, picture: Picture) -> bool:
        """Show a BGR picture, uint8 [h, w, 3]; False when the person wants to end."""
        cv2.imshow(_TITLE, picture)
        key = cv2.waitKey(1) & 0xFF
        return key not in _QUIT and self._visible()

    def wait(self, stop: Stop) -> None:
        """Wait for any key, so that a single picture can be looked at, or for `stop`."""
        while not stop.is_set() and self._visible() and cv2.waitKey(_POLL_MS) < 0:
            pass

    def _visible(self) -> bool:
        return bool(cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) >= 1)

    def close(self) -> None:
        cv2.destroyAllWindows()
