"""From a DICOM file or dataset to the Radiograph that the model judges.

>>> read_radiograph(Path("chest.dcm"), at_least=512).pixels.shape     # doctest: +SKIP
(512, 512)
"""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset

from tightrope_triage.dicom.codecs import stored_values
from tightrope_triage.dicom.errors import typed_errors
from tightrope_triage.dicom.files import read_dataset
from tightrope_triage.dicom.frames import chosen_frame
from tightrope_triage.dicom.header import header_of
from tightrope_triage.dicom.pixels import Decode, model_pixels
from tightrope_triage.radiograph import Radiograph


def read_radiograph(
    source: Path | Dataset, frame: int | None = None, at_least: int | None = None, decode: Decode = stored_values
) -> Radiograph:
    """Read and decode one frame.

    Args:
        frame: which one, from 1; must be given where there are several.
        at_least: pixels of the shorter side that suffice; see `model_pixels`. The header's spacing is that of the whole
            picture.
        decode: where the stored values come from.

    Raises:
        FrameNeededError: there are several frames and none was named.
        MissingCodecError: nothing that is installed decodes the transfer syntax.
        NotDicomError: the file is something else.
        DicomError: the object is damaged, has no pixels, or is too large.
    """
    dataset, path = (source, None) if isinstance(source, Dataset) else (read_dataset(source), source)
    with typed_errors():
        number = chosen_frame(dataset, frame)
        return Radiograph(header_of(dataset, path, number), model_pixels(dataset, number, at_least, decode))
