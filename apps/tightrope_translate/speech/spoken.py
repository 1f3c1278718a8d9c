"""A recording in another language.

speech = SpeechTranslator(open_voice(), open_recognizer("en"), Engine.open())
for one in speech.translate(samples, "en", "de"):
    print(one.text, one.translation, one.sure)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tightrope_translate.speech.recognizer import Recognizer
from tightrope_translate.speech.sound import Samples
from tightrope_translate.speech.voice import Span, Voice, spans

if TYPE_CHECKING:
    from tightrope_translate.engine import Engine

_QUESTION = re.compile(
    r"(who|what|when|where|why|which|whose|how|do|does|did|is|are|was|were|can|could|will|would|shall|should|may|have|"
    r"has|am)\b"
)


@dataclass(frozen=True)
class Utterance:
    """What was said without a pause, from `start` to `end` in seconds, and what it means."""

    start: float
    end: float
    text: str
    confidence: float
    translation: str
    source: str
    target: str
    sure: bool
    """Whether both what was heard and its translation are."""

    def to_dict(self) -> dict[str, Any]:
        rounded = {"start": round(self.start, 2), "end": round(self.end, 2), "confidence": round(self.confidence, 4)}
        return {**asdict(self), **rounded}


class SpeechTranslator:
    """Finds speech, recognizes it, translates it."""

    def __init__(self, voice: Voice, recognizer: Recognizer, engine: Engine) -> None:
        self.voice, self._recognizer, self._engine = voice, recognizer, engine

    def translate(self, samples: Samples, source: str, target: str) -> Iterator[Utterance]:
        """The utterances of a recording, float32 [n] at 16 kHz, as they are done."""
        for span in spans(self.voice(samples), self.voice.frame_s):
            one = self.utterance(samples[span.samples], span, source, target)
            if one is not None:
                yield one

    def utterance(self, samples: Samples, span: Span, source: str, target: str) -> Utterance | None:
        """One that lies alone in `samples`; None if there are no words in it."""
        heard = self._recognizer(samples)
        if not heard.text:
            return None
        text = as_sentence(heard.text) if source == "en" else heard.text
        result = self._engine.translate(text, source, target)
        sure = result.sure and heard.confidence >= self._recognizer.sure_from
        return Utterance(span.start, span.end, text, heard.confidence, result.text, source, target, sure)


def as_sentence(words: str) -> str:
    """English words of a recognizer as a sentence, which translates better.

    >>> as_sentence("where am i")
    'Where am I?'
    """
    words = words.strip()
    if not words or words != words.lower():
        return words
    text = re.sub(r"\bi\b", "I", words)
    return text[0].upper() + text[1:] + ("?" if _QUESTION.match(words) else ".")
