"""Fit the template that tells an upright radiograph from turned and inverted ones, and write it with its lineage:

    python tools/write_orientation.py --data DIR

Every training radiograph of both sites, as it is and in some random views (crop, tilt, exposure, borders, markers),
gives eight classes: its four turns, and those of its negative. One template serves them all, so this is logistic
regression on differences between them; it is convex, and Newton's method solves it. The rates beside it come from the
calibration and test splits, whose patients the fit did not see.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.cli.main import guarded
from tightrope.writing import write_text
from tightrope_triage.augment import augment
from tightrope_triage.checks import TURNED
from tightrope_triage.data import MANIFESTS, Case, load_grey8, read_cases
from tightrope_triage.evaluation import wilson
from tightrope_triage.orientation import (
    SIZE,
    TEMPLATE,
    Floats,
    pose_scores,
    thumbnail,
    turned_back,
    upright_log_odds,
)
from tightrope_triage.preprocess import INPUT_SIZE

SITES = ("nih", "kermany")
VIEWS = {"nih": 4, "kermany": 1}  # random views of each radiograph; there are a fifth as many adults
VIEW_SIZE = 64
RIDGE = 0.01
DECIMALS = 3


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds cxr-nih and cxr-kermany")
    parser.add_argument("--fold", type=int, default=0, help="of adults, held out; as in the network's training")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=TEMPLATE)
    arguments = parser.parse_args()
    return guarded(lambda: write(arguments))


def write(arguments: argparse.Namespace) -> None:
    """Fit, measure, write and print."""
    cases = read_cases(arguments.data, arguments.fold)
    weights = np.round(fit_to(cases, arguments.seed), DECIMALS)
    measured = {
        f"{site} {split}": rates([case for case in cases if (case.site, case.split) == (site, split)], weights)
        for site in SITES
        for split in ("calibration", "test")
    }
    record = {
        "template": weights.tolist(),
        "lineage": {
            "command": f"python tools/write_orientation.py --data DATA --fold {arguments.fold} --seed {arguments.seed}",
            "date": datetime.now(timezone.utc).date().isoformat(),
            "manifests_sha256": {
                name: hashlib.sha256((arguments.data / name).read_bytes()).hexdigest() for name in MANIFESTS.values()
            },
            "cases": dict(sorted(Counter(f"{case.site} {case.split}" for case in cases).items())),
            "numpy": np.__version__,
        },
        "limit": TURNED,
        "refused": measured,
    }
    write_text(arguments.out, _compact(record) + "\n")
    for name, shares in measured.items():
        print(name, {way: f"{found['value']:.2%}" for way, found in shares.items()})


def fit_to(cases: list[Case], seed: int) -> Floats:
    """The template [SIZE, SIZE] for the training radiographs among the cases; both sites weigh the same."""
    rng = np.random.default_rng(seed)
    thumbnails: list[Floats] = []
    weight: list[float] = []
    for site in SITES:
        pictures = load_grey8([case for case in cases if (case.site, case.split) == (site, "train")], INPUT_SIZE)
        views = [view for picture in pictures for view in (picture, *_views(picture, VIEWS[site], rng))]
        thumbnails += [thumbnail(view) for view in views]
        weight += [1 / len(views)] * len(views)
    return fit(np.stack(thumbnails), np.array(weight) / len(SITES), RIDGE)


def _views(picture: NDArray[np.uint8], count: int, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    return [augment(picture, VIEW_SIZE, rng) for _ in range(count)]


def fit(thumbnails: Floats, weight: Floats, ridge: float) -> Floats:
    """The template [SIZE, SIZE] that makes each thumbnail likelier than its turns and negatives.

    Args:
        thumbnails: upright [N, SIZE, SIZE].
        weight: of each [N], of sum 1.
        ridge: on the template's sum of squares, over two.
    """
    # Some pictures are mirrored, so left and right count alike: half of the template is free.
    turned = turned_back(thumbnails)
    ways = (turned + turned[..., ::-1])[..., : SIZE // 2].reshape(len(thumbnails), 4, -1)
    gaps = np.concatenate([ways[:, 1:], -ways], axis=1) - ways[:, :1]
    found = np.zeros(gaps.shape[2])
    for _ in range(30):
        share = np.exp(gaps @ found)
        share /= 1 + share.sum(axis=1, keepdims=True)
        pulled = (share[:, None] @ gaps)[:, 0]
        flat = (gaps * np.sqrt(share * weight[:, None])[..., None]).reshape(-1, gaps.shape[2])
        curvature = flat.T @ flat - (pulled * weight[:, None]).T @ pulled + ridge * np.eye(len(found))
        step = np.linalg.solve(curvature, weight @ pulled + ridge * found)
        found -= step
        if np.abs(step).max() < 1e-6:
            break
    half = found.reshape(SIZE, SIZE // 2)
    return np.hstack([half, half[:, ::-1]])


def rates(cases: list[Case], weights: Floats) -> dict[str, Any]:
    """Shares that the check turns away, with Wilson intervals: of the radiographs as they are, turned, and inverted."""
    upright = np.stack([thumbnail(picture) for picture in load_grey8(cases, INPUT_SIZE)])
    ways = {
        "upright": [upright],
        "turned by 90 degrees": [np.rot90(upright, turn, (1, 2)) for turn in (1, 3)],
        "upside down": [np.rot90(upright, 2, (1, 2))],
        "inverted": [-upright],
    }
    shares = {}
    for name, thumbnails in ways.items():
        refused = upright_log_odds(pose_scores(np.concatenate(thumbnails), weights)) < TURNED
        shares[name] = {**asdict(wilson(int(refused.sum()), len(refused))), "of": len(refused)}
    return shares


def _compact(record: dict[str, Any]) -> str:
    """JSON with a row of the template in a line."""
    rows = ",\n  ".join(json.dumps(row) for row in record["template"])
    rest = json.dumps({**record, "template": []}, indent=1)
    return rest.replace('"template": []', f'"template": [\n  {rows}\n ]', 1)


if __name__ == "__main__":
    sys.exit(main())
