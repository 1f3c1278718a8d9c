"""What is decoded once for the model and for the eye is what each would have decoded, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000, JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from tightrope_triage.dicom import DecodedOnce, codecs, display_pixels, model_pixels, once, pixels, wavelet

from .builder import dx, encoded

RNG = np.random.default_rng(11)
WINDOW = {"WindowCenter": 1900, "WindowWidth": 2600}


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is decoded, in order: whole frames and bands."""
    calls: list[str] = []
    whole, band = codecs._decode, wavelet.read_band

    def count_whole(*arguments: Any) -> Any:
        calls.append("whole")
        return whole(*arguments)

    def count_band(packed: bytes, size: Any, halvings: int, headroom: int = 0) -> Any:
        calls.append(f"1/{2**halvings}")
        return band(packed, size, halvings, headroom)

    monkeypatch.setattr(codecs, "_decode", count_whole)
    for module in (codecs, once):
        monkeypatch.setattr(module, "read_band", count_band)
    return calls


def saturated(rows: int, columns: int, bits: int = 12) -> np.ndarray:
    """Noise with hard edges, much of it at both ends of the range, where a wavelet overshoots."""
    top = 2**bits - 1
    blocks = np.kron(RNG.integers(0, 2, (rows // 8 + 1, columns // 8 + 1)), np.ones((8, 8), int))[:rows, :columns]
    return np.clip(blocks * top + RNG.integers(-top // 2, top // 2, (rows, columns)), 0, top)


def both(dataset: Dataset, share: bool, at_least: int, long_side: int) -> tuple[np.ndarray, np.ndarray]:
    decode = DecodedOnce(long_side) if share else codecs.stored_values
    return model_pixels(dataset, 1, at_least, decode), display_pixels(dataset, 1, long_side, decode)


@pytest.mark.parametrize(("rows", "columns"), [(512, 512), (511, 389), (390, 513), (640, 257)])
@pytest.mark.parametrize(("bits", "signed"), [(12, False), (8, False), (14, True)])
def test_jpeg_2000_is_decoded_once_and_halved_as_its_encoder_did(
    rows: int, columns: int, bits: int, signed: bool, decoded: list[str]
) -> None:
    values = saturated(rows, columns, bits) - (2 ** (bits - 1) if signed else 0)
    dataset = encoded(dx(values, bits=bits, signed=signed, **WINDOW), JPEG2000Lossless)
    apart = both(dataset, False, 60, 200)
    assert len(decoded) == 2
    decoded.clear()
    together = both(dataset, True, 60, 200)
    assert decoded == ["1/2"]
    assert min(apart[0].shape) < min(apart[1].shape) < min(rows, columns)
    assert all(np.array_equal(one, other) for one, other in zip(apart, together, strict=True))


def test_the_overshoot_is_what_needs_headroom() -> None:
    """Without it the halved band would differ where the picture is black or white: the test above is no idle one."""
    dataset = encoded(dx(saturated(512, 512)), JPEG2000Lossless)
    found = codecs.shrinkable(dataset, pixels.describe(dataset), 1, 100)
    assert found is not None
    low = wavelet.read_band(found.packed, found.size, 1)
    assert low is not None
    clipped = wavelet.LowBand(np.clip(low.values, -2048, 2047), low.size, 1).halved().pixels()
    right = wavelet.read_band(found.packed, found.size, 2)
    assert right is not None
    assert not np.array_equal(clipped, right.pixels())


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLSLossless, RLELossless, None])
def test_all_else_is_decoded_once_too(syntax: str | None, decoded: list[str]) -> None:
    dataset = dx(saturated(300, 280), **WINDOW)
    dataset = encoded(dataset, syntax) if syntax else dataset
    apart = both(dataset, False, 60, 200)
    decoded.clear()
    together = both(dataset, True, 60, 200)
    assert decoded == ["whole"]
    assert all(np.array_equal(one, other) for one, other in zip(apart, together, strict=True))


@pytest.mark.parametrize(
    ("syntax", "bits", "more"),
    [
        (JPEG2000Lossless, 16, {}),  # no bits to spare
        (JPEG2000Lossless, 12, {"PixelPaddingValue": 0}),
        (JPEG2000, 12, {}),  # the other wavelet
    ],
)
def test_what_cannot_be_shared_exactly_is_decoded_as_ever(syntax: str, bits: int, more: dict[str, int]) -> None:
    dataset = dx(saturated(512, 400, bits), bits=bits, **WINDOW, **more)
    dataset = lossy(dataset) if syntax == JPEG2000 else encoded(dataset, syntax)
    apart, together = both(dataset, False, 60, 200), both(dataset, True, 60, 200)
    assert all(np.array_equal(one, other) for one, other in zip(apart, together, strict=True))


def lossy(dataset: Dataset) -> Dataset:
    from pydicom.pixels import compress

    compress(dataset, JPEG2000, j2k_cr=[8], generate_instance_uid=False)
    return dataset


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(("bits", "signed"), [(8, False), (12, False), (16, True)])
def test_a_value_looks_the_same_wherever_it_lies(
    photometric: str, bits: int, signed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    middle, span = 0 if signed else 2 ** (bits - 1), 2**bits
    values = saturated(270, 260, bits) - (2 ** (bits - 1) if signed else 0)
    plain = {"WindowCenter": middle, "WindowWidth": round(0.7 * span)}
    falling = {"RescaleSlope": -0.5, "RescaleIntercept": 700, "VOILUTFunction": "SIGMOID"}
    for more in (plain, {**falling, "WindowCenter": 700 - middle // 2, "WindowWidth": span // 4}):
        dataset = dx(values, bits=bits, signed=signed, photometric=photometric, **more)
        once_a_value = display_pixels(dataset)
        with monkeypatch.context() as patched:
            patched.setattr(pixels, "_same_everywhere", lambda *_: False)
            once_a_pixel = display_pixels(dataset)
        assert np.array_equal(once_a_value, once_a_pixel)
        assert len(np.unique(once_a_value)) > 50


def test_a_picture_of_a_detector_of_2000_pixels_needs_half_of_it(decoded: list[str]) -> None:
    dataset = encoded(dx(saturated(250, 200), **WINDOW), JPEG2000Lossless)
    assert display_pixels(dataset, 1, 120).shape == (125, 100)
    assert display_pixels(dataset, 1, 126).shape == (250, 200)
    assert decoded == ["1/2", "whole"]
