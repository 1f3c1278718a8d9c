"""Quantization that gradients flow through: values on an integer grid, whose step and zero are learned.

The straight-through estimator for the values, and learned step sizes (Esser et al. 2020, arXiv:1902.08153) with learned
zero points (Bhalgat et al. 2020, arXiv:2004.09576). Rounding is to the nearest even, as ONNX says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


class _FakeQuantize(torch.autograd.Function):
    """(clip(round(x / scale) + zero) - zero) * scale."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, zero: Tensor, low: int, high: int) -> Tensor:
        steps = x / scale
        whole = torch.clamp(torch.round(steps), low - zero, high - zero)
        ctx.save_for_backward(steps, whole, scale, zero)
        return whole * scale

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = upstream
        steps, whole, scale, zero = ctx.saved_tensors
        off = whole - steps
        inside = off.abs() <= 0.5  # what was clipped is further away
        through = gradient * inside
        of_scale = (gradient * torch.where(inside, off, whole)).sum_to_size(scale.shape)
        of_zero = ((through - gradient) * scale).sum_to_size(zero.shape) if ctx.needs_input_grad[2] else None
        return through, of_scale, of_zero, None, None


@dataclass(frozen=True)
class Grid:
    """Integers low..high, `scale` apart, of which `zero` means 0; scale and zero are scalars or broadcast.

    The scale is kept as its logarithm: it stays positive, and a step of the optimizer is a share of it.
    """

    log_scale: Tensor
    free_zero: Tensor
    low: int
    high: int

    @classmethod
    def of(cls, scale: Tensor, zero: Tensor, low: int, high: int) -> Grid:
        return cls(scale.log(), zero.float(), low, high)

    @property
    def scale(self) -> Tensor:
        return self.log_scale.exp()

    @property
    def zero(self) -> Tensor:
        """The nearest whole number; its gradient is that of the free one."""
        whole = self.free_zero.detach().round().clamp(self.low, self.high)
        return self.free_zero + (whole - self.free_zero).detach()

    def __call__(self, x: Tensor) -> Tensor:
        """`x` rounded to the grid, with gradients for `x`, scale and zero."""
        quantized: Tensor = _FakeQuantize.apply(x, self.scale, self.zero, self.low, self.high)
        return quantized

    @torch.no_grad()
    def integers(self, x: Tensor) -> Tensor:
        """`x` as the integers that stand for it."""
        zero = self.zero
        return (torch.round(x / self.scale) + zero).clamp(self.low, self.high)
