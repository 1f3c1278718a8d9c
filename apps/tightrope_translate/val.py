"""How good an artifact is on sentences with references: the whole app, as a person sees it.

report = evaluate(artifact, read_pairs(Path("pairs.tsv")))
report["chrF"], report["sure"]["share"], report["examples"][0]["shown"]
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from tightrope.artifact import Artifact
from tightrope.errors import BadInputError
from tightrope_translate.corpus import Corpus
from tightrope_translate.facts import kept, negative
from tightrope_translate.scores import TranslationScores
from tightrope_translate.translator import Translation, Translator

BINS = 10


def evaluate(artifact: Artifact, corpus: Corpus, threads: int = 1) -> dict[str, Any]:
    """Scores, honesty and speed on the corpus, JSON values.

    Returns:
        sentences, words; chrF and BLEU (0 to 100) of all that was written, with sacrebleu's signatures; `sure` and
        `not_sure`: share and scores of the sentences that the app shows as they are, and of those that it does not;
        confidence_error, the mean distance between the quality that is promised and found (chrF, 0 to 1); facts_kept,
        negations_kept, positives_kept: shares among the sure ones; words_per_cpu_second; examples: the worst first.

    Raises:
        BadInputError: there is no sentence.
    """
    if not len(corpus):
        raise BadInputError("there is no sentence to judge by: give lines of English <tab> German")
    translator = Translator.load(artifact, threads)
    sides = {"en": corpus.english, "de": corpus.german}
    sources, references = sides[translator.source], sides[translator.target]
    started = time.process_time()
    found = translator.translate(sources)
    seconds = time.process_time() - started
    texts = [one.text for one in found]
    scores = TranslationScores(texts, references)
    quality = np.array([scores.on(np.array([row]))["chrF"] / 100 for row in range(len(found))])
    sure = np.array([one.sure for one in found])
    words = sum(len(source.split()) for source in sources)
    return {
        "artifact": artifact.manifest.name,
        "sentences": len(sources),
        "words": words,
        **scores.on(np.arange(len(found))),
        "signatures": scores.signatures(),
        "sure": _group(scores, sure),
        "not_sure": _group(scores, ~sure),
        "confidence_error": _confidence_error(found, quality),
        **_facts(translator, sources, texts, references, sure),
        "words_per_cpu_second": round(words / max(seconds, 1e-9)),
        "examples": [
            {
                "source": sources[row],
                "shown": found[row].shown,
                "written": texts[row],
                "reference": references[row],
                "chrF": round(100 * float(quality[row]), 1),
                "confidence": round(found[row].confidence, 3),
                "sure": found[row].sure,
            }
            for row in np.argsort(quality, kind="stable").tolist()
        ],
    }


def _group(scores: TranslationScores, chosen: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Any]:
    rows = np.flatnonzero(chosen)
    return {"share": float(chosen.mean()), **(scores.on(rows) if len(rows) else {})}


def _confidence_error(found: Sequence[Translation], quality: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Mean distance of promise and quality over equally large groups of rising confidence."""
    promised = np.array([one.confidence for one in found])
    groups = np.array_split(np.argsort(promised, kind="stable"), min(BINS, len(found)))
    return float(np.mean([abs(promised[group].mean() - quality[group].mean()) for group in groups]))


def _facts(
    translator: Translator,
    sources: Sequence[str],
    texts: Sequence[str],
    references: Sequence[str],
    sure: np.ndarray[Any, np.dtype[np.bool_]],
) -> dict[str, float | None]:
    """What a traveller relies on, among the sentences that are shown as they are; None where nothing can be told."""
    rows = np.flatnonzero(sure).tolist()
    numbers = [kept(sources[r], texts[r]) for r in rows if any(c.isdigit() for c in sources[r])]
    stays: dict[bool, list[bool]] = {True: [], False: []}
    for r in rows:
        said = negative(sources[r], translator.source)
        if said == negative(references[r], translator.target):
            stays[said].append(negative(texts[r], translator.target) == said)
    shares = {"facts_kept": numbers, "negations_kept": stays[True], "positives_kept": stays[False]}
    return {name: float(np.mean(values)) if values else None for name, values in shares.items()}
