"""Where in a recording somebody speaks.

voice = open_voice()
for span in spans(voice(samples), voice.frame_s):
    samples[span.samples]

Two detectors behind one interface: the network of the `silero-vad` wheel where it is installed (it is run by our
session; the wheel's own code, which needs torch, is not imported), else the filter bank that pocketsphinx brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import MissingExtraError
from tightrope.runtime.session import Session
from tightrope_translate.speech.sound import RATE, Samples, pcm

BEGIN, END = 0.5, 0.35
"""Speech begins where it is likelier than BEGIN, and ends where it stays less likely than END for PAUSE_S."""
PAUSE_S = 0.5
LEAST_S = 0.25
MARGIN_S = 0.15
LONGEST_S = 20.0
"""A longer stretch is divided where speech is least likely, so that results come and memory is bounded."""

_SILERO = "silero_vad_16k_sequence.onnx"
_WINDOW, _CONTEXT = 512, 64


class Voice(Protocol):
    """Calls like a function: samples to the likelihood of speech in every frame, 0 to 1."""

    frame_s: float

    def __call__(self, samples: Samples) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Span:
    """A stretch of a recording, in seconds."""

    start: float
    end: float

    @property
    def samples(self) -> slice:
        return slice(round(self.start * RATE), round(self.end * RATE))


class Silero:
    """The recurrent network of Silero (MIT): windows of 32 ms, each with the last 4 ms of the one before."""

    frame_s = _WINDOW / RATE

    def __init__(self, path: Path) -> None:
        self._session = Session(path)

    def __call__(self, samples: Samples) -> NDArray[np.float32]:
        if not len(samples):
            return np.zeros(0, np.float32)
        count = -(-len(samples) // _WINDOW)
        padded = np.zeros(_CONTEXT + count * _WINDOW, np.float32)
        padded[_CONTEXT : _CONTEXT + len(samples)] = samples
        windows = np.lib.stride_tricks.sliding_window_view(padded, _CONTEXT + _WINDOW)[::_WINDOW]
        state = np.zeros((1, 1, 128), np.float32)
        names = (spec.name for spec in self._session.inputs)
        feeds = dict(zip(names, (np.ascontiguousarray(windows), state, state), strict=True))
        return np.asarray(self._session.run(feeds)[0], np.float32).reshape(-1)


class FilterBank:
    """WebRTC's detector, as pocketsphinx brings it (BSD): says yes or no for every 30 ms."""

    def __init__(self) -> None:
        import pocketsphinx

        self._vad = pocketsphinx.Vad(pocketsphinx.Vad.MEDIUM_STRICT, RATE)
        self.frame_s = self._vad.frame_length

    def __call__(self, samples: Samples) -> NDArray[np.float32]:
        if not len(samples):
            return np.zeros(0, np.float32)
        data, size = pcm(samples), self._vad.frame_bytes
        frames = (data[start : start + size].ljust(size, b"\0") for start in range(0, len(data), size))
        yes = np.array([self._vad.is_speech(frame) for frame in frames], np.float32)
        return np.convolve(yes, np.ones(5, np.float32) / 5)[2:-2].astype(np.float32)


def open_voice() -> Voice:
    """The better detector of those that are installed. Raises MissingExtraError."""
    wheel = find_spec("silero_vad")
    if wheel is not None and wheel.origin and (path := Path(wheel.origin).parent / "data" / _SILERO).exists():
        return Silero(path)
    if find_spec("pocketsphinx") is None:
        raise MissingExtraError("translating speech", "speech")
    return FilterBank()


def spans(likely: Sequence[float] | NDArray[np.float32], frame_s: float) -> list[Span]:
    """Stretches of speech, with a margin, in order and apart from each other.

    Args:
        likely: of speech in every frame.
        frame_s: length of a frame in seconds.
    """
    found: list[tuple[int, int]] = []
    start: int | None = None
    last = 0
    for at, value in enumerate(likely):
        if value >= BEGIN:
            start = at if start is None else start
        if start is None:
            continue
        if value >= END:
            last = at
        if (at - last) * frame_s >= PAUSE_S:
            found.append((start, last + 1))
            start = None
    if start is not None:
        found.append((start, last + 1))
    long_enough = [pair for pair in found if (pair[1] - pair[0]) * frame_s >= LEAST_S]
    pieces = [piece for pair in long_enough for piece in _divided(likely, *pair, round(LONGEST_S / frame_s))]
    return _with_margin(pieces, frame_s, len(likely))


def _divided(likely: Sequence[float] | NDArray[np.float32], start: int, end: int, most: int) -> list[tuple[int, int]]:
    """Cut where speech is least likely, in the second half of what is allowed."""
    pieces = []
    while end - start > most:
        cut = start + most // 2 + int(np.argmin(likely[start + most // 2 : start + most])) + 1
        pieces.append((start, cut))
        start = cut
    return [*pieces, (start, end)]


def _with_margin(pieces: list[tuple[int, int]], frame_s: float, count: int) -> list[Span]:
    done: list[Span] = []
    for number, (start, end) in enumerate(pieces):
        before = pieces[number - 1][1] if number else 0
        after = pieces[number + 1][0] if number + 1 < len(pieces) else count
        # Half of the gap to a neighbour at most, so that no sample is heard twice.
        left = min(MARGIN_S, (start - before) * frame_s / 2 if number else start * frame_s)
        right = min(MARGIN_S, (after - end) * frame_s / 2 if number + 1 < len(pieces) else (after - end) * frame_s)
        done.append(Span(start * frame_s - left, end * frame_s + right))
    return done
