"""The figures of a group of judged radiographs, JSON-able: ranking, calibration, decisions, gain over metadata."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope_triage import evaluation as ev
from tightrope_triage.baseline import combined_scores, metadata_scores
from tightrope_triage.data import Case

SENSITIVITIES = (0.95, 0.90)
Floats = NDArray[np.float64]


def figures(cases: list[Case], logit: Floats) -> dict[str, Any]:
    """Ranking, calibration and decision figures of one group of cases with calibrated log-odds."""
    label = np.array([case.label for case in cases])
    person = np.array([case.person for case in cases])
    probability = ev.expit(logit)
    return {
        "cases": len(cases),
        "positive": int(label.sum()),
        "persons": len(set(person)),
        "auc": asdict(ev.auc_interval(label, logit)),
        "auc_by_person_bootstrap": asdict(ev.cluster_auc_interval(label, logit, person)),
        "specificity_at_sensitivity": {
            f"{wanted:.2f}": asdict(ev.sensitivity_specificity(label, logit, ev.threshold_at(label, logit, wanted))[1])
            for wanted in SENSITIVITIES
        },
        "expected_calibration_error": ev.calibration_error(label, probability),
        "expected_calibration_error_by_person_bootstrap": asdict(
            ev.cluster_interval(ev.calibration_error, label, probability, person)
        ),
        "brier": ev.brier(label, probability),
        "brier_by_person_bootstrap": asdict(ev.cluster_interval(ev.brier, label, probability, person)),
        "reliability": [asdict(row) for row in ev.reliability(label, probability)],
        "net_benefit": [
            {
                "threshold": round(float(threshold), 2),
                "model": ev.net_benefit(label, probability, threshold),
                "all": ev.net_benefit(label, np.ones(len(label)), threshold),
            }
            for threshold in np.arange(0.05, 0.96, 0.05)
        ],
    }


def roc(label: NDArray[np.int64], score: Floats) -> list[tuple[float, float]]:
    """Corners of the ROC curve from (0, 0) to (1, 1): share of false alarms, sensitivity; equal scores are one step."""
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    hits, alarms = np.cumsum(label[order])[last], np.cumsum(1 - label[order])[last]
    corners = zip(alarms / max(alarms[-1], 1), hits / max(hits[-1], 1), strict=True)
    return [(0.0, 0.0), *((float(x), float(y)) for x, y in corners)]


def against_metadata(cases: list[Case], logit: Floats, known: list[Case]) -> dict[str, Any]:
    """What the picture adds to what the request form says, on the adults.

    This selection of NIH's archive has no negatives among the later patients, so the patient number tells the label
    of those. A picture may tell its year (another detector, other markers), so the model is also judged where
    numbers tell nothing: among the patients up to the last negative one.

    Args:
        cases: of the test split, with the model's log-odds `logit` [N].
        known: all adults of every split, from whom the regressions on metadata learn; each case by other folds'.
    """
    label = np.array([case.label for case in cases])
    form, number = metadata_scores(cases, known=known), metadata_scores(cases, True, known)
    both = combined_scores(cases, logit, known)
    last_negative = max(int(case.person) for case in known if case.label == 0)
    number_of = np.array([int(case.person) for case in cases])
    overlap = number_of <= last_negative
    return {
        "patients_up_to_last_negative": {
            "cases": int(overlap.sum()),
            "last_number": last_negative,
            "view_age_sex_patient_number": asdict(ev.auc_interval(label[overlap], number[overlap])),
            "model": asdict(ev.auc_interval(label[overlap], logit[overlap])),
            "model_minus_all_metadata": asdict(ev.auc_difference(label[overlap], logit[overlap], number[overlap])),
        },
        "view_age_sex": asdict(ev.auc_interval(label, form)),
        "view_age_sex_patient_number": asdict(ev.auc_interval(label, number)),
        "model": asdict(ev.auc_interval(label, logit)),
        "model_and_all_metadata": asdict(ev.auc_interval(label, both)),
        "model_minus_view_age_sex": asdict(ev.auc_difference(label, logit, form)),
        "model_minus_all_metadata": asdict(ev.auc_difference(label, logit, number)),
        "model_and_all_metadata_minus_all_metadata": asdict(ev.auc_difference(label, both, number)),
    }
