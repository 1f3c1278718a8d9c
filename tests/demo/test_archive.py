"""Zips from a stranger."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tightrope.errors import BadInputError
from tightrope_triage.demo.archive import MAX_BYTES, unpack

# A zip ends names at the first NUL: such a one would be another name, or a folder's.
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40).filter(
    lambda name: not name.endswith("/")
)
PATHS = st.one_of(NAMES, NAMES.map(lambda name: f"../../{name}"), NAMES.map(lambda name: f"/etc/{name}"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(PATHS, max_size=5, unique=True))
def test_every_file_lands_inside_the_folder(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    root = tmp_path_factory.mktemp("zip")
    with zipfile.ZipFile(root / "a.zip", "w") as writing:
        for number, name in enumerate(names):
            writing.writestr(zipfile.ZipInfo(name), f"{number}")
    before = set(root.rglob("*"))

    unpack(root / "a.zip", root / "out", MAX_BYTES)

    files = [file for file in sorted(set(root.rglob("*")) - before) if file.is_file()]
    assert [file.read_text() for file in files] == [f"{number}" for number in range(len(names))]
    assert all(file.is_relative_to(root / "out") for file in files)


def test_what_an_entry_claims_of_its_size_is_not_believed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as writing:
        for number in range(4):
            writing.writestr(f"{number}", bytes(2**20))
    with pytest.raises(BadInputError, match=r"bomb\.zip unpacks to too much"):
        unpack(tmp_path / "bomb.zip", tmp_path / "out", 3 * 2**20)
    assert sum(file.stat().st_size for file in (tmp_path / "out").rglob("*") if file.is_file()) <= 3 * 2**20


def test_an_encrypted_zip_is_told_of(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as writing:
        writing.writestr("a.dcm", b"a")
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(BadInputError, match=r"a\.zip is encrypted"):
        unpack(tmp_path / "a.zip", tmp_path / "out", MAX_BYTES)


@given(damage=st.binary(min_size=1, max_size=4), at=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_zip_is_an_error_that_a_person_can_read(
    tmp_path_factory: pytest.TempPathFactory, damage: bytes, at: int
) -> None:
    root = tmp_path_factory.mktemp("zip")
    with zipfile.ZipFile(root / "a.zip", "w", zipfile.ZIP_DEFLATED) as writing:
        writing.writestr("a.dcm", b"abcdefgh" * 40)
    data = bytearray((root / "a.zip").read_bytes())
    at %= len(data)
    data[at : at + len(damage)] = damage
    (root / "a.zip").write_bytes(data)
    said = ""
    try:
        unpack(root / "a.zip", root / "out", MAX_BYTES)
    except BadInputError as error:
        said = str(error)
    assert "\n" not in said
