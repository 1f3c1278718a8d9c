"""Write the bundled sample of the triage app: a drawn chest phantom as DX DICOM, 2048 x 2048, 12 bits, JPEG 2000.

    python tools/write_phantom.py apps/tightrope_triage/sample/phantom.dcm

Nobody's radiograph: ellipses for body, lungs, heart and spine, arcs for ribs, and a detector's noise, so that decoding
costs what it costs in life. The model was not made for drawings; what it says of this one means nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from write_dx import Case, dx_object, encode

from tightrope.writing import atomic_path

SIZE = 2048


def phantom(noise: float = 6.0) -> NDArray[np.uint16]:
    """uint16 [SIZE, SIZE], 12 bits, bright is dense."""
    picture = np.full((SIZE, SIZE), 300.0, np.float32)

    def ellipse(centre: tuple[int, int], axes: tuple[int, int], value: float, turn: float = 0) -> None:
        mask = np.zeros((SIZE, SIZE), np.float32)
        cv2.ellipse(mask, centre, axes, turn, 0, 360, 1.0, -1)
        weight = cv2.GaussianBlur(mask, (0, 0), 14)
        picture[:] = picture * (1 - weight) + value * weight

    ellipse((1024, 1200), (860, 1150), 2500)
    ellipse((640, 950), (300, 620), 1100, 6)
    ellipse((1400, 950), (290, 600), 1150, -6)
    ellipse((1120, 1280), (260, 330), 2600, 25)
    ellipse((1024, 1000), (90, 1000), 3100)
    for row in range(420, 1500, 130):
        for centre in (640, 1400):
            ribs = np.zeros((SIZE, SIZE), np.float32)
            cv2.ellipse(ribs, (centre, row + 120), (310, 150), 0, 185, 355, 1.0, 26)
            picture += 260 * cv2.GaussianBlur(ribs, (0, 0), 6)
    picture += np.random.default_rng(0).normal(0, noise, picture.shape).astype(np.float32)
    return np.asarray(np.clip(picture, 0, 4095), np.uint16)


def main() -> int:
    target = Path(sys.argv[1])
    case = Case(picture=Path(), number=0, view="PA", age=50, sex="O", spacing_mm=0.2)
    dataset = dx_object(phantom(), case, 0.2)
    dataset.PatientName, dataset.PatientID = "Phantom^Drawn", "PHANTOM"
    dataset.DeidentificationMethod = "none needed: a drawing"
    dataset.DerivationDescription = "drawn, noise added"
    for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        delattr(dataset, keyword)
    dataset.LossyImageCompression = "00"
    with atomic_path(target) as temporary:
        encode(dataset, uid.JPEG2000Lossless).save_as(temporary, enforce_file_format=True)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
