"""Fit the gate to the exported graph's features, and measure whom it lets through and whom it turns away:

    python -m tightrope_triage.fit_gate --data DIR --fold 0 --model RUN/model.onnx --out RUN

Writes `gate.npz` and `gate.json` into RUN. The gate is fitted to training radiographs, its limit comes from the
calibration split, and its rates from test radiographs and from pictures of other kinds (see `kinds`), none of which it
was fitted to.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.writing import write_text
from tightrope_triage.evaluation import wilson
from tightrope_triage.gate import Gate, fit
from tightrope_triage.kinds import Picture, changed, chest_pictures, other_pictures, radiographs, with_small
from tightrope_triage.predict import predict
from tightrope_triage.preprocess import to_grey8

ACCEPTED = 0.99  # share of the calibration radiographs that the limit lets through


def embed(model: Path, pictures: Iterable[Picture]) -> NDArray[np.float32]:
    """Pooled features [N, 1280] of pictures of any size."""
    return predict(model, np.stack([to_grey8(picture) for picture in pictures]))[1]


def fit_and_measure(data: Path, fold: int, model: Path) -> tuple[Gate, dict[str, Any]]:
    """The gate, and shares accepted of every kind of picture with Wilson intervals."""
    sites = ("nih", "kermany")
    gate = fit(np.concatenate([embed(model, with_small(radiographs(data, fold, s, "train"))) for s in sites]))
    limits = [
        np.quantile(gate.distance(embed(model, with_small(radiographs(data, fold, site, "calibration")))), ACCEPTED)
        for site in sites
    ]
    gate = replace(gate, limit=float(max(limits)))

    def accepted(pictures: list[Picture]) -> dict[str, Any]:
        taken = gate.accepts(embed(model, pictures))
        return {"pictures": len(taken), "accepted": asdict(wilson(int(taken.sum()), len(taken)))}

    wanted: dict[str, Any] = {kind: accepted(pictures) for kind, pictures in chest_pictures(data)}
    turned: dict[str, Any] = {}
    for site in sites:
        tested = radiographs(data, fold, site, "test")
        wanted[f"{site} test"] = accepted(tested)
        wanted[f"{site} test at 64 pixels"] = accepted(with_small(tested)[len(tested) :])
        turned |= {f"{site} {how}": accepted(pictures) for how, pictures in changed(tested[::2])}
    others = {kind: accepted(pictures) for kind, pictures in other_pictures(data)}
    return gate, {"limit": gate.limit, "to_accept": wanted, "to_reject": others, "turned_or_inverted": turned}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tightrope_triage.fit_gate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fold", type=int, default=0, help="the fold that the model's training held out")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    gate, report = fit_and_measure(arguments.data, arguments.fold, arguments.model)
    gate.save(arguments.out / "gate.npz")
    write_text(arguments.out / "gate.json", json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
