"""AdaRound: for each weight it is learned whether it is rounded up or down.

Nagel et al. 2020, 'Up or Down? Adaptive Rounding for Post-Training Quantization' (arXiv:2004.10568). A layer's mean
squared error over its inputs x is tr(D H D^T), with D what rounding changed and H = E[x x^T] (equation 13 there). Which
way each weight goes is relaxed to a number between 0 and 1, a stretched sigmoid (equation 23), and a penalty drives it
to one end or the other (equation 24). In place of samples of x its second moment serves, which is all that the squared
error sees; layer by layer, on the calibration split.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_STEPS = 300
_RATE = 2e-2
_LOW, _HIGH = -0.1, 1.1  # the stretch, as in the paper
_PENALTY = 0.1
_WARM = 0.2  # share of the steps before the penalty begins
_SHARPEST, _ROUNDEST = 2.0, 20.0  # its exponent, from round to sharp


def round_by_learning(weights: Floats, scale: Floats, limit: int, hessian: Floats) -> Floats:
    """Whole numbers q, float32 [out, d], |q| <= limit: each the one below or above, for the least error of q * scale.

    Args:
        weights: [out, d].
        scale: [out, 1], the step of each output channel.
        limit: largest magnitude of a whole number.
        hessian: E[x x^T], [d, d].
    """
    steps = torch.from_numpy(np.ascontiguousarray(weights / scale))
    floor = steps.floor()
    moment = torch.from_numpy(np.ascontiguousarray(hessian))
    moment = moment / moment.diagonal().mean().clamp_min(1e-12)  # so that rate and penalty fit every layer
    share = ((steps - floor).clamp(0.01, 0.99) - _LOW) / (_HIGH - _LOW)
    choice = torch.log(share / (1 - share)).requires_grad_(True)
    optimizer = torch.optim.Adam([choice], _RATE)
    for step in range(_STEPS):
        up = _between(choice)
        change = (floor + up).clamp(-limit, limit) - steps
        loss = ((change @ moment) * change).sum()
        progress = (step / _STEPS - _WARM) / (1 - _WARM)
        if progress > 0:
            exponent = _SHARPEST + 0.5 * (_ROUNDEST - _SHARPEST) * (1 + np.cos(progress * np.pi))
            loss = loss + _PENALTY * (1 - (2 * up - 1).abs().pow(exponent)).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    found = (floor + (_between(choice) >= 0.5)).clamp(-limit, limit)
    return _better(found, steps.round().clamp(-limit, limit), steps, moment)


def _between(choice: torch.Tensor) -> torch.Tensor:
    """From 0, down, to 1, up."""
    return (torch.sigmoid(choice) * (_HIGH - _LOW) + _LOW).clamp(0, 1)


def _better(found: torch.Tensor, nearest: torch.Tensor, steps: torch.Tensor, moment: torch.Tensor) -> Floats:
    """For each output the rounding with the smaller error: learning never makes one worse than the nearest."""
    errors = [(((grid - steps) @ moment) * (grid - steps)).sum(dim=1, keepdim=True) for grid in (found, nearest)]
    return np.asarray(torch.where(errors[0] <= errors[1], found, nearest).detach().numpy(), np.float32)
