"""What a result shares with its source image: patient and study, made valid, and the UIDs that follow from it.

>>> shared = source_context(dataset)                       # the source's patient and study          # doctest: +SKIP
>>> identity = Identity.of(dataset, reading, "SR")         # the same reading has the same UIDs      # doctest: +SKIP

Sources lack what the standard asks for and hold what it forbids; a result must be valid all the same. Text is carried
over as Unicode, whatever the source's character set, and written as UTF-8.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydicom import config
from pydicom.datadict import dictionary_VM, dictionary_VR
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import UID, Comprehensive3DSRStorage, SecondaryCaptureImageStorage, generate_uid
from pydicom.valuerep import validate_value

from tightrope.errors import BadInputError
from tightrope_triage.dicom.header import text_of
from tightrope_triage.reading import Reading

CHARACTER_SET = "ISO_IR 192"
MANUFACTURER = "Tightrope"

# Type 2 in the Patient and General Study modules (PS3.3 C.7.1.1, C.7.2.1): in every result, empty if need be.
_ALWAYS = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
)
_WHERE_PRESENT = (
    "IssuerOfPatientID",
    "StudyDescription",
    "PatientAge",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "LongitudinalTemporalInformationModified",
    "TimezoneOffsetFromUTC",
)
_REFERENCE = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
_SEXES = ("M", "F", "O")
_CHECKED = ("DA", "TM", "AS", "CS", "IS")


def source_context(dataset: Dataset) -> Dataset:
    """Patient, study and the four UIDs of the source.

    Dates, times and codes are valid or empty. Names and identifiers are the source's, letter by letter, even where they
    are longer than their VR allows: an archive matches them.

    Raises:
        BadInputError: one of the four UIDs is missing or malformed, so that no result can refer to the image.
    """
    context = Dataset()
    for keyword in _REFERENCE:
        uid = UID(str(dataset.get(keyword, "")))
        if not uid.is_valid:
            raise BadInputError(f"no result can refer to this image: its {keyword} is {str(uid)!r}; mend the source")
        setattr(context, keyword, uid)
    for keyword in _ALWAYS:
        setattr(context, keyword, text(dataset, keyword))
    for keyword in _WHERE_PRESENT:
        if value := text(dataset, keyword):
            setattr(context, keyword, value)
    if context.PatientSex not in _SEXES:
        context.PatientSex = ""
    if "DeidentificationMethodCodeSequence" in dataset:
        context.DeidentificationMethodCodeSequence = dataset.DeidentificationMethodCodeSequence
    return context


def is_result(dataset: Dataset) -> bool:
    """Whether it is a report or a capture that this program wrote, of any version."""
    kinds = (Comprehensive3DSRStorage, SecondaryCaptureImageStorage)
    return text_of(dataset, "SOPClassUID") in kinds and text_of(dataset, "Manufacturer") == MANUFACTURER


def instance_number(dataset: Dataset) -> int:
    """The source's InstanceNumber, so that results sort as their sources do; 1 where there is none."""
    number = text(dataset, "InstanceNumber")
    return max(1, int(number)) if number else 1


def text(dataset: Dataset, keyword: str) -> str:
    """An attribute's text, backslashes between several values; empty where it is absent or unreadable, has more values
    than it may, or is a date, time, number or code that is none.
    """
    vr = dictionary_VR(keyword)
    try:
        value = dataset.get(keyword)
        values = [str(one) for one in (value if isinstance(value, MultiValue) else [value]) if one is not None]
        for one in values if vr in _CHECKED else ():
            validate_value(vr, one, config.RAISE)
    except (ValueError, TypeError, LookupError):
        return ""
    return "" if len(values) > 1 and dictionary_VM(keyword) == "1" else "\\".join(values)


@dataclass(frozen=True)
class Identity:
    """The UIDs of a result: the same for the same image, algorithm, operating point and kind, so that an archive
    recognises a result that is sent twice; another series for another algorithm.
    """

    sop_instance_uid: str
    series_instance_uid: str
    instance_number: int

    @staticmethod
    def of(dataset: Dataset, reading: Reading, kind: str) -> Identity:
        """`kind` tells apart the results of one reading: 'SR', 'SC', 'SC with heat map'."""
        algorithm = [reading.algorithm.digest, reading.algorithm.version, kind]
        verdict = [str(reading.header.frame), reading.point.name, repr(reading.point.probability)]
        return Identity(
            _uid([dataset.SOPInstanceUID, *algorithm, *verdict]),
            _uid([dataset.SeriesInstanceUID, *algorithm]),
            instance_number(dataset),
        )


def _uid(sources: list[str]) -> str:
    """pydicom joins its entropy sources without a mark between them; '|' is in none of ours."""
    return str(generate_uid(entropy_srcs=["|".join(sources)]))
