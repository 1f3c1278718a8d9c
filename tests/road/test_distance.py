"""What a student detector learns from its teacher: the distance of their raw outputs."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tightrope_road.distance import divergence  # noqa: E402

BINS = 11


@pytest.fixture
def outputs() -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of one picture of 50 points: at point 7 stands a car, everywhere else there is next to nothing."""
    rng = np.random.default_rng(0)
    logits = torch.from_numpy(rng.normal(-9, 0.5, (1, 50, 80)))
    logits[0, 7, 2] = 2.0
    return logits, torch.from_numpy(rng.normal(size=(1, 50, 4 * BINS)))


def at(tensor: torch.Tensor, point: int, change: torch.Tensor) -> torch.Tensor:
    changed = tensor.clone()
    changed[0, point] += change
    return changed


def test_it_is_zero_only_where_both_say_the_same(outputs: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, distances = outputs
    assert float(divergence(outputs, outputs, BINS)) == pytest.approx(0, abs=1e-9)
    assert float(divergence(outputs, (at(logits, 7, torch.tensor(-1.0)), distances), BINS)) > 0.01
    assert float(divergence(outputs, (logits, distances.roll(1, -1)), BINS)) > 0.01


def test_what_a_softmax_does_not_see_does_not_count(outputs: tuple[torch.Tensor, torch.Tensor]) -> None:
    shifted = outputs[1] + torch.arange(4).repeat_interleave(BINS)  # the same for all bins of a side
    assert float(divergence(outputs, (outputs[0], shifted), BINS)) == pytest.approx(0, abs=1e-9)


def test_a_box_counts_as_much_as_its_object_is_trusted(outputs: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, distances = outputs
    change = torch.linspace(-1, 1, 4 * BINS)
    on_car, beside = (divergence(outputs, (logits, at(distances, k, change)), BINS) for k in (7, 8))
    assert float(on_car) > 100 * float(beside) > 0


def test_an_object_that_is_not_there_costs(outputs: tuple[torch.Tensor, torch.Tensor]) -> None:
    """Where the teacher sees nothing the student may not see something."""
    ghost = outputs[0].clone()
    ghost[0, 30, 5] = 1.0
    assert float(divergence(outputs, (ghost, outputs[1]), BINS)) > 0.5
