"""Which object a received file is: read from its header, pixels and long values left alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from tightrope.errors import BadInputError

_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "PatientID",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "InstanceNumber",
]
# Where a header may tell how urgent the request was, and the terms that say so: attributes of the Requested Procedure
# module (PS3.3, table C.4-11), which devices copy into images, and a retired one (PS3.3 2004) that some still write.
_PRIORITIES = ("RequestedProcedurePriority", "ReportingPriority", "StudyPriorityID")
_REQUESTS = "RequestAttributesSequence"
_URGENT = {"STAT", "HIGH"}
_LONG_VALUE = 64 * 1024


@dataclass(frozen=True)
class Identity:
    """What tells one object from another.

    Attributes:
        image: rows, columns, frames and instance number, as one text.
        syntax: UID of the transfer syntax.
        caller: AE title of the peer that sent it.
        urgent: the request's priority where that says that it is urgent; else ''. The priority of the C-STORE request
            does not count: it is one of the transfer, and many devices always send the same.
    """

    sop_instance_uid: str
    sop_class_uid: str
    series_instance_uid: str
    study_instance_uid: str
    patient_id: str
    image: str
    syntax: str
    caller: str
    urgent: str = ""

    @classmethod
    def read(cls, path: Path) -> Identity:
        """From a DICOM file. Raises BadInputError if it cannot be understood or has no usable UIDs."""
        try:
            tags = [*_TAGS, *_PRIORITIES, _REQUESTS]
            head = dcmread(path, stop_before_pixels=True, specific_tags=tags, defer_size=_LONG_VALUE)
            identity = cls(
                sop_instance_uid=_text(head, "SOPInstanceUID"),
                sop_class_uid=_text(head, "SOPClassUID"),
                series_instance_uid=_text(head, "SeriesInstanceUID"),
                study_instance_uid=_text(head, "StudyInstanceUID"),
                patient_id=_text(head, "PatientID"),
                image=" ".join(_text(head, tag) for tag in _TAGS[5:]),
                syntax=_text(head.file_meta, "TransferSyntaxUID"),
                caller=_text(head.file_meta, "SourceApplicationEntityTitle"),
                urgent=_urgent(head),
            )
        # A damaged data set makes pydicom raise nearly anything, RecursionError included.
        except Exception as error:
            raise BadInputError(f"the data set cannot be read: {error or type(error).__name__}") from error
        if not is_uid(identity.sop_instance_uid) or not is_uid(identity.sop_class_uid):
            raise BadInputError("the data set has no valid SOP class and instance UID")
        return identity

    def alike(self, other: Identity) -> bool:
        """Whether the other may be this object in another transfer syntax: all but syntax and caller agree."""
        return self._content() == other._content()

    def _content(self) -> tuple[str, ...]:
        return (
            self.sop_instance_uid,
            self.sop_class_uid,
            self.series_instance_uid,
            self.study_instance_uid,
            self.patient_id,
            self.image,
        )


def is_uid(text: str) -> bool:
    """Digits and dots, 64 at most (PS3.5, section 9.1); leading zeros, which many devices write, are let pass."""
    return 0 < len(text) <= 64 and set(text) <= set("0123456789.")


def digest(path: Path) -> str:
    """sha256 of the encoded data set of a file, without preamble and file meta information. Raises OSError."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(_data_set_offset(path))
        while chunk := file.read(1 << 20):
            sha.update(chunk)
    return sha.hexdigest()


def _data_set_offset(path: Path) -> int:
    """Where the data set begins: group 0002 has its own length in its first element (PS3.10, section 7.1)."""
    with path.open("rb") as file:
        head = file.read(144)
    return 144 + int.from_bytes(head[140:144], "little")


def _urgent(head: Dataset) -> str:
    for place in (head, *(head.get(_REQUESTS) or ())):
        for keyword in _PRIORITIES:
            if (said := _text(place, keyword).upper()) in _URGENT:
                return said
    return ""


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    return "" if value is None else str(value).strip("\0 ")
