"""Video files that a page may hand to FFmpeg: containers that hold their own pictures.

FFmpeg looks at the content, not at the name, and also reads lists of other files and addresses (HLS, concat). From an
upload that would open what was never uploaded, so a file that begins as none of the containers below is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tightrope.errors import BadInputError
from tightrope_road.frames import Frame
from tightrope_road.video import VideoFile

MAX_SECONDS = 120.0
SUFFIXES = [".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".gif"]

# (offset, bytes): ISO base media and QuickTime (ISO/IEC 14496-12), Matroska and WebM (RFC 9559), AVI, MPEG program and
# transport streams (ISO/IEC 13818-1), GIF, ASF.
_BEGINNINGS = (
    (4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide"), (4, b"free"), (0, b"\x1a\x45\xdf\xa3"), (8, b"AVI "),
    (0, b"\x00\x00\x01\xba"), (0, b"\x00\x00\x01\xb3"), (0, b"\x47"), (4, b"\x47"), (0, b"GIF8"),
    (0, b"\x30\x26\xb2\x75"),
)  # fmt: skip


def video_frames(path: Path) -> Iterator[Frame]:
    """Frames of the first two minutes. Raises BadInputError if it is no video, damaged, or ends early."""
    with path.open("rb") as file:
        head = file.read(16)
    if not any(head[at : at + len(mark)] == mark for at, mark in _BEGINNINGS):
        raise BadInputError(f"{path.name} is no video that can be read: MP4, MOV, AVI, MKV, WebM, MPEG, WMV or GIF")
    for frame in VideoFile(path, path.stem):
        if frame.seconds > MAX_SECONDS:
            return
        yield frame
