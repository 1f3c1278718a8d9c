"""The network as it ships: log-odds, distance from chest radiographs, and heat map from one graph.

The gate's arithmetic is part of the graph, so that one artifact holds all that judges a picture, and its digest covers
the gate too.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tightrope_triage.gate import RANK, Gate
from tightrope_triage.network import EMBEDDING_SIZE, TriageNet


class Judgement(NamedTuple):
    """What the shipped graph gives for N radiographs, by these names."""

    logit: Tensor
    """[N, 1]: uncalibrated log-odds of an opacity."""
    distance: Tensor
    """[N, 1]: see `Gate.distance`."""
    heat: Tensor
    """[N, 1, H/32, W/32]: each place's share of the logit."""


class GatedNet(nn.Module):
    """A TriageNet and its Gate. Input: float32 [N, 1, H, W], normalized as in `preprocess`."""

    mean: Tensor
    axes: Tensor
    variance: Tensor
    noise: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.net = TriageNet()
        self.register_buffer("mean", torch.zeros(EMBEDDING_SIZE))
        self.register_buffer("axes", torch.zeros(RANK, EMBEDDING_SIZE))
        self.register_buffer("variance", torch.ones(RANK))
        self.register_buffer("noise", torch.ones(1))

    def set_gate(self, gate: Gate) -> None:
        """Take over a fitted gate; its limit is a constant of the artifact, not of the graph."""
        for name in ("mean", "axes", "variance"):
            getattr(self, name).copy_(torch.from_numpy(getattr(gate, name)))
        self.noise.fill_(gate.noise)

    def forward(self, x: Tensor) -> Judgement:
        logit, embedding, heat = self.net(x)
        centred = embedding - self.mean
        # A product and a sum, not a matrix product: these 32 numbers must not be quantized.
        along = (centred[:, None, :] * self.axes).sum(2).square()
        rest = (centred.square().sum(1) - along.sum(1)).clamp(min=0) / self.noise
        distance = ((along / self.variance).sum(1) + rest) / EMBEDDING_SIZE
        return Judgement(logit, distance[:, None], heat)
