"""The training itself: settings, network, optimizers and their state. `train` is the command around it."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tightrope.artifact import Artifact
from tightrope.writing import atomic_path
from tightrope_translate.alignment import expected
from tightrope_translate.arithmetic import DTYPE
from tightrope_translate.batches import Batch, Batches, Place
from tightrope_translate.loss import linear_cross_entropy
from tightrope_translate.network import Sizes, Translator
from tightrope_translate.shipped import shipped_state
from tightrope_translate.vocabulary import PAD


@dataclass(frozen=True)
class TrainConfig:
    """Every setting of a training run, as recorded in its lineage."""

    data: Path
    out: Path
    vocabulary: Path
    start: Path | None = field(
        default=None, metadata={"help": "checkpoint of another run, or a shipped artifact's folder, to begin with"}
    )
    direction: str = field(default="both", metadata={"help": "en-de, de-en or both"})
    tokens: int = field(default=16_000_000, metadata={"help": "target tokens to train on"})
    decay_from: float = field(default=0.0, metadata={"help": "share of the tokens after which the rate falls to 0"})
    seed: int = 0
    batch: int = field(default=1500, metadata={"help": "padded tokens of the longer side"})
    rate: float = field(default=1.5e-3, metadata={"help": "peak learning rate of AdamW (embedding, norms, biases)"})
    matrix_rate: float = field(default=2e-3, metadata={"help": "peak learning rate of Muon (matrices); 0: AdamW"})
    warmup: int = field(default=100, metadata={"help": "steps"})
    weight_decay: float = 0.01
    smoothing: float = field(default=0.0, metadata={"help": "label smoothing"})
    average: float = field(default=0.998, metadata={"help": "decay of the moving average of the weights"})
    mix: float = field(default=0.0, metadata={"help": "share of other weights in the result"})
    mix_with: Path | None = field(default=None, metadata={"help": "those weights, as --start; default: the start's"})
    guidance: float = field(default=0.0, metadata={"help": "weight of the alignment's loss at the start; falls to 0"})
    phrases: int = field(default=0, metadata={"help": "how often an epoch shows the phrase book"})
    nouns: float = field(default=0.0, metadata={"help": "share of the sentences that are made around everyday nouns"})
    mixer: str = field(default="ssru", metadata={"help": "kind of decoder: see mixers"})
    encoder_layers: int = 4
    feed_forward: int = 1024
    heads: int = 8
    threads: int = 1
    pause_while: Path | None = field(default=None, metadata={"help": "sleep while this file exists"})

    def sizes(self, vocabulary: int) -> Sizes:
        """The sizes of the network for a vocabulary of so many tokens."""
        return Sizes(
            vocabulary,
            heads=self.heads,
            feed_forward=self.feed_forward,
            encoder_layers=self.encoder_layers,
            mixer=self.mixer,
        )


class Trainer:
    """Network, moving average, optimizers and place in the data: all that a checkpoint holds."""

    def __init__(self, config: TrainConfig, batches: Batches, table: NDArray[np.float16] | None) -> None:
        torch.manual_seed(config.seed)
        self.config, self.batches, self.table = config, batches, table
        self.net = Translator(config.sizes(len(batches.vocabulary)))
        self.averaged = copy.deepcopy(self.net).requires_grad_(False)
        self.optimizers = optimizers(self.net, config)
        self.steps = 0
        self.tokens = 0
        self.log: list[dict[str, Any]] = []

    @property
    def progress(self) -> float:
        """0 at the start, 1 at the end."""
        return self.tokens / self.config.tokens

    def run(self, tokens: int) -> dict[str, float]:
        """Train until `tokens` in all are seen; returns mean loss a token and tokens a second of CPU."""
        started, before, total = time.process_time(), self.tokens, 0.0
        while self.tokens < tokens:
            while self.config.pause_while is not None and self.config.pause_while.exists():
                time.sleep(1)
            batch = next(self.batches)
            count = int((batch.wanted != PAD).sum())
            total += self.update(batch) * count
            self.tokens += count
            self.steps += 1
        seen = max(self.tokens - before, 1)
        return {"loss": round(total / seen, 4), "tokens_per_second": round(seen / (time.process_time() - started))}

    def update(self, batch: Batch) -> float:
        """One step of the optimizers; returns its loss."""
        factor = schedule(self.progress, self.config.decay_from) * min(1.0, (self.steps + 1) / self.config.warmup)
        guidance = self.config.guidance * (1 - self.progress)
        words, looks = losses_of(self.net, batch, self.config.smoothing, self.table if guidance else None)
        loss = words + guidance * looks
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0, foreach=True)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * factor
            optimizer.step()
        # Early on the average follows closely, so that it forgets the untrained weights.
        decay = min(self.config.average, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(list(self.averaged.parameters()), list(self.net.parameters()), 1 - decay)
        return float(words.detach())

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "net": self.net.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "place": tuple(self.batches.place),
            "steps": self.steps,
            "tokens": self.tokens,
            "log": self.log,
        }
        with atomic_path(path) as partial:
            torch.save(state, partial)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint of the same configuration."""
        state = self._take(torch.load(path, weights_only=True))
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.batches.place = Place(*state["place"])
        self.steps, self.tokens, self.log = state["steps"], state["tokens"], state["log"]

    def begin_with(self, path: Path) -> None:
        """Take the weights from a checkpoint of the same sizes, or from the folder of an artifact."""
        self._take(self._begun_with(path))

    def result(self) -> Translator:
        """The moving average, mixed with other weights, `mix` of them: those the training, or its trunk, began with.

        What a second training forgets comes back, and what it learned stays: Wortsman et al. 2022, 'Robust fine-tuning
        of zero-shot models' (arXiv:2109.01903).
        """
        net = copy.deepcopy(self.averaged)
        other = self.config.mix_with or self.config.start
        if other is not None and self.config.mix:
            begun = self._begun_with(other)["averaged"]
            net.load_state_dict({name: w.lerp(begun[name], self.config.mix) for name, w in net.state_dict().items()})
        return net

    def _begun_with(self, path: Path) -> dict[str, Any]:
        if path.is_dir():
            weights = shipped_state(Artifact.load(path), self.net.sizes)
            return {"net": weights, "averaged": weights}
        state: dict[str, Any] = torch.load(path, weights_only=True)
        return state

    def _take(self, state: dict[str, Any]) -> dict[str, Any]:
        """The weights of both networks from `state`, which is returned."""
        self.net.load_state_dict(state["net"])
        self.averaged.load_state_dict(state["averaged"])
        return state


def losses_of(
    net: Translator, batch: Batch, smoothing: float = 0.0, table: NDArray[np.float16] | None = None
) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of the wanted tokens, and of where the first heads look (0 without `table`).

    Matrix products are in bfloat16, twice as fast as in float32, where the processor has instructions for it.
    """
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=torch.bfloat16 == DTYPE):
        hidden, looks = net(batch.source, batch.target)
    kept = batch.wanted != PAD
    words = linear_cross_entropy(
        hidden[kept].to(DTYPE), net.embedding.weight, net.output_bias, batch.wanted[kept], smoothing
    )
    if table is None:
        return words, torch.zeros(())
    guide = expected(table, batch.source, batch.wanted)
    return words, -(guide * looks.mean(0)).sum() / kept.sum()


def optimizers(net: Translator, config: TrainConfig) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al. 2024) for the matrices of the layers, AdamW for the rest; AdamW alone at matrix_rate 0."""
    matrices = [p for name, p in net.named_parameters() if p.ndim == 2 and not name.startswith("embedding")]
    chosen = set(matrices) if config.matrix_rate else set()
    others = [p for p in net.parameters() if p not in chosen]
    groups = [
        {
            "params": [p for p in others if (p.ndim > 1) == decayed],
            "peak": config.rate,
            "weight_decay": config.weight_decay if decayed else 0.0,
        }
        for decayed in (True, False)
    ]
    found: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, lr=config.rate, betas=(0.9, 0.98), fused=True)]
    if config.matrix_rate:
        found.append(
            torch.optim.Muon(
                [{"params": matrices, "peak": config.matrix_rate}],
                lr=config.matrix_rate,
                weight_decay=config.weight_decay,
                adjust_lr_fn="match_rms_adamw",
            )
        )
    return found


def schedule(progress: float, decay_from: float) -> float:
    """Factor on the learning rate at `progress` in 0..1: constant, then falling in a line to zero."""
    if progress <= decay_from:
        return 1.0
    return max(0.0, (1 - progress) / (1 - decay_from))
