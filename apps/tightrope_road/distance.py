"""How far one detector's raw outputs are from another's: what a student learns from its teacher.

Both terms are Kullback-Leibler divergences, as the outputs are distributions: of each class's presence at each point,
and of each side's distance over the bins of the generalized focal loss (Li et al. 2020, arXiv:2006.04388; Zheng et al.
2022, 'Localization distillation', arXiv:2102.12252). A box counts as much as the teacher trusts the object behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_LEAST = 1.0  # confidence of a whole picture below which it counts less: nothing is to be seen there


def divergence(teacher: tuple[Tensor, Tensor], student: tuple[Tensor, Tensor], bins: int) -> Tensor:
    """A scalar >= 0, 0 where they are the same: nats an object.

    Args:
        teacher, student: class logits [n, points, classes] and distance logits [n, points, 4 * bins].
        bins: of each side's distribution.
    """
    from torch.nn import functional as F  # noqa: N812

    (expected, sides), (logits, found) = teacher, student
    presence = expected.sigmoid()
    trust = presence.amax(dim=-1)
    entropy = F.binary_cross_entropy_with_logits(expected, presence, reduction="sum")
    classes = F.binary_cross_entropy_with_logits(logits, presence, reduction="sum") - entropy
    target, guess = (x.unflatten(-1, (4, bins)).log_softmax(dim=-1) for x in (sides, found))
    boxes = F.kl_div(guess, target, reduction="none", log_target=True).sum(dim=(-1, -2))
    return (classes + (trust * boxes).sum()) / trust.sum().clamp(min=_LEAST)
