"""Cross-entropy over a large vocabulary, with the last linear layer inside.

A batch of 1,400 tokens has 46 MB of logits; written, normalized, read and differentiated by separate operations they
cost more than the decoder does. Here a few rows at a time stay in the cache, and the gradients are taken on the way.

    loss = linear_cross_entropy(hidden, weight, bias, targets, smoothing=0.0)  # mean over the tokens
    loss.backward()
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ROWS = 256  # tokens at a time: 8 MB of logits in float32


class LinearCrossEntropy(torch.autograd.Function):
    """Sum over tokens of -log softmax(h W^T + b)[target], label-smoothed; gradients by hand in the forward pass."""

    @staticmethod
    def forward(
        context: Any, hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float
    ) -> Tensor:
        count, size = len(targets), len(weight)
        kind = hidden.dtype
        small = weight.to(kind)
        of_hidden = torch.empty_like(hidden)
        of_weight = torch.zeros(weight.shape)
        of_bias = torch.zeros(size)
        total = torch.zeros(())
        for start in range(0, count, ROWS):
            rows, wanted = hidden[start : start + ROWS], targets[start : start + ROWS, None]
            scores = torch.log_softmax((rows @ small.t()).float() + bias, dim=1)
            total -= (1 - smoothing) * scores.gather(1, wanted).sum()
            if smoothing:
                total -= smoothing * scores.mean(1).sum()
            scores.exp_()
            if smoothing:
                scores -= smoothing / size
            scores.scatter_add_(1, wanted, torch.full(wanted.shape, smoothing - 1.0))
            of_bias += scores.sum(0)
            scores = scores.to(kind)
            torch.mm(scores, small, out=of_hidden[start : start + ROWS])
            of_weight += scores.t() @ rows
        context.save_for_backward(of_hidden, of_weight, of_bias)
        return total

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        of_hidden, of_weight, of_bias = context.saved_tensors
        factor = gradients[0]
        return of_hidden * factor.to(of_hidden.dtype), of_weight * factor, of_bias * factor, None, None


def linear_cross_entropy(
    hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float = 0.0
) -> Tensor:
    """Mean loss of `hidden` [M, width] against `targets` [M] int64, for `weight` [vocabulary, width]."""
    total: Tensor = LinearCrossEntropy.apply(hidden, weight, bias, targets, smoothing)
    return total / len(targets)
