"""The gate: a distance that is a Mahalanobis distance."""

from __future__ import annotations

import numpy as np
import pytest

from tightrope_triage.gate import fit


@pytest.fixture
def features() -> np.ndarray:
    """200 points in 24 dimensions that mostly vary along 4."""
    rng = np.random.default_rng(0)
    return (rng.normal(size=(200, 4)) @ rng.normal(size=(4, 24)) + rng.normal(0, 0.1, (200, 24)) + 3).astype(np.float32)


def test_distance_is_that_of_the_full_covariance(features):
    gate = fit(features, rank=4)
    covariance = gate.axes.T @ np.diag(gate.variance - gate.noise) @ gate.axes + gate.noise * np.eye(24)
    centred = features - gate.mean
    expected = np.einsum("nd,de,ne->n", centred, np.linalg.inv(covariance), centred) / 24
    np.testing.assert_allclose(gate.distance(features), expected, rtol=1e-3)


def test_it_averages_one_on_what_it_was_fitted_to(features):
    assert fit(features, rank=4).distance(features).mean() == pytest.approx(1, abs=0.02)


def test_a_step_off_the_usual_directions_is_far_and_one_along_them_is_near(features):
    gate = fit(features, rank=4)
    along = gate.mean + 2 * np.sqrt(gate.variance[0]) * gate.axes[0]
    off = np.random.default_rng(1).normal(size=24)
    off -= gate.axes.T @ (gate.axes @ off)
    off = gate.mean + 2 * np.sqrt(gate.variance[0]) * off / np.linalg.norm(off)
    near, far = gate.distance(np.stack([along, off]).astype(np.float32))
    assert near < 1 < far
