"""The codes of a report: DICOM's and SNOMED's own where they mean the same, else ours under 99TIGHTROPE.

The standard codes for sensitivity and specificity (DCM 111088 to 111091) are about the cancers that a mammography CAD
finds, and SNOMED's values for a priority are about orders, so those are ours.
"""

from __future__ import annotations

from pydicom.sr.coding import Code

from tightrope_triage.reading import State

SCHEME = "99TIGHTROPE"
SCHEME_NAME = "Tightrope private codes"


def _ours(value: str, meaning: str) -> Code:
    return Code(value, SCHEME, meaning)


PLACE_IN_QUEUE = Code("260870009", "SCT", "Priority")
PROBABILITY = Code("122157", "DCM", "Probability")
COMMENT = Code("121106", "DCM", "Comment")
RADIOGRAPHY = Code("43468-8", "LN", "XR unspecified body region")
NO_UNITS = Code("1", "UCUM", "no units")
SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")

STATES = {
    State.PRIORITY: _ours("PRIORITY", "To be read first"),
    State.ROUTINE: _ours("ROUTINE", "To be read in turn"),
    State.CANNOT_JUDGE: _ours("CANNOT_JUDGE", "Cannot be judged by the algorithm"),
}
REASON = _ours("REASON", "Reason for not judging")
THRESHOLD = _ours("THRESHOLD", "Probability from which on a case is to be read first")
SENSITIVITY = tuple(
    _ours(f"SENSITIVITY{suffix}", f"Sensitivity at the operating point{bound}")
    for suffix, bound in (("", ""), ("_LOW", ", lower 95% bound"), ("_HIGH", ", upper 95% bound"))
)
SPECIFICITY = tuple(
    _ours(f"SPECIFICITY{suffix}", f"Specificity at the operating point{bound}")
    for suffix, bound in (("", ""), ("_LOW", ", lower 95% bound"), ("_HIGH", ", upper 95% bound"))
)
