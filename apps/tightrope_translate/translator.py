"""One direction: single sentences to their translations, each with how far it is to be trusted.

    translator = Translator.load(folder)
    one = translator.translate(["Where is the station?"])[0]
    one.text, one.confidence, one.sure  # 'Wo ist der Bahnhof?', 0.87, True

A sentence goes through the network as `forms` and `hiding` put it. Its translation is then looked at by `checks`; where
a number is wrong, a negation lost or a slot, it is put in another way, and the best of all answers counts. What then
still is wrong or unlikely is not sure: `shown` gives the words that the glossary knows instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tightrope.artifact import MANIFEST, Artifact
from tightrope.errors import ArtifactError
from tightrope_translate.checks import problems
from tightrope_translate.confidence import Confidence
from tightrope_translate.forms import Form
from tightrope_translate.glossary import glossary_of
from tightrope_translate.graphs import Graphs, Written
from tightrope_translate.hiding import hide, shown_numbers, unknown_words
from tightrope_translate.pieces import LONGEST, core, pieces, translatable
from tightrope_translate.pleas import FACTS, Plea, fact_pleas, has_facts, word_pleas
from tightrope_translate.signs import signs_of
from tightrope_translate.slots import Covered
from tightrope_translate.spelling import invented
from tightrope_translate.vocabulary import PAD, Vocabulary

VOCABULARY = "vocabulary.model"
BATCH_TOKENS = 1024  # rows times the longest row: bounds the memory
WIDTH = 4  # of the beam: twice as wide finds nothing better
DOUBLE = re.compile(r"(?<=\S)  +(?=\S)")  # blanks, where a phrase was asked for behind one
WORTH = 0.3  # of log-probability: a word of the glossary is so much better than what the network has for it
NARROW = 2  # of each beam where a word is asked for: there are many
NOT_SURE = {"en": "not sure", "de": "nicht sicher"}


@dataclass(frozen=True)
class Translation:
    """One sentence, translated."""

    text: str
    """What the network wrote, also where it is not sure."""
    confidence: float
    """The quality to expect (sentence chrF), from 0 to 1."""
    sure: bool
    words: tuple[tuple[str, str], ...] = ()
    """Where it is not sure: the words of the source that are known, each with its translation."""
    gloss: str = ""
    """Where it is not sure: what to show instead, '[not sure: where · is · Müllers · farm]'."""

    score: float = 0.0
    """Mean log-probability of a token, which the confidence comes from; 0 where no network was asked."""

    @property
    def shown(self) -> str:
        """What a person should see: the translation, or words that say that they are no more than that."""
        return self.text if self.sure else self.gloss

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Part:
    """A piece of a sentence as `pieces.core` parts it."""

    before: str
    words: str
    after: str

    @property
    def has_words(self) -> bool:
        """Whether the network can do anything with it; what `pieces` could not cut is no word."""
        return len(self.words) <= LONGEST and translatable(self.words)


@dataclass(frozen=True)
class Draft:
    """One answer of the network to one piece of a sentence."""

    text: str
    score: float
    """Mean log-probability of a token."""
    wrong: tuple[str, ...] = ()
    """What `checks` found, and 'slots' where they were lost."""
    invented: int = 0
    """Words that are none."""

    def rank(self) -> tuple[int, int, float]:
        """The better of two drafts has the larger rank."""
        return -len(self.wrong), -self.invented, self.score


class Translator:
    """Two graphs and a vocabulary that translate from `source` to `target` ('en', 'de')."""

    def __init__(
        self, graphs: Graphs, vocabulary: Vocabulary, source: str, target: str, confidence: Confidence | None = None
    ) -> None:
        self.graphs, self.vocabulary, self.source, self.target = graphs, vocabulary, source, target
        self.confidence = confidence or Confidence()
        self.glossary, self.signs = glossary_of(source, target), signs_of(source, target)
        self._tag = vocabulary.tags[target]

    @classmethod
    def load(cls, model: Artifact | Path, threads: int = 1) -> Translator:
        """Open an artifact, or in development a folder en-de... or de-en... with both graphs and vocabulary.model.

        Raises:
            ArtifactError: it is neither.
        """
        if isinstance(model, Path) and (model / MANIFEST).exists():
            model = Artifact.load(model)
        if isinstance(model, Artifact):
            source, target = model.manifest.preprocess["source"], model.manifest.preprocess["target"]
            constants = model.manifest.postprocess.get("confidence")
            confidence = Confidence(**constants) if constants else None
            vocabulary = Vocabulary(model.path / VOCABULARY)
            return cls(Graphs.open(model, len(vocabulary), threads), vocabulary, source, target, confidence)
        if not model.is_dir():
            raise ArtifactError(
                f"no translation model at {model}: say which folder, or install tightrope with its models"
            )
        source, _, rest = model.name.partition("-")
        if (source, rest[:2]) not in {("en", "de"), ("de", "en")}:
            raise ArtifactError(f"{model} is no artifact, and its name does not begin with en-de or de-en")
        vocabulary = Vocabulary(model / VOCABULARY)
        return cls(Graphs.open(model, len(vocabulary), threads), vocabulary, source, rest[:2])

    def translate(self, sentences: Sequence[str]) -> list[Translation]:
        """Translate single sentences, any strings; the order is kept. What is no language comes back as it is."""
        known: dict[str, Translation] = {}
        todo: dict[str, tuple[Form, list[Part]]] = {}
        for sentence in dict.fromkeys(sentences):
            if (sign := self._sign(sentence)) is not None:
                known[sentence] = sign
            elif translatable(sentence):
                form = Form.of(sentence, self.source, self.target)
                todo[sentence] = form, [Part(*core(piece)) for piece in pieces(form.text)]
            else:
                known[sentence] = Translation(sentence, 1.0, True)
        drafts = iter(self.drafts([part.words for _, parts in todo.values() for part in parts if part.has_words]))
        for sentence, (form, parts) in todo.items():
            answers = [next(drafts) if part.has_words else Draft(part.words, 0.0) for part in parts]
            known[sentence] = self._judged(sentence, form, parts, answers)
        return [known[sentence] for sentence in sentences]

    def alternatives(self, sentence: str, count: int) -> list[str]:
        """Up to `count` other translations of a single sentence that can be trusted, the likelier first.

        They are what a wide beam finds beside its best. There are none of a sign, and of what has no words or is
        translated in pieces.
        """
        form = Form.of(sentence, self.source, self.target)
        parts = [Part(*core(piece)) for piece in pieces(form.text)] if translatable(sentence) else []
        if self._sign(sentence) is not None or len(parts) != 1 or not parts[0].has_words:
            return []
        words = parts[0].words
        hidden = hide(words, self.source, self.target)
        source = np.array([[self._tag, *self.vocabulary.encode([hidden.text])[0]]])
        (best,) = self.graphs.write(source, source[:, 0], max(WIDTH, count + 1))
        written = (best, *best.others)
        texts = self.vocabulary.decode([one.tokens for one in written])
        drafts = [self._draft(words, hidden, text, one.score) for text, one in zip(texts, written, strict=True)]
        judged = [self._judged(sentence, form, parts, [draft]) for draft in drafts]
        shown = self.translate([sentence])[0].text
        return [text for text in dict.fromkeys(one.text for one in judged if one.sure) if text != shown][:count]

    def _sign(self, sentence: str) -> Translation | None:
        """The translation of a sign, if `sentence` is a known one."""
        before, words, after = core(sentence)
        meaning = self.signs.get(words)
        if meaning is None:
            return None
        stop = words[len(words.rstrip(".!")) :]
        written = meaning.upper() if words.isupper() else meaning
        return Translation(before + written + stop + after, 1.0, True)

    def _judged(self, sentence: str, form: Form, parts: list[Part], answers: list[Draft]) -> Translation:
        """The answers to the pieces of one sentence, put together."""
        pairs = list(zip(parts, answers, strict=True))
        text = "".join(part.before + form.restored(answer.text) + part.after for part, answer in pairs)
        if form.text[:1].isupper() and text[:1].islower():
            text = text[0].upper() + text[1:]
        score = float(np.average([answer.score for answer in answers], weights=[len(part.words) + 1 for part in parts]))
        confidence = self.confidence(score)
        if confidence >= self.confidence.sure_from and not any(answer.wrong or answer.invented for answer in answers):
            return Translation(text, confidence, True, score=score)
        if (word := self.glossary.alone(form.text)) is not None:
            return Translation(form.restored(word), self.confidence.sure_from, True)
        words, gloss = self.glossary.known(sentence), self.glossary.gloss(form.text)
        before, _, after = core(sentence)
        return Translation(text, confidence, False, words, f"{before}[{NOT_SURE[self.target]}: {gloss}]{after}", score)

    def drafts(self, texts: Sequence[str]) -> list[Draft]:
        """The best answer to each text, which is short and has words."""
        hidden = [hide(text, self.source, self.target) for text in texts]
        best = self.attempt(texts, hidden)
        for again, wanted in (
            (shown_numbers, lambda draft: "slots" in draft.wrong or "numbers" in draft.wrong),
            (lambda covered: unknown_words(covered, self.glossary), self._doubtful),
        ):
            self._again(texts, hidden, best, again, wanted)
        return [self._repaired(text, draft) for text, draft in zip(texts, best, strict=True)]

    def _again(
        self,
        texts: Sequence[str],
        hidden: list[Covered],
        best: list[Draft],
        change: Callable[[Covered], Covered],
        wanted: Callable[[Draft], bool],
    ) -> None:
        """Put the texts whose draft is `wanted` in another way; keep the better draft."""
        changed = {row: change(hidden[row]) for row, draft in enumerate(best) if wanted(draft)}
        rows = [row for row, covered in changed.items() if covered.text != hidden[row].text]
        for row, draft in zip(rows, self.attempt([texts[r] for r in rows], [changed[r] for r in rows]), strict=True):
            if draft.rank() > best[row].rank():
                best[row] = draft

    def _doubtful(self, draft: Draft) -> bool:
        return bool(draft.wrong) or self.confidence(draft.score) < self.confidence.sure_from

    def _repaired(self, text: str, draft: Draft) -> Draft:
        """The draft, or a better one that was made to have what it lacks: facts, or words that the glossary knows."""
        if FACTS & set(draft.wrong) or (self._doubtful(draft) and has_facts(text, self.source, self.target)):
            for plea in fact_pleas(text, draft.text, self.source, self.target):
                draft = max((draft, *self._forced(text, plea, WIDTH)), key=Draft.rank)
        pleas = word_pleas(text, draft.text, self.source, self.target, self.vocabulary)
        most = None if draft.invented or self._doubtful(draft) else 1
        for plea in islice(pleas, most):
            found = [replace(one, score=one.score + WORTH) for one in self._forced(text, plea, NARROW)]
            draft = max((draft, *found), key=Draft.rank)
        return draft

    def _forced(self, text: str, plea: Plea, width: int) -> list[Draft]:
        """What the network writes when it must have all that is wanted; nothing where that cannot be."""
        source = np.array([[self._tag, *self.vocabulary.encode([plea.hidden.text])[0]]])
        written = self.graphs.write_with(source, source[:, 0], plea.wanted(self.vocabulary), width)
        if written is None:
            return []
        return [self._draft(text, plea.hidden, self.vocabulary.decode([written.tokens])[0], written.score)]

    def attempt(self, texts: Sequence[str], hidden: Sequence[Covered]) -> list[Draft]:
        """What the network writes for `hidden`, sentences of one length together, held against `texts`."""
        sources = [[self._tag, *tokens] for tokens in self.vocabulary.encode([covered.text for covered in hidden])]
        drafts = [Draft("", 0.0)] * len(sources)
        for rows in batches([len(source) for source in sources]):
            width = len(sources[rows[-1]])
            batch = np.full((len(rows), width), PAD, np.int64)
            for place, row in enumerate(rows):
                batch[place, : len(sources[row])] = sources[row]
            written = self.graphs.write(batch, np.full(len(rows), self._tag), WIDTH)
            decoded = self.vocabulary.decode([each.tokens for each in written])
            for row, text, one in zip(rows, decoded, written, strict=True):
                drafts[row] = self._best(texts[row], hidden[row], text, one)
        return drafts

    def _best(self, source: str, hidden: Covered, text: str, written: Written) -> Draft:
        """The draft that was written, or where something is wrong with it, the best of what else the beam found."""
        draft = self._draft(source, hidden, text, written.score)
        if not (draft.wrong or draft.invented) or not written.others:
            return draft
        texts = self.vocabulary.decode([other.tokens for other in written.others])
        others = (self._draft(source, hidden, t, o.score) for t, o in zip(texts, written.others, strict=True))
        return max((draft, *others), key=Draft.rank)

    def _draft(self, source: str, hidden: Covered, written: str, score: float) -> Draft:
        written = DOUBLE.sub(" ", written)
        text = hidden.uncover(written)
        shown = written if text is None else text
        wrong = problems(source, shown, self.source, self.target)
        lost = ("slots",) if text is None else ()
        return Draft(shown, score, (*lost, *wrong), len(invented(source, written, self.source, self.target)))


def batches(lengths: Sequence[int]) -> list[list[int]]:
    """Rows by rising length, in groups of at most BATCH_TOKENS with their padding."""
    groups: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not groups or (len(groups[-1]) + 1) * lengths[row] > BATCH_TOKENS:
            groups.append([])
        groups[-1].append(row)
    return groups
