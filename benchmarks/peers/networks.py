"""torchvision's networks as Tasks on the triage data: ImageNet weights are a download, so they learn that, or nothing.

One logit: whether a chest radiograph shows an opacity. Training is short, and its aim is a network whose accuracy can
be lost, not a good one. A network that learns nothing has random weights, and the statistics of its BatchNorms from
data: without those activations vanish or overflow on the way, and denormal numbers would be what is timed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
import torchvision
from numpy.typing import NDArray
from torch import Tensor, nn

from tightrope.compress.task import Array, Model, Split, Task, data_folder
from tightrope.writing import atomic_path
from tightrope_triage.data import Case, read_cases, read_grey
from tightrope_triage.evaluation import auc
from tightrope_triage.known import GROUPS
from tightrope_triage.preprocess import PIXEL_MEAN, PIXEL_STD, to_grey8
from tightrope_triage.sampling import BalancedSampler

SIZE = 224
STATISTICS_FROM = 32  # radiographs
# Of the training: first small, which shows more pictures in the time, then at the size that is deployed.
STAGES = ((112, 300), (SIZE, 60))  # pixels, steps
BATCH, RATE, ADULTS = 32, 2e-3, 0.4


class RadiographTask(Task):
    """A torchvision classifier, float32 [1, 3, 224, 224] to one logit.

    Args:
        network: its name in torchvision.models.
        weights: what `learn` wrote; None: random ones.
    """

    app, input_name, output_names = "peers", "image", ("logit",)
    gate_metrics = tuple(f"AUC {group}" for group in GROUPS.values())

    def __init__(self, network: str, weights: Path | None = None) -> None:
        self.name, self._weights = network, weights

    def reference(self) -> nn.Module:
        net = _network(self.name)
        if self._weights is not None:
            from safetensors.torch import load_file

            net.load_state_dict(load_file(self._weights))
            return net.eval()
        return with_statistics(net, torch.from_numpy(np.concatenate(list(self._inputs("train", STATISTICS_FROM)))))

    def example(self) -> Array:
        return next(self._inputs("train", 1))

    def calibration(self) -> Iterator[Array]:
        return self._inputs("train")

    def evaluate(self, model: Model, split: Split = "held-out") -> AreaScores:
        split_of = "test" if split == "held-out" else split
        logits = [float(np.ravel(model(array)[0])[0]) for array in self._inputs(split_of)]
        return AreaScores(self._cases[split_of], np.array(logits))

    def _inputs(self, split: str, count: int | None = None) -> Iterator[Array]:
        for case in self._cases[split][:count]:
            yield to_input(grey(case.path)[None])

    @cached_property
    def _cases(self) -> dict[str, list[Case]]:
        found = shuffled(read_cases(data_folder()))
        return {split: [case for case in found if case.split == split] for split in ("train", "calibration", "test")}


class AreaScores:
    """Area under the ROC curve of each group of patients; see tightrope.compress.scores.Scores."""

    def __init__(self, cases: list[Case], logits: NDArray[np.float64]) -> None:
        self._group = np.array([GROUPS[case.site] for case in cases])
        self._label = np.array([case.label for case in cases])
        self._logits = logits

    def __len__(self) -> int:
        return len(self._label)

    def on(self, sample: NDArray[np.int64]) -> dict[str, float]:
        label, group, logits = self._label[sample], self._group[sample], self._logits[sample]
        return {f"AUC {name}": auc(label[group == name], logits[group == name]) for name in GROUPS.values()}


def learn(network: str, file: Path) -> None:
    """Train a network from nothing on the training radiographs, and write its weights."""
    from safetensors.torch import save_file

    cases = [case for case in shuffled(read_cases(data_folder())) if case.split == "train"]
    pictures = np.stack([grey(case.path) for case in cases])
    labels = torch.tensor([float(case.label) for case in cases])
    net = _network(network).train()
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.02)
    total = sum(steps for _, steps in STAGES)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total, pct_start=0.1)
    sampler = BalancedSampler(cases, BATCH, ADULTS, np.random.default_rng(0))
    rng, step = np.random.default_rng(1), 0
    for size, steps in STAGES:
        for _ in range(steps):
            chosen = sampler.batch()
            inputs = torch.from_numpy(to_input(np.stack([varied(pictures[k], size, rng) for k in chosen])))
            loss = nn.functional.binary_cross_entropy_with_logits(net(inputs)[:, 0], labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
            if step % 20 == 0:
                print(f"{network}: step {step} of {total}, loss {loss.item():.3f}", flush=True)
    with atomic_path(file) as temporary:
        save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, temporary)


def with_statistics(net: nn.Module, inputs: Tensor) -> nn.Module:
    """The network in evaluation mode, the mean and variance in each of its BatchNorms those of `inputs`."""
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain average
    with torch.no_grad():
        net.train()(inputs)
    return net.eval()


def varied(picture: NDArray[np.uint8], size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A random part of a radiograph, uint8 [size, size], in other greys: a little of what another machine would do."""
    side = int(rng.integers(round(0.8 * len(picture)), len(picture) + 1))
    top, left = rng.integers(0, len(picture) - side + 1, 2)
    part = cv2.resize(picture[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(part * rng.uniform(0.8, 1.2) + rng.uniform(-20, 20), 0, 255), np.uint8)


def to_input(greys: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 [N, H, W] to what the networks take: float32 [N, 3, H, W], three times the same."""
    scaled = (greys.astype(np.float32) / 255 - np.float32(PIXEL_MEAN)) / np.float32(PIXEL_STD)
    return np.repeat(scaled[:, None], 3, axis=1)


@cache
def grey(path: Path) -> NDArray[np.uint8]:
    """A radiograph, uint8 [224, 224]; kept, as it is asked for again and again."""
    return to_grey8(read_grey(path), SIZE)


def shuffled(cases: list[Case]) -> list[Case]:
    """In an order that is always the same, so that the first hundred come from both sites."""
    return [cases[place] for place in np.random.default_rng(0).permutation(len(cases))]


def _network(name: str) -> nn.Module:
    torch.manual_seed(0)
    net: nn.Module = torchvision.models.get_model(name, weights=None, num_classes=1)
    return net
