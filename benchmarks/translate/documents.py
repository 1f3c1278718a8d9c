"""Source words a second on documents, by how they are decoded, on one thread:

    python benchmarks/translate/documents.py DATA [--models DIR] [--sentences 1000] [--out DIR]

DATA is the folder with tatoeba.dev.tsv, whose sentences stand one behind the other as a document would have them. What
is timed: the network alone, greedily and with the app's beam, in the app's batches; and the app as a whole, which parts
the text into sentences, checks what was written and asks again. Interleaved rounds, CPU seconds. Written is
translate-documents.json; the bar is 1,000 words a second for the whole app.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tightrope.measure.environment import Watch
from tightrope.writing import write_text
from tightrope_translate.corpus import read_pairs
from tightrope_translate.engine import Engine
from tightrope_translate.greedy import write
from tightrope_translate.translator import WIDTH

RESULTS = Path(__file__).parents[1] / "results"
BAR, ROUNDS, BATCH = 1000, 3, 32


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--models", type=Path, help="folder of both artifacts; the shipped ones without")
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    corpus = read_pairs(arguments.data / "tatoeba.dev.tsv")
    corpus = corpus.every(max(1, len(corpus) // arguments.sentences))
    sides, engine = {"en": corpus.english, "de": corpus.german}, Engine.open(arguments.models)
    with Watch(threads=1) as watch:
        found = {
            f"{source}-{target}": rates(engine, source, target, sides[source])
            for source, target in (("en", "de"), ("de", "en"))
        }
    result = {"bar": BAR, "rounds": ROUNDS, "directions": found, "environment": watch.record.to_dict()}
    write_text(arguments.out / "translate-documents.json", json.dumps(result, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    return 0 if all(each["words_per_cpu_second"]["app"] >= BAR for each in found.values()) else 1


def rates(engine: Engine, source: str, target: str, sentences: list[str]) -> dict[str, Any]:
    """Words a second of each decoding: the middle of the rounds."""
    translator = engine.translator(source, target)
    document, words = " ".join(sentences), sum(len(sentence.split()) for sentence in sentences)

    def network(width: int) -> Callable[[], object]:
        return lambda: write(translator.graphs, translator.vocabulary, sentences, target, BATCH, width)

    ways: dict[str, Callable[[], object]] = {
        "network_greedy": network(1),
        f"network_beam_{WIDTH}": network(WIDTH),
        "app": lambda: engine.translate(document, source, target),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    engine.translate("This warms up. Das wärmt auf.", source, target)
    for _ in range(ROUNDS):
        for name, way in ways.items():
            before = time.process_time()
            way()
            seconds[name].append(time.process_time() - before)
    rate = {name: round(words / float(np.median(spent))) for name, spent in seconds.items()}
    return {"sentences": len(sentences), "words": words, "words_per_cpu_second": rate}


if __name__ == "__main__":
    raise SystemExit(main())
