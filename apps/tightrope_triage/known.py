"""What may fix an artifact's temperature and thresholds: patients that neither training nor the held-out fold had.

They are the calibration split, as the graph itself sees it, and the training adults as cross-fitted networks saw them
(see `crossfit`), on the graph's scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tightrope_triage import evaluation as ev
from tightrope_triage.crossfit import CrossFit
from tightrope_triage.data import Case

GROUPS = {"nih": "adult", "kermany": "child"}
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Known:
    """N radiographs: label, the graph's uncalibrated log-odds, group ('adult', 'child'), view ('' where unknown)."""

    label: NDArray[np.int64]
    logit: Floats
    group: NDArray[np.str_]
    view: NDArray[np.str_]

    @classmethod
    def of(cls, cases: Sequence[Case], logit: Floats, crossfits: Sequence[CrossFit] = ()) -> Known:
        """The calibration cases with their log-odds [N] by the graph, and whom the cross-fitted networks add."""
        adult = np.array([case.site == "nih" for case in cases])
        more = [each.equated(logit[adult]) for each in crossfits]
        return cls(
            np.array([*(case.label for case in cases), *(label for each in crossfits for label in each.label)]),
            np.concatenate([logit, *more]),
            np.array([*(GROUPS[case.site] for case in cases), *("adult" for each in crossfits for _ in each.label)]),
            np.array([*(case.view or "" for case in cases), *(view for each in crossfits for view in each.view)]),
        )

    def temperature(self) -> float:
        """That of all of them."""
        return ev.fit_temperature(self.label, self.logit)

    def threshold(self, group: str, sensitivity: float) -> float:
        """The uncalibrated log-odds from which on this share of a group's positives is expected."""
        mine = self.group == group
        return ev.expected_threshold(self.label[mine], self.logit[mine], sensitivity)

    def masks(self) -> dict[str, NDArray[np.bool_]]:
        """[N] for each group, and for each view of the adults."""
        found = {group: self.group == group for group in GROUPS.values()}
        found |= {f"adult {view}": found["adult"] & (self.view == view) for view in ("PA", "AP")}
        return {name: mask for name, mask in found.items() if mask.any()}
