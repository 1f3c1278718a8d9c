"""Judge exported graphs on patients that they never saw, and write the figures as JSON:

    python -m tightrope_triage.assess --data DIR --fold 0 RUN/model.onnx [--fold 1 RUN/model.onnx ...] --out FILE

The first graph is the one that ships: its own test split gives `shipped`. The others, trained with the same recipe and
other folds held out, give `folds`: all adults, each judged by the graph that did not see that patient. Temperature
and thresholds come from each graph's calibration split and never from a test split. RUN's lineage.json says in the
report which weights these were.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tightrope.compress import lineage
from tightrope.writing import write_text
from tightrope_triage import evaluation as ev
from tightrope_triage.data import MANIFESTS, Case, load_grey8, read_cases, read_nih
from tightrope_triage.figures import SENSITIVITIES, against_metadata, figures
from tightrope_triage.predict import predict
from tightrope_triage.preprocess import INPUT_SIZE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """A test split as one graph saw it: calibrated log-odds [N], and what its calibration split fixed beforehand."""

    cases: list[Case]
    logit: Floats
    temperature: float
    thresholds: dict[str, dict[str, float]]


def judge(model: Path, data: Path, fold: int) -> Judged:
    """Run a graph on the calibration and test splits of a fold."""
    cases = [case for case in read_cases(data, fold) if case.split != "train"]
    logit = predict(model, load_grey8(cases, INPUT_SIZE))[0].astype(np.float64)
    held = np.array([case.split == "test" for case in cases])
    fitted = [case for case in cases if case.split == "calibration"]
    label = np.array([case.label for case in fitted])
    temperature = ev.fit_temperature(label, logit[~held])
    calibrated = logit / temperature
    site = np.array([case.site for case in fitted])
    thresholds = {
        name: {
            f"{wanted:.2f}": ev.threshold_at(label[site == name], calibrated[~held][site == name], wanted)
            for wanted in SENSITIVITIES
        }
        for name in ("nih", "kermany")
    }
    return Judged([case for case in cases if case.split == "test"], calibrated[held], temperature, thresholds)


def subgroups(cases: list[Case]) -> dict[str, NDArray[np.bool_]]:
    """Masks [N] of each site and of the adults' views."""
    site, view = np.array([case.site for case in cases]), np.array([case.view or "" for case in cases])
    masks = {"nih": site == "nih", "nih PA": view == "PA", "nih AP": view == "AP", "kermany": site == "kermany"}
    return {name: mask for name, mask in masks.items() if mask.any()}


def at_fixed_thresholds(judged: Judged) -> dict[str, Any]:
    """Sensitivity and specificity on the test split at the thresholds that the calibration split chose."""
    label = np.array([case.label for case in judged.cases])
    rows: dict[str, Any] = {}
    for site, mask in subgroups(judged.cases).items():
        for wanted, threshold in judged.thresholds[site.split(" ")[0]].items():
            found = ev.sensitivity_specificity(label[mask], judged.logit[mask], threshold)
            rows.setdefault(site, {})[wanted] = {
                "log_odds": threshold,
                "sensitivity": asdict(found[0]),
                "specificity": asdict(found[1]),
            }
    return rows


def by_group(cases: list[Case], logit: Floats) -> dict[str, Any]:
    """`figures` of every subgroup."""
    return {
        name: figures([case for case, kept in zip(cases, mask, strict=True) if kept], logit[mask])
        for name, mask in subgroups(cases).items()
    }


def weights_of(model: Path) -> str | None:
    """Digest of the weights that a graph was exported from, by the training's lineage beside it; None without one."""
    lineage = model.with_name("lineage.json")
    return str(json.loads(lineage.read_text(encoding="utf-8"))["weights_sha256"]) if lineage.is_file() else None


def assess(data: Path, runs: list[tuple[int, Path]]) -> dict[str, Any]:
    """The whole report; `runs` are (fold held out, graph), the shipped one first."""
    judged = [judge(model, data, fold) for fold, model in runs]
    shipped = judged[0]
    seen = [(case, value) for one in judged for case, value in zip(one.cases, one.logit, strict=True)]
    adults = [case for case, _ in seen if case.site == "nih"]
    logit = np.array([value for case, value in seen if case.site == "nih"])
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "onnxruntime": onnxruntime.__version__,
        "folds_held_out": [fold for fold, _ in runs],
        "weights_sha256": [weights_of(model) for _, model in runs],
        "manifests_sha256": lineage.digests(data, MANIFESTS.values()),
        "temperature": [one.temperature for one in judged],
        "shipped": {"test": by_group(shipped.cases, shipped.logit), "operating_points": at_fixed_thresholds(shipped)},
        "folds": by_group(adults, logit),
        "folds_auc": [
            {name: value["auc"]["value"] for name, value in by_group(one.cases, one.logit).items()} for one in judged
        ],
        "metadata": against_metadata(adults, logit, read_nih(data, runs[0][0])),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tightrope_triage.assess", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fold", nargs=2, action="append", required=True, metavar=("FOLD", "MODEL"))
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    report = assess(arguments.data, [(int(fold), Path(model)) for fold, model in arguments.fold])
    write_text(arguments.out, json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
