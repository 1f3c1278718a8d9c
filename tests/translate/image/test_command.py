"""`tightrope translate image`, as a person runs it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from tightrope.errors import BadInputError, MissingExtraError
from tightrope_translate.engine import Engine
from tightrope_translate.image import models, run
from tightrope_translate.image.pictures import Picture, read_picture
from tightrope_translate.image.reader import Reader
from tightrope_translate.image.run import ImageOptions, image_command, watch
from tightrope_translate.image.translated import SignTranslator

from .conftest import Playback

Render = Callable[..., Any]


@pytest.fixture(autouse=True)
def _no_models(monkeypatch: pytest.MonkeyPatch, playback: Playback) -> None:
    monkeypatch.setattr(Engine, "open", classmethod(lambda cls, models=None, threads=1: playback))
    monkeypatch.setattr(run.Window, "possible", staticmethod(lambda: False))


def options(*pictures: Path, out: Path | None = None, as_json: bool = False) -> ImageOptions:
    return ImageOptions(pictures, None, "en", "de", out, None, 1, None, as_json)


@pytest.fixture
def sign(render: Render, tmp_path: Path) -> Path:
    path = tmp_path / "in" / "sign.png"
    path.parent.mkdir()
    path.write_bytes(cv2.imencode(".png", render(30, "en", "clean").picture)[1].tobytes())
    return path


def test_overlays_and_records(sign: Path, tmp_path: Path, reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    image_command(options(sign, sign.parent, out=tmp_path / "out", as_json=True))

    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kept = [json.loads(line) for line in (tmp_path / "out" / "translations.jsonl").read_text().splitlines()]
    assert kept == printed
    assert [one["paragraphs"][0]["translation"] for one in kept] == ["Fundbüro", "Fundbüro"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "sign-2.jpg",
        "sign.jpg",
        "translations.jsonl",
    ]
    assert read_picture(tmp_path / "out" / "sign.jpg").shape == read_picture(sign).shape


def test_no_picture_is_written_over_one_that_is_read(sign: Path, reader: Reader) -> None:
    photograph = sign.with_suffix(".jpg")
    cv2.imwrite(str(photograph), cv2.imread(str(sign)))
    before = photograph.read_bytes()

    with pytest.raises(BadInputError, match=r"sign\.jpg is one of the pictures to read"):
        image_command(options(photograph, out=photograph.parent))

    assert photograph.read_bytes() == before


def test_every_overlay_has_a_name_of_its_own(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("sign-2.jpg", "sign.jpg", "sign.png")]
    assert [name for _, name in run._named(files)] == ["sign-2", "sign", "sign-3"]


def test_a_bad_picture_is_named_and_the_others_are_done(
    sign: Path, tmp_path: Path, reader: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no more")

    with pytest.raises(BadInputError, match=r"2 of 3 .*broken\.jpg.*nowhere\.png does not exist"):
        image_command(options(broken, sign, tmp_path / "nowhere.png"))
    assert "Fundbüro" in capsys.readouterr().out


def test_either_pictures_or_a_camera() -> None:
    with pytest.raises(BadInputError, match="name pictures, or a camera"):
        image_command(options())


def test_without_the_extra_one_line_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models, "find_spec", lambda name: None)

    with pytest.raises(MissingExtraError, match=r"tightrope\[camera\]"):
        image_command(options(tmp_path / "sign.png"))


def test_a_camera_shows_its_newest_picture_and_speaks_when_it_changes(
    render: Render, tmp_path: Path, reader: Reader, playback: Playback, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = render(30, "en", "clean").picture, render(1, "en", "clean").picture
    signs = SignTranslator(reader, playback)  # type: ignore[arg-type]
    shown = threading.Semaphore(0)

    def source() -> Iterator[Picture]:
        yield first
        shown.acquire()  # the first is being worked on or done
        yield from (first, first, second)

    asked = signs.translate

    def translate(*arguments: Any) -> Any:
        shown.release()
        return asked(*arguments)

    signs.translate = translate  # type: ignore[method-assign]
    watch(ImageOptions((), 0, "en", "de", tmp_path, None, 1, None, True), signs, source(), threading.Event())

    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    said = [[one["translation"] for one in record["paragraphs"]] for record in printed]
    assert said[0] == ["Fundbüro"]
    assert "Ausgang" in said[-1]  # beside it, for a while, what was there before
    assert printed[-1]["dropped"] >= 1
    assert (tmp_path / "camera.jpg").exists()
