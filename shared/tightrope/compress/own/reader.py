"""A file to model-ready inputs: pictures with their preprocessing, or arrays as they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tightrope.compress.own.files import read_arrays, read_picture
from tightrope.errors import BadInputError
from tightrope.runtime.picture import PictureInput
from tightrope.runtime.session import Inputs, TensorSpec


class Reader(ABC):
    """The one way from a file to what the model takes."""

    @abstractmethod
    def read(self, file: Path) -> Inputs:
        """Raises BadInputError if the file is not what the model takes."""

    @abstractmethod
    def constants(self) -> Mapping[str, Any]:
        """The artifact's `preprocess`."""


class PictureReader(Reader):
    """Pictures of any size and kind that OpenCV decodes."""

    def __init__(self, picture: PictureInput) -> None:
        self.picture = picture

    def read(self, file: Path) -> Inputs:
        picture = read_picture(file)
        if picture is None:
            raise BadInputError(f"{file} is no picture that can be read")
        return self.picture(picture)

    def constants(self) -> Mapping[str, Any]:
        return self.picture.to_dict()


class ArrayReader(Reader):
    """Arrays for each input, ready made: what is timed later has the shape and the first value of `example`."""

    def __init__(self, specs: Sequence[TensorSpec], example: Path) -> None:
        self._specs, self._example = specs, example

    def read(self, file: Path) -> Inputs:
        return read_arrays(file, self._specs)

    def constants(self) -> Mapping[str, Any]:
        arrays = self.read(self._example)
        assert not isinstance(arrays, np.ndarray)
        inputs = {
            name: {"shape": list(array.shape), "dtype": str(array.dtype), "value": array.flat[0].item()}
            for name, array in arrays.items()
        }
        return {"takes": "arrays", "inputs": inputs}
