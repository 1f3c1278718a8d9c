"""Train the translation network, one direction or both at once:

    python -m tightrope_translate.train --data DIR --vocabulary vocabulary.model --out DIR --direction both

Resumable: stopped by SIGTERM or Ctrl-C, the same command goes on from the last checkpoint (one every 100,000 target
tokens) and ends with the same weights as a run that was never stopped. `--start` begins with the weights of another
run (its checkpoint: a run of both directions at a constant rate, `--decay-from 1`, is the trunk of one run for each
direction) or with those of a shipped artifact (its folder), whose training is then told in the lineage. OUT ends up
with `weights.safetensors` (float16: the moving average) and `lineage.json` (command, seed, digests, versions, log).
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import sentencepiece
import torch
from numpy.typing import NDArray

from tightrope import options
from tightrope.artifact import MANIFEST, Artifact
from tightrope.compress import lineage
from tightrope.writing import write_text
from tightrope_translate import alignment
from tightrope_translate.batches import Batches, Choice
from tightrope_translate.corpus import EVERYDAY, SOFTWARE, Corpus, read_pairs, read_phrase_book, read_training
from tightrope_translate.export import save_network
from tightrope_translate.trainer import TrainConfig, Trainer
from tightrope_translate.validation import Validation
from tightrope_translate.vocabulary import Vocabulary

TABLES = Path(__file__).parent / "tables"
LINEAGE = "lineage.json"
CHECKPOINT_TOKENS = 100_000
VALIDATE_EVERY = 5  # checkpoints


def train(config: TrainConfig) -> Path:
    """Run or resume the training; returns the path of the weights."""
    torch.set_num_threads(config.threads)
    vocabulary = Vocabulary(config.vocabulary)
    corpus = read_training(config.data)
    for _ in range(config.phrases):
        corpus += read_phrase_book()
    table = lookup(corpus, vocabulary) if config.guidance else None
    choice = Choice(config.direction, config.batch, config.seed, config.nouns)
    trainer = Trainer(config, Batches(corpus, vocabulary, choice), table)
    validation = Validation(read_pairs(config.data / "tatoeba.dev.tsv"), vocabulary, config.direction)
    checkpoint = config.out / "checkpoint.pt"
    if checkpoint.exists():
        trainer.load(checkpoint)
    elif config.start is not None:
        trainer.begin_with(config.start)
    signal.signal(signal.SIGTERM, interrupt)
    while trainer.tokens < config.tokens:
        goal = min(trainer.tokens // CHECKPOINT_TOKENS * CHECKPOINT_TOKENS + CHECKPOINT_TOKENS, config.tokens)
        entry: dict[str, Any] = {
            **trainer.run(goal),
            "time": lineage.now(),
            "tokens": trainer.tokens,
            "steps": trainer.steps,
        }
        entry["dev_loss"] = validation.loss(trainer.averaged)
        if len(trainer.log) % VALIDATE_EVERY == VALIDATE_EVERY - 1 or trainer.tokens >= config.tokens:
            entry |= validation.scores(trainer.averaged)
        trainer.log.append(entry)
        trainer.save(checkpoint)
        print(json.dumps(entry, ensure_ascii=False), flush=True)
    weights, result = config.out / "weights.safetensors", trainer.result()
    save_network(result, weights)
    found = {**lineage_of(config, corpus, trainer, weights), "dev": validation.scores(result)}
    write_text(config.out / LINEAGE, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return weights


def lookup(corpus: Corpus, vocabulary: Vocabulary) -> NDArray[np.float16]:
    """The alignment table of the everyday sentences."""
    everyday = [index for index, turns in enumerate(corpus.turns) if turns == 1]
    english, german = ([texts[index] for index in everyday] for texts in (corpus.english, corpus.german))
    return alignment.fit(vocabulary.encode(english), vocabulary.encode(german), len(vocabulary))


def interrupt(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends as Ctrl-C does; the last checkpoint stays whole."""
    raise KeyboardInterrupt


def lineage_of(config: TrainConfig, corpus: Corpus, trainer: Trainer, weights: Path) -> dict[str, Any]:
    """How the weights came about, without any path of this machine."""
    settings = lineage.settings(config, places=("data", "out", "vocabulary", "start", "mix_with", "pause_while"))
    begun = (" --start START" if config.start else "") + (" --mix-with WEIGHTS" if config.mix_with else "")
    module = f"tightrope_translate.train --data DATA --vocabulary VOCABULARY --out OUT{begun}"
    return {
        "command": lineage.command(module, settings),
        "settings": settings,
        "finished": lineage.now(),
        **begun_with(config.start),
        **({"mix_with_sha256": weights_digest(config.mix_with)} if config.mix_with else {}),
        "data_sha256": lineage.digests(config.data, (EVERYDAY, SOFTWARE)),
        **({"tables_sha256": lineage.digests(TABLES, ("phrases.tsv", "nouns.tsv"))} if config.phrases else {}),
        "vocabulary_sha256": lineage.digest(config.vocabulary),
        "weights_sha256": lineage.digest(weights),
        "pairs": len(corpus),
        "parameters": sum(parameter.numel() for parameter in trainer.net.parameters()),
        "versions": lineage.versions(sentencepiece=sentencepiece.__version__),
        "log": trainer.log,
    }


def begun_with(start: Path | None) -> dict[str, Any]:
    """What the training began with, by digest: a checkpoint or an artifact, and how that was trained."""
    if start is None:
        return {"start_sha256": None}
    if start.is_file():
        told = start.with_name(LINEAGE)
        earlier = json.loads(told.read_text(encoding="utf-8")) if told.exists() else {}
    else:
        earlier = Artifact.load(start).manifest.lineage.get("training", {})
    return {"start_sha256": weights_digest(start), "start": earlier}


def weights_digest(place: Path) -> str:
    """Of a checkpoint, or of the manifest of an artifact's folder, which has the digests of its graphs."""
    return lineage.digest(place if place.is_file() else place / MANIFEST)


def parse(arguments: list[str]) -> TrainConfig:
    """The configuration from a command line; every field of TrainConfig is an option."""
    return options.parse(TrainConfig, "tightrope_translate.train", __doc__, arguments)


if __name__ == "__main__":
    try:
        print(train(parse(sys.argv[1:])))
    except KeyboardInterrupt:
        raise SystemExit("stopped; the same command goes on from the last checkpoint") from None
