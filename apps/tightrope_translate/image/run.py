"""What `tightrope translate image` does with its options."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from tightrope.errors import BadInputError, OutputError, TightropeError
from tightrope.interrupt import Interrupt, Stop
from tightrope.writing import atomic_path
from tightrope_translate.engine import Engine
from tightrope_translate.image.newest import Newest, camera
from tightrope_translate.image.pictures import SUFFIXES, Picture, read_photograph, write_picture
from tightrope_translate.image.reader import Reader
from tightrope_translate.image.steady import Steady
from tightrope_translate.image.translated import SignTranslator, TranslatedPicture
from tightrope_translate.image.window import Window


@dataclass(frozen=True)
class ImageOptions:
    """What the command line said."""

    pictures: tuple[Path, ...]
    camera: int | None
    source: str
    target: str
    out: Path | None
    reader: Path | None
    threads: int
    frames: int | None
    as_json: bool


def image_command(options: ImageOptions) -> None:
    """Translate pictures, or what a camera sees. Raises BadInputError at the end if a picture could not be used."""
    if (options.camera is None) == (not options.pictures):
        raise BadInputError("name pictures, or a camera: tightrope translate image sign.jpg, or --camera 0")
    signs = SignTranslator(Reader.load(options.reader, options.threads), Engine.open(threads=options.threads))
    with Interrupt() as stop:
        if options.camera is None:
            _pictures(options, signs, stop)
        else:
            watch(options, signs, camera(options.camera), stop)
        if stop.is_set():
            raise typer.Exit(130)


def _pictures(options: ImageOptions, signs: SignTranslator, stop: Stop) -> None:
    unusable = []
    files = list(_files(options.pictures))
    read = {path.resolve() for path in files}
    with ExitStack() as stack:
        log = _log(options, stack)
        for path, name in _named(files):
            if stop.is_set():
                break
            try:
                picture, photograph = read_photograph(path)
                found = signs.translate(picture, options.source, options.target, photograph=photograph)
                if options.out is not None:
                    target = options.out / f"{name}.jpg"
                    if target.resolve() in read:
                        raise OutputError(f"{target} is one of the pictures to read: name another --out")
                    write_picture(target, found.drawn)
            except TightropeError as error:
                unusable.append(str(error))
                continue
            record = {"picture": str(path), **found.to_dict()}
            log(record)
            _say(options, str(path), record)
    if unusable:
        several = f"{len(unusable)} of {len(files)} pictures could not be used: " if len(unusable) > 1 else ""
        raise BadInputError(several + "; ".join(unusable))


def watch(options: ImageOptions, signs: SignTranslator, source: Iterable[Picture], stop: Stop) -> None:
    """Translate a live source at its newest picture; tells when what it sees changes; --out keeps the newest."""
    steady, said, count = Steady(), "", 0
    with ExitStack() as stack:
        pictures = stack.enter_context(Newest(source, stop))
        window = stack.enter_context(closing(Window())) if Window.possible() else None
        if window is None and options.out is None:
            typer.echo("no display for a window here; --out DIR keeps the newest overlay", err=True)
        log = _log(options, stack)
        for picture in pictures:
            found = signs.translate(picture, options.source, options.target, steady)
            count += 1
            if options.out is not None:
                write_picture(options.out / "camera.jpg", found.drawn)
            text = _text(found)
            if text != said:
                said = text
                record = {"camera": options.camera, "frame": count, "dropped": pictures.dropped, **found.to_dict()}
                log(record)
                _say(options, f"frame {count}", record)
            if (window is not None and not window.show(found.drawn)) or count == options.frames:
                break


def _text(found: TranslatedPicture) -> str:
    return "\n".join(one.shown for one in found.paragraphs)


def _log(options: ImageOptions, stack: ExitStack) -> Any:
    """Writes records to translations.jsonl in the folder of --out, which appears when all is done."""
    if options.out is None:
        return lambda record: None
    path = stack.enter_context(atomic_path(options.out / "translations.jsonl"))
    file = stack.enter_context(path.open("w", encoding="utf-8"))
    return lambda record: file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _say(options: ImageOptions, name: str, record: dict[str, Any]) -> None:
    if options.as_json:
        typer.echo(json.dumps(record, ensure_ascii=False))
        return
    typer.echo(f"{name}: {record['milliseconds']['total']:.0f} ms" + ("" if record["paragraphs"] else ", no text"))
    for one in record["paragraphs"]:
        typer.echo(f"  {one['text']}\n    {one['translation']}" + ("" if one["sure"] else "   (not sure)"))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Pictures right inside folders, sorted; everything else as it is named."""
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES)
        else:
            yield path


def _named(files: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Each with a name of its own for its output: 'sign', and for another sign.jpg 'sign-2'."""
    taken: set[str] = set()
    for path in files:
        names = [path.stem, *(f"{path.stem}-{number}" for number in range(2, len(taken) + 3))]
        name = next(name for name in names if name not in taken)
        taken.add(name)
        yield path, name
