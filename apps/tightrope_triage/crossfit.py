"""Thresholds need many patients: scores of the training adults, each by a network that did not learn from that patient.

    python -m tightrope_triage.train --data DIR --out RUN --fold 0 --also-out K        # for K in 1, 2, 3 and 4
    python -m tightrope_triage.crossfit --data DIR --run RUN [--run RUN ...]

The calibration split has 36 adults with an opacity, so that the threshold at 95% sensitivity hangs on two of them. The
training split has eight times as many, but the shipped network learned from them. So the same training leaves one more
fold out at a time, and what it gives for that fold is as good as new (cross-fitting). Out comes
models/triage/crossfit.json. Nobody of the held-out fold is in it. Each run adds a quarter of the training adults, and
one is enough to begin with: the card says how many the thresholds rest on. `tools/refit_artifacts.py triage` fits them.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.models import models_root
from tightrope.writing import write_text
from tightrope_triage.data import FOLDS, Case, bucket, load_grey8, read_cases
from tightrope_triage.preprocess import INPUT_SIZE

FILE = "crossfit.json"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CrossFit:
    """One network's view of its own left-out fold of N training adults, and of the M calibration adults.

    Attributes:
        fold: the fold that it did not learn from, beside the held-out one.
        command, weights_sha256: of its training.
        label, view: [N], of the training adults in `fold`.
        person: [N], a number for each patient, so that pictures of one are known as such.
        logit: [N], uncalibrated.
        calibration: [M], uncalibrated, in the order of `read_cases`.
    """

    fold: int
    command: str
    weights_sha256: str
    label: tuple[int, ...]
    view: tuple[str, ...]
    person: tuple[int, ...]
    logit: tuple[float, ...]
    calibration: tuple[float, ...]

    def equated(self, calibration: Floats) -> Floats:
        """`logit` [N] on the scale of another graph, that gives `calibration` [M] for the same calibration adults.

        Linear equating: the two get the same mean and standard deviation on those whom both have seen.
        """
        ours = np.array(self.calibration)
        slope = calibration.std() / ours.std()
        return np.asarray((np.array(self.logit) - ours.mean()) * slope + calibration.mean())


def load_crossfits() -> list[CrossFit]:
    """What is shipped; empty if nothing is."""
    file = models_root() / "triage" / FILE
    rows = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return [CrossFit(**_with_tuples(row)) for row in rows]


def _with_tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def cross_fit(data: Path, run: Path) -> CrossFit:
    """Score with what a training run left."""
    from tightrope_triage.export import load_network
    from tightrope_triage.train import is_upside_down
    from tightrope_triage.trainer import predict

    lineage: dict[str, Any] = json.loads((run / "lineage.json").read_text(encoding="utf-8"))
    fold = int(lineage["settings"]["also_out"])
    cases = [case for case in read_cases(data, int(lineage["settings"]["fold"])) if case.site == "nih"]
    left = [case for case in cases if case.split == "train" and _fold(case) == fold and not is_upside_down(case)]
    watched = [case for case in cases if case.split == "calibration"]
    logit = predict(load_network(run / "weights.pt"), load_grey8([*left, *watched], INPUT_SIZE))[0]
    _, person = np.unique([case.person for case in left], return_inverse=True)
    return CrossFit(
        fold,
        lineage["command"],
        lineage["weights_sha256"],
        tuple(case.label for case in left),
        tuple(case.view or "" for case in left),
        tuple(person.tolist()),
        tuple(round(float(value), 4) for value in logit[: len(left)]),
        tuple(round(float(value), 4) for value in logit[len(left) :]),
    )


def _fold(case: Case) -> int:
    return bucket(case.site, case.person, "fold", FOLDS)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tightrope_triage.crossfit", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, action="append", required=True)
    arguments = parser.parse_args()
    found = [cross_fit(arguments.data, run) for run in arguments.run]
    out = models_root() / "triage" / FILE
    write_text(out, json.dumps([asdict(each) for each in found], separators=(",", ":")).replace("},{", "},\n{") + "\n")
    print(f"{out}: {sum(len(each.logit) for each in found)} training adults by {len(found)} networks")


if __name__ == "__main__":
    main()
