"""Fit the table by which tightrope_translate tells English, German and other languages apart.

    python tools/fit_language.py --data DIR --others django/ --out apps/tightrope_translate/tables/language.npy

English and German are the training sentences; the others are the catalogues (.po) of a checkout of Django
(BSD-3-Clause). Softmax regression on runs of letters, on spans of 1 to 12 words, so that short phrases are told too.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import nn

from tightrope.writing import atomic_path
from tightrope_translate.corpus import read_training
from tightrope_translate.language import BUCKETS, CLASSES, SCALE, buckets

ROUNDS = 3
BATCH = 256
NOT_OTHERS = re.compile(r"(en|de)(_\w+)?$")
PLACEHOLDER = re.compile(r"%\(\w+\)\w|%\w|\{\w*\}|<[^>]*>|&\w+;")
PLAIN = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}


def translations(catalogue: Path) -> Iterator[str]:
    """The translated strings of a .po file."""
    for block in re.findall(r'^msgstr(?:\[\d\])? ((?:".*"\n?)+)', catalogue.read_text(encoding="utf-8"), re.M):
        text = PLACEHOLDER.sub(" ", "".join(ast.literal_eval(line) for line in block.splitlines()))
        if re.search(r"[^\W\d_]{2}", text) and len(text) < 500:
            yield " ".join(text.split())


def others(folder: Path) -> list[str]:
    """Texts in all languages but English and German, each as often as it has translations."""
    found = []
    for catalogue in sorted(folder.glob("**/locale/*/LC_MESSAGES/django.po")):
        if not NOT_OTHERS.match(catalogue.parts[-3]):
            found += sorted(set(translations(catalogue)))
    return found


def span(text: str, rng: Random) -> str:
    """A few words in a row, in the case and spelling of hasty typing now and then."""
    words = text.split()
    length = min(len(words), rng.choice((1, 2, 2, 3, 3, 4, 5, 6, 8, 12)))
    start = rng.randint(0, len(words) - length)
    part = " ".join(words[start : start + length])
    if rng.random() < 0.15:
        part = re.sub("[äöüß]", lambda m: PLAIN[m[0]], part)
    return part


def fit(texts: list[list[str]], seed: int = 0) -> np.ndarray:
    """The table, int8 [BUCKETS, classes], from the texts of each class; classes count alike."""
    rng = Random(seed)
    torch.manual_seed(seed)
    table = nn.EmbeddingBag(BUCKETS, len(texts), mode="sum")
    nn.init.zeros_(table.weight)
    steps = ROUNDS * 2 * min(map(len, texts)) * len(texts) // BATCH
    optimizer = torch.optim.Adam(table.parameters(), lr=0.03)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, steps)
    for step in range(steps):
        labels = [rng.randrange(len(texts)) for _ in range(BATCH)]
        rows = [buckets(span(rng.choice(texts[label]), rng)) or [0] for label in labels]
        offsets = torch.tensor([0, *np.cumsum([len(row) for row in rows])[:-1]])
        scale = torch.tensor([len(row) ** -0.5 for row in rows for _ in row])
        scores = table(torch.tensor([place for row in rows for place in row]), offsets, per_sample_weights=scale)
        loss = nn.functional.cross_entropy(scores, torch.tensor(labels), label_smoothing=0.01)
        loss = loss + 1e-6 * table.weight.square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 200 == 0:
            print(f"step {step} of {steps}: loss {loss.item():.3f}", flush=True)
    return (table.weight.detach() / SCALE).round().clamp(-127, 127).to(torch.int8).numpy()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training texts")
    parser.add_argument("--others", type=Path, required=True, help="folder of Django's source")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    corpus = read_training(arguments.data)
    texts = [corpus.english, corpus.german, others(arguments.others)]
    print({name: len(each) for name, each in zip(CLASSES, texts, strict=True)})
    with atomic_path(arguments.out) as partial, partial.open("wb") as file:
        np.save(file, fit(texts))


if __name__ == "__main__":
    main()
