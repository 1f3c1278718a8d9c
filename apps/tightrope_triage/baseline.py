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


def metadata_features(cases: list[Case], with_number: bool) -> Floats:
    """[N, 4 or 6]: PA or not, age, age squared, sex; and, on request, patient number and its square. Standardized."""
    columns = [
        np.array([case.view == "PA" for case in cases], dtype=np.float64),
        np.array([case.age or 0 for case in cases], dtype=np.float64),
        np.array([case.sex == "F" for case in cases], dtype=np.float64),
    ]
    curved = [1]
    if with_number:
        curved.append(len(columns))
        columns.append(np.array([int(case.person) for case in cases], dtype=np.float64))
    standard = [(column - column.mean()) / (column.std() or 1.0) for column in columns]
    return np.column_stack([*standard, *(standard[index] ** 2 for index in curved)])


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


def out_of_fold(features: Floats, cases: list[Case]) -> Floats:
    """Log-odds [N] of each case by a regression fitted to the other folds' patients."""
    label = np.array([case.label for case in cases])
    fold = np.array([bucket(case.site, case.person, "fold", FOLDS) for case in cases])
    scores = np.zeros(len(cases))
    for held in range(FOLDS):
        weights = fit_logistic(features[fold != held], label[fold != held])
        scores[fold == held] = features[fold == held] @ weights[:-1] + weights[-1]
    return scores


def metadata_scores(cases: list[Case], with_number: bool = False) -> Floats:
    """Log-odds [N] from view, age and sex (and patient number) alone, each case by other folds' patients."""
    return out_of_fold(metadata_features(cases, with_number), cases)


def combined_scores(cases: list[Case], logit: NDArray[np.floating]) -> Floats:
    """Log-odds [N] from view, age, sex, patient number and the model's logit together."""
    spread = float(logit.std()) or 1.0
    return out_of_fold(np.column_stack([metadata_features(cases, True), logit / spread]), cases)
