"""The gate: a distance that is a Mahalanobis distance, and survives a round trip through its file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tightrope.errors import ArtifactError
from tightrope_triage.gate import Gate, fit


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


def test_it_accepts_up_to_its_limit_and_survives_its_file(features, tmp_path):
    gate = replace(fit(features, rank=4), limit=1.1)
    assert 0 < gate.accepts(features).mean() < 1
    gate.save(tmp_path / "gate.npz")
    loaded = Gate.load(tmp_path / "gate.npz")
    assert loaded.limit == gate.limit
    np.testing.assert_array_equal(loaded.accepts(features), gate.accepts(features))


def test_what_is_no_gate_is_named(tmp_path):
    with pytest.raises(ArtifactError, match=r"gate\.npz"):
        Gate.load(tmp_path / "gate.npz")
    (tmp_path / "gate.npz").write_bytes(b"not a zip")
    with pytest.raises(ArtifactError, match="install the artifact again"):
        Gate.load(tmp_path / "gate.npz")
