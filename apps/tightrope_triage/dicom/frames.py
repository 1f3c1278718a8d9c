"""The frames of a dataset: how many there are, which one is meant, and what the functional groups say of it.

An enhanced multi-frame object (PS3.3 C.7.6.16) keeps rescale, window and spacing in sequences, once for all frames
or one item a frame. `at_frame` lays them flat, so that whoever reads pixels looks in one place.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from tightrope_triage.dicom.errors import DicomError, FrameNeededError

# The groups that change what a pixel means or where it lies.
_GROUPS = (
    "PixelValueTransformationSequence",
    "FrameVOILUTSequence",
    "PixelMeasuresSequence",
    "FrameAnatomySequence",
)


def frame_count(dataset: Dataset) -> int:
    """NumberOfFrames, 1 where it is absent or empty. Raises DicomError where it is no positive number."""
    value = dataset.get("NumberOfFrames")
    try:
        count = int(value) if value not in (None, "") else 1
    except (TypeError, ValueError) as error:
        raise DicomError(f"NumberOfFrames is {value!r}, not a number") from error
    if count < 1:
        raise DicomError(f"NumberOfFrames is {count}; there must be at least 1")
    return count


def chosen_frame(dataset: Dataset, frame: int | None) -> int:
    """The frame that is meant, from 1.

    Raises:
        FrameNeededError: there are several and none was named.
        DicomError: there is no such frame.
    """
    count = frame_count(dataset)
    if frame is None:
        if count > 1:
            raise FrameNeededError("the object", count)
        return 1
    if not 1 <= frame <= count:
        raise DicomError(f"there is no frame {frame}: the object has {count}, counted from 1")
    return frame


def at_frame(dataset: Dataset, frame: int) -> Dataset:
    """`dataset` itself, or where it has functional groups a shallow copy in which those of `frame` are laid flat.

    Only values outside of group 7FE0 are copied: the pixels stay where they are.
    """
    groups = list(_functional_groups(dataset, frame))
    if not groups:
        return dataset
    flat = Dataset()
    if hasattr(dataset, "file_meta"):
        flat.file_meta = dataset.file_meta
    flat.update({tag: element for tag, element in dataset.items() if tag.group < 0x7FE0})
    for group in groups:
        for element in group:
            flat[element.tag] = element
    return flat


def _functional_groups(dataset: Dataset, frame: int) -> Iterator[Dataset]:
    """The items of the groups that count for `frame`: shared ones first, so that the frame's own win."""
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    own = dataset.get("PerFrameFunctionalGroupsSequence") or []
    for holder in [*shared[:1], *own[frame - 1 : frame]]:
        for keyword in _GROUPS:
            yield from (holder.get(keyword) or [])[:1]
