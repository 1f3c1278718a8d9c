"""What the choices in training bring: three decoders trained alike, and what the shipped weights gain from more.

    python benchmarks/training/compare.py DATA --work FOLDER [--tokens 500000] [--only ssru time-mixing ...]

English to German, one thread. `decoders`: from nothing, alike in all but what mixes the words written so far; beside
them one network of both directions, which a tag tells apart, on twice the tokens (half of them its German). `more`:
from the shipped weights, at a low rate and alike in all but the texts: the references; what the shipped translator
writes for their English with a beam of 4 (sequence-level distillation: Kim and Rush 2016); the references beside their
German translated back (Sennrich et al. 2016). Of every run the last weights and their moving average are both scored.

Resumable: what lies in FOLDER is not done again, and --tokens, of each run, should stay what it was. Written are
translate-training.json and .md, of all runs that are done.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tightrope.artifact import Artifact
from tightrope.measure.environment import Watch
from tightrope.models import open_artifact
from tightrope.writing import write_text
from tightrope_translate.assess import scores
from tightrope_translate.batches import DIRECTIONS
from tightrope_translate.corpus import EVERYDAY, SOFTWARE, Corpus, read_pairs
from tightrope_translate.graphs import Graphs
from tightrope_translate.greedy import write
from tightrope_translate.network import Sizes, Translator
from tightrope_translate.shipped import shipped_state
from tightrope_translate.train import train
from tightrope_translate.trainer import TrainConfig
from tightrope_translate.translator import VOCABULARY, WIDTH
from tightrope_translate.validation import translate
from tightrope_translate.vocabulary import Vocabulary

RESULTS = Path(__file__).parents[1] / "results"
DEV = "tatoeba.dev.tsv"
EPOCH = 1_500_000  # tokens: a short run is given the pairs that it sees once
SPEED_SENTENCES, SPEED_BATCHES = 100, (1, 32)
WRITTEN = (20, 80)  # tokens, after which the state is weighed: a sentence of 15 words, and a long one
SCRATCH: dict[str, Any] = {"rate": 1.5e-3, "matrix_rate": 2e-3, "guidance": 0.5, "smoothing": 0.1}
FURTHER: dict[str, Any] = {"rate": 3e-4, "matrix_rate": 4e-4, "smoothing": 0.1}


@dataclass(frozen=True)
class Run:
    """One training: its texts, and settings beside those that all runs have."""

    group: str
    name: str
    texts: str
    settings: dict[str, Any]


RUNS = (
    *(
        Run("decoders", mixer, "references", {**SCRATCH, "mixer": mixer})
        for mixer in ("ssru", "time-mixing", "self-attention")
    ),
    Run("decoders", "both-directions", "references", {**SCRATCH, "direction": "both"}),
    *(Run("more", texts, texts, FURTHER) for texts in ("references", "distilled", "back-translated")),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder for texts and checkpoints")
    parser.add_argument("--tokens", type=int, default=500_000)
    parser.add_argument("--sentences", type=int, default=1000, help="of the development set")
    parser.add_argument("--only", nargs="+", choices=[run.name for run in RUNS], default=[run.name for run in RUNS])
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    dev = read_pairs(arguments.data / DEV)
    dev = dev.every(max(1, len(dev) // arguments.sentences))
    found: dict[str, dict[str, Any]] = {"decoders": {}, "more": {}}
    found["more"]["shipped"] = once(arguments.work / "shipped", lambda: judged(*shipped(), dev))
    for run in RUNS:
        folder = arguments.work / run.name
        if run.name in arguments.only or (folder / "found.json").exists():
            found[run.group][run.name] = once(
                folder, lambda run=run, folder=folder: trained(run, folder, arguments, dev)
            )
            publish(found, arguments.out)
    print(page(found))


def publish(found: dict[str, dict[str, Any]], folder: Path) -> None:
    """What is known so far: the next run takes minutes, and may be stopped."""
    write_text(folder / "translate-training.json", json.dumps(found, indent=1) + "\n")
    write_text(folder / "translate-training.md", page(found))


def once(folder: Path, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What was found before, or is found now."""
    file = folder / "found.json"
    if not file.exists():
        write_text(file, json.dumps(work(), indent=1) + "\n")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def trained(run: Run, folder: Path, arguments: argparse.Namespace, dev: Corpus) -> dict[str, Any]:
    """Train, or go on with it, and judge what came of it."""
    artifact = teacher("en-de")
    settings = {"direction": "en-de", **run.settings}
    settings["tokens"] = arguments.tokens * len(DIRECTIONS[settings["direction"]])
    if run.group == "more":
        settings["start"] = artifact.path
    texts = texts_of(run.texts, arguments.data, arguments.work / "texts", max(1, EPOCH // arguments.tokens))
    train(TrainConfig(data=texts, out=folder, vocabulary=artifact.path / VOCABULARY, **settings))
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    vocabulary = Vocabulary(artifact.path / VOCABULARY)
    nets = {
        name: network(state[name], len(vocabulary), run.settings.get("mixer", "ssru")) for name in ("averaged", "net")
    }
    found = judged(nets["averaged"], vocabulary, dev)
    sides = dev.english, dev.german
    last = scores(translate(nets["net"], vocabulary, sides[0], "de"), sides[1])
    log = json.loads((folder / "lineage.json").read_text(encoding="utf-8"))["log"]
    rates = [entry["tokens_per_second"] for entry in log]
    trained_at = {"tokens": settings["tokens"], "tokens_per_cpu_second": round(sum(rates) / len(rates))}
    return {**found, "last": last, "dev_loss": log[-1]["dev_loss"], **trained_at, "settings": run.settings}


def judged(net: Translator, vocabulary: Vocabulary, dev: Corpus) -> dict[str, Any]:
    """Quality on `dev`, greedily; speed of the same search, in PyTorch; weight of the decoder's state."""
    texts = dev.english[:SPEED_SENTENCES]
    words = sum(len(text.split()) for text in texts)
    with Watch(threads=1) as watch:
        speed = {
            batch: round(words / spent(lambda b=batch: translate(net, vocabulary, texts, "de", b)))
            for batch in SPEED_BATCHES
        }
    return {
        "sentences": len(dev),
        **scores(translate(net, vocabulary, dev.english, "de"), dev.german),
        "words_per_cpu_second": {f"batch {batch}": rate for batch, rate in speed.items()},
        "state_bytes": {f"after {count} tokens": state_bytes(net, count) for count in WRITTEN},
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
        "environment": watch.record.to_dict(),
    }


def spent(work: Callable[[], object]) -> float:
    """CPU seconds, the least of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


@torch.inference_mode()
def state_bytes(net: Translator, count: int) -> int:
    """Of one sentence's decoder state in float32 when `count` tokens are written."""
    memory, state = net.read(torch.tensor([[3, 4, 2]])), net.start(1)
    for _ in range(count):
        _, state = net.step(torch.tensor([5]), state, memory)
    return state.numel() * state.element_size()


def shipped() -> tuple[Translator, Vocabulary]:
    """The network of the artifact, as torch computes it."""
    artifact = teacher("en-de")
    vocabulary = Vocabulary(artifact.path / VOCABULARY)
    return network(shipped_state(artifact, Sizes(len(vocabulary))), len(vocabulary)), vocabulary


def network(state: dict[str, torch.Tensor], vocabulary: int, mixer: str = "ssru") -> Translator:
    net = Translator(Sizes(vocabulary, mixer=mixer))
    net.load_state_dict(state)
    return net.eval().requires_grad_(False)


def teacher(direction: str) -> Artifact:
    return open_artifact("translate", f"{direction}-int8")


def texts_of(kind: str, data: Path, folder: Path, every: int) -> Path:
    """A folder like DATA with one of `every` pairs, and one side of them perhaps written by a shipped translator."""
    folder = folder / kind
    if not (folder / EVERYDAY).exists():
        pairs = read_pairs(data / EVERYDAY).every(every)
        lines = (data / SOFTWARE).read_text(encoding="utf-8").splitlines()[::every]
        write_text(folder / SOFTWARE, "\n".join(lines) + "\n")
        write_text(folder / DEV, (data / DEV).read_text(encoding="utf-8"))
        write_text(folder / EVERYDAY, "".join(f"{one}\t{other}\n" for one, other in rewritten(kind, pairs)))
    return folder


def rewritten(kind: str, pairs: Corpus) -> Iterator[tuple[str, str]]:
    """The pairs to train on."""
    if kind == "distilled":
        yield from zip(pairs.english, beamed("en-de", pairs.english), strict=True)
        return
    yield from zip(pairs.english, pairs.german, strict=True)
    if kind == "back-translated":
        yield from zip(beamed("de-en", pairs.german), pairs.german, strict=True)


def beamed(direction: str, texts: Sequence[str]) -> list[str]:
    """What the shipped network of a direction writes, with a beam."""
    artifact = teacher(direction)
    vocabulary = Vocabulary(artifact.path / VOCABULARY)
    graphs = Graphs.open(artifact, len(vocabulary))
    written = write(graphs, vocabulary, texts, direction[-2:], width=WIDTH)
    return [" ".join(one.text.split()) or text for one, text in zip(written, texts, strict=True)]


def machine(rows: dict[str, dict[str, Any]]) -> list[str]:
    """Where they were trained and judged."""
    here = {row["environment"]["date"][:10]: row["environment"] for row in rows.values()}
    return [f"One thread of {one['cpu']} ({one['instruction_set']}), {date}." for date, one in sorted(here.items())] + [
        ""
    ]


def page(found: dict[str, dict[str, Any]]) -> str:
    """Two tables."""
    first = next(iter(found["more"].values()))
    lines = [
        "# Choices in training, each for what it brings",
        "",
        f"English to German, {first['sentences']} sentences of tatoeba.dev, greedy. A short budget, and one run of "
        "each: small differences may be chance.",
        "",
        "## Decoders, trained alike from nothing",
        "",
        *machine(found["decoders"]),
        "| decoder | tokens | BLEU | chrF | last weights, BLEU | training, tokens/s | words/s, batch 1 | batch 32 | "
        + " | ".join(f"state after {count} tokens, bytes" for count in WRITTEN)
        + " | parameters |",
        "|---|" + "---:|" * 10,
    ]
    for name, row in found["decoders"].items():
        speed, state = row["words_per_cpu_second"].values(), row["state_bytes"].values()
        cells = [row["tokens"], row["bleu"], row["chrf"], row["last"]["bleu"], row["tokens_per_cpu_second"]]
        lines.append(f"| {name} | " + " | ".join(f"{v:,}" for v in (*cells, *speed, *state, row["parameters"])) + " |")
    lines += [
        "",
        "Words a second of CPU time in PyTorch, for the three to be alike; as graphs only a state of fixed size is "
        "exported. The state is that of one sentence, without what the cross-attention looks at, which is the same.",
        "",
        "## More, from the shipped weights",
        "",
        *machine(found["more"]),
        "| trained on | tokens | BLEU | chrF | last weights, BLEU | chrF |",
        "|---|" + "---:|" * 5,
    ]
    for name, row in found["more"].items():
        last = row.get("last", {"bleu": "", "chrf": ""})
        cells = [row.get("tokens", 0), row["bleu"], row["chrf"], last["bleu"], last["chrf"]]
        lines.append(f"| {name} | " + " | ".join(f"{v:,}" if v != "" else "" for v in cells) + " |")
    lines += [
        "",
        "BLEU and chrF are of the moving average of the weights; beside it those of the last weights alone, so that "
        "the difference is what averaging brings. No German text without English is in the data by licence: what is "
        "translated back is the German of the same pairs.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
