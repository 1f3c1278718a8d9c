"""What a reader found of the everyday sentences: one verdict a translation, and a tool that counts them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .standins import shipped_engine
from .test_everyday import DIRECTIONS, FOLDER, SETS, rows

TOOL = Path(__file__).parents[2] / "tools" / "read_everyday.py"


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_verdicts_are_on_sentences_of_the_set_and_one_each(name: str, direction: str) -> None:
    head, *lines = (FOLDER / name / f"verdicts.{direction}.tsv").read_text(encoding="utf-8").splitlines()
    assert head == "source\tshown\tverdict"
    found = [line.split("\t") for line in lines]
    assert {source for source, _, _ in found} <= {row[1] for row in rows(name, direction)}
    assert {verdict for _, _, verdict in found} <= {"right", "understandable", "wrong"}
    assert len({(source, shown) for source, shown, _ in found}) == len(found)


def test_the_tool_counts_what_was_read_and_what_was_not() -> None:
    shipped_engine()
    done = subprocess.run(
        [sys.executable, TOOL, "--set", "first", "--direction", "en-de"], capture_output=True, text=True, check=True
    )
    last = done.stdout.strip().splitlines()[-1]
    numbers = [int(word) for word in last.replace(";", " ").replace(",", " ").split() if word.isdigit()]
    sure, of, right, understandable, wrong, unread, good = numbers
    assert of == right + understandable + wrong + unread == 100
    assert good == right + understandable
    assert sure <= of
