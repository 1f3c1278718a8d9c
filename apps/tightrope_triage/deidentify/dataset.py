"""A DICOM object without what identifies its patient, by the basic profile of PS3.15 Annex E.

>>> done = deidentify(dataset, Pseudonyms(secret))                                 # doctest: +SKIP
>>> done.dataset.save_as("shared.dcm")                                             # doctest: +SKIP
>>> done.notes                                                                     # doctest: +SKIP
('pixels were not checked for burnt-in text',)
"""

from __future__ import annotations

import copy
import struct
from dataclasses import dataclass
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.uid import UID, ExplicitVRLittleEndian

from tightrope_triage.deidentify.profile import EDITION, Action, action
from tightrope_triage.deidentify.pseudonyms import Pseudonyms
from tightrope_triage.dicom.header import text_of

PIXELS_NOT_CHECKED = "pixels were not checked for burnt-in text"
DUMMY_TEXT = "ANONYMIZED"
_PIXEL_DATA = 0x7FE00010
_TEXT = ("AE", "LO", "LT", "PN", "SH", "ST", "UC", "UT", "CS")
_DUMMIES: dict[str, Any] = {
    **dict.fromkeys(_TEXT, DUMMY_TEXT),
    **dict.fromkeys(("FD", "FL", "SS", "US", "SL", "UL", "SV", "UV"), 0),
    "OB": b"\0\0",
    **dict.fromkeys(("DS", "IS"), "0"),
    "AS": "000Y",
    "DA": "19000101",
    "DT": "19000101000000",
    "TM": "000000",
    "UR": "urn:anonymized",
}


@dataclass(frozen=True)
class Deidentified:
    """A cleaned copy, and what a person must know before it is passed on."""

    dataset: Dataset
    notes: tuple[str, ...]


def deidentify(dataset: Dataset, pseudonyms: Pseudonyms, pixels_checked: bool = False) -> Deidentified:
    """A copy by the basic profile: in nested sequences and in the file meta too, without private attributes.

    UIDs and the patient's identifier become pseudonyms, the same in every object that has the same secret; names, dates
    and free text are emptied, removed or replaced by a dummy, as Table E.1-1 says. The pixels stay as they are:
    `pixels_checked` is for a caller who has seen to it that they identify nobody (the Clean Pixel Data option).
    """
    clean = copy.deepcopy(dataset)
    patient = text_of(clean, "PatientID")  # as the reading has it, so that both get one pseudonym
    _clean(clean, pseudonyms)
    if "PatientID" in clean:
        clean.PatientID = pseudonyms.identifier(patient)
    _declare(clean, pixels_checked)
    _renew_file_meta(clean, pseudonyms)
    return Deidentified(clean, () if pixels_checked else _notes(dataset))


def _clean(dataset: Dataset, pseudonyms: Pseudonyms, all_dummies: bool = False) -> None:
    """In place. `all_dummies`: within a sequence that is to be a dummy, nothing but its structure stays."""
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
            if element.VR == "UN" and tag != _PIXEL_DATA:
                raise ValueError("bytes of an unknown kind: a whole sequence may be in them")
            done = action(tag, element.VR)
            if all_dummies and done is Action.KEEP and element.VR not in ("CS", "SQ", "UI"):
                done = Action.DUMMY
            _apply(done, dataset, element, pseudonyms, all_dummies)
        except (ValueError, TypeError, KeyError, NotImplementedError, struct.error):
            del dataset[tag]  # what cannot be read cannot be vetted


def _apply(done: Action, dataset: Dataset, element: DataElement, pseudonyms: Pseudonyms, all_dummies: bool) -> None:
    if done is Action.REMOVE:
        del dataset[element.tag]
    elif done is Action.EMPTY:
        element.value = [] if element.VR == "SQ" else None
    elif element.VR == "SQ":
        for item in element.value:
            _clean(item, pseudonyms, all_dummies or done is Action.DUMMY)
    elif done is Action.REPLACE_UIDS or (done is Action.DUMMY and element.VR == "UI"):
        element.value = _renamed(element.value, pseudonyms)
    elif done is Action.DUMMY:
        element.value = _DUMMIES.get(element.VR)


def _renamed(value: Any, pseudonyms: Pseudonyms) -> Any:
    """UIDs that the standard itself gives out, such as its well-known frames of reference, identify nobody and stay."""
    if isinstance(value, MultiValue):
        return [_renamed(uid, pseudonyms) for uid in value]
    uid = UID(str(value or ""))
    return uid if uid.name != uid else pseudonyms.uid(uid)


def _declare(clean: Dataset, pixels_checked: bool) -> None:
    """PS3.15 E.1.1: the object says itself what was done to it. CID 7050 has the codes."""
    codes = [("113100", "Basic Application Confidentiality Profile")]
    method = [f"DICOM PS3.15 {EDITION} basic profile, by Tightrope"]
    if pixels_checked:
        codes.append(("113101", "Clean Pixel Data Option"))
        clean.BurnedInAnnotation = "NO"
    else:
        method.append(PIXELS_NOT_CHECKED)
    clean.PatientIdentityRemoved = "YES"
    clean.LongitudinalTemporalInformationModified = "REMOVED"
    clean.DeidentificationMethod = method
    clean.DeidentificationMethodCodeSequence = [_code_item(value, meaning) for value, meaning in codes]


def _code_item(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def _renew_file_meta(clean: Dataset, pseudonyms: Pseudonyms) -> None:
    """Nothing of the old one but the transfer syntax: it names senders, and its preamble holds anything."""
    old = getattr(clean, "file_meta", Dataset())
    clean.file_meta = FileMetaDataset()
    clean.file_meta.TransferSyntaxUID = old.get("TransferSyntaxUID", ExplicitVRLittleEndian)
    if sop_class := clean.get("SOPClassUID") or old.get("MediaStorageSOPClassUID"):
        clean.file_meta.MediaStorageSOPClassUID = sop_class
    instance = clean.get("SOPInstanceUID") or _renamed(old.get("MediaStorageSOPInstanceUID"), pseudonyms)
    if instance:
        clean.file_meta.MediaStorageSOPInstanceUID = instance
    clean.preamble = b"\0" * 128


def _notes(dataset: Dataset) -> tuple[str, ...]:
    notes = [PIXELS_NOT_CHECKED]
    if dataset.get("BurnedInAnnotation") == "YES":
        notes.append("the object says that its pixels hold annotation (BurnedInAnnotation YES): look at them")
    if "Secondary Capture" in getattr(dataset.get("SOPClassUID"), "name", ""):
        notes.append("it is a Secondary Capture, and those often show the patient's name: look at its pixels")
    return tuple(notes)
