"""A turned or inverted radiograph is told from an upright one, in property and in fact."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tightrope_triage.checks import picture_problems
from tightrope_triage.data import read_cases
from tightrope_triage.dicom import read_radiograph
from tightrope_triage.orientation import SIZE, TEMPLATE, pose_scores, template
from tightrope_triage.preprocess import to_grey8
from tightrope_triage.workload import SAMPLE

from .tools import tool

PHANTOM = SAMPLE / "phantom.dcm"
THUMBNAILS = arrays(np.float64, (1, SIZE, SIZE), elements=st.floats(-3, 3, width=32))


@given(THUMBNAILS, st.integers(0, 3), st.booleans())
def test_turning_a_picture_moves_its_scores(thumbnails: np.ndarray, turn: int, inverted: bool) -> None:
    changed = np.rot90(thumbnails, turn, (1, 2)) * (-1 if inverted else 1)
    turns, negatives = np.split(np.roll(pose_scores(thumbnails, template()).reshape(2, 4), turn, axis=1), 2)
    expected = np.concatenate([negatives, turns] if inverted else [turns, negatives], axis=1)
    np.testing.assert_allclose(pose_scores(changed, template()), expected, atol=1e-9)


def test_a_mirrored_picture_is_as_upright_as_itself() -> None:
    np.testing.assert_array_equal(template(), template()[:, ::-1])


def test_it_is_told_in_which_way() -> None:
    upright = to_grey8(read_radiograph(PHANTOM, at_least=512).pixels)
    assert picture_problems(upright) == []
    changed = {
        "on its side.": np.rot90(upright),
        "upside down.": np.rot90(upright, 2),
        "be inverted,": 255 - upright,
        "on its side and inverted,": 255 - np.rot90(upright, 3),
    }
    for said, grey in changed.items():
        (problem,) = picture_problems(grey)
        assert said in problem


def test_what_is_on_record_is_what_is_found(shared_data: Path) -> None:
    """Its rates are of patients that the fit did not see."""
    record = json.loads(TEMPLATE.read_text())
    rates = tool("write_orientation").rates
    cases = read_cases(shared_data, fold=0)
    for name, shares in record["refused"].items():
        found = rates([case for case in cases if f"{case.site} {case.split}" == name], template())
        assert found == shares
        assert shares["upright"]["value"] < 0.02
        assert min(share["value"] for way, share in shares.items() if way != "upright") > 0.9


@pytest.mark.verify
def test_the_tool_finds_this_template(shared_data: Path) -> None:
    record = json.loads(TEMPLATE.read_text())
    cases = read_cases(shared_data, fold=0)
    np.testing.assert_allclose(tool("write_orientation").fit_to(cases, seed=0), record["template"], atol=2e-3)
