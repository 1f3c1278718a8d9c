"""Splits: nobody is in two of them, and they depend on nothing but site and person."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope_triage.data import FOLDS, DataError, bucket, read_cases, read_grey, read_kermany, split_of

from .sites import adult, child, flat, write_site


@pytest.mark.parametrize("fold", range(FOLDS))
def test_no_patient_is_in_two_splits(tmp_path, fold):
    write_site(
        tmp_path / "cxr-nih", [adult(f"{i}.png", f"{i // 3:08d}") for i in range(120)], [flat(i) for i in range(120)]
    )
    write_site(
        tmp_path / "cxr-kermany",
        [child(f"{i}.png", f"p{i // 2}", "test" if i < 10 else "train") for i in range(60)],
        [flat(i) for i in range(60)],
    )
    cases = read_cases(tmp_path, fold)
    splits: dict[tuple[str, str], set[str]] = {}
    for case in cases:
        splits.setdefault((case.site, case.person), set()).add(case.split)
    assert all(len(found) == 1 for found in splits.values())
    assert {case.split for case in cases if case.site == "nih"} == {"train", "calibration", "test"}


@given(st.text(max_size=12))
def test_each_patient_is_tested_in_exactly_one_fold(patient):
    tested = [fold for fold in range(FOLDS) if split_of("nih", patient, fold) == "test"]
    assert tested == [bucket("nih", patient, "fold", FOLDS)]


def test_children_of_the_published_test_leave_training(tmp_path):
    write_site(
        tmp_path / "cxr-kermany",
        [child("a.png", "p1", "test"), child("b.png", "p1", "train"), child("c.png", "p2", "train")],
        [flat(1), flat(2), flat(3)],
    )
    assert [case.path.name for case in read_kermany(tmp_path)] == ["a.png", "c.png"]


def test_of_equal_files_the_tested_one_stays(tmp_path):
    rows = [child("train.png", "p1", "train"), child("again.png", "p3", "train"), child("test.png", "p2", "test")]
    write_site(tmp_path / "cxr-kermany", rows, [flat(7), flat(9), flat(7)])
    assert [case.path.name for case in read_kermany(tmp_path)] == ["test.png", "again.png"]


def test_missing_data_say_what_to_do(tmp_path):
    with pytest.raises(DataError, match="--data"):
        read_cases(tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"broken\.jpg"):
        read_grey(tmp_path / "broken.jpg")


def test_real_splits_are_disjoint_and_both_classes_are_everywhere(shared_data):
    cases = read_cases(shared_data)
    assert len({case.path for case in cases}) == len(cases)
    for site in ("nih", "kermany"):
        for split in ("train", "calibration", "test"):
            assert {case.label for case in cases if (case.site, case.split) == (site, split)} == {0, 1}
    people = Counter((site, person) for site, person, _ in {(case.site, case.person, case.split) for case in cases})
    assert set(people.values()) == {1}
