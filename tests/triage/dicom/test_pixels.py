"""Pixels for the model and for the eye: known answers, and the same picture in every transfer syntax."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_windowing
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tightrope_triage.dicom import (
    DicomError,
    FrameNeededError,
    MissingCodecError,
    display_pixels,
    model_pixels,
    read_dataset,
    read_radiograph,
)

from .builder import dx, encoded, saved

RNG = np.random.default_rng(5)
SYNTAXES = [
    ImplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEG2000Lossless,
    RLELossless,
]


def test_stored_values_come_out_as_they_are() -> None:
    values = RNG.integers(0, 4096, (16, 12))
    assert (model_pixels(dx(values)) == values).all()


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda uid: uid.name)
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_every_transfer_syntax_gives_the_same_pixels(syntax: str, bits: int, tmp_path: Path) -> None:
    values = RNG.integers(0, 2**bits, (40, 36))
    path = saved(encoded(dx(values, bits=bits), syntax), tmp_path / "a.dcm")
    assert (read_radiograph(path).pixels == values).all()


@pytest.mark.parametrize("syntax", [None, JPEG2000Lossless, RLELossless])
def test_signed_values(syntax: str | None) -> None:
    values = RNG.integers(-2048, 2048, (40, 40))
    dataset = dx(values, signed=True)
    assert (model_pixels(encoded(dataset, syntax) if syntax else dataset) == values).all()


@given(st.integers(2, 16), st.booleans(), st.integers(-2000, 2000), st.sampled_from([0.5, 1.0, 2.0, -1.0]))
def test_inversion_is_exact_and_comes_last(bits: int, signed: bool, intercept: int, slope: float) -> None:
    low = -(2 ** (bits - 1)) if signed else 0
    values = np.linspace(low, low + 2**bits - 1, 64).round().astype(np.int64).reshape(8, 8)
    rescale = {"RescaleSlope": slope, "RescaleIntercept": intercept}
    plain = model_pixels(dx(values, bits=bits, signed=signed, **rescale))
    inverted = model_pixels(dx(values, bits=bits, signed=signed, photometric="MONOCHROME1", **rescale))
    assert (plain == values * slope + intercept).all()
    assert (inverted == (2 * low + 2**bits - 1 - values) * slope + intercept).all()


def test_unused_bits_are_ignored_and_an_old_high_bit_is_honoured() -> None:
    values = RNG.integers(0, 1024, (8, 8))
    dirty = dx(values, bits=10)
    dirty.PixelData = (values | 0xF000).astype("<u2").tobytes()
    assert (model_pixels(dirty) == values).all()
    high = dx(values, bits=10, HighBit=15)
    high.PixelData = (values << 6).astype("<u2").tobytes()
    assert (model_pixels(high) == values).all()


def table(values: list[int], first: int, bits: int) -> Sequence:
    item = Dataset()
    item.LUTDescriptor = [len(values), first, bits]
    item.LUTData = np.asarray(values, "<u2").tobytes()
    item["LUTData"].VR = "OW"
    item["LUTDescriptor"].VR = "US"
    return Sequence([item])


def test_modality_table_of_fewer_bits_than_the_pixels() -> None:
    values = np.arange(1024).reshape(32, 32)
    lut = table([255 - i // 4 for i in range(1000)], first=10, bits=8)
    dataset = dx(values, ModalityLUTSequence=lut)
    assert (model_pixels(dataset) == 255 - np.clip(values - 10, 0, 999) // 4).all()


def test_the_eye_sees_the_table_before_the_window() -> None:
    values = np.arange(256).reshape(16, 16) * 16
    dataset = dx(values, VOILUTSequence=table([0] * 2048 + [255] * 2048, first=0, bits=8))
    assert (display_pixels(dataset) == np.where(values < 2048, 0, 255)).all()
    assert (model_pixels(dataset) == values).all()


@pytest.mark.parametrize("shape", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_windows_agree_with_pydicom(shape: str, photometric: str) -> None:
    values = np.arange(4096).reshape(64, 64)
    dataset = dx(values, photometric=photometric, WindowCenter=1500, WindowWidth=1200, VOILUTFunction=shape)
    expected = apply_windowing(values, dataset) / 4095
    expected = 1 - expected if photometric == "MONOCHROME1" else expected
    assert np.abs(display_pixels(dataset) - expected * 255).max() <= 0.51


def test_padding_becomes_the_darkest_value() -> None:
    values = RNG.integers(500, 3000, (10, 10))
    values[0], values[1] = 4000, 4090
    dataset = dx(values, PixelPaddingValue=4000, PixelPaddingRangeLimit=4095)
    pixels = model_pixels(dataset)
    assert (pixels[:2] == values[2:].min()).all()
    assert (pixels[2:] == values[2:]).all()
    dataset.PhotometricInterpretation = "MONOCHROME1"
    assert (model_pixels(dataset)[:2] == 4095 - values[2:].max()).all()


def test_colours_become_luma() -> None:
    grey = RNG.integers(0, 256, (6, 7), np.uint8)
    dataset = dx(grey, bits=8, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    dataset.PixelData = np.repeat(grey[..., None], 3, 2).tobytes()
    assert (model_pixels(dataset) == grey).all()
    red = np.zeros((6, 7, 3), np.uint8)
    red[..., 0] = 200
    dataset.PixelData = red.tobytes()
    assert np.allclose(model_pixels(dataset), 0.299 * 200)


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422"])
def test_the_brightness_of_ybr_is_its_first_channel(photometric: str) -> None:
    grey = RNG.integers(0, 256, (6, 8), np.uint8)
    dataset = dx(grey, bits=8, SamplesPerPixel=3, PhotometricInterpretation=photometric, PlanarConfiguration=0)
    neutral = np.full_like(grey, 128)
    pixels = np.stack([grey, neutral, neutral], 2)
    if photometric == "YBR_FULL_422":  # two brightnesses, then the colours that they share
        pixels = np.stack([grey[:, ::2], grey[:, 1::2], neutral[:, ::2], neutral[:, ::2]], 2)
    dataset.PixelData = pixels.tobytes()
    assert np.abs(model_pixels(dataset) - grey).max() <= 1


def test_palette() -> None:
    index = RNG.integers(0, 256, (6, 8), np.uint8)
    dataset = dx(index, bits=8, photometric="PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 8])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", bytes(range(255, -1, -1)))
    assert (model_pixels(dataset) == 255 - index.astype(int)).all()


def test_a_frame_must_be_named() -> None:
    values = RNG.integers(0, 4096, (3, 8, 8))
    dataset = dx(values)
    with pytest.raises(FrameNeededError, match="3 frames") as caught:
        read_radiograph(dataset)
    assert caught.value.frames == 3
    assert (read_radiograph(dataset, frame=2).pixels == values[1]).all()
    with pytest.raises(DicomError, match="no frame 4"):
        read_radiograph(dataset, frame=4)


def test_functional_groups_of_the_frame_win() -> None:
    values = np.full((2, 4, 4), 100)
    dataset = dx(values, RescaleSlope=None, RescaleIntercept=None)

    def group(slope: float, spacing: float) -> Dataset:
        rescale, measures, holder = Dataset(), Dataset(), Dataset()
        rescale.RescaleSlope, rescale.RescaleIntercept = slope, 1
        measures.PixelSpacing = [spacing, spacing]
        holder.PixelValueTransformationSequence = [rescale]
        holder.PixelMeasuresSequence = [measures]
        return holder

    dataset.SharedFunctionalGroupsSequence = [group(9, 0.9)]
    dataset.PerFrameFunctionalGroupsSequence = [group(2, 0.2), group(3, 0.3)]
    second = read_radiograph(dataset, frame=2)
    assert (second.pixels == 301).all()
    assert second.header.spacing_mm == (0.3, 0.3)
    assert (display_pixels(dataset, 1) == round(201 / 4095 * 255)).all()
    assert (display_pixels(dataset, 2) == round(301 / 4095 * 255)).all()


def smooth_picture(rows: int, columns: int) -> np.ndarray:
    y, x = np.mgrid[:rows, :columns]
    return (2048 + 900 * np.sin(x / 37) + 900 * np.cos(y / 41)).astype(int)


@pytest.mark.parametrize(("rows", "columns", "bits", "signed"), [(512, 512, 12, False), (509, 387, 12, True)])
def test_a_smaller_picture_shows_the_same(rows: int, columns: int, bits: int, signed: bool) -> None:
    import cv2

    values = smooth_picture(rows, columns) - (2048 if signed else 0)
    dataset = encoded(dx(values, bits=bits, signed=signed), JPEG2000Lossless)
    whole, small = model_pixels(dataset), model_pixels(dataset, at_least=90)
    assert (whole == values).all()
    assert 90 <= min(small.shape) < 180
    shrunk = cv2.resize(whole, small.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small - shrunk)[2:-2, 2:-2].max() < 12  # of a swing of 1800; a shift by one pixel makes 90


def test_padding_and_tables_need_the_whole_picture() -> None:
    dataset = encoded(dx(smooth_picture(256, 256), PixelPaddingValue=0), JPEG2000Lossless)
    assert model_pixels(dataset, at_least=64).shape == (256, 256)


def test_a_missing_codec_names_syntax_and_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = encoded(dx(RNG.integers(0, 4096, (40, 40))), JPEG2000Lossless)
    monkeypatch.setattr("pydicom.pixels.decoders.base.Decoder.is_available", False)
    with pytest.raises(MissingCodecError, match=r"JPEG 2000.*1\.2\.840\.10008\.1\.2\.4\.90.*tightrope\[triage\]"):
        model_pixels(dataset)


def test_what_only_a_gpl_package_decodes_is_said_and_no_other_extra_asks_for_it() -> None:
    path = get_testdata_file("JPEG-lossy.dcm", download=False)
    assert path is not None
    asked = [line for line in importlib.metadata.requires("tightrope") or [] if line.startswith("pylibjpeg-libjpeg")]
    assert [line.split(";")[1].replace('"', "'").strip() for line in asked] == ["extra == 'triage-gpl'"]
    if importlib.util.find_spec("libjpeg") is not None:
        pytest.skip("pylibjpeg-libjpeg is installed, so nothing is missing")
    with pytest.raises(MissingCodecError, match=r"1\.2\.840\.10008\.1\.2\.4\.51.*tightrope\[triage-gpl\].*GPL"):
        model_pixels(read_dataset(Path(path)))


UPRIGHT = np.arange(100, 700, 100).reshape(2, 3)
STORED = {  # by PatientOrientation, how an object stores it
    "L F": UPRIGHT,
    "R F": UPRIGHT[:, ::-1],
    "L H": UPRIGHT[::-1],
    "R H": np.rot90(UPRIGHT, 2),
    "F L": UPRIGHT.T,
    "H L": np.rot90(UPRIGHT, 3),
    "F R": np.rot90(UPRIGHT),
    "H R": np.rot90(UPRIGHT, 2).T,
    "LH FR": UPRIGHT,
}


@pytest.mark.parametrize("orientation", STORED)
def test_what_lies_wrong_by_its_header_is_turned(orientation: str) -> None:
    values = STORED[orientation]
    spacing = [0.2, 0.4] if values.shape == UPRIGHT.shape else [0.4, 0.2]
    attributes = {"PatientOrientation": orientation.split(), "PixelSpacing": spacing, "WindowCenter": None}
    dataset = dx(values, **attributes)
    found = read_radiograph(dataset)
    assert (found.pixels == UPRIGHT).all()
    assert (display_pixels(dataset) == (UPRIGHT - 100) * 255 / 500).all()
    assert found.header.spacing_mm == (0.2, 0.4)
    assert found.header.size_mm == pytest.approx((0.4, 1.2))


@pytest.mark.parametrize("orientation", [None, "", ["L"], ["A", "F"], ["L", "R"], ["X", "F"], ["L", "F", "H"]])
def test_an_orientation_that_says_nothing_turns_nothing(orientation: list[str] | str | None) -> None:
    values = RNG.integers(0, 4096, (5, 4))
    assert (model_pixels(dx(values, PatientOrientation=orientation)) == values).all()


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, RLELossless], ids=lambda uid: uid.name)
def test_dcmtk_decodes_the_same(syntax: str, tmp_path: Path) -> None:
    """An independent decoder: dcmtk's, written as raw values."""
    tool = "dcmdjpeg" if syntax == JPEGLosslessSV1 else "dcmdrle"
    if shutil.which(tool) is None:
        pytest.skip(f"needs dcmtk's {tool}")
    values = RNG.integers(0, 4096, (64, 48))
    path = saved(encoded(dx(values), syntax), tmp_path / "packed.dcm")
    subprocess.run([tool, str(path), str(tmp_path / "plain.dcm")], check=True)
    assert (read_radiograph(tmp_path / "plain.dcm").pixels == read_radiograph(path).pixels).all()
