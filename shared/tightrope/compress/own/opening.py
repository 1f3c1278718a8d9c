"""From a model file, flags and a folder to a Task: what is not said is looked up or guessed, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tightrope.compress.own.brought import Brought, bring
from tightrope.compress.own.files import ARRAYS, PICTURES, Files, find_files, read_picture, usual_size
from tightrope.compress.own.graph import describe
from tightrope.compress.own.guess import Guess, best_of, guess, normalization_text, takes_pictures
from tightrope.compress.own.judge import ByLabels, choose_judge
from tightrope.compress.own.labels import Labels, read_labels
from tightrope.compress.own.reader import ArrayReader, PictureReader
from tightrope.compress.own.settings import OwnSettings
from tightrope.compress.own.task import OwnTask
from tightrope.compress.progress import say
from tightrope.compress.recipe import Recipe
from tightrope.errors import BadInputError, ConfigError
from tightrope.runtime.picture import PictureInput
from tightrope.runtime.session import Array

_USUAL_SIZE = "224"  # of torchvision's classifiers
_TRIED = 48  # labelled pictures on which a preprocessing is tried


@dataclass(frozen=True)
class Opened:
    """The task, and what a person should read before the work starts: rows of a name and a sentence."""

    task: OwnTask
    told: tuple[tuple[str, str], ...]


def open_own(target: str, settings: OwnSettings) -> Opened:
    """Make the task of 'model.onnx' or 'torchvision:NAME'.

    Raises:
        ConfigError: a flag is wrong, or one is missing.
        BadInputError: the model or the data cannot be used.
    """
    if (settings.data is None) == (settings.inputs is None):
        raise ConfigError("say where the data lies: --data FOLDER of pictures, or --inputs FOLDER of .npz files")
    model = bring(target, settings.weights)
    opened = _open_pictures if settings.data is not None else _open_arrays
    return opened(target, settings, model)


def default_recipe(task: OwnTask, keep: float) -> Recipe:
    """Export where there is a network to export, clean, and int8 with as few float layers as `keep` needs.

    On the calibration split half of what may be lost is left as a margin for the held-out one.
    """
    start = [] if task.origin().graph is not None else [{"method": "export"}]
    quantize = {"method": "quantize-mixed", "keep": (1 + keep) / 2, "rounding": "nearest"}
    return Recipe.parse({"name": "own", "passes": [*start, {"method": "clean"}, quantize]}, "the default recipe")


def _open_pictures(target: str, settings: OwnSettings, model: Brought) -> Opened:
    if not takes_pictures(model.inputs):
        takes = ", ".join(map(describe, model.inputs))
        raise BadInputError(f"{target} takes no picture but {takes}: give --inputs FOLDER of .npz files")
    usual = model.graph is None and settings.size is None
    spec = model.inputs[0]
    made = guess(spec, model.graph, settings.model_copy(update={"size": _USUAL_SIZE}) if usual else settings)
    if usual:
        made.origins["size"] = "guessed: the usual"
    model = model.shaped({spec.name: _shape(made.picture)})
    assert settings.data is not None
    folder, sizes = Path(settings.data), list[tuple[int, int]]()
    labels = _labels(folder, settings)

    def usable(file: Path) -> bool:
        picture = read_picture(file)
        if picture is not None:
            sizes.append((picture.shape[1], picture.shape[0]))
        return picture is not None

    files = find_files(folder, PICTURES, settings.limit, usable, _has_label(labels))
    made = replace(made, picture=replace(made.picture, source=usual_size(sizes)))
    answer = model.run(PictureReader(made.picture).read(files.calibration[0]))
    judge = choose_judge(model.outputs, answer, labels, settings)
    if isinstance(judge, ByLabels) and labels:
        made = _tried(made, model, judge, files, labels, settings)
    reader = PictureReader(made.picture)
    task = OwnTask(
        target, _settled(settings, made.picture), model, files, reader, judge, labels.classes if labels else ()
    )
    return Opened(task, tuple(_told(task, made, "pictures")))


def _open_arrays(target: str, settings: OwnSettings, model: Brought) -> Opened:
    if model.graph is None:
        raise ConfigError(f"{target} takes pictures: give --data FOLDER, not --inputs")
    assert settings.inputs is not None
    folder = Path(settings.inputs)
    labels = _labels(folder, settings)
    files = find_files(folder, ARRAYS, settings.limit, lambda _: True, _has_label(labels))
    reader = ArrayReader(model.inputs, files.calibration[0])
    for file in (*files.calibration, *files.held_out):
        reader.read(file)  # all of them before the work starts: one that does not fit would end it in the middle
    answer = model.run(reader.read(files.calibration[0]))
    judge = choose_judge(model.outputs, answer, labels, settings)
    task = OwnTask(target, settings, model, files, reader, judge, labels.classes if labels else ())
    return Opened(task, tuple(_told(task, None, "files of arrays")))


def _labels(folder: Path, settings: OwnSettings) -> Labels | None:
    if not folder.is_dir():
        raise BadInputError(f"no folder {folder}")
    if settings.judge not in (None, "labels"):
        return None
    file, names = (Path(name) if name else None for name in (settings.labels, settings.classes))
    return read_labels(folder, file, names)


def _has_label(labels: Labels | None) -> Callable[[Path], bool]:
    return (lambda file: labels.of(file) is not None) if labels else (lambda _: True)


def _shape(picture: PictureInput) -> tuple[int, int, int, int]:
    depth = 1 if picture.colour == "GRAY" else 3
    if picture.layout == "NCHW":
        return 1, depth, picture.height, picture.width
    return 1, picture.height, picture.width, depth


def _tried(made: Guess, model: Brought, judge: ByLabels, files: Files, labels: Labels, settings: OwnSettings) -> Guess:
    """The guess that is right most often on some calibration pictures, of those that the flags leave open."""
    chosen = files.calibration[:_TRIED]
    pictures = [(file, read_picture(file)) for file in chosen]

    def score(picture: PictureInput) -> tuple[float, float]:
        right, sure = [], []
        for file, pixels in pictures:
            assert pixels is not None
            answer = model.run(picture(pixels))
            right.append(judge.score(file, (), answer)["top-1"])
            sure.append(_probability(answer[judge.output], labels.of(file)))
        return float(np.mean(right)), float(np.mean(sure))

    asked = {
        "colour": settings.colour() is not None,
        "normalization": any((settings.mean, settings.std, settings.range)),
    }
    if not all(asked.values()):
        say(f"trying preprocessings on {len(chosen)} labelled pictures")
    best = best_of(made, score, len(chosen), {part for part, said in asked.items() if said})
    if score(best.picture)[0] == 0:
        raise BadInputError(
            f"the model is right on none of {len(chosen)} pictures: its preprocessing (--mean, --std, --range, "
            "--layout, --resize) or the order of its classes (--classes) is another"
        )
    return best


def _probability(scores: Array, label: int | None) -> float:
    """Softmax at the label; scores that are probabilities already stay in the same order."""
    flat = np.asarray(scores, np.float64).ravel()
    powers = np.exp(flat - flat.max())
    return float(powers[label] / powers.sum()) if label is not None else 0.0


def _settled(settings: OwnSettings, picture: PictureInput) -> OwnSettings:
    """The flags with which nothing is left to guess."""
    update: dict[str, str] = {
        "size": f"{picture.width}x{picture.height}",
        "layout": f"{picture.colour},{picture.layout}",
        "resize": picture.resize,
    }
    if np.dtype(picture.dtype).kind == "f":
        mean, std = (",".join(repr(value) for value in values) for values in (picture.mean, picture.std))
        update |= {"mean": mean, "std": std, "range": "255"}
    return settings.model_copy(update=update)


def _told(task: OwnTask, made: Guess | None, kind: str) -> Iterator[tuple[str, str]]:
    files = task.data
    yield "model", f"{task.target}: {', '.join(map(describe, task.model.inputs))} -> {', '.join(task.model.outputs)}"
    if made:
        picture, origins = made.picture, made.origins
        yield "size", f"{picture.width}x{picture.height} ({origins['size']})"
        yield "layout", f"{picture.layout} ({origins['layout']})"
        yield "pixels", f"{normalization_text(picture)} ({origins['normalization']})"
        yield "colour", f"{picture.colour} ({origins['colour']})"
        yield "resize", f"{picture.resize} ({origins['resize']})"
    calibrate, judge = len(files.calibration), len(files.held_out)
    yield "data", f"{calibrate} {kind} calibrate, {judge} judge ({files.how})"
    if files.unreadable:
        yield "left out", f"{len(files.unreadable)} that cannot be read, {files.unreadable[0]} among them"
    if task.classes:
        yield "classes", f"{len(task.classes)}: {', '.join(task.classes[:6])}{' ...' if len(task.classes) > 6 else ''}"
    yield "gate", task.judge.words
