"""Where somebody speaks: from likelihoods to stretches, and the detectors on sound."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tightrope_translate.speech import voice
from tightrope_translate.speech.microphone import utterances
from tightrope_translate.speech.sound import RATE, Samples
from tightrope_translate.speech.voice import (
    LEAST_S,
    LONGEST_S,
    MARGIN_S,
    PAUSE_S,
    FilterBank,
    Silero,
    open_voice,
    spans,
)

FRAME = 0.032


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=1500))
def test_stretches_are_in_order_apart_and_bounded(likely: list[float]) -> None:
    found = spans(likely, FRAME)
    edges = [edge for span in found for edge in (span.start, span.end)]

    assert edges == sorted(edges)
    assert all(0 <= edge <= len(likely) * FRAME + 1e-9 for edge in edges)
    assert all(span.end - span.start <= LONGEST_S + 2 * MARGIN_S + FRAME for span in found)


def test_a_short_pause_does_not_end_an_utterance_and_a_click_is_none() -> None:
    speech, pause, click = round(1 / FRAME), round(0.6 * PAUSE_S / FRAME), max(1, round(0.5 * LEAST_S / FRAME))
    silence = [0.0] * round(2 / FRAME)

    found = spans(
        [*silence, *[0.9] * speech, *[0.0] * pause, *[0.9] * speech, *silence, *[0.9] * click, *silence], FRAME
    )

    assert len(found) == 1
    assert found[0].start == pytest.approx(2 - MARGIN_S, abs=0.05)
    assert found[0].end - found[0].start == pytest.approx(2 + 0.6 * PAUSE_S + 2 * MARGIN_S, abs=0.1)


@pytest.fixture(params=["silero_vad", "pocketsphinx"])
def detector(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> voice.Voice:
    pytest.importorskip("pocketsphinx")
    found = voice.find_spec
    if request.param == "pocketsphinx":
        monkeypatch.setattr(voice, "find_spec", lambda name: None if name == "silero_vad" else found(name))
    elif found("silero_vad") is None:
        pytest.skip("the wheel silero-vad is not installed")
    opened = open_voice()
    assert isinstance(opened, Silero if request.param == "silero_vad" else FilterBank)
    return opened


def test_a_sentence_is_found_between_silence(detector: voice.Voice, spoken: Callable[[str], Samples]) -> None:
    samples = spoken("Where is the railway station, please?")
    (span,) = spans(detector(samples), detector.frame_s)

    assert span.start == pytest.approx(1.0, abs=0.4)
    assert span.end == pytest.approx(len(samples) / RATE - 1.0, abs=0.5)


def test_there_is_nobody_in_silence(detector: voice.Voice) -> None:
    for samples in (np.zeros(2 * RATE, np.float32), np.zeros(0, np.float32), np.zeros(7, np.float32)):
        assert spans(detector(samples), detector.frame_s) == []


class Loud:
    """Takes what is loud for speech."""

    frame_s = 0.05

    def __call__(self, samples: Samples) -> np.ndarray:
        size = round(self.frame_s * RATE)
        return np.array([float(np.abs(samples[k : k + size]).max() > 0.1) for k in range(0, len(samples), size)])


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.6, 3), st.floats(1.5, 4)), min_size=1, max_size=4), st.integers(800, 9000))
def test_a_microphone_gives_the_same_utterances_as_a_recording(parts: list[tuple[float, float]], block: int) -> None:
    samples = np.concatenate(
        [
            np.full(round(s * RATE), level, np.float32)
            for loud, still in parts
            for s, level in ((still, 0.0), (loud, 0.5))
        ]
        + [np.zeros(RATE, np.float32)]
    )
    blocks = (samples[start : start + block] for start in range(0, len(samples), block))

    live = list(utterances(blocks, Loud()))

    assert len(live) == len(parts)
    for (span, heard), (loud, _) in zip(live, parts, strict=True):
        assert np.count_nonzero(heard) == pytest.approx(round(loud * RATE), abs=0.1 * RATE)
        assert len(heard) == pytest.approx((span.end - span.start) * RATE, abs=2)
