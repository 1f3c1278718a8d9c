"""Words a second, time to the first word and memory, side by side in one run and on one thread:

    python benchmarks/translate/speed.py [ARTIFACT] [--weights FILE] [--rounds 9]

Documents are sentences of Tatoeba's development split. All contestants translate the same ones, interleaved in random
order within a round; what is compared is each one's best batch. Memory is that of a process that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

from peers import Eager, Ours, Peer, contestant, missing

from tightrope.artifact import Artifact
from tightrope.compress.task import data_folder
from tightrope.measure.environment import Watch
from tightrope.measure.latency import interleaved
from tightrope.measure.profile import profile
from tightrope.measure.statistics import Percentiles, Ratio
from tightrope.models import open_artifact
from tightrope.runtime.session import Session
from tightrope.writing import write_text
from tightrope_translate.corpus import read_pairs
from tightrope_translate.graphs import ENCODER, STEP
from tightrope_translate.workload import SAMPLE

RESULTS = Path(__file__).parents[1] / "results"
SENTENCES, BATCHES, WORDS = 512, (1, 16, 32, 64), 15
Contestant = Ours | Eager | Peer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", nargs="?", default="en-de-int8", help="shipped name or folder")
    parser.add_argument(
        "--weights", type=Path, help="weights.safetensors that it was made from, to compare with PyTorch"
    )
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    artifact = open_artifact("translate", arguments.artifact)
    sentences = documents(artifact)
    peers = {Peer.name: bool(find_spec("ctranslate2")), Eager.name: arguments.weights is not None}
    names = [Ours.name, *(name for name, there in peers.items() if there)]
    lengths = written_lengths(artifact, sentences)
    contestants = {name: contestant(name, artifact.path, arguments.weights, lengths.__getitem__) for name in names}
    result = measure(contestants, sentences, typed(artifact), arguments.rounds)
    result["where"] = where(artifact, contestants[Ours.name], sentences, int(result["best"][Ours.name].split()[-1]))
    result |= {"artifact": artifact.manifest.name, "bytes": artifact.size, "not_compared": missing()}
    result["peak_rss_mb"] = {name: memory(name, artifact, arguments.weights, sentences) for name in names}
    write_text(RESULTS / "translate-speed.json", json.dumps(result, indent=1) + "\n")
    write_text(RESULTS / "translate-speed.md", page(result))
    print(page(result))
    return 0


def documents(artifact: Artifact) -> list[str]:
    """Sentences of the artifact's source language."""
    corpus = read_pairs(data_folder() / "mt-en-de" / "tatoeba.dev.tsv")
    corpus = corpus.every(max(1, len(corpus) // SENTENCES))
    side = corpus.english if artifact.manifest.preprocess["source"] == "en" else corpus.german
    return side[:SENTENCES]


def typed(artifact: Artifact) -> str:
    """A sentence of WORDS words, as the app's budget has it."""
    file = SAMPLE / f"sentences.{artifact.manifest.preprocess['source']}.txt"
    return file.read_text(encoding="utf-8").splitlines()[0]


def written_lengths(artifact: Artifact, sentences: Sequence[str]) -> dict[str, int]:
    """How many tokens our translation of each sentence has."""
    ours = contestant(Ours.name, artifact.path, None)
    written = ours.vocabulary.encode(ours.translate(sentences, BATCHES[2]))
    return {sentence: len(tokens) for sentence, tokens in zip(sentences, written, strict=True)}


def measure(
    contestants: Mapping[str, Contestant], sentences: Sequence[str], single: str, rounds: int
) -> dict[str, Any]:
    """Documents by batch, then the first word; all in ms as the samples come."""
    words = sum(len(sentence.split()) for sentence in sentences)
    runs: dict[str, Callable[[], Any]] = {
        f"{name}, batch {batch}": partial(one.translate, sentences, batch)
        for name, one in contestants.items()
        for batch in (BATCHES if name != Eager.name else BATCHES[2:3])
    }
    with Watch(1) as watch:
        samples = interleaved(runs, rounds, warmup=1)
        firsts = interleaved(
            {name: partial(one.first_word, single) for name, one in contestants.items()}, rounds * 10, warmup=5
        )
    found = {name: Percentiles.of(values) for name, values in samples.items()}
    best = {
        name: min((run for run in runs if run.startswith(name)), key=lambda run: found[run].p50.value)
        for name in contestants
    }
    return {
        "sentences": len(sentences),
        "words": words,
        "rounds": rounds,
        "words_per_second": {name: round(words / value.p50.value * 1e3) for name, value in found.items()},
        "documents_ms": {name: value.to_dict() for name, value in found.items()},
        "best": best,
        "times_as_fast": {
            name: Ratio.of(samples[best[name]], samples[best[Ours.name]]).to_dict()
            for name in contestants
            if name != Ours.name
        },
        "first_word_ms": {name: Percentiles.of(values).to_dict() for name, values in firsts.items()},
        "environment": watch.record.to_dict(),
        "date": watch.record.date,
    }


class Timed:
    """A session that adds up the time of its runs and keeps their inputs."""

    def __init__(self, session: Session, graph: bytes) -> None:
        self.session, self.graph = session, graph
        self.ms, self.feeds = 0.0, list[Mapping[str, Any]]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    def __call__(self, source: Any) -> Any:
        return self.run({self.session.inputs[0].name: source})

    def run(self, feeds: Mapping[str, Any]) -> Any:
        needed = {spec.name: feeds[spec.name] for spec in self.session.inputs}
        self.feeds.append(needed)
        started = perf_counter()
        found = self.session.run(needed)
        self.ms += (perf_counter() - started) * 1e3
        return found

    def products(self) -> float:
        """Milliseconds in integer products, by the profile of a run in the middle."""
        middle = self.feeds[len(self.feeds) // 2]
        return self.ms * profile(self.graph, middle, runs=20).integer_share


def where(artifact: Artifact, ours: Ours, sentences: Sequence[str], batch: int) -> dict[str, float]:
    """Milliseconds of one pass over the documents: in all, and in the integer products of both graphs."""
    graphs = ours.graphs
    encoder, step = (
        Timed(session, artifact.graph(name)) for name, session in ((ENCODER, graphs.encoder), (STEP, graphs.step))
    )
    graphs.encoder, graphs.step = encoder, step
    started = perf_counter()
    ours.translate(sentences, batch)
    found = {"ms": (perf_counter() - started) * 1e3, "encoder_ms": encoder.ms, "step_ms": step.ms}
    found |= {"encoder_products_ms": encoder.products(), "step_products_ms": step.products()}
    graphs.encoder, graphs.step = encoder.session, step.session
    return {name: round(value, 1) for name, value in found.items()}


def memory(name: str, artifact: Artifact, weights: Path | None, sentences: Sequence[str]) -> float:
    """Peak resident set in MB of a process of its own that translates the sentences."""
    command = [sys.executable, str(Path(__file__).with_name("peers.py")), name, str(artifact.path)]
    command += ["--weights", str(weights)] if weights else []
    done = subprocess.run(command, check=True, capture_output=True, text=True, input="\n".join(sentences))
    return round(float(done.stdout), 1)


TRIED = """Twice CTranslate2's words a second was asked for. Of our time, {products:.0%} is in the integer products \
({encoder:.0%} in the encoder's, {step:.0%} in the step's), which use the same instructions in both; were there \
nothing else to do, we would be {bound:.1f} times as fast as CTranslate2. What was tried, and is in: one product \
for queries, keys and values; keys and values of the decoder's attention made once a sentence; a norm that \
onnxruntime does not fuse into its slow kernel; a shortlist of words instead of the whole vocabulary; sentences \
of one length together; those that have ended leave the batch; no copy of the state between steps."""


def shares(result: Mapping[str, Any]) -> dict[str, float]:
    """The parts of our time, and how many times as fast as CTranslate2 the products alone would be (NaN without it)."""
    spent = result["where"]
    encoder, step = (spent[f"{part}_products_ms"] / spent["ms"] for part in ("encoder", "step"))
    ratio = result["times_as_fast"].get(Peer.name, {"value": float("nan")})["value"]
    return {"encoder": encoder, "step": step, "products": encoder + step, "bound": ratio / (encoder + step)}


def page(result: Mapping[str, Any]) -> str:
    """The table, in Markdown."""
    here = result["environment"]
    lines = [
        "# Translation, side by side",
        "",
        f"`{result['artifact']}` ({result['bytes'] / 1e6:.1f} MB), {result['sentences']} sentences with "
        f"{result['words']} words, {result['rounds']} rounds, one thread of {here['cpu']} ({here['instruction_set']}), "
        f"onnxruntime {here['onnxruntime']}, {result['date'][:10]}.",
        "",
        "| | " + " | ".join(f"words/s, batch {batch}" for batch in BATCHES) + " | first word, ms | peak RSS, MB |",
        "|---|" + "---:|" * (len(BATCHES) + 2),
    ]
    for name, first in result["first_word_ms"].items():
        rates = [str(result["words_per_second"].get(f"{name}, batch {batch}", "")) for batch in BATCHES]
        lines.append(
            f"| {name} | {' | '.join(rates)} | {first['p50']['value']:.2f} | {result['peak_rss_mb'][name]:.0f} |"
        )
    lines.append("")
    for name, ratio in result["times_as_fast"].items():
        interval = f"95% {ratio['low']:.2f} to {ratio['high']:.2f}"
        lines.append(f"Documents at the best batch of each: {ratio['value']:.2f} times as fast as {name} ({interval}).")
    lines += [f"Not compared: {name}, {why}." for name, why in result["not_compared"].items()]
    lines += ["", TRIED.format(**shares(result))]
    lines += [
        "",
        "CTranslate2 runs random weights of a Transformer of the same size and writes as many tokens as ours.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
