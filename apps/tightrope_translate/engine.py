"""Both directions behind one call: text of any length in, its translation out.

    engine = Engine.open()
    result = engine.translate("Where is the station? I'm late.", target="de")
    result.text, result.source, result.sure  # 'Wo ist der Bahnhof? Ich bin spät dran.', 'en', True
    engine.detect("Wo ist der Bahnhof?")     # [('de', 0.99), ('en', 0.01)]

Sentences are translated on their own, and all that stands between them is kept. A sentence that is in the target
language already comes back as it is, and so do numbers, emoji and code; so does one in a third language, which is not
sure. No text makes it fail.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tightrope.errors import BadInputError, nearest
from tightrope.models import models_root
from tightrope_translate.language import LANGUAGES, detect
from tightrope_translate.pieces import translatable
from tightrope_translate.segments import Segment, split
from tightrope_translate.translator import Translation, Translator

AUTO = "auto"
NEITHER = "neither"  # what `found_language` says of a text in a third language
OTHER = {"en": "de", "de": "en"}
FOLDERS = {("en", "de"): "en-de-int8", ("de", "en"): "de-en-int8"}
CHUNK = 512  # sentences at a time: bounds the memory for a book
LIKELY = 0.5  # from here on a language counts as found
CERTAIN = 0.9  # for a sentence that is in another language than the text around it
MOST_ALTERNATIVES = 8  # a beam costs by its width
FEWEST_LETTERS = 12  # a shorter sentence is never certain


@dataclass(frozen=True)
class Result:
    """A translated text."""

    text: str
    """White space as in the source. A sentence that is not sure is shown by the words of it that are known."""
    source: str
    """The language given or found; 'auto' where it is neither of the two."""
    target: str
    segments: tuple[Translation, ...]
    """One for each sentence of `segments.split`."""
    sure: bool
    """Whether all segments are."""
    draft: str
    """As `text`, with what the network wrote also where it is not sure."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Engine:
    """Translators by direction, each loaded when it is first needed. May be shared by threads."""

    languages = tuple(LANGUAGES)

    def __init__(self, folders: Mapping[tuple[str, str], Path], threads: int = 1) -> None:
        self._folders, self._threads = folders, threads
        self._translators: dict[tuple[str, str], Translator] = {}
        self._load_lock = threading.Lock()

    @classmethod
    def open(cls, models: Path | None = None, threads: int = 1) -> Engine:
        """The shipped models, or those in the folder `models`; nothing is loaded yet."""
        root = models_root() / "translate" if models is None else models
        return cls({direction: root / name for direction, name in FOLDERS.items()}, threads)

    def translator(self, source: str, target: str) -> Translator:
        """The translator of one direction.

        Raises:
            BadInputError: there is no such direction.
            ArtifactError: its artifact cannot be loaded.
        """
        direction = self._language(source), self._language(target)
        if direction not in self._folders:
            raise BadInputError(f"no translation from {source} to {target}")
        with self._load_lock:
            if direction not in self._translators:
                self._translators[direction] = Translator.load(self._folders[direction], self._threads)
        return self._translators[direction]

    def prepare(self, source: str = AUTO, target: str = "de") -> None:
        """Load what `translate` needs for these. Raises as `translator` does."""
        given = None if source == AUTO else self._language(source)
        for language in OTHER if target == AUTO else (self._language(target),):
            if given != language:
                self.translator(OTHER[language], language)

    def detect(self, text: str) -> list[tuple[str, float]]:
        """The languages, likeliest first, each with its probability; what is missing to 1 is any other language."""
        return detect(text)

    def translate(self, text: str, source: str = AUTO, target: str = "de") -> Result:
        """Translate a text from `source`, or from the language that is found; the target 'auto' is the other language.

        Raises:
            BadInputError: `source` or `target` is no language of this engine.
        """
        return self.translate_all([text], source, target)[0]

    def translate_all(self, texts: Sequence[str], source: str = AUTO, target: str = "de") -> list[Result]:
        """Translate several texts at once, which costs less than one by one. Raises as `translate` does."""
        plans = [self._plan(text, source, target) for text in texts]
        for direction in ((other, target) for target, other in OTHER.items()):
            todo = [
                (plan, place)
                for plan in plans
                if plan.target == direction[1]
                for place, answer in enumerate(plan.answers)
                if answer is None
            ]
            for start in range(0, len(todo), CHUNK):
                chunk = todo[start : start + CHUNK]
                found = self.translator(*direction).translate([plan.segments[place].text for plan, place in chunk])
                for (plan, place), answer in zip(chunk, found, strict=True):
                    plan.answers[place] = answer
        return [plan.result() for plan in plans]

    def alternatives(self, text: str, source: str, target: str, count: int) -> list[str]:
        """Up to `count` other translations of a text of one sentence, the likelier first; of longer ones none.

        Raises as `translate` does.
        """
        plan = self._plan(text, source, target)
        if len(plan.segments) != 1 or plan.answers[0] is not None:
            return []
        only = plan.segments[0]
        found = self.translator(OTHER[plan.target], plan.target).alternatives(only.text, min(count, MOST_ALTERNATIVES))
        return [text + only.gap for text in found]

    def _plan(self, text: str, source: str, target: str) -> Plan:
        text = text.encode("utf-8", "replace").decode()  # without lone surrogates
        found = found_language(text) if source == AUTO else self._language(source)
        if target == AUTO:
            target = OTHER.get(found, "de")
        segments = split(text)
        given = source != AUTO
        answers = [left_alone(segment.text, found, self._language(target), given) for segment in segments]
        return Plan(segments, answers, found, target)

    @staticmethod
    def _language(code: str) -> str:
        if code not in LANGUAGES:
            raise BadInputError(f"no language {code!r}{nearest(code, list(LANGUAGES))}")
        return code


@dataclass(frozen=True)
class Plan:
    """A text on its way."""

    segments: list[Segment]
    answers: list[Translation | None]
    """Of each segment; None while it waits to be translated."""
    source: str
    target: str

    def result(self) -> Result:
        """All put together, when no answer is missing."""
        answers = [answer for answer in self.answers if answer is not None]
        pairs = list(zip(answers, self.segments, strict=True))
        return Result(
            text="".join(answer.shown + segment.gap for answer, segment in pairs),
            source=AUTO if self.source == NEITHER else self.source,
            target=self.target,
            segments=tuple(answers),
            sure=all(answer.sure for answer in answers),
            draft="".join(answer.text + segment.gap for answer, segment in pairs),
        )


def found_language(text: str) -> str:
    """The language of a text: NEITHER where it surely is another, AUTO where that cannot be said."""
    likely = detect(text)
    if likely[0][1] >= LIKELY:
        return likely[0][0]
    return NEITHER if is_certain(text) and sum(p for _, p in likely) < 1 - CERTAIN else AUTO


def is_certain(text: str) -> bool:
    """Whether a text is long enough for its language to be told beyond doubt."""
    return sum(map(str.isalpha, text[:1000])) >= FEWEST_LETTERS


def left_alone(sentence: str, source: str, target: str, given: bool) -> Translation | None:
    """What of a text in `source` is not translated into `target`; None: it is to be translated.

    `given`: a person said what the source is.
    """
    as_it_is = Translation(sentence, 1.0, True)
    if (source == target and given) or not translatable(sentence):
        return as_it_is
    likely = dict(detect(sentence))
    certain = is_certain(sentence)
    if certain and likely[target] >= CERTAIN:
        return as_it_is
    if certain and likely[OTHER[target]] >= CERTAIN:
        return None
    if not given and (source == NEITHER or (certain and sum(likely.values()) < 1 - CERTAIN)):
        return Translation(sentence, 0.0, False, gloss=sentence)
    return as_it_is if source == target else None
