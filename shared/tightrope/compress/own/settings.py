"""What a person says about a model of her own: as text, the way it stands on a command line and in a lineage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tightrope.config import Config
from tightrope.errors import ConfigError
from tightrope.runtime.picture import Colour, Layout, Resize

_COLOURS: tuple[Colour, ...] = ("RGB", "BGR", "GRAY")
_LAYOUTS: tuple[Layout, ...] = ("NCHW", "NHWC")


class OwnSettings(Config):
    """Where the data lies, and what is known of the preprocessing. None: looked up in the graph, or guessed."""

    data: str | None = Field(None, description="folder of pictures; subfolders are classes")
    inputs: str | None = Field(None, description="folder of .npz or .npy files, for graphs that take no pictures")
    labels: str | None = Field(None, description="CSV (file,label) or COCO JSON with the classes of the files")
    classes: str | None = Field(None, description="text file: the name of each class, in the order of the outputs")
    weights: str | None = Field(None, description="state dict of a torchvision network")
    output: str | None = Field(None, description="name of the output with the class scores")
    judge: Literal["labels", "classes", "boxes", "outputs"] | None = Field(None, description="what the gate compares")
    size: str | None = Field(None, description="224 or WIDTHxHEIGHT, of the input")
    mean: str | None = Field(None, description="a number, or one a channel by commas")
    std: str | None = Field(None, description="a number, or one a channel by commas")
    range: Literal["1", "255"] | None = Field(None, description="pixels go in as 0 to 1, or 0 to 255")
    layout: str | None = Field(None, description="RGB, BGR or GRAY, and NCHW or NHWC")
    resize: Resize | None = Field(None, description="how a picture is brought to the size")
    limit: int = Field(2000, ge=1, description="so many files at most")

    def width_height(self) -> tuple[int, int] | None:
        """The size in pixels. Raises ConfigError if it is not one."""
        if self.size is None:
            return None
        sides = self.size.lower().split("x")
        if len(sides) > 2 or not all(side.isdigit() and int(side) > 0 for side in sides):
            raise ConfigError(f"--size takes 224 or WIDTHxHEIGHT, not {self.size!r}")
        return int(sides[0]), int(sides[-1])

    def colour(self) -> Colour | None:
        return next((colour for colour in _COLOURS if colour in self._layout_words()), None)

    def order(self) -> Layout | None:
        return next((layout for layout in _LAYOUTS if layout in self._layout_words()), None)

    def normalization(self, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """Mean and std of each channel in pixel values (0 to 255); None: nothing was said of either.

        Raises:
            ConfigError: not numbers, not as many as channels, or a std of 0.
        """
        if self.mean is None and self.std is None and self.range is None:
            return None
        scale = 1.0 if self.range == "255" else 255.0
        mean, std = (_numbers(name, text, channels) for name, text in (("mean", self.mean), ("std", self.std)))
        if std and min(std) <= 0:
            raise ConfigError(f"--std must be above 0, not {self.std!r}")
        zeros, ones = (0.0,) * channels, (1.0,) * channels
        return tuple(v * scale for v in mean or zeros), tuple(v * scale for v in std or ones)

    def _layout_words(self) -> set[str]:
        words = set((self.layout or "").upper().replace(",", " ").replace("-", " ").split())
        if unknown := words - {*_COLOURS, *_LAYOUTS}:
            raise ConfigError(f"--layout takes {', '.join((*_COLOURS, *_LAYOUTS))}, not {unknown.pop()!r}")
        return words


def _numbers(name: str, text: str | None, channels: int) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigError(f"--{name} takes numbers by commas, not {text!r}") from error
    if len(values) not in (1, channels):
        raise ConfigError(f"--{name} has {len(values)} numbers, and the input has {channels} channel(s)")
    return values if len(values) == channels else values * channels
