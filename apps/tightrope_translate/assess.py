"""How good the translations of trained weights are, by the field's scores and by what a traveller must rely on:

    python -m tightrope_translate.assess --data DIR --vocabulary vocabulary.model --weights DIR/weights.safetensors

BLEU and chrF (sacrebleu, with signatures) on a Tatoeba split; the share of made-up sentences whose numbers, times,
prices and names come through unchanged, from the network alone and from the app that looks after them; the share of
negations that are kept; words a second of the exported graphs.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from tightrope_translate.batches import DIRECTIONS
from tightrope_translate.corpus import Corpus, read_pairs
from tightrope_translate.export import export, load_network
from tightrope_translate.facts import drawn, kept, negative
from tightrope_translate.graphs import Graphs
from tightrope_translate.greedy import write
from tightrope_translate.network import Translator
from tightrope_translate.search import beam
from tightrope_translate.translator import Translator as AppTranslator
from tightrope_translate.vocabulary import Vocabulary

FACTS = 500  # made-up sentences


def assess(net: Translator, vocabulary: Vocabulary, corpus: Corpus, language: str) -> dict[str, Any]:
    """Every figure for one language written."""
    sides = {"en": corpus.english, "de": corpus.german}
    sources, references = sides[other(language)], sides[language]
    with tempfile.TemporaryDirectory() as folder:
        export(net, Path(folder))
        graphs = Graphs.open(Path(folder), len(vocabulary))
        started = time.process_time()
        texts = [one.text for one in write(graphs, vocabulary, sources, language)]
        seconds = time.process_time() - started
        kept_share = facts_kept(lambda made: [one.text for one in write(graphs, vocabulary, made, language)], language)
        facts = app_facts(AppTranslator(graphs, vocabulary, other(language), language), FACTS)
    return {
        "sentences": len(sources),
        **scores(texts, references),
        "words_per_cpu_second": round(sum(len(source.split()) for source in sources) / seconds),
        "facts_kept": kept_share,
        "facts_in_the_app": facts,
        **negation(sources, texts, references, language),
    }


def facts_kept(translate: Callable[[list[str]], list[str]], language: str) -> float:
    """The share of made-up sentences whose numbers, times, prices and names `translate` into `language` keeps."""
    made = drawn(other(language), FACTS)
    return round(float(np.mean([kept(one, text) for one, text in zip(made, translate(made), strict=True)])), 4)


def app_facts(translator: AppTranslator, count: int = FACTS) -> dict[str, Any]:
    """What becomes of the facts of `count` made-up sentences on their way to a person.

    Shares of the sentences: `kept`, shown as sure with all of them; `lost`, shown as sure without; `not_sure`.
    """
    made = drawn(translator.source, count)
    found = translator.translate(made)
    right = [kept(source, one.text) for source, one in zip(made, found, strict=True)]
    sure = [one.sure for one in found]
    return {
        "sentences": count,
        "kept": sum(one and is_sure for one, is_sure in zip(right, sure, strict=True)) / count,
        "lost": sum(not one and is_sure for one, is_sure in zip(right, sure, strict=True)) / count,
        "not_sure": 1 - sum(sure) / count,
    }


def other(language: str) -> str:
    """The language to read when `language` is written."""
    return "en" if language == "de" else "de"


def negation(sources: list[str], texts: list[str], references: list[str], language: str) -> dict[str, float]:
    """Where source and reference agree on it: the share of negative sentences that stay so, and of positive ones."""
    stays: dict[bool, list[bool]] = {True: [], False: []}
    for source, text, reference in zip(sources, texts, references, strict=True):
        said = negative(source, other(language))
        if said == negative(reference, language):
            stays[said].append(negative(text, language) == said)
    return {
        "negations_kept": round(float(np.mean(stays[True])), 4),
        "positives_kept": round(float(np.mean(stays[False])), 4),
    }


def scores(texts: list[str], references: list[str]) -> dict[str, Any]:
    """BLEU and chrF with their signatures."""
    found: dict[str, Any] = {}
    for name, metric in (("bleu", BLEU()), ("chrf", CHRF())):
        found[name] = round(metric.corpus_score(texts, [references]).score, 2)
        found[f"{name}_signature"] = str(metric.get_signature())
    return found


def beam_scores(net: Translator, vocabulary: Vocabulary, corpus: Corpus, language: str, width: int) -> dict[str, Any]:
    """BLEU and chrF with a beam, in torch: what sequence-level distillation could teach."""
    sides = {"en": corpus.english, "de": corpus.german}
    tag = vocabulary.tags[language]
    texts = []
    for text in sides[other(language)]:
        source = torch.tensor([[tag, *vocabulary.encode([text])[0]]])
        texts += vocabulary.decode([beam(net, source, torch.tensor([tag]), width)[0].tokens])
    return scores(texts, sides[language])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tightrope_translate.assess", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--vocabulary", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--direction", choices=list(DIRECTIONS), default="both")
    parser.add_argument("--split", choices=("dev", "test"), default="dev", help="test is for the final figures only")
    parser.add_argument("--sentences", type=int, default=None, help="only so many, drawn evenly (default: all)")
    parser.add_argument("--beam", type=int, default=0, help="also with a beam of this width (slow)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    corpus = read_pairs(arguments.data / f"tatoeba.{arguments.split}.tsv")
    if arguments.sentences is not None:
        corpus = corpus.every(max(1, len(corpus) // arguments.sentences))
    net, vocabulary = load_network(arguments.weights), Vocabulary(arguments.vocabulary)
    for language in DIRECTIONS[arguments.direction]:
        found = {"split": arguments.split, "writes": language, **assess(net, vocabulary, corpus, language)}
        if arguments.beam:
            found["beam"] = beam_scores(net, vocabulary, corpus, language, arguments.beam)
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
