"""A zip of radiographs, unpacked within limits: nothing outside of its folder, nothing larger than is sane.

>>> unpack(Path("study.zip"), folder)                              # doctest: +SKIP
"""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from tightrope.errors import BadInputError
from tightrope_triage.dicom.errors import first_line
from tightrope_triage.dicom.files import MAX_FILE_BYTES

MAX_FILES = 200
MAX_BYTES = 2**30
_CHUNK = 2**20
_ENCRYPTED = 0x1  # of the general purpose flag bits (APPNOTE.TXT, 4.4.4)


def unpack(archive: Path, folder: Path, left: int) -> int:
    """Write the archive's files below `folder`, each into a folder of its own, by its last name only.

    What an entry claims of its size is not believed: bytes are counted as they come. Returns how many there were.

    Raises:
        BadInputError: it is no zip, damaged, encrypted, or has more than MAX_FILES files or `left` bytes.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [entry for entry in opened.infolist() if not entry.filename.endswith("/")]
            if len(entries) > MAX_FILES:
                raise BadInputError(f"{archive.name} has {len(entries)} files; {MAX_FILES} are the limit")
            written = 0
            for number, entry in enumerate(entries):
                limit = min(left - written, MAX_FILE_BYTES)
                written += _write(opened, entry, folder / f"{number:03d}", limit, archive.name)
            return written
    except BadInputError:
        raise
    except OSError as error:
        raise BadInputError(f"cannot unpack {archive.name}: {error.strerror or error}") from error
    except Exception as error:  # damaged bytes make zipfile and its decompressors raise nearly anything
        raise BadInputError(f"{archive.name} is no zip that can be read: {first_line(error)}") from error


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, limit: int, name: str) -> int:
    """Unpack one entry into `folder`; its bytes."""
    if entry.flag_bits & _ENCRYPTED:
        raise BadInputError(f"{name} is encrypted; unpack it and give the files")
    folder.mkdir(parents=True)
    written = 0
    with opened.open(entry) as source, (folder / _safe(entry.filename)).open("wb") as target:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > limit:
                raise BadInputError(
                    f"{name} unpacks to too much: {MAX_FILE_BYTES >> 20} MB a file, "
                    f"{MAX_BYTES >> 20} MB in all are the limit"
                )
            target.write(chunk)
    return written


def _safe(filename: str) -> str:
    """The last part of a name, without what a file system or a terminal would take amiss."""
    last = PurePosixPath(filename.replace("\\", "/")).name
    return (
        "".join(letter if letter.isalnum() or letter in " ._-" else "_" for letter in last)[-100:].strip(". ") or "file"
    )
