"""What fine-tuning on one site alone is worth at the other: a hospital that nothing was learned from.

    python -m tightrope_triage.train --data DIR --out CHILDREN --seed 0 --adult-share 0
    python -m tightrope_triage.train --data DIR --out ADULTS --seed 0 --adult-share 1
    python -m tightrope_triage.cross_site --data DIR --run CHILDREN --run ADULTS

Each network ranks the test split of both sites, and everybody of the site that it did not learn from. Writes
models/triage/cross_site.json; a run that is not named keeps what it got there before.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.compress import lineage
from tightrope.errors import BadInputError
from tightrope.models import models_root
from tightrope.writing import write_text
from tightrope_triage import evaluation as ev
from tightrope_triage.assess import subgroups
from tightrope_triage.data import Case, load_grey8, read_cases
from tightrope_triage.export import load_network
from tightrope_triage.findings import CROSS_SITE, cross_site
from tightrope_triage.preprocess import INPUT_SIZE
from tightrope_triage.trainer import EPOCH_IMAGES, predict

WHO = {("kermany",): "children", ("nih",): "adults"}
_TOLD = ("command", "finished", "start", "manifests_sha256", "weights_sha256", "versions")  # of the lineage
_AT_ONCE = 256  # radiographs that are in memory together


def judged(data: Path, run: Path) -> dict[str, Any]:
    """What became of the network that a training run left in a folder.

    Raises:
        BadInputError: the run is not finished, or learned from both sites.
    """
    file = run / "lineage.json"
    if not file.exists():
        raise BadInputError(f"{run} holds no finished training: run its command again, it goes on where it stopped")
    made: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    learned = tuple(made.get("learned", ()))
    if learned not in WHO:
        raise BadInputError(f"{run} did not learn from one site alone: train with --adult-share 0 or 1")
    cases = [
        case
        for case in read_cases(data, int(made["settings"]["fold"]))
        if case.split == "test" or case.site not in learned
    ]
    logit = np.concatenate(list(_logits(run / "weights.pt", cases)))
    return {
        "who": WHO[learned],
        "learned": made["learned"],
        "fold_held_out": made["settings"]["fold"],
        "seed": made["settings"]["seed"],
        "images": len(made["epochs"]) * EPOCH_IMAGES,
        **{key: made[key] for key in _TOLD},
        **areas(cases, logit, learned),
    }


def areas(cases: list[Case], logit: NDArray[np.floating[Any]], learned: tuple[str, ...]) -> dict[str, Any]:
    """AUC by site and view: `auc` on the test split, `everybody` on all of the site that was not learned from."""
    label = np.array([case.label for case in cases])
    tested = np.array([case.split == "test" for case in cases])
    away = np.array([case.site not in learned for case in cases])
    return {name: _by_group(cases, label, logit, mask) for name, mask in (("auc", tested), ("everybody", away))}


def _by_group(
    cases: list[Case], label: NDArray[np.int64], logit: NDArray[np.floating[Any]], mask: NDArray[np.bool_]
) -> dict[str, Any]:
    chosen = [case for case, taken in zip(cases, mask, strict=True) if taken]
    return {
        name: {"cases": int(group.sum()), **asdict(ev.auc_interval(label[mask][group], logit[mask][group]))}
        for name, group in subgroups(chosen).items()
        if group.any()
    }


def _logits(weights: Path, cases: list[Case]) -> Iterator[NDArray[np.float32]]:
    net = load_network(weights)
    for start in range(0, len(cases), _AT_ONCE):
        yield predict(net, load_grey8(cases[start : start + _AT_ONCE], INPUT_SIZE))[0]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tightrope_triage.cross_site", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, action="append", required=True)
    arguments = parser.parse_args()
    known = cross_site() or {"learned_from": {}}
    for run in arguments.run:
        found = judged(arguments.data, run)
        known["learned_from"][found.pop("who")] = found
    report = {"date": lineage.now(), "learned_from": known["learned_from"]}
    write_text(models_root() / "triage" / CROSS_SITE, json.dumps(report, indent=1) + "\n")
    areas_of = {who: {name: row[name] for name in ("auc", "everybody")} for who, row in known["learned_from"].items()}
    print(json.dumps(areas_of, indent=1))


if __name__ == "__main__":
    main()
