"""Recordings of any rate, depth and number of channels become 16 kHz; everything else is refused in one line."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tightrope.errors import BadInputError
from tightrope_translate.speech.sound import MAX_SECONDS, RATE, read_sound, resampled


def tone(hertz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def written(path: Path, samples: np.ndarray, rate: int, width: int = 2, channels: int = 1) -> Path:
    scaled = np.round(samples * (2 ** (8 * width - 1) - 1)).astype(np.int64) + (128 if width == 1 else 0)
    data = b"".join(int(v).to_bytes(width, "little", signed=width > 1) * channels for v in scaled)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)
    return path


def strength(samples: np.ndarray, hertz: float) -> float:
    """Amplitude of a tone in samples at RATE, without their ends."""
    inner = samples[400:-400]
    return float(2 * abs(np.mean(inner * np.exp(-2j * np.pi * hertz * np.arange(len(inner)) / RATE))))


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (8_000, 1)])
def test_every_kind_of_wav_gives_the_same_tone(tmp_path: Path, width: int, rate: int, channels: int) -> None:
    samples = read_sound(written(tmp_path / "tone.wav", tone(440, rate), rate, width, channels))

    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(RATE / 2, abs=2)
    assert strength(samples, 440) == pytest.approx(0.5, abs=0.02)


@given(st.floats(200, 6500), st.sampled_from([22_050, 32_000, 44_100, 48_000]))
@settings(deadline=None)
def test_resampling_keeps_what_the_new_rate_can_carry(hertz: float, rate: int) -> None:
    assert strength(resampled(tone(hertz, rate), rate), hertz) == pytest.approx(0.5, abs=0.06)


@given(st.floats(9_500, 20_000))
@settings(deadline=None)
def test_resampling_removes_what_would_be_heard_as_another_tone(hertz: float) -> None:
    assert np.abs(resampled(tone(hertz, 48_000), 48_000)[400:-400]).max() < 0.03


def test_what_is_no_recording_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tightrope_translate.speech.sound.find_spec", lambda name: None)
    (tmp_path / "text.wav").write_text("RIFFraff")
    (tmp_path / "empty.wav").write_bytes(b"")
    with pytest.raises(BadInputError, match="does not exist"):
        read_sound(tmp_path / "none.wav")
    with pytest.raises(BadInputError, match="is a folder"):
        read_sound(tmp_path)
    for name in ("text.wav", "empty.wav"):
        with pytest.raises(BadInputError, match="is no WAV file"):
            read_sound(tmp_path / name)


def test_a_recording_that_is_too_long_is_refused_by_its_header(tmp_path: Path) -> None:
    path = written(tmp_path / "long.wav", tone(440, 100, MAX_SECONDS + 60), 100)

    with pytest.raises(BadInputError, match=r"61 minutes long, the limit is 60"):
        read_sound(path)


@given(cut=st.floats(0, 1), at=st.floats(0, 1), noise=st.binary(max_size=6))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_is_either_harmless_or_said_in_one_line(tmp_path: Path, cut: float, at: float, noise: bytes) -> None:
    data = bytearray(written(tmp_path / "tone.wav", tone(440, 8_000, 0.02), 8_000).read_bytes())
    place = round(at * len(data))
    data[place : place + len(noise)] = noise
    (tmp_path / "bad.wav").write_bytes(bytes(data[: round(cut * len(data))]))
    try:
        samples = read_sound(tmp_path / "bad.wav")
    except BadInputError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert np.isfinite(samples).all()


@pytest.mark.parametrize("rate", [1, 4_000_000_000])
def test_a_rate_that_no_recorder_writes_is_refused(rate: int, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="its sampling rate is"):
        read_sound(written(tmp_path / "a.wav", np.zeros(100), rate, width=1))


def test_samples_of_a_width_that_there_is_not_are_refused(tmp_path: Path) -> None:
    data = bytearray(written(tmp_path / "a.wav", np.zeros(100), 8_000).read_bytes())
    data[32:36] = (5).to_bytes(2, "little") + (40).to_bytes(2, "little")  # bytes a frame, bits a sample
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(BadInputError):
        read_sound(tmp_path / "a.wav")
