"""Sound files to samples: float32 in -1..1, one channel, 16 kHz.

samples = read_sound(Path("question.wav"))
"""

from __future__ import annotations

import wave
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError

RATE = 16_000
MAX_SECONDS = 3600
RATES = 100, 768_000  # samples a second; recorders write 8,000 and more
_NEIGHBOURS = 24

Samples = NDArray[np.float32]


def read_sound(path: Path) -> Samples:
    """Read a recording: WAV by the standard library; FLAC, OGG and MP3 where `soundfile` is installed.

    Returns:
        float32 [n] in -1..1 at RATE; several channels are averaged.

    Raises:
        BadInputError: no such file, no sound, truncated to nothing, or longer than MAX_SECONDS.
    """
    if not path.is_file():
        raise BadInputError(f"{path} is a folder, not a recording" if path.is_dir() else f"{path} does not exist")
    try:
        with wave.open(str(path), "rb") as file:
            _check(file.getnframes(), file.getframerate(), path)
            data = file.readframes(file.getnframes())
            samples = _decoded(data, file.getsampwidth()).reshape(-1, file.getnchannels())
            return resampled(samples.mean(1), file.getframerate())
    except (wave.Error, EOFError, ValueError, RuntimeError) as error:  # what a damaged header makes `wave` raise
        if find_spec("soundfile") is None:
            raise BadInputError(
                f"{path} is no WAV file of plain samples ({str(error) or 'it ends early'}); "
                "for FLAC, OGG and MP3: pip install soundfile"
            ) from error
    except OSError as error:
        raise BadInputError(f"cannot read {path}: {error.strerror}") from error
    return _by_soundfile(path)


def resampled(samples: NDArray[np.floating], rate: int) -> Samples:
    """To RATE, by a windowed sinc that also filters away what the new rate cannot carry.

    (Smith, 'Digital Audio Resampling', CCRMA: the sum over the neighbours of each new sample in time.)
    """
    if rate == RATE or not len(samples):
        return samples.astype(np.float32)
    cutoff = min(1.0, 0.95 * RATE / rate)  # as a share of what the old rate carries
    half = round(_NEIGHBOURS / cutoff)
    reach = np.arange(-half, half + 1)
    padded = np.pad(samples.astype(np.float32), half)
    out = np.empty(int(len(samples) * RATE / rate), np.float32)
    for start in range(0, len(out), RATE):  # a second at a time bounds the memory
        places = np.arange(start, min(start + RATE, len(out))) * rate / RATE
        nearest = np.minimum(np.round(places).astype(np.int64), len(samples) - 1)
        apart = (places - nearest)[:, None] - reach
        window = 0.54 + 0.46 * np.cos(np.pi * np.clip(apart / (half + 1), -1, 1))
        weights = np.sinc(cutoff * apart) * window
        near = padded[nearest[:, None] + half + reach]
        out[start : start + RATE] = (near * weights).sum(1) / weights.sum(1)
    return out


def pcm(samples: Samples) -> bytes:
    """As 16-bit integers, little-endian, which the recognizers take."""
    return (samples.clip(-1, 1) * 32767).astype("<i2").tobytes()


def _decoded(data: bytes, width: int) -> NDArray[np.floating]:
    """WAV samples of 1 to 4 bytes in -1..1; those of one byte have no sign (RIFF, 1991)."""
    if not data:
        raise ValueError("it holds no samples")
    if width > 4:
        raise ValueError(f"its samples have {width} bytes")
    data = data[: len(data) - len(data) % width]
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    if width == 3:
        three = np.frombuffer(data, np.uint8).reshape(-1, 3)
        padded = np.concatenate([np.zeros((len(three), 1), np.uint8), three], 1)
        return padded.view("<i4")[:, 0].astype(np.float32) / 2**31
    return np.frombuffer(data, f"<i{width}").astype(np.float32) / 2 ** (8 * width - 1)


def _check(frames: int, rate: int, path: Path) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise BadInputError(f"{path} is damaged: its sampling rate is {rate}")
    if frames > MAX_SECONDS * rate:
        raise BadInputError(f"{path} is {frames // rate // 60} minutes long, the limit is {MAX_SECONDS // 60}")


def _by_soundfile(path: Path) -> Samples:
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            _check(file.frames, file.samplerate, path)
            return resampled(file.read(dtype="float32", always_2d=True).mean(1), file.samplerate)
    except (soundfile.SoundFileError, ValueError) as error:
        raise BadInputError(f"{path} is no recording that can be read: {error}") from error
