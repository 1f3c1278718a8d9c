"""A photographed sign in one's own language.

signs = SignTranslator(Reader.load(), Engine.open())
found = signs.translate(picture, target="de")
found.paragraphs[0].text, found.paragraphs[0].translation     # ('Exit', 'Ausgang')
found.drawn                                                   # the picture with the translations in place
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tightrope.runtime.clock import Clock, SystemClock
from tightrope_translate.engine import AUTO, LIKELY, Engine, Result
from tightrope_translate.image.drawing import draw
from tightrope_translate.image.enhance import brightened
from tightrope_translate.image.ink import colours_of
from tightrope_translate.image.layout import Paragraph, paragraphs_of
from tightrope_translate.image.pictures import Picture
from tightrope_translate.image.reader import Reader, readable
from tightrope_translate.image.second_look import SecondLook
from tightrope_translate.image.stages import Stages
from tightrope_translate.image.steady import Steady

CLEAR = 0.8
"""What is read, or a language that is found, with at least this confidence counts as certain."""
READ_WITHIN_S = 0.9
"""Seconds of a picture's second and a half after which nothing is looked at again: translating and drawing follow."""


@dataclass(frozen=True)
class TranslatedParagraph:
    """A paragraph of the picture and what it means."""

    paragraph: Paragraph
    result: Result

    @property
    def text(self) -> str:
        return self.paragraph.text

    @property
    def translation(self) -> str:
        return self.result.text

    @property
    def sure(self) -> bool:
        """Whether both what was read and its translation are."""
        return self.result.sure and self.paragraph.confidence >= CLEAR

    @property
    def shown(self) -> str:
        """What is drawn: the translation, or the words that are known; '(?)' where it was read without certainty."""
        return f"{self.translation} (?)" if self.paragraph.confidence < CLEAR else self.translation

    @property
    def changed(self) -> bool:
        """Whether there is anything to draw: text in the target language, numbers and names stay as they are."""
        return bool(self.translation.strip()) and self.translation != self.text

    def to_dict(self) -> dict[str, Any]:
        result = self.result
        ours = {"translation": result.text, "source": result.source, "target": result.target, "sure": self.sure}
        return {**self.paragraph.to_dict(), **ours}


@dataclass(frozen=True)
class TranslatedPicture:
    """All paragraphs in reading order, the overlay (BGR, uint8 [h, w, 3]), and milliseconds by stage."""

    paragraphs: tuple[TranslatedParagraph, ...]
    drawn: Picture
    milliseconds: dict[str, float]

    @property
    def total_ms(self) -> float:
        return sum(self.milliseconds.values())

    def to_dict(self) -> dict[str, Any]:
        height, width = self.drawn.shape[:2]
        times = {stage: round(value, 2) for stage, value in {**self.milliseconds, "total": self.total_ms}.items()}
        paragraphs = [each.to_dict() for each in self.paragraphs]
        return {"width": width, "height": height, "paragraphs": paragraphs, "milliseconds": times}


class SignTranslator:
    """Reads, groups, translates and draws."""

    def __init__(self, reader: Reader, engine: Engine, clock: Clock | None = None) -> None:
        self._reader, self._engine, self._clock = reader, engine, clock or SystemClock()
        self._second = SecondLook(reader, self._clock)
        self._known: dict[tuple[str, str, str], Result] = {}

    def translate(
        self,
        picture: Picture,
        source: str = AUTO,
        target: str = "de",
        steady: Steady | None = None,
        photograph: Picture | None = None,
    ) -> TranslatedPicture:
        """Translate what a BGR picture, uint8 [h, w, 3], says.

        `steady`, where there is one, has the last word on the paragraphs: it knows the frames before. Without it, what
        is doubtful gets a second look in `photograph`, the same picture at its own resolution, or else in the picture.
        """
        until = self._clock.now() + READ_WITHIN_S
        stages = Stages(self._clock)
        with stages("enhance"):
            bright = brightened(picture)
        lines = self._reader.look(bright, stages)
        if steady is None:  # a live camera looks again anyway
            with stages("look again"):
                lines = self._second.look(lines, picture, photograph, until)
        lines = readable(lines)
        with stages("group"):
            paragraphs = paragraphs_of(lines, [colours_of(picture, line.box) for line in lines])
            if steady is not None:
                paragraphs = steady.update(paragraphs)
        with stages("translate"):
            translated = self._translated(paragraphs, source, target)
        with stages("draw"):
            drawn = draw(picture, [(one.paragraph, one.shown) for one in translated if one.changed])
        return TranslatedPicture(tuple(translated), drawn, stages.milliseconds)

    def _translated(self, paragraphs: list[Paragraph], source: str, target: str) -> list[TranslatedParagraph]:
        languages = self._languages([one.text for one in paragraphs]) if source == AUTO else [source] * len(paragraphs)
        asked = [(one.text, language, target) for one, language in zip(paragraphs, languages, strict=True)]
        # From frame to frame a sign says the same.
        known = {each: self._known[each] for each in asked if each in self._known}
        for language in dict.fromkeys(languages):
            fresh = list(dict.fromkeys(each for each in asked if each not in known and each[1] == language))
            results = self._engine.translate_all([text for text, *_ in fresh], language, target)
            known |= zip(fresh, results, strict=True)
        self._known = known
        return [TranslatedParagraph(one, known[each]) for one, each in zip(paragraphs, asked, strict=True)]

    def _languages(self, texts: list[str]) -> list[str]:
        """Of each text: its own language where that is clear, else that of all together, else 'auto'."""
        found = [self._engine.detect(text)[0] for text in (" ".join(texts), *texts)]
        whole = found[0][0] if found[0][1] >= LIKELY else AUTO
        return [language if confidence >= CLEAR else whole for language, confidence in found[1:]]
