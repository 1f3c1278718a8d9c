"""One direction of the translation network as two graphs that are compressed one by one and judged together.

    TIGHTROPE_TRANSLATE=FOLDER tightrope compress translate --recipe RECIPE --set direction=en-de

FOLDER holds `vocabulary.model` and `<direction>/weights.safetensors` with its `lineage.json`, as `train` leaves them;
`--set weights=FILE` names other weights, with the vocabulary beside them or in the folder above.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.compress.task import Array, Model, Split, Task, Whole, data_folder
from tightrope.errors import ConfigError
from tightrope.runtime.session import Inputs, Session
from tightrope_translate import shortlist
from tightrope_translate.assess import FACTS, app_facts, facts_kept, negation
from tightrope_translate.confidence import Confidence, calibration, fit_confidence, qualities
from tightrope_translate.corpus import EVERYDAY, SOFTWARE, Corpus, read_pairs
from tightrope_translate.deployed import STEP_INPUTS, STEP_OUTPUTS, Reader, Writer, free_axes, memory_names
from tightrope_translate.export import export, load_network
from tightrope_translate.graphs import ENCODER, SHORTLIST, STEP, Graphs
from tightrope_translate.greedy import Sentence, write
from tightrope_translate.network import Translator
from tightrope_translate.scores import TranslationScores
from tightrope_translate.shortlist import Shortlist, every_word
from tightrope_translate.taught import taught
from tightrope_translate.translator import WIDTH
from tightrope_translate.translator import Translator as AppTranslator
from tightrope_translate.vocabulary import PAD, Vocabulary

FOLDER = "TIGHTROPE_TRANSLATE"
VOCABULARY = "vocabulary.model"
DIRECTIONS = ("en-de", "de-en")
SPLITS = {"calibration": "tatoeba.dev.tsv", "held-out": "tatoeba.test.tsv"}
_EXAMPLE = 8  # sentences side by side
_CALIBRATION = 64  # batches, from each of which the encoder's and the step's inputs come


class TranslateTask(Whole):
    """Judged by chrF on sentences of Tatoeba that neither training nor calibration has seen.

    Raises:
        ConfigError: there is no such direction, or no weights where they are looked for.
    """

    app = "translate"
    gate_metrics = ("chrF",)

    def __init__(self, direction: str = "en-de", weights: str | None = None, sentences: int | None = None) -> None:
        if direction not in DIRECTIONS:
            raise ConfigError(f"direction is {' or '.join(DIRECTIONS)}, not {direction!r}")
        self.name, self._count = direction, sentences
        self.source, self.target = direction.split("-")
        self.weights, self.vocabulary_file = _find(direction, weights)
        self.vocabulary = Vocabulary(self.vocabulary_file)

    def parts(self) -> Mapping[str, Task]:
        return {ENCODER: EncoderPart(self), STEP: StepPart(self)}

    def scores(self, models: Mapping[str, Model], split: Split = "held-out") -> TranslationScores:
        sources, references = self.sentences(split)
        return TranslationScores([one.text for one in self.write(models, sources)], references)

    def write(
        self, models: Mapping[str, Any], texts: Sequence[str], words: shortlist.Words | None = None, width: int = 1
    ) -> list[Sentence]:
        """What two sessions write, greedily or with a beam of `width`."""
        return write(self.graphs(models, words), self.vocabulary, texts, self.target, width=width)

    def graphs(self, models: Mapping[str, Any], words: shortlist.Words | None = None) -> Graphs:
        """Two sessions at work together."""
        return Graphs(models[ENCODER], models[STEP], words or self.shortlist)

    def translator(self, models: Mapping[str, Any], confidence: Confidence | None = None) -> AppTranslator:
        """Two sessions as the app uses them: with a beam, and looking at what they wrote."""
        return AppTranslator(self.graphs(models), self.vocabulary, self.source, self.target, confidence)

    def manifest(self) -> Mapping[str, Any]:
        return {
            "preprocess": {
                "source": self.source,
                "target": self.target,
                "vocabulary": VOCABULARY,
                "shortlist": SHORTLIST,
            },
            "licences": (
                {
                    "what": "training, calibration and evaluation: sentences of Tatoeba",
                    "licence": "CC BY 2.0 FR",
                    "source": "tatoeba.org and its contributors; no sentence is part of this artifact",
                },
                {
                    "what": "training: help texts and interface strings of free software",
                    "licence": "MPL-2.0, BSD-3-Clause or CC BY 4.0, by line",
                    "source": "no text is part of this artifact",
                },
                {
                    "what": "training: a phrase book and nouns (tables/phrases.tsv, tables/nouns.tsv)",
                    "licence": "Apache-2.0",
                    "source": "written by a language model for this project",
                },
            ),
        }

    def constants(self, models: Mapping[str, Model]) -> Mapping[str, Any]:
        """The confidence's curve, from the calibration split; what else is known, from the held-out one."""
        sources, references = self.sentences("calibration")
        written = self.translator(models).translate(sources)
        confidence = fit_confidence([one.score for one in written], [one.text for one in written], references)
        return {
            "postprocess": {"confidence": confidence},
            "evidence": {"held_out": self.held_out(models, Confidence(**confidence))},
        }

    def held_out(self, models: Mapping[str, Model], confidence: Confidence) -> dict[str, Any]:
        """How good the app's translations are on the held-out split, sure or not; and the network's alone."""
        sources, references = self.sentences("held-out")
        translator = self.translator(models, confidence)
        found = translator.translate(sources)
        texts = [one.text for one in found]
        scores = TranslationScores(texts, references)
        sure = np.array([one.sure for one in found])
        return {
            "sentences": len(sources),
            "decoding": f"beam of {WIDTH}, then the app's checks",
            **scores.on(np.arange(len(scores))),
            "signatures": scores.signatures(),
            "sure": {"share": float(sure.mean()), **(scores.on(np.flatnonzero(sure)) if sure.any() else {})},
            "confidence": calibration([one.confidence for one in found], qualities(texts, references)),
            "network": {
                f"beam_{WIDTH}": self.plain(models, width=WIDTH),
                "greedy": self.plain(models),
                "greedy_with_every_word": self.plain(models, every_word(len(self.vocabulary))),
                "facts_kept": facts_kept(lambda made: [one.text for one in self.write(models, made)], self.target),
            },
            "facts": app_facts(translator, min(FACTS, len(sources))),
            **negation(sources, texts, references, self.target),
        }

    def plain(
        self, models: Mapping[str, Model], words: shortlist.Words | None = None, width: int = 1
    ) -> dict[str, float]:
        """Scores of what the network alone writes for the held-out split."""
        sources, references = self.sentences("held-out")
        scores = TranslationScores([one.text for one in self.write(models, sources, words, width)], references)
        return scores.on(np.arange(len(scores)))

    def files(self) -> Mapping[str, bytes]:
        return {VOCABULARY: self.vocabulary_file.read_bytes(), SHORTLIST: self.shortlist.to_bytes()}

    def lineage(self) -> Mapping[str, Any]:
        file = self.weights.parent / "lineage.json"
        return {"training": json.loads(file.read_text(encoding="utf-8"))} if file.exists() else {}

    def data_digests(self) -> Mapping[str, str]:
        names = (*SPLITS.values(), EVERYDAY, SOFTWARE)
        return {name: hashlib.sha256((_data() / name).read_bytes()).hexdigest() for name in names}

    @cached_property
    def shortlist(self) -> Shortlist:
        """From all that the network was taught."""
        sides = {name: self.vocabulary.encode(texts) for name, texts in _sides(taught(_data())).items()}
        return shortlist.fit(sides[self.source], sides[self.target], len(self.vocabulary))

    @cached_property
    def net(self) -> Translator:
        """The network in float32."""
        return load_network(self.weights)

    @cached_property
    def floats(self) -> dict[str, Session]:
        """Both graphs in float, uncompressed: what a part is tried with."""
        with tempfile.TemporaryDirectory() as folder:
            export(self.net, Path(folder))
            return {name: Session((Path(folder) / f"{name}.onnx").read_bytes()) for name in (ENCODER, STEP)}

    def sentences(self, split: Split) -> tuple[list[str], list[str]]:
        """Source and reference sentences."""
        corpus = read_pairs(_data() / SPLITS[split])
        if self._count:
            corpus = corpus.every(max(1, len(corpus) // self._count))
        sides = _sides(corpus)
        return sides[self.source], sides[self.target]

    def batches(self) -> Iterator[NDArray[np.int64]]:
        """Sources [_EXAMPLE, S] of the calibration split, each of sentences of about one length."""
        tag = self.vocabulary.tags[self.target]
        sources = sorted(([tag, *s] for s in self.vocabulary.encode(self.sentences("calibration")[0])), key=len)
        starts = np.linspace(0, max(0, len(sources) - _EXAMPLE), _CALIBRATION).astype(int)
        for start in np.random.default_rng(0).permutation(starts):
            rows = sources[start : start + _EXAMPLE]
            yield np.array([row + [PAD] * (len(rows[-1]) - len(row)) for row in rows])

    def steps(self, source: NDArray[np.int64]) -> list[dict[str, Array]]:
        """What the step is given, one token after the other, while `source` is translated."""
        recorder = _Recorder(self.floats[STEP])
        graphs = Graphs(self.floats[ENCODER], recorder, self.shortlist)  # type: ignore[arg-type]
        graphs.write(source, np.full(len(source), self.vocabulary.tags[self.target]))
        return recorder.feeds


class EncoderPart(Task):
    """The graph that reads."""

    app, gate_metrics = TranslateTask.app, TranslateTask.gate_metrics

    def __init__(self, whole: TranslateTask) -> None:
        self.whole, self.name = whole, ENCODER
        self.output_names = memory_names(whole.net.sizes)
        self.free_axes = {"source": free_axes("source")}

    def reference(self) -> Reader:
        return Reader(self.whole.net)

    def example(self) -> Inputs:
        return {"source": next(self.whole.batches())}

    def calibration(self) -> Iterator[Inputs]:
        return ({"source": source} for source in self.whole.batches())

    def evaluate(self, model: Model, split: Split = "held-out") -> TranslationScores:
        return self.whole.scores({**self.whole.floats, ENCODER: model}, split)


class StepPart(Task):
    """The graph that writes a token."""

    app, gate_metrics = TranslateTask.app, TranslateTask.gate_metrics
    output_names = STEP_OUTPUTS

    def __init__(self, whole: TranslateTask) -> None:
        self.whole, self.name = whole, STEP
        inputs = (*STEP_INPUTS, *memory_names(whole.net.sizes))
        self.free_axes = {name: free_axes(name) for name in inputs}

    def reference(self) -> Writer:
        return Writer(self.whole.net)

    def example(self) -> Inputs:
        return next(self.calibration())

    def calibration(self) -> Iterator[Inputs]:
        """One token of each batch: of the first the first one, of the next the second, and so on."""
        for place, source in enumerate(self.whole.batches()):
            steps = self.whole.steps(source)
            yield steps[place % len(steps)]

    def evaluate(self, model: Model, split: Split = "held-out") -> TranslationScores:
        return self.whole.scores({**self.whole.floats, STEP: model}, split)


class _Recorder:
    """A session that remembers what it was run on."""

    def __init__(self, session: Session) -> None:
        self.session, self.inputs = session, session.inputs
        self.feeds: list[dict[str, Array]] = []

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        self.feeds.append(dict(feeds))
        return self.session.run(feeds)


def _data() -> Path:
    return data_folder() / "mt-en-de"


def _sides(corpus: Corpus) -> dict[str, list[str]]:
    return {"en": corpus.english, "de": corpus.german}


def _find(direction: str, weights: str | None) -> tuple[Path, Path]:
    """Weights and vocabulary."""
    if weights is None and FOLDER not in os.environ:
        raise ConfigError(f"where are the trained weights? Say --set weights=FILE, or put their folder into ${FOLDER}")
    file = Path(weights) if weights else Path(os.environ[FOLDER]) / direction / "weights.safetensors"
    if not file.is_file():
        raise ConfigError(f"there are no weights at {file}; train them: python -m tightrope_translate.train --help")
    places = [folder / VOCABULARY for folder in islice((file.parent, *file.parent.parents), 3)]
    vocabulary = next((place for place in places if place.is_file()), None)
    if vocabulary is None:
        raise ConfigError(f"{VOCABULARY} is neither beside {file} nor in the two folders above")
    return file, vocabulary
