"""How a picture must be turned for the patient to stand in it as one is used to seeing it, by what its header says.

PatientOrientation (PS3.3 C.7.6.1.1.1) names where the rows and where the columns of a picture lead: to the patient's
left and foot, 'L' and 'F', in a frontal radiograph as it hangs on the wall.

>>> dataset = Dataset()
>>> dataset.PatientOrientation = ["R", "H"]
>>> Turn.of(dataset)(np.array([[1, 2], [3, 4]]))
array([[4, 3],
       [2, 1]])
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset


@dataclass(frozen=True)
class Turn:
    """What is done to a picture, in this order; nothing where the header does not say how a frontal one lies.

    Attributes:
        transposed: rows become columns.
        mirrored: left and right change places.
        overturned: top and bottom change places.
    """

    transposed: bool = False
    mirrored: bool = False
    overturned: bool = False

    @classmethod
    def of(cls, dataset: Dataset) -> Turn:
        """That of the object's PatientOrientation."""
        along = directions(dataset)
        if along is None or {_AXES[letter] for letter in along} != {"across", "down"}:
            return cls()
        transposed = _AXES[along[0]] == "down"
        return cls(transposed, mirrored="R" in along, overturned="H" in along)

    def __call__(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """The picture [H, W], upright; contiguous, and the same array where nothing is to be done."""
        turned = pixels.T if self.transposed else pixels
        turned = turned[:, ::-1] if self.mirrored else turned
        turned = turned[::-1] if self.overturned else turned
        return np.ascontiguousarray(turned)


_AXES = {"L": "across", "R": "across", "H": "down", "F": "down", "A": "through", "P": "through"}


def directions(dataset: Dataset) -> tuple[str, str] | None:
    """The principal letter of where the rows lead, and the columns: of 'LRHFAP'; None where the header does not say."""
    try:
        rows, columns = (str(value).strip().upper()[:1] for value in dataset.get("PatientOrientation") or ())
    except Exception:  # a damaged value makes pydicom raise nearly anything; the header then says nothing
        return None
    return (rows, columns) if rows in _AXES and columns in _AXES else None
