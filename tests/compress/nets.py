"""Small networks of three kinds, with random weights, and a task that judges a graph by how close it stays to torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

from tightrope.compress import MeanScores, Task
from tightrope.compress.task import Model, Split

Array = np.ndarray[Any, Any]


class Likeness(Task):
    """Scores a graph with 1 - |output - torch's| / |torch's|, at least 0, on random inputs."""

    app, name, gate_metrics = "test", "net", ("likeness",)

    def __init__(self, make: Callable[[], nn.Module], shape: tuple[int, ...], count: int = 12) -> None:
        torch.manual_seed(0)
        self.net = make().eval()
        self.inputs = np.random.default_rng(0).normal(size=(count, *shape)).astype(np.float32)
        with torch.no_grad():
            self.expected = [self.net(torch.from_numpy(x)).numpy() for x in self.inputs]
        self.evaluations = 0

    def reference(self) -> nn.Module:
        return self.net

    def example(self) -> Array:
        return self.inputs[0]

    def calibration(self) -> Iterator[Array]:
        return iter(self.inputs[:4])

    def evaluate(self, model: Model, split: Split = "held-out") -> MeanScores:
        self.evaluations += 1
        part = slice(4, None) if split == "held-out" else slice(4)
        pairs = zip(self.inputs[part], self.expected[part], strict=True)
        return MeanScores({"likeness": [max(0.0, 1 - error(y, model(x)[0])) for x, y in pairs]})


def error(expected: Array, actual: Array) -> float:
    """Norm of the difference over the norm of what was expected."""
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))


class Csp(nn.Module):
    """A cross-stage partial block: split, convolve one part, pool, concatenate, join. LeakyReLU and BatchNorm."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.left, self.right = _block(3, 16, 3, 2), _block(16, 16, 1), _block(16, 16, 1)
        self.inner, self.pool, self.join = _block(16, 16, 3), nn.MaxPool2d(3, 1, 1), _block(48, 32, 1)
        self.head = nn.Linear(32, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        inner = self.inner(self.left(x))
        joined = self.join(torch.cat((inner, self.pool(inner), self.right(x)), dim=1))
        return self.head(joined.mean(dim=(2, 3)))


def _block(read: int, written: int, kernel: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(read, written, kernel, stride, kernel // 2, bias=False)
    norm = nn.BatchNorm2d(written)
    nn.init.uniform_(norm.weight, 0.5, 2)
    nn.init.normal_(norm.bias, std=0.3)
    return nn.Sequential(convolution, norm, nn.LeakyReLU(0.1))


class Transformer(nn.Module):
    """One pre-norm block: attention of 4 heads and an MLP, then a linear head. MatMul with and without constants."""

    def __init__(self, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix, self.out, self.head = nn.Linear(width, 3 * width), nn.Linear(width, width), nn.Linear(width, 10)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.mix(self.before(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        attention = torch.softmax(query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5, dim=-1)
        x = x + self.out((attention @ value).transpose(1, 2).flatten(2))
        return self.head(x + self.mlp(self.between(x)))


def mobilenet() -> nn.Module:
    """torchvision's MobileNetV2, a quarter as wide, with BatchNorm statistics that are not the initial ones."""
    from torchvision.models import mobilenet_v2

    net = mobilenet_v2(weights=None, width_mult=0.25, num_classes=10)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.normal_(module.bias, std=0.2)
            module.momentum = None  # plain averages: the statistics are those of the inputs below
    net.train()
    with torch.no_grad():
        net(torch.randn(8, 3, 64, 64))
    return net.eval()


class Chain(nn.Sequential):
    """3x3 convolutions with a ReLU, or a LeakyReLU, between them."""

    def __init__(self, count: int = 2, width: int = 16, slope: float = 0) -> None:
        widths = [3, *[width] * count]
        found: list[nn.Module] = []
        for read, written in pairwise(widths):
            convolution = nn.Conv2d(read, written, 3, padding=1)
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            nn.init.zeros_(convolution.bias)  # the output comes from the input: a lost layer cannot hide behind biases
            found += [convolution, nn.LeakyReLU(slope) if slope else nn.ReLU()]
        super().__init__(*found[:-1])

    def convolutions(self) -> list[nn.Conv2d]:
        return [module for module in self if isinstance(module, nn.Conv2d)]


def uneven() -> Chain:
    """Two convolutions whose channels between them differ 10,000-fold in range, and count alike in the output."""
    net = Chain(2)
    first, second = net.convolutions()
    sizes = torch.logspace(-2, 2, 16)
    with torch.no_grad():
        first.weight *= sizes[:, None, None, None]
        first.bias *= sizes
        second.weight /= sizes[None, :, None, None]
    return net


def fragile(slope: float = 0.1, count: int = 7, layer: int = 3) -> Chain:
    """A chain of which int8 destroys one layer: beside its weights stand huge ones, for a channel that is never on."""
    net = Chain(count, slope=slope)
    convolutions = net.convolutions()
    with torch.no_grad():
        convolutions[layer - 1].weight[0] = 0
        convolutions[layer].weight[:, 0] = 1e4
    return net


NETS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "mobilenet": (mobilenet, (1, 3, 64, 64)),
    "csp": (Csp, (1, 3, 32, 32)),
    "transformer": (Transformer, (1, 12, 32)),
}
