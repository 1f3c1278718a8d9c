"""Files of one session: in a folder inside the server's own, which goes when the server ends at the latest."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from gradio.utils import get_upload_folder

KEPT_S = 3600
"""How long what a browser gave, and what was made of it, is kept after its last use."""


def new_folder() -> Path:
    """A new, empty folder. Files in it may be given to the page to be downloaded."""
    root = Path(get_upload_folder())
    root.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=root))


def remove_folder(folder: Path) -> None:
    """Remove a folder of `new_folder` with all that is in it; nothing happens where it is gone already."""
    shutil.rmtree(folder, ignore_errors=True)
