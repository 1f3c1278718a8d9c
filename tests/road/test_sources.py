"""What a user names becomes frames, in order, and what is broken is told without stopping the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.errors import BadInputError
from tightrope_road.frames import Frame
from tightrope_road.sources import _UniqueStems, find_sources
from tightrope_road.video import VideoFile

from .conftest import make_picture

STOP = threading.Event()


def write_video(path: Path, frames: int = 12, codec: str = "MJPG") -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 10, (64, 48))
    for index in range(frames):
        writer.write(make_picture(seed=index))
    writer.release()
    return path


def frames_of(*arguments: str) -> list[Frame]:
    return [frame for source in find_sources(arguments, STOP) for frame in source]


def test_a_folder_gives_its_pictures_by_name(tmp_path: Path, encoded: Callable[[str], bytes]) -> None:
    for name in ("b.png", "a.JPG", ".hidden.jpg"):
        (tmp_path / name).write_bytes(encoded(".png" if name.endswith("png") else ".jpg"))
    (tmp_path / "notes.txt").write_text("not a picture, and not said to be one")

    assert [frame.name for frame in frames_of(str(tmp_path))] == ["a", "b"]


def test_a_glob_gives_its_files_by_name(tmp_path: Path, encoded: Callable[[str], bytes]) -> None:
    for name in ("night-2.jpg", "night-1.jpg", "day.jpg"):
        (tmp_path / name).write_bytes(encoded(".jpg"))

    assert [frame.name for frame in frames_of(str(tmp_path / "night-*"))] == ["night-1", "night-2"]


def test_a_file_whose_name_looks_like_a_glob_is_a_file(tmp_path: Path, encoded: Callable[[str], bytes]) -> None:
    (tmp_path / "street[1].jpg").write_bytes(encoded(".jpg"))

    assert [frame.name for frame in frames_of(str(tmp_path / "street[1].jpg"))] == ["street[1]"]


def test_pictures_of_the_same_name_are_told_apart(tmp_path: Path, encoded: Callable[[str], bytes]) -> None:
    for name in ("left/1.jpg", "right/1.jpg", "right/1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(encoded(".jpg"))

    frames = frames_of(str(tmp_path / "left"), str(tmp_path / "right"))

    assert [frame.name for frame in frames] == ["1", "1-2", "1-3"]


@given(st.lists(st.sampled_from(("a", "a-2", "a-3", "b")), max_size=12))
def test_stems_are_unique_whatever_the_names(names: list[str]) -> None:
    unique = _UniqueStems()
    stems = [unique(name) for name in names]

    assert len(set(stems)) == len(stems)


@pytest.mark.parametrize(
    ("argument", "why"),
    [
        ("missing.jpg", "missing.jpg does not exist"),
        ("no*thing.jpg", "matches no file"),
        ("ftp://host/street.jpg", "scheme that is not supported"),
        ("http://[::1", "is not a well-formed address"),
    ],
)
def test_what_cannot_be_a_source_says_so_when_its_turn_comes(argument: str, why: str) -> None:
    (source,) = find_sources([argument], STOP)

    with pytest.raises(BadInputError, match=why):
        list(source)


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is a folder without pictures or videos"):
        frames_of(str(tmp_path))


@given(st.text(min_size=1, max_size=30).filter(lambda text: "\0" not in text and "://" not in text))
def test_any_argument_is_a_source_or_an_error_of_ours(argument: str) -> None:
    for source in find_sources([f"nowhere/{argument}"], STOP):
        with pytest.raises(BadInputError):
            list(source)


def test_the_password_of_an_address_is_not_shown() -> None:
    (source,) = find_sources(["rtsp://me:secret@10.0.0.9:554/stream?channel=1"], STOP)

    assert source.live
    assert source.name == "rtsp://10.0.0.9:554/stream?channel=1"


def test_a_video_gives_numbered_frames_with_media_time(tmp_path: Path) -> None:
    frames = frames_of(str(write_video(tmp_path / "drive.avi", frames=5)))

    assert [frame.name for frame in frames] == [f"drive-{k:06d}" for k in range(5)]
    assert [frame.seconds for frame in frames] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert {frame.fps for frame in frames} == {10.0}


def test_a_truncated_video_gives_what_decodes_and_then_says_so(tmp_path: Path) -> None:
    data = write_video(tmp_path / "drive.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: len(data) * 6 // 10])
    frames: list[Frame] = []

    with pytest.raises(BadInputError, match=r"ends early: \d+ of 12 frames"):
        frames.extend(VideoFile(tmp_path / "cut.avi", "cut"))  # keeps what came before the error
    assert 0 < len(frames) < 12


def test_a_video_without_its_index_cannot_be_opened(tmp_path: Path) -> None:
    data = write_video(tmp_path / "drive.mp4", codec="mp4v").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) * 6 // 10])

    with pytest.raises(BadInputError, match="cannot be opened as a video"):
        frames_of(str(tmp_path / "cut.mp4"))
