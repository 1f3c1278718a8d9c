"""Small DX objects in memory, valid unless a test spoils them.

>>> dataset = dx(np.arange(64).reshape(8, 8), bits=12)
>>> encoded(dataset, JPEG2000Lossless).file_meta.TransferSyntaxUID.name     # doctest: +SKIP
'JPEG 2000 Image Compression (Lossless Only)'
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ..tools import tool


def dx(
    values: NDArray[Any],
    bits: int = 12,
    signed: bool = False,
    photometric: str = "MONOCHROME2",
    **attributes: Any,
) -> Dataset:
    """A DX object of stored `values` [H, W], or [N, H, W] for frames; `attributes` are set last, None removes one."""
    writer = tool("write_dx")
    case = writer.Case(picture=Path(), number=1, view="PA", age=40, sex="F", spacing_mm=0.2)
    dataset = writer.dx_object(np.zeros(values.shape[-2:], np.uint16), case, 0.2, photometric == "MONOCHROME1")
    allocated = 8 if bits <= 8 else 16 if bits <= 16 else 32
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = allocated, bits, bits - 1
    dataset.PixelRepresentation = int(signed)
    kept = np.asarray(values, np.int64) & (2**bits - 1) if not signed else np.asarray(values, np.int64)
    dataset.PixelData = kept.astype(f"<{'i' if signed else 'u'}{allocated // 8}").tobytes()
    dataset.PixelData += b"\0" * (len(dataset.PixelData) % 2)
    dataset["PixelData"].VR = "OB" if allocated == 8 else "OW"
    dataset.PhotometricInterpretation = photometric
    if values.ndim == 3:
        dataset.NumberOfFrames = len(values)
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def encoded(dataset: Dataset, syntax: str) -> Dataset:
    """The same in another transfer syntax, without loss."""
    done: Dataset = tool("write_dx").encode(dataset, syntax)
    return done


def saved(dataset: Dataset, path: Path) -> Path:
    dataset.save_as(path, enforce_file_format=True)
    return path
