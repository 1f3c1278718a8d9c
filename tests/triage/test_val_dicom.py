"""`tightrope triage val` on a hospital's folder of DICOM files, with the shipped network and real radiographs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import JPEG2000Lossless

from tightrope.errors import BadInputError
from tightrope_triage import kinds
from tightrope_triage.commands import DEFAULT_MODEL
from tightrope_triage.data import Case, read_nih
from tightrope_triage.val_command import val_command

from .tools import as_dx, tool


@pytest.fixture(autouse=True)
def no_files_of_pydicom(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """They take long to decode, and say nothing of this folder."""
    monkeypatch.setattr(kinds, "dicom_files", list)
    kinds.dicom_pictures.cache_clear()
    yield
    kinds.dicom_pictures.cache_clear()


@pytest.fixture
def cases(shared_data: Path) -> list[Case]:
    """Some adults, half of them suspicious."""
    known = read_nih(shared_data, fold=0)
    return [case for label in (0, 1) for case in [each for each in known if each.label == label][:240:20]]


def evaluated(folder: Path, lines: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `val` reports on a folder with these rows; one of them cannot be read."""
    (folder / "manifest.csv").write_text("\n".join(lines))
    with pytest.raises(BadInputError, match="1 radiographs could not be judged"):
        val_command(folder, DEFAULT_MODEL, None, as_json=True)
    return dict(json.loads(capsys.readouterr().out))


@pytest.mark.verify
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, on the broken file
def test_dicom_files_get_what_their_pictures_get(
    cases: list[Case], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures, objects = tmp_path / "pictures", tmp_path / "objects"
    pictures.mkdir()
    objects.mkdir()
    of_object, of_picture = (
        ["file,label,person", "broken.dcm,1,X"],
        ["file,label,person,view,age,sex", "gone.png,1,X,,,"],
    )
    for number, case in enumerate(cases):
        path = objects / f"{number}.dcm"
        tool("write_dx").encode(as_dx(case), JPEG2000Lossless).save_as(path, enforce_file_format=True)
        of_object.append(f"{path.name},{case.label},{case.person}")
        of_picture.append(f"{case.path},{case.label},{case.person},{case.view},{case.age},{case.sex}")
    (objects / "broken.dcm").write_bytes((objects / "0.dcm").read_bytes()[:20_000])

    found, expected = evaluated(objects, of_object, capsys), evaluated(pictures, of_picture, capsys)

    assert "broken.dcm" in found["unreadable"][0]
    assert found["other_threshold"] == {}
    ours, theirs = found["sites"]["objects"], expected["sites"]["pictures"]
    # View, age and sex came from the headers.
    assert [group["name"] for group in ours["groups"]] == [group["name"] for group in theirs["groups"]]
    assert {"view PA", "view AP", "women", "men"} <= {group["name"] for group in ours["groups"]}
    first, second = (site["groups"][0] for site in (ours, theirs))
    assert first["cases"] == second["cases"] == len(cases)
    assert first["auc"]["value"] == pytest.approx(second["auc"]["value"], abs=0.03)
    assert first["brier"] == pytest.approx(second["brier"], abs=0.01)
    assert ours["reasons"] == theirs["reasons"]
