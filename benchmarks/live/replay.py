"""Live typing, replayed: what a typist of five characters a second gets, by how much is withheld against flicker.

    python benchmarks/live/replay.py DATA [--models DIR] [--source en] [--sentences 300] [--long 60] [--out DIR]

DATA is the folder with tatoeba.dev.tsv. Two sets of its sentences are typed: drawn from all, and of 14 to 16 words.
Every translation is computed once and timed; the typist's clock is a fake one that moves by those times. Written are
live-EN-DE.json and .txt: for each number of agreeing translations and each mask-k

    erasure   normalized erasure, words taken back for each word of all final translations (Arivazhagan et al. 2020)
    AL, LAAL  average lagging in words of the source (Ma et al. 2019), and with the longer of hypothesis and reference
              (Papi et al. 2022); in seconds with computation
    BLEU      of what stands at the end, and what it is less than the translation of the whole sentence at once has
    key p50, p90   milliseconds from a key to the update that has it; `work` counts only keys that had to translate
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from sacrebleu.metrics.bleu import BLEU

from tightrope.measure.environment import Watch
from tightrope.measure.statistics import Percentiles
from tightrope.writing import write_text
from tightrope_translate.corpus import read_pairs
from tightrope_translate.engine import Engine
from tightrope_translate.live import Live
from tightrope_translate.live.live import AGREE, MASK
from tightrope_translate.live.typist import CHARACTERS_PER_S, Session, Timed, replay

RESULTS = Path(__file__).parents[1] / "results"
MASKS, AGREEING = (0, 1, 2, 3, 4), (1, 2, 3)
LONG = range(14, 17)  # words
BARS = {"erasure": 0.2, "bleu_lost": 1.0, "key_p90_ms": 100.0}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--models", type=Path, help="folder of both artifacts; the shipped ones without")
    parser.add_argument("--source", choices=("en", "de"), default="en")
    parser.add_argument("--sentences", type=int, default=300)
    parser.add_argument("--long", type=int, default=60)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    target = "de" if arguments.source == "en" else "en"
    pairs = drawn(arguments.data, arguments.source)
    sets = {
        "sentences": pairs[: arguments.sentences],
        "15 words": [pair for pair in pairs if len(pair[0].split()) in LONG][: arguments.long],
    }
    timed = Timed(Engine.open(arguments.models))
    timed.translate("This warms up.", arguments.source, target)
    with Watch(threads=1) as watch:
        found = {name: table(chosen, timed, arguments.source, target) for name, chosen in sets.items()}
    result = {
        "direction": f"{arguments.source}-{target}",
        "characters_per_s": CHARACTERS_PER_S,
        "default": {"agree": AGREE, "mask": MASK},
        "bars": BARS,
        "sets": found,
        "environment": watch.record.to_dict(),
    }
    result["met"] = {name: met(each["rows"]) for name, each in found.items()}
    name = f"live-{result['direction']}"
    write_text(arguments.out / f"{name}.json", json.dumps(result, indent=1) + "\n")
    write_text(arguments.out / f"{name}.txt", page(result))
    print(page(result), end="")
    return 0 if all(all(each.values()) for each in result["met"].values()) else 1


def drawn(data: Path, source: str) -> list[tuple[str, str]]:
    """Source and reference of all development sentences, in a random order that is always the same."""
    corpus = read_pairs(data / "tatoeba.dev.tsv")
    sides = (corpus.english, corpus.german) if source == "en" else (corpus.german, corpus.english)
    pairs = list(zip(*sides, strict=True))
    Random(1).shuffle(pairs)
    return pairs


def table(pairs: Sequence[tuple[str, str]], timed: Timed, source: str, target: str) -> dict[str, Any]:
    """A row for every setting."""
    references = [reference for _, reference in pairs]
    whole = bleu([timed.translate(text, source, target).text for text, _ in pairs], references)
    rows = []
    for agree in AGREEING:
        for mask in MASKS:
            sessions = [replay(text, Live(timed, source, target, mask, agree), timed) for text, _ in pairs]
            rows.append({"agree": agree, "mask": mask, **row(sessions, references, whole)})
    return {"sentences": len(pairs), "bleu_whole": whole, "rows": rows}


def row(sessions: Sequence[Session], references: Sequence[str], whole: float) -> dict[str, Any]:
    """What one setting did to all sentences."""
    words = [len(session.shown[-1]) for session in sessions]
    lengths = [len(reference.split()) for reference in references]
    waits = np.concatenate([session.waits_ms for session in sessions])
    worked = np.concatenate([session.worked for session in sessions])
    reached = bleu([session.final for session in sessions], references)
    return {
        "erasure": sum(s.erasure * n for s, n in zip(sessions, words, strict=True)) / sum(words),
        "al_words": mean([session.lag_words() for session in sessions]),
        "laal_words": mean([s.lag_words(n) for s, n in zip(sessions, lengths, strict=True)]),
        "al_s": mean([session.lag_s() for session in sessions]),
        "laal_s": mean([s.lag_s(n) for s, n in zip(sessions, lengths, strict=True)]),
        "bleu": reached,
        "bleu_lost": whole - reached,
        "key_ms": Percentiles.of(waits).to_dict(),
        "work_ms": Percentiles.of(waits[worked]).to_dict(),
    }


def bleu(texts: Sequence[str], references: Sequence[str]) -> float:
    return BLEU().corpus_score(list(texts), [list(references)]).score


def mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def met(rows: Sequence[dict[str, Any]]) -> dict[str, bool]:
    """The bars, at the default setting; the time is that of the keys that had to translate."""
    here = next(row for row in rows if (row["agree"], row["mask"]) == (AGREE, MASK))
    return {
        "erasure": here["erasure"] <= BARS["erasure"],
        "bleu_lost": here["bleu_lost"] <= BARS["bleu_lost"],
        "key_p90_ms": here["work_ms"]["p90"]["value"] <= BARS["key_p90_ms"],
    }


def page(result: dict[str, Any]) -> str:
    """All rows as text, with the machine and the date."""
    here = result["environment"]
    lines = [
        f"live {result['direction']}: {here['cpu']}, 1 thread, onnxruntime {here['onnxruntime']}, {here['date']}, "
        f"foreign load {here['foreign_load']:.1%}"
    ]
    for name, each in result["sets"].items():
        lines += [
            "",
            f"{each['sentences']} {name}; BLEU of the whole sentences {each['bleu_whole']:.2f}",
            "agree mask  erasure    AL  LAAL   AL s  LAAL s   BLEU   lost   key p50  p90   work p50  p90 ms",
        ]
        for row in each["rows"]:
            key, work = row["key_ms"], row["work_ms"]
            marked = " *" if (row["agree"], row["mask"]) == (AGREE, MASK) else ""
            lines.append(
                f"{row['agree']:5} {row['mask']:4} {row['erasure']:8.3f} {row['al_words']:5.2f} "
                f"{row['laal_words']:5.2f} {row['al_s']:6.2f} {row['laal_s']:7.2f} {row['bleu']:6.2f} "
                f"{row['bleu_lost']:6.2f} {key['p50']['value']:9.1f} {key['p90']['value']:4.1f} "
                f"{work['p50']['value']:10.1f} {work['p90']['value']:4.1f}{marked}"
            )
    verdicts = [
        f"{name}: {bar} {'met' if ok else 'MISSED'}" for name, each in result["met"].items() for bar, ok in each.items()
    ]
    return "\n".join([*lines, "", f"* the default. {'; '.join(verdicts)}", ""])


if __name__ == "__main__":
    raise SystemExit(main())
