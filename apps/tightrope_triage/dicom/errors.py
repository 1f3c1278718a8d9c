"""What can be wrong with a DICOM object. Subclasses only where a caller does something else about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tightrope.errors import BadInputError


class DicomError(BadInputError):
    """The object is damaged, too large, without pixels, or of a kind that cannot be read."""


class NotDicomError(DicomError):
    """The file is something else altogether; a folder may hold such."""


class FrameNeededError(DicomError):
    """There are several frames and none was named. `frames` says how many there are."""

    def __init__(self, what: str, frames: int) -> None:
        super().__init__(f"{what} has {frames} frames: name one of them, from 1 to {frames}")
        self.frames = frames


class MissingCodecError(DicomError):
    """No installed package decodes the transfer syntax `syntax_uid`."""

    def __init__(self, syntax_name: str, syntax_uid: str, remedy: str) -> None:
        super().__init__(f"no codec for the transfer syntax {syntax_name} ({syntax_uid}): {remedy}")
        self.syntax_uid = syntax_uid


@contextmanager
def typed_errors() -> Iterator[None]:
    """Whatever is raised inside becomes a DicomError; also a decorator.

    pydicom decodes a value when it is looked at, and a damaged one makes it raise nearly anything.
    """
    try:
        yield
    except DicomError:
        raise
    except MemoryError as error:
        raise DicomError("there is not enough memory to read the object") from error
    except Exception as error:
        raise DicomError(f"the object is damaged: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """What another library says of a failure, short enough for one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def last_line(error: Exception) -> str:
    """As `first_line`, of messages that put the cause last, as pydicom's decoders do."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()[:200]
