"""The notebooks are the tutorials: generated from the pages, up to date, and each block that runs is a cell."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))


def test_they_are_what_the_pages_say() -> None:
    pytest.importorskip("nbformat")
    done = subprocess.run(
        [sys.executable, "tools/notebooks.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}: run tools/notebooks.py"


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_each_block_that_runs_is_a_cell(page: Path) -> None:
    cells = json.loads((ROOT / "docs" / "notebooks" / f"{page.stem}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    text = page.read_text(encoding="utf-8")
    files = re.findall(r"^```\w+ .*?file=(\S+)", text, re.MULTILINE)
    commands = re.findall(r"^```bash(?![^\n]*file=)", text, re.MULTILINE)
    assert [cell.split()[1] for cell in code if cell.startswith("%%writefile")] == files
    assert sum(cell.startswith("%%script") for cell in code) == len(commands)
    prose = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert page.read_text(encoding="utf-8").splitlines()[0] in prose
