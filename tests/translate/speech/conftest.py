"""What the tests of speech share: spoken sentences (by espeak-ng: synthetic) and an engine that brackets."""

from __future__ import annotations

import shutil
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tightrope_translate.engine import Result
from tightrope_translate.speech.say import say
from tightrope_translate.speech.sound import RATE, Samples, pcm, read_sound


class Brackets:
    """Stands in for the engine."""

    def translate(self, text: str, source: str = "auto", target: str = "de") -> Result:
        return Result(f"[{text}]", source, target, (), True, f"[{text}]")


def write_wav(path: Path, samples: Samples, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm(samples))
    return path


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Samples]:
    """A sentence as samples, with a second of silence before and after it."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("spoken sentences are made by espeak-ng")
    folder = tmp_path_factory.mktemp("spoken")

    def speak(text: str) -> Samples:
        say(text, "en-us", folder / "said.wav")
        still = np.zeros(RATE, np.float32)
        return np.concatenate([still, read_sound(folder / "said.wav"), still])

    return speak
