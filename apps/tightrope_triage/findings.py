"""What is told of the triage model on its card, as tables: see `tightrope.report.facts.finding_facts`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.models import models_root
from tightrope_triage import evaluation as ev
from tightrope_triage.known import Known

Finding = dict[str, Any]
_ASSESSMENT = "assess.json"
FROZEN, CROSS_SITE = "frozen.json", "cross_site.json"
_BENEFIT_AT = (0.1, 0.2, 0.3, 0.5)


def held_out(tested: Known, temperature: float, accepted: NDArray[np.bool_]) -> Finding:
    """How the held-out patients are ranked, how true their probabilities are, and how many the gate lets through."""
    rows = {}
    for name, mask in tested.masks().items():
        label, logit = tested.label[mask], tested.logit[mask]
        probability = ev.expit(logit / temperature)
        rows[name] = {
            "cases": int(mask.sum()),
            "positive": int(label.sum()),
            "AUC": _triple(ev.auc_interval(label, logit)),
            "calibration error": ev.calibration_error(label, probability),
            "Brier score": ev.brier(label, probability),
            "accepted by the gate": _triple(ev.wilson(int(accepted[mask].sum()), int(mask.sum()))),
        }
    note = (
        "This graph, on patients that neither training nor calibration saw. Brackets: 95% intervals (DeLong, Wilson)."
    )
    return {"rows": rows, "note": note}


def at_thresholds(known: Known, tested: Known, thresholds: Mapping[str, Mapping[str, float]]) -> Finding:
    """Sensitivity and specificity, by operating point and group, where the thresholds were fitted and where not."""
    rows = {}
    for point, of_group in thresholds.items():
        for name, mask in tested.masks().items():
            threshold = of_group[name.split(" ")[0]]
            rows[f"{point}, {name}"] = {
                "held out: sensitivity": _rates(tested, mask, threshold)[0],
                "held out: specificity": _rates(tested, mask, threshold)[1],
                "fitted on: sensitivity": _rates(known, known.masks()[name], threshold)[0],
                "fitted on: specificity": _rates(known, known.masks()[name], threshold)[1],
            }
    counts = {name: (int(mask.sum()), int(known.label[mask].sum())) for name, mask in known.masks().items()}
    note = (
        "The thresholds that ship, one for adults and one for children, by Harrell and Davis's estimate of a quantile. "
        "Fitted on {} adults, {} of them positive (calibration split, and training patients by networks that did not "
        "learn from them), and {} children, {} of them positive. Brackets: 95% intervals (Wilson)."
    ).format(*counts["adult"], *counts["child"])
    return {"rows": rows, "note": note}


def cross_validation() -> dict[str, Finding]:
    """The figures of models/triage/assess.json, frozen.json and cross_site.json; nothing where the first is absent."""
    file = models_root() / "triage" / _ASSESSMENT
    if not file.exists():
        return {}
    report = json.loads(file.read_text(encoding="utf-8"))
    made = f"float, onnxruntime {report['onnxruntime']}, {report['date']}"
    return {
        "Cross-validation of the training": _folds(report, made),
        **_from_site_to_site(),
        **_fine_tuned_on_one_site(),
        "What the picture adds to the request form": _gain(report["metadata"], made),
        "Net benefit": _net_benefit(report, made),
    }


def frozen() -> dict[str, Any] | None:
    """The figures of models/triage/frozen.json; None where it is not at hand."""
    return _shipped(FROZEN)


def cross_site() -> dict[str, Any] | None:
    """The figures of models/triage/cross_site.json, of networks fine-tuned on one site; None where it is absent."""
    return _shipped(CROSS_SITE)


def _shipped(name: str) -> dict[str, Any] | None:
    file = models_root() / "triage" / name
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def _from_site_to_site() -> dict[str, Finding]:
    report = frozen()
    if report is None:
        return {}
    rows = {
        f"learned from {who}": {
            "AUC adult": _values(found["auc"]["nih"]),
            "AUC adult PA": _values(found["auc"]["nih PA"]),
            "AUC adult AP": _values(found["auc"]["nih AP"]),
            "AUC child": _values(found["auc"]["kermany"]),
        }
        for who, found in report["learned_from"].items()
    }
    note = (
        f"The floor to beat: logistic regressions on the features of the start ({report['start']}), which saw no "
        f"radiograph, on the held-out patients ({report['date'][:10]}). Learned from one site alone, the figures at "
        "the other tell what carries over to a hospital that nothing was learned from. Brackets: 95% intervals, DeLong."
    )
    return {"Frozen features, from site to site": {"rows": rows, "note": note}}


def _fine_tuned_on_one_site() -> dict[str, Finding]:
    report = cross_site()
    if report is None:
        return {}
    named = {"nih": "AUC adult", "nih PA": "AUC adult PA", "nih AP": "AUC adult AP", "kermany": "AUC child"}
    rows = {}
    for who, found in report["learned_from"].items():
        for label, areas in (("held-out patients", found["auc"]), ("all of the other site", found["everybody"])):
            rows[f"learned from {who}, {label}"] = {named[group]: _values(area) for group, area in areas.items()}
    trained = {f"{row['images']} pictures, seed {row['seed']}" for row in report["learned_from"].values()}
    note = (
        "The same training as of the network that ships, but on one site alone: what carries over to a hospital that "
        f"nothing was learned from (float, torch; {' or '.join(sorted(trained))}; {report['date'][:10]}). Commands and "
        "digests stand in models/triage/cross_site.json. Brackets: 95% intervals, DeLong."
    )
    return {"Fine-tuned on one site, at the other": {"rows": rows, "note": note}}


def _folds(report: Mapping[str, Any], made: str) -> Finding:
    groups = {"adult": report["folds"]["nih"], "adult PA": report["folds"]["nih PA"]}
    groups |= {"adult AP": report["folds"]["nih AP"], "child, published test": report["shipped"]["test"]["kermany"]}
    rows = {
        name: {
            "cases": found["cases"],
            "positive": found["positive"],
            "AUC": _values(found["auc"]),
            "specificity at 95% sensitivity": _values(found["specificity_at_sensitivity"]["0.95"]),
            "calibration error": found["expected_calibration_error"],
            "Brier score": found["brier"],
        }
        for name, found in groups.items()
    }
    note = (
        f"Not this graph but the training that it comes from ({made}): {len(report['folds_held_out'])} networks, each "
        "with another fifth of the adults held out, and each adult judged by the one that did not see them. The "
        "held-out patients above are the first fifth: this table says how lucky they are. The thresholds of its "
        "specificity are chosen on the cases themselves."
    )
    return {"rows": rows, "note": note}


def _gain(metadata: Mapping[str, Any], made: str) -> Finding:
    early = metadata["patients_up_to_last_negative"]
    rows = {
        "view, age and sex": {
            "AUC of the form": _values(metadata["view_age_sex"]),
            "AUC of the model": _values(metadata["model"]),
            "gain": _values(metadata["model_minus_view_age_sex"]),
        },
        "view, age, sex and patient number": {
            "AUC of the form": _values(metadata["view_age_sex_patient_number"]),
            "AUC of the model": _values(metadata["model"]),
            "gain": _values(metadata["model_minus_all_metadata"]),
        },
        f"the same, patients up to number {early['last_number']}": {
            "AUC of the form": _values(early["view_age_sex_patient_number"]),
            "AUC of the model": _values(early["model"]),
            "gain": _values(early["model_minus_all_metadata"]),
        },
    }
    note = (
        f"All adults, cross-validated ({made}). This selection of the archive has no healthy patients of high numbers, "
        "so the number gives the label of those away, and the picture adds no certain gain to it; the last row is of "
        "the patients among whom it does not. Brackets: 95% intervals (DeLong, paired)."
    )
    return {"rows": rows, "note": note}


def _net_benefit(report: Mapping[str, Any], made: str) -> Finding:
    rows = {}
    for name, found in (("adult", report["folds"]["nih"]), ("child", report["shipped"]["test"]["kermany"])):
        for row in found["net_benefit"]:
            if row["threshold"] in _BENEFIT_AT:
                rows[f"{name}, from probability {row['threshold']:.2f}"] = {
                    "by the model": row["model"],
                    "everybody first": row["all"],
                }
    note = (
        f"True alarms less false ones at the threshold's odds, a case (Vickers and Elkin 2006; {made}, adults "
        "cross-validated). Both groups have far more positives than a ward has."
    )
    return {"rows": rows, "note": note}


def _rates(known: Known, mask: NDArray[np.bool_], threshold: float) -> tuple[tuple[float, float, float], ...]:
    found = ev.sensitivity_specificity(known.label[mask], known.logit[mask], threshold)
    return tuple(_triple(rate) for rate in found)


def _triple(estimate: ev.Estimate) -> tuple[float, float, float]:
    return estimate.value, estimate.low, estimate.high


def _values(estimate: Mapping[str, float]) -> tuple[float, float, float]:
    return estimate["value"], estimate["low"], estimate["high"]
