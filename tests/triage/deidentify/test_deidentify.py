"""The basic profile on whole objects: nothing that identified survives anywhere in the encoded bytes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom._uid_dict import UID_dictionary
from pydicom.data import DATA_ROOT
from pydicom.datadict import DicomDictionary, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_sequence
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tightrope.errors import BadInputError
from tightrope_triage.deidentify.dataset import PIXELS_NOT_CHECKED, deidentify
from tightrope_triage.deidentify.profile import Action, _table, action
from tightrope_triage.deidentify.pseudonyms import Pseudonyms
from tightrope_triage.outputs.files import encoded

from ..outputs.sources import dx

NAMES = Pseudonyms(b"of the department")
# A value of each kind that is found again in the bytes.
SECRETS = {
    "AE": "SECRETAE",
    "AS": "077Y",
    "CS": "SECRETCS",
    "DA": "19770707",
    "DS": "77.0707",
    "DT": "19770707070707",
    "IS": "770707",
    "LO": "SECRET LO",
    "LT": "SECRET LT",
    "OB": b"SECRETOB",
    "PN": "SECRET^PN",
    "SH": "SECRET SH",
    "ST": "SECRET ST",
    "TM": "070707",
    "UC": "SECRET UC",
    "UI": "1.2.77.7.7",
    "UN": b"SECRETUN",
    "UR": "http://secret.example/",
    "UT": "SECRET UT",
}
TRACES = [value.encode() if isinstance(value, str) else value for value in SECRETS.values()]


def listed_tags() -> list[int]:
    """Of every attribute in the table that pydicom knows, and of what identifies by its kind alone."""
    listed = {int(tag, 16) for tag in _table() if "x" not in tag}
    by_kind = {
        tag
        for tag, (vr, _, _, _, keyword) in DicomDictionary.items()
        if vr in ("PN", "DA", "DT", "UI") and "SOPClass" not in keyword and "TransferSyntax" not in keyword
    }
    return sorted(tag for tag in listed | by_kind if keyword_for_tag(tag) and tag >> 16 > 2)


def secret_element(tag: int) -> DataElement:
    vr = dictionary_VR(tag)
    if vr == "SQ":
        item = Dataset()
        item.ReferencedSOPInstanceUID, item.PersonName = SECRETS["UI"], "SECRET^PN"
        if action(Tag(tag), vr) is not Action.REPLACE_UIDS:  # those keep their references, so their codes too
            item.CodeValue, item.CodeMeaning = "SECRET SH", "SECRET LO"
        return DataElement(tag, vr, [item])
    return DataElement(tag, vr, SECRETS.get(vr, 7))


def nested(dataset: Dataset, depth: int) -> Dataset:
    """An image with `dataset` as the item of a sequence that the table does not know, `depth` deep."""
    for _ in range(depth):
        outer = Dataset()
        outer.SharedFunctionalGroupsSequence = [dataset]
        dataset = outer
    return dataset


def traces_in(dataset: Dataset) -> list[bytes]:
    data = encoded(dataset)
    return [trace for trace in TRACES if trace in data]


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_no_listed_attribute_survives_at_any_depth(depth: int) -> None:
    everything = Dataset()
    for tag in listed_tags():
        everything.add(secret_element(tag))
    image = dx()
    image.update(nested(everything, depth))
    assert traces_in(image) == TRACES, "the secrets are in the object before, else the test shows nothing"
    assert traces_in(deidentify(image, NAMES).dataset) == []


@settings(deadline=None, max_examples=40)
@given(
    tags=st.lists(st.sampled_from(listed_tags()), min_size=1, max_size=12, unique=True),
    depth=st.integers(0, 3),
    syntax=st.sampled_from([ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]),
    private=st.booleans(),
)
def test_nothing_survives_in_an_object_that_was_read(tags: list[int], depth: int, syntax: str, private: bool) -> None:
    inner = Dataset()
    for tag in tags:
        inner.add(secret_element(tag))
    if private:
        inner.private_block(0x0029, "SECRET LO", create=True).add_new(1, "LO", "SECRET LO")
    image = dx()
    image.update(nested(inner, depth))
    image.file_meta.TransferSyntaxUID = syntax
    image.file_meta.SourceApplicationEntityTitle = "SECRETAE"
    image.preamble = b"SECRETOB" * 16
    clean = deidentify(dcmread(BytesIO(encoded(image))), NAMES).dataset
    assert traces_in(clean) == []
    assert dcmread(BytesIO(encoded(clean))).PatientIdentityRemoved == "YES"


def test_patient_of_the_usual_attributes_is_gone() -> None:
    image = dx(
        OtherPatientIDs=["SECRET LO"],
        PatientComments="SECRET LT",
        PatientAge="077Y",
        InstitutionName="SECRET LO",
        StationName="SECRET SH",
    )
    image.add_new(Tag(0x6000, 0x3000), "OW", b"SECRETOB")
    image.add_new(Tag(0x5002, 0x3000), "OW", b"SECRETOB")
    image.add_new(Tag(0x0019, 0x0010), "LO", "SECRET LO")
    image.add_new(Tag(0x0008, 0x9FFE), "LO", "SECRET LO")  # no such attribute in the standard
    given_values = [
        str(image[word].value) for word in ("PatientID", "PatientBirthDate", "StudyDate", "AccessionNumber")
    ]
    given_values += [str(element.value) for element in image if element.VR == "UI" and "Class" not in element.keyword]
    data = encoded(deidentify(image, NAMES).dataset)
    assert [text for text in given_values if text.encode() in data] == []
    assert traces_in(deidentify(image, NAMES).dataset) == []
    assert "Müller".encode("latin-1") not in data


def test_a_sequence_of_unknown_kind_is_gone() -> None:
    """Over 64 kB pydicom leaves the bytes of a UN as they are, and the patient's name is in them."""
    item = Dataset()
    item.PatientName, item.DerivationDescription = "SECRET^PN", "x" * 10_000
    sequence = DicomBytesIO()
    sequence.is_little_endian, sequence.is_implicit_VR = True, True
    write_sequence(sequence, DataElement("SourceImageSequence", "SQ", [item] * 8), ["ascii"])
    image = dx()
    image.add_new("SourceImageSequence", "UN", sequence.getvalue())
    read = dcmread(BytesIO(encoded(image)))
    assert read["SourceImageSequence"].VR == "UN"
    clean = deidentify(read, NAMES).dataset
    assert traces_in(clean) == []
    assert clean.PixelData == image.PixelData


def test_uids_are_renamed_alike_in_all_places_and_objects() -> None:
    first = dx()
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = first.SOPClassUID, first.SOPInstanceUID
    second = dx(StudyInstanceUID=first.StudyInstanceUID, ReferencedImageSequence=[item], FrameOfReferenceUID="1.2.3")
    one, two = (deidentify(image, NAMES).dataset for image in (first, second))

    assert one.SOPInstanceUID.is_valid
    assert one.SOPInstanceUID != first.SOPInstanceUID
    assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
    assert two.StudyInstanceUID == one.StudyInstanceUID
    assert two.ReferencedImageSequence[0].ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert two.ReferencedImageSequence[0].ReferencedSOPClassUID == first.SOPClassUID
    assert deidentify(first, Pseudonyms(b"of another place")).dataset.SOPInstanceUID != one.SOPInstanceUID
    assert (
        deidentify(first, Pseudonyms.of_this_run()).dataset.PatientID
        != deidentify(first, Pseudonyms.of_this_run()).dataset.PatientID
    )


def test_the_source_and_the_picture_stay_as_they_were() -> None:
    image = dx()
    before = encoded(image)
    clean = deidentify(image, NAMES).dataset
    assert encoded(image) == before
    assert np.array_equal(clean.pixel_array, image.pixel_array)
    assert (clean.Modality, clean.ViewPosition, clean.BodyPartExamined) == ("DX", "PA", "CHEST")


@pytest.mark.parametrize("burnt_in", ["YES", "NO", None])
def test_never_says_that_pixels_are_clean_unless_told(burnt_in: str | None) -> None:
    image = dx(BurnedInAnnotation=burnt_in)
    done = deidentify(image, NAMES)
    assert done.dataset.get("BurnedInAnnotation") == burnt_in
    assert PIXELS_NOT_CHECKED in done.notes
    assert PIXELS_NOT_CHECKED in done.dataset.DeidentificationMethod
    assert [code.CodeValue for code in done.dataset.DeidentificationMethodCodeSequence] == ["113100"]
    assert any("BurnedInAnnotation YES" in note for note in done.notes) == (burnt_in == "YES")


def test_a_secondary_capture_is_warned_about() -> None:
    done = deidentify(dx(SOPClassUID="1.2.840.10008.5.1.4.1.1.7"), NAMES)
    assert any("Secondary Capture" in note for note in done.notes)


def test_says_that_pixels_were_checked_where_they_were() -> None:
    done = deidentify(dx(BurnedInAnnotation="YES"), NAMES, pixels_checked=True)
    assert done.notes == ()
    assert done.dataset.BurnedInAnnotation == "NO"
    assert [code.CodeValue for code in done.dataset.DeidentificationMethodCodeSequence] == ["113100", "113101"]


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(BadInputError, match="16"):
        Pseudonyms(b"hospital")


def test_the_secret_is_not_printed() -> None:
    assert "department" not in repr(NAMES)


def test_the_table_is_whole() -> None:
    assert len(_table()) == 655
    assert action(Tag("PatientName"), "PN") is Action.EMPTY
    assert action(Tag("SeriesInstanceUID"), "UI") is Action.REPLACE_UIDS
    assert action(Tag("SOPClassUID"), "UI") is Action.KEEP
    assert action(Tag(0x50023000), "OW") is Action.REMOVE
    assert action(Tag("Rows"), "US") is Action.KEEP


def real_files() -> list[Path]:
    """Those that came with pydicom; its own listing would fetch more of them from the network."""
    return sorted(Path(DATA_ROOT).rglob("*.dcm"))


def identifiers_of(dataset: Dataset) -> set[bytes]:
    """What names the patient or the object, where it is long enough that it does not stand there by chance."""
    found = set()
    for keyword in (
        "PatientID",
        "PatientName",
        "AccessionNumber",
        "SOPInstanceUID",
        "SeriesInstanceUID",
        "StudyInstanceUID",
    ):
        text = str(dataset.get(keyword) or "")
        if len(text) >= 7 and text.isascii() and text not in UID_dictionary:
            found.add(text.encode())
    return found


@pytest.mark.verify
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", real_files(), ids=lambda path: path.name)
def test_real_files_lose_their_identifiers(path: Path) -> None:
    try:
        dataset = dcmread(path)
        identifiers = identifiers_of(dataset)
        encoded(dataset)
    except (InvalidDicomError, ValueError, AttributeError, TypeError, NotImplementedError, KeyError, OSError) as error:
        pytest.skip(f"pydicom cannot read and write it: {error}")
    data = encoded(deidentify(dataset, NAMES).dataset)
    assert [identifier for identifier in identifiers if identifier in data] == []
