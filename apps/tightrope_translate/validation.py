"""How good a network is while it trains: loss, BLEU and chrF on a fixed sample of the development sentences.

validation = Validation(read_pairs(folder / "tatoeba.dev.tsv"), vocabulary, "both")
validation.loss(net), validation.scores(net)
"""

from __future__ import annotations

from random import Random

import torch
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from tightrope_translate.batches import DIRECTIONS, groups, pack
from tightrope_translate.corpus import Corpus
from tightrope_translate.network import Translator
from tightrope_translate.search import greedy
from tightrope_translate.trainer import losses_of
from tightrope_translate.vocabulary import PAD, Vocabulary

SAMPLE = 600
BATCH_TOKENS = 1500


class Validation:
    """SAMPLE sentences in each direction of `direction`."""

    def __init__(self, corpus: Corpus, vocabulary: Vocabulary, direction: str) -> None:
        self.vocabulary, self.languages = vocabulary, DIRECTIONS[direction]
        chosen = Random(0).sample(range(len(corpus)), min(SAMPLE, len(corpus)))
        self.texts = {
            "en": [corpus.english[index] for index in chosen],
            "de": [corpus.german[index] for index in chosen],
        }

    @torch.inference_mode()
    def loss(self, net: Translator) -> float:
        """Mean cross-entropy a target token, in nats."""
        total, count = 0.0, 0
        for language in self.languages:
            tag = self.vocabulary.tags[language]
            sources, targets = (self.vocabulary.encode(texts) for texts in self.sides(language))
            examples = [([tag, *source], [tag, *target]) for source, target in zip(sources, targets, strict=True)]
            examples.sort(key=lambda example: (len(example[1]), len(example[0])))
            for batch in map(pack, groups(examples, BATCH_TOKENS)):
                here = int((batch.wanted != PAD).sum())
                total += float(losses_of(net, batch)[0]) * here
                count += here
        return round(total / count, 4)

    def scores(self, net: Translator) -> dict[str, float | str]:
        """BLEU and chrF of the greedy translations by language written, and one of them to look at."""
        found: dict[str, float | str] = {}
        for language in self.languages:
            sources, references = self.sides(language)
            written = translate(net, self.vocabulary, sources, language)
            found[f"bleu_{language}"] = round(BLEU().corpus_score(written, [references]).score, 2)
            found[f"chrf_{language}"] = round(CHRF().corpus_score(written, [references]).score, 2)
            found[f"example_{language}"] = f"{sources[0]} -> {written[0]}"
        return found

    def sides(self, language: str) -> tuple[list[str], list[str]]:
        """Source and reference texts where `language` is written."""
        return self.texts["en" if language == "de" else "de"], self.texts[language]


def translate(net: Translator, vocabulary: Vocabulary, texts: list[str], language: str, batch: int = 64) -> list[str]:
    """Greedy translations of `texts` into `language`, sentences of one length together."""
    tag = vocabulary.tags[language]
    sources = [[tag, *source] for source in vocabulary.encode(texts)]
    order = sorted(range(len(texts)), key=lambda index: len(sources[index]))
    found = [""] * len(texts)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        source = pack([(sources[index], [tag, tag]) for index in part]).source
        written = greedy(net, source, torch.full((len(part),), tag))
        for index, text in zip(part, vocabulary.decode([w.tokens for w in written]), strict=True):
            found[index] = text
    return found
