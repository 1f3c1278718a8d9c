"""Speech to words, behind one interface.

recognizer = open_recognizer("en")
heard = recognizer(samples)
heard.text, heard.confidence     # ('where is the station', 0.83)
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from tightrope.errors import BadInputError, MissingExtraError
from tightrope_translate.speech.sound import Samples


@dataclass(frozen=True)
class Word:
    """A word and how sure the recognizer is of it, 0 to 1."""

    text: str
    confidence: float


@dataclass(frozen=True)
class Heard:
    """What was said, as the recognizer writes it, and how sure that is, 0 to 1."""

    text: str
    confidence: float
    words: tuple[Word, ...] = ()


class Recognizer(Protocol):
    """Calls like a function: samples, float32 [n] at 16 kHz, of one utterance to what was said."""

    sure_from: float
    """From this confidence on what was heard is taken as said."""

    def __call__(self, samples: Samples) -> Heard: ...


def open_recognizer(language: str, model: Path | None = None, threads: int = 1) -> Recognizer:
    """The recognizer for a language: models in a folder by sherpa-onnx, else pocketsphinx, which knows English.

    Raises:
        BadInputError: nothing here understands that language.
        MissingExtraError: a package is not installed.
    """
    if model is not None:
        from tightrope_translate.speech.sherpa import Sherpa

        return Sherpa(model, language, threads)
    if language != "en":
        raise BadInputError(
            f"the built-in recognizer understands English only, not {language!r}: "
            "`tightrope translate speech --model FOLDER` takes a Whisper model for sherpa-onnx"
        )
    if find_spec("pocketsphinx") is None:
        raise MissingExtraError("translating speech", "speech")
    from tightrope_translate.speech.sphinx import Sphinx

    return Sphinx()
