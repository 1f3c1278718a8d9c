"""What can be told without looking at the picture: the floor that a model has to be judged against.

Labels mined from a hospital's archive go with how ill a patient was, and so with the view (a portable AP means too ill
to stand), age, sex and even the patient number. `metadata_scores` ranks patients by these alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tightrope_triage.data import FOLDS, Case, bucket
from tightrope_triage.evaluation import expit

Floats = NDArray[np.float64]


def metadata_features(cases: list[Case], with_number: bool, known: list[Case]) -> Floats:
    """[N, 4 or 6]: PA or not, age, age squared, sex; and, on request, patient number and its square.

    Standardized by the mean and spread of `known`.
    """
    columns, reference = metadata_columns(cases, with_number), metadata_columns(known, with_number)
    spread = reference.std(axis=0)
    standard = (columns - reference.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.column_stack([standard, np.square(standard[:, [1, 3] if with_number else [1]])])


def metadata_columns(cases: list[Case], with_number: bool) -> Floats:
    """[N, 3 or 4] as the form has them: PA or not, age in years, sex, patient number on request."""
    number = [[int(case.person)] if with_number else [] for case in cases]
    rows = [[case.view == "PA", case.age or 0, case.sex == "F"] for case in cases]
    return np.array([row + more for row, more in zip(rows, number, strict=True)], dtype=np.float64)


def fit_logistic(features: Floats, label: NDArray[np.int64], ridge: float = 1.0) -> Floats:
    """Coefficients [D + 1], the intercept last, of a logistic regression with an L2 penalty, by Newton's method."""
    design = np.column_stack([features, np.ones(len(features))])
    penalty = np.diag([ridge] * features.shape[1] + [0.0])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        probability = expit(design @ weights)
        gradient = design.T @ (probability - label) + penalty @ weights
        curvature = (design * (probability * (1 - probability))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(weights)), gradient)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def folds(cases: list[Case], purpose: str = "fold") -> NDArray[np.int64]:
    """Which fold [N] each case's person belongs to."""
    return np.array([bucket(case.site, case.person, purpose, FOLDS) for case in cases])


def metadata_scores(cases: list[Case], with_number: bool = False, known: list[Case] | None = None) -> Floats:
    """Log-odds [N] from view, age and sex (and patient number) alone, each case by other folds' patients.

    Args:
        known: everybody whom the regressions may learn from, of every split; None: the cases themselves. Give it where
            the cases are of one fold: there are no other folds' patients among them.
    """
    everybody = cases if known is None else known
    features = metadata_features(cases, with_number, everybody)
    learned, label = metadata_features(everybody, with_number, everybody), labels(everybody)
    of_case, of_known = folds(cases), folds(everybody)
    scores = np.zeros(len(cases))
    for held in np.unique(of_case):
        other = of_known != held
        weights = fit_logistic(learned[other], label[other])
        scores[of_case == held] = features[of_case == held] @ weights[:-1] + weights[-1]
    return scores


def combined_scores(cases: list[Case], logit: NDArray[np.floating], known: list[Case] | None = None) -> Floats:
    """Log-odds [N] from all metadata and the model's logit [N] together, weighed on other patients among the cases.

    The weights cannot come from the patients that the model learned from, whose logits are too good. So the metadata's
    log-odds are fitted as in `metadata_scores`, and the two are weighed among the cases, in folds of their own.
    """
    both = np.column_stack([metadata_scores(cases, True, known), logit])
    both /= np.where(both.std(axis=0) > 0, both.std(axis=0), 1.0)
    fold, label = folds(cases, "weighing"), labels(cases)
    scores = np.zeros(len(cases))
    for held in np.unique(fold):
        weights = fit_logistic(both[fold != held], label[fold != held])
        scores[fold == held] = both[fold == held] @ weights[:-1] + weights[-1]
    return scores


def labels(cases: list[Case]) -> NDArray[np.int64]:
    """0 or 1 of each case, [N]."""
    return np.array([case.label for case in cases], dtype=np.int64)
