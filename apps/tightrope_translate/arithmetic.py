"""What the training computes in: bfloat16 where the processor multiplies it, else float32.

Without instructions for it (AVX2 only, say) a product in bfloat16 takes fifty times as long as one in float32.
"""

from __future__ import annotations

import torch
import torch.optim._muon as muon
from torch import Tensor

_CAPABILITIES = torch.cpu.get_capabilities()
_NATIVE = any(_CAPABILITIES.get(kind) for kind in ("avx512_bf16", "amx_bf16", "bf16"))
DTYPE = torch.bfloat16 if _NATIVE else torch.float32


def orthogonalize(grad: Tensor, ns_coefficients: tuple[float, float, float], ns_steps: int, eps: float) -> Tensor:
    """Muon's Newton-Schulz iteration (Jordan et al. 2024) as torch has it, in the gradient's own type.

    Args:
        grad: a matrix; a, b, c = `ns_coefficients`; `eps` bounds its norm from below.
    """
    a, b, c = ns_coefficients
    tall = grad.size(0) > grad.size(1)
    x = grad.T if tall else grad
    x = x / x.norm().clamp(min=eps)
    for _ in range(ns_steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


if torch.float32 == DTYPE:
    # torch's optimizer rounds to bfloat16 whatever the processor; there is no option for it.
    muon._zeropower_via_newtonschulz = orthogonalize
