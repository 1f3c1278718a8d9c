"""The shipped network on real radiographs as DICOM objects, from the file to the reading."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import JPEG2000Lossless

from tightrope.models import open_artifact
from tightrope_triage.commands import DEFAULT_MODEL
from tightrope_triage.data import Case, read_nih
from tightrope_triage.dicom import read_header, read_radiograph
from tightrope_triage.evaluation import auc
from tightrope_triage.judging import Judge, Source
from tightrope_triage.reading import State
from tightrope_triage.triager import Triager

from .dicom.builder import dx
from .tools import as_dx, tool


@pytest.fixture(scope="module")
def triager() -> Triager:
    return Triager.load(DEFAULT_MODEL, heat=True)


@pytest.fixture(scope="module")
def held_out(shared_data: Path) -> list[Case]:
    """Adults whom the training did not see, as many suspicious ones as others."""
    cases = [case for case in read_nih(shared_data, fold=0) if case.split == "test"]
    return [case for label in (0, 1) for case in [each for each in cases if each.label == label][:12]]


def test_suspicious_ones_come_first_and_the_heat_map_adds_up(triager: Triager, held_out: list[Case]) -> None:
    readings = [triager(as_dx(case)).result for case in held_out]
    judged = [(case, each) for case, each in zip(held_out, readings, strict=True) if each.probability is not None]
    assert len(judged) >= len(held_out) - 1
    assert auc([case.label for case, _ in judged], [each.probability for _, each in judged]) > 0.8
    assert {each.state for _, each in judged} == {State.PRIORITY, State.ROUTINE}
    for _, each in judged:
        log_odds = np.log(each.probability / (1 - each.probability))
        assert float(each.heat.sum()) == pytest.approx(log_odds, abs=0.05)  # it is quantized before its mean is taken


def test_the_age_decides_whether_and_by_which_threshold(triager: Triager, held_out: list[Case]) -> None:
    dataset = as_dx(held_out[-1])
    found = {}
    for age in ("011M", "001Y", "017Y", "018Y", ""):
        aged = copy.copy(dataset)
        aged.PatientAge = age
        found[age] = triager(aged).result
    assert found.pop("011M").reasons == ("The patient is younger than those that the model learned from.",)
    assert {each.reasons for each in found.values()} == {()}
    assert len({each.probability for each in found.values()}) == 1
    child, adult = triager.points.child, triager.points.adult
    assert [found[age].point for age in ("001Y", "017Y", "018Y")] == [child, child, adult]
    assert found[""].point.probability == min(child.probability, adult.probability)


def test_a_frame_is_for_objects_of_several(triager: Triager) -> None:
    values = np.arange(300 * 300).reshape(300, 300) % 4096
    for dataset in (dx(values), dx(np.stack([values] * 3))):
        header = read_header(dataset)
        assert triager.judge(dataset, header, 3).header.frame == header.frames


@pytest.mark.verify
def test_decoding_at_reduced_resolution_hardly_changes_the_answer(held_out: list[Case]) -> None:
    """benchmarks/triage_file/reduced.py measures it on more of them."""
    judge = Judge(open_artifact("triage", DEFAULT_MODEL))
    changes = []
    for case in held_out[::4]:
        dataset = tool("write_dx").encode(as_dx(case, 2048), JPEG2000Lossless)
        whole = judge(Source(read_radiograph(dataset))).result
        reduced = judge(Source(dataset)).result
        changes.append(abs(reduced.probability - whole.probability))
        assert reduced.problems == whole.problems
    assert np.mean(changes) < 0.03
    assert max(changes) < 0.1
