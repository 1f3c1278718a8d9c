"""The preprocessing of a graph that does not say it: from flags, from the graph, or from which one scores best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx

from tightrope.compress.own.graph import describe
from tightrope.compress.own.settings import OwnSettings
from tightrope.errors import BadInputError, ConfigError
from tightrope.runtime.picture import Colour, Layout, PictureInput
from tightrope.runtime.session import TensorSpec

_DEPTHS = (1, 3)
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_SCALING = ("Sub", "Div", "Mul", "Cast", "BatchNormalization")


@dataclass(frozen=True)
class Guess:
    """The preprocessing, and where each of its parts comes from, in words."""

    picture: PictureInput
    origins: dict[str, str]


@dataclass(frozen=True)
class Normalization:
    """A usual way of scaling pixels; mean and std in pixel values, for each channel."""

    name: str
    mean: tuple[float, ...]
    std: tuple[float, ...]


def takes_pictures(specs: Sequence[TensorSpec]) -> bool:
    """Whether a graph has one input, of four axes, with one or three channels in a place for them."""
    return len(specs) == 1 and len(specs[0].shape) == 4 and _layout(specs[0]) is not None


def guess(spec: TensorSpec, graph: onnx.ModelProto | None, settings: OwnSettings) -> Guess:
    """What flags and graph say, and the usual for the rest.

    Args:
        spec: the graph's input.
        graph: that it belongs to; None: a torchvision network, of which no such thing is known.

    Raises:
        ConfigError: a flag contradicts the graph, or the size is nowhere.
    """
    layout, origins = _layout(spec), dict[str, str]()
    if layout is None:
        raise BadInputError(f"{describe(spec)} is no picture")
    asked = settings.order()
    free = layout == "NCHW" and spec.shape[1] is None
    if asked and asked != layout and not free:
        raise ConfigError(f"--layout {asked}, and the graph's input is {layout}: {describe(spec)}")
    layout = asked or layout
    origins["layout"] = "asked for" if asked else "from the graph"
    (width, height), origins["size"] = _size(spec, layout, settings)
    depth = spec.shape[1 if layout == "NCHW" else 3] or 3
    colour: Colour = settings.colour() or ("GRAY" if depth == 1 else "RGB")
    if (colour == "GRAY") != (depth == 1):
        raise ConfigError(f"--layout {colour}, and the graph's input has {depth} channel(s): {describe(spec)}")
    origins["colour"] = "asked for" if settings.colour() else "from the graph" if depth == 1 else "guessed: the usual"
    chosen, origins["normalization"] = _normalization(spec, graph, layout, depth, settings)
    resize = settings.resize or "stretch"
    origins["resize"] = "asked for" if settings.resize else "guessed: the usual"
    picture = PictureInput(width, height, colour, layout, str(spec.dtype), chosen.mean, chosen.std, resize)
    return Guess(picture, origins)


def best_of(made: Guess, score: Callable[[PictureInput], tuple[float, float]], count: int, fixed: set[str]) -> Guess:
    """Try the usual normalizations and orders of colour, and keep what scores best; of equals, the first guess.

    Args:
        made: the guess from flags and graph; it is tried first.
        score: share of right answers on labelled calibration pictures, and their mean probability.
        count: of these pictures, for the words.
        fixed: parts that were asked for: 'colour', 'normalization'.
    """
    if np.dtype(made.picture.dtype).kind != "f":
        fixed = {*fixed, "normalization"}
    tried = {name: score(one) for name, one in _variants(made.picture, fixed)}
    pictures = dict(_variants(made.picture, fixed))
    if len(tried) < 2:
        return made
    best = max(tried, key=lambda name: tried[name])
    others = sorted((right for name, (right, _) in tried.items() if name != best), reverse=True)
    chances = (
        f"{best} is right on {tried[best][0]:.0%} of {count} pictures, the next of {len(tried)} on {others[0]:.0%}"
    )
    if others[0] == tried[best][0]:
        chances += "; say --mean, --std and --layout if you know them"
    open_parts = [part for part in ("normalization", "colour") if part not in fixed]
    words = [f"tried: {chances}", "tried too"]
    return Guess(pictures[best], {**made.origins, **dict(zip(open_parts, words, strict=False))})


def normalization_text(picture: PictureInput) -> str:
    """'mean 123.7, 116.3, 103.5, std 58.4, 57.1, 57.4 (in pixel values)'."""
    if np.dtype(picture.dtype).kind != "f":
        return f"pixels as they are, {picture.dtype}"
    mean, std = (", ".join(f"{value:.4g}" for value in values) for values in (picture.mean, picture.std))
    return f"mean {mean}, std {std} (in pixel values)"


def _variants(picture: PictureInput, fixed: set[str]) -> Iterator[tuple[str, PictureInput]]:
    depth = len(picture.mean)
    colours: list[Colour] = [picture.colour]
    if picture.colour != "GRAY" and "colour" not in fixed:
        colours.append("BGR" if picture.colour == "RGB" else "RGB")
    ways = [Normalization("as given", picture.mean, picture.std)]
    if "normalization" not in fixed:
        ways = sorted(_usual(depth), key=lambda way: (way.mean, way.std) != (picture.mean, picture.std))
    for way in ways:
        for colour in colours:
            name = colour if "normalization" in fixed else f"{way.name} {colour}"
            yield name, replace(picture, colour=colour, mean=way.mean, std=way.std)


def _usual(depth: int) -> list[Normalization]:
    imagenet = [tuple(255 * value for value in values) for values in _IMAGENET]
    grey = [(sum(values) / 3,) for values in imagenet]
    mean, std = imagenet if depth == 3 else grey
    return [
        Normalization("ImageNet's mean and std", mean, std),
        Normalization("0 to 1", (0.0,) * depth, (255.0,) * depth),
        Normalization("-1 to 1", (127.5,) * depth, (127.5,) * depth),
        Normalization("0 to 255", (0.0,) * depth, (1.0,) * depth),
    ]


def _layout(spec: TensorSpec) -> Layout | None:
    """Where the channels of a four-axis input stand; a free axis may be anything."""
    second, last = spec.shape[1], spec.shape[3]
    if second in _DEPTHS:
        return "NCHW"
    if last in _DEPTHS:
        return "NHWC"
    return "NCHW" if second is None and last is None else None


def _size(spec: TensorSpec, layout: Layout, settings: OwnSettings) -> tuple[tuple[int, int], str]:
    height, width = spec.shape[2:] if layout == "NCHW" else spec.shape[1:3]
    asked = settings.width_height()
    if asked is None:
        if width is None or height is None:
            raise ConfigError(f"the graph does not say its size, {describe(spec)}: give --size 224 or WIDTHxHEIGHT")
        return (width, height), "from the graph"
    if (width or asked[0], height or asked[1]) != asked:
        raise ConfigError(f"--size {settings.size}, and the graph's input is fixed: {describe(spec)}")
    return asked, "asked for"


def _normalization(
    spec: TensorSpec, graph: onnx.ModelProto | None, layout: Layout, depth: int, settings: OwnSettings
) -> tuple[Normalization, str]:
    asked = settings.normalization(depth)
    imagenet, _, symmetric, raw = _usual(depth)
    if spec.dtype.kind != "f":
        if asked:
            raise ConfigError(f"--mean, --std and --range are for float inputs, and this one is {describe(spec)}")
        return raw, f"from the graph: {spec.dtype}"
    if asked:
        return Normalization("asked for", *asked), "asked for"
    if graph is not None and any(node.op_type in _SCALING for node in graph.graph.node if spec.name in node.input):
        return raw, "guessed: the graph scales its input itself"
    return (symmetric, "guessed: usual for NHWC") if layout == "NHWC" else (imagenet, "guessed: the usual")
