from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from tightrope.errors import OutputError
from tightrope.writing import atomic_path, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_appears_at_the_end_with_its_folder_and_suffix(tmp_path: Path) -> None:
    target = tmp_path / "new" / "deep" / "page.html"
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        assert temporary.suffix == ".html"
        assert not target.exists()
    assert target.read_text() == "half"
    assert names(target.parent) == ["page.html"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), SystemExit(1), ValueError("bad"), MemoryError()])
def test_whatever_happens_leaves_the_older_file_and_no_other(tmp_path: Path, failure: BaseException) -> None:
    target = tmp_path / "page.html"
    write_text(target, "older")

    def write() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half a p")
            raise failure

    with pytest.raises(type(failure)):
        write()
    assert target.read_text() == "older"
    assert names(tmp_path) == ["page.html"]


def test_a_full_disk_is_one_line_and_nothing_is_left(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    with pytest.raises(OutputError, match=r"cannot write .*page\.html: No space left") as caught, atomic_path(target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == []


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match=r"cannot write .*taken/page\.html"):
        write_text(tmp_path / "taken" / "page.html", "text")


def test_a_folder_in_the_place_of_the_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "page.html" / "inner").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"cannot write .*page\.html"):
        write_text(tmp_path / "page.html", "text")
    assert names(tmp_path) == ["page.html"]


def test_the_permissions_are_those_of_a_file_made_here(tmp_path: Path) -> None:
    write_text(tmp_path / "ours", "")
    (tmp_path / "plain").write_text("")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "plain")}
    assert len(modes) == 1
