"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data: $TIGHTROPE_DATA, or ../shared/data beside the checkout; skips where there is none."""
    folder = Path(os.environ.get("TIGHTROPE_DATA") or CHECKOUT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("no real data: point TIGHTROPE_DATA at it")
    return folder
