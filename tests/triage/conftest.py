"""What the triage tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with cxr-nih and cxr-kermany: TIGHTROPE_DATA, or shared/data beside the repository."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("TIGHTROPE_DATA", beside))
    if not (folder / "cxr-nih").is_dir():
        pytest.skip("needs the radiographs: set TIGHTROPE_DATA to the folder that holds cxr-nih and cxr-kermany")
    return folder
