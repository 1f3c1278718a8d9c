"""Fit the gate to the exported graph's features, and measure whom it lets through and whom it turns away:

    python -m tightrope_triage.fit_gate --data DIR --fold 0 --model RUN/model.onnx --out RUN

Writes `gate.npz` and `gate.json` into RUN. The gate is fitted to training radiographs, its limit comes from the
calibration split, and its rates from test radiographs and from pictures of other kinds, none of which it was fitted to:
MedNIST's five other kinds, photographs, pydicom's own files (legs, ultrasound, CT, MR), and chest radiographs that are
turned or inverted. MedNIST has 64 pixels only; every radiograph is therefore also used shrunk to 64, or else the gate
would learn to tell sharp from blurred.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
from numpy.typing import NDArray

from tightrope.writing import write_text
from tightrope_triage.data import read_cases, read_grey
from tightrope_triage.evaluation import wilson
from tightrope_triage.gate import Gate, fit
from tightrope_triage.predict import predict
from tightrope_triage.preprocess import to_grey8

Picture = NDArray[np.generic]
ACCEPTED = 0.99  # share of the calibration radiographs that the limit lets through
PER_SITE = 250  # radiographs of each site and split, so that neither site outweighs the other
OTHER_KINDS = ("AbdomenCT", "BreastMRI", "ChestCT", "Hand", "HeadCT")


def embed(model: Path, pictures: Iterable[Picture]) -> NDArray[np.float32]:
    """Pooled features [N, 1280] of pictures of any size."""
    return predict(model, np.stack([to_grey8(picture) for picture in pictures]))[1]


def with_small(pictures: list[Picture]) -> list[Picture]:
    """The pictures, and half of them again at MedNIST's 64 pixels."""
    small = [cv2.resize(np.asarray(each), (64, 64), interpolation=cv2.INTER_AREA) for each in pictures[::2]]
    return [*pictures, *small]


def radiographs(data: Path, fold: int, site: str, split: str) -> list[Picture]:
    """Up to PER_SITE radiographs of a site and split, evenly spread over its manifest."""
    paths = [case.path for case in read_cases(data, fold) if (case.site, case.split) == (site, split)]
    step = max(1, len(paths) // PER_SITE)
    return [read_grey(path) for path in paths[::step][:PER_SITE]]


def dicom_pictures() -> dict[str, list[Picture]]:
    """First frames of pydicom's own files in which a person could see something, by kind; each picture once.

    Those of `pydicom-data` (whose module is named data_store) are used where it is installed. They are looked for on
    disk, because pydicom's own functions download what is missing. Files that cannot be decoded are left out.
    """
    seen: set[bytes] = set()
    found: dict[str, list[Picture]] = {}
    for path in dicom_files():
        try:
            dataset = pydicom.dcmread(path)
            pixels = first_frame(dataset)
        except Exception:  # these files are broken on purpose, in ways that raise anything
            continue
        digest = to_grey8(pixels, 64).tobytes()
        if min(pixels.shape) >= 64 and digest not in seen:
            seen.add(digest)
            part = str(dataset.get("BodyPartExamined", "") or "")
            kind = f"{dataset.get('Modality', 'unknown')} {part}".strip()
            found.setdefault(kind, []).append(pixels)
    return found


def dicom_files() -> list[Path]:
    """Every .dcm file that the packages pydicom and pydicom-data brought along."""
    specs = [importlib.util.find_spec(name) for name in ("pydicom", "data_store")]
    folders = [Path(spec.origin).parent for spec in specs if spec is not None and spec.origin is not None]
    return [path for folder in folders for path in sorted(folder.rglob("*.dcm"))]


def first_frame(dataset: pydicom.Dataset) -> Picture:
    """Grey pixels [H, W] of the first frame, bright is dense."""
    pixels = dataset.pixel_array
    if dataset.get("NumberOfFrames", 1) > 1:
        pixels = pixels[0]
    if dataset.get("SamplesPerPixel", 1) > 1:
        pixels = pixels.mean(axis=-1)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        pixels = pixels.max() - pixels.astype(np.int64)
    return np.asarray(pixels)


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

    wanted: dict[str, Any] = {}
    turned: dict[str, Any] = {}
    for site in sites:
        tested = radiographs(data, fold, site, "test")
        wanted[f"{site} test"] = accepted(tested)
        wanted[f"{site} test at 64 pixels"] = accepted(with_small(tested)[len(tested) :])
        some = tested[::2]
        turned[f"{site} turned by 90 degrees"] = accepted([np.rot90(each) for each in some])
        turned[f"{site} upside down"] = accepted([np.rot90(each, 2) for each in some])
        turned[f"{site} inverted"] = accepted([255 - np.asarray(each, np.int64) for each in some])
    kinds = {kind: sorted((data / "mednist" / kind).glob("*.jpeg"))[::2] for kind in ("CXR", *OTHER_KINDS)}
    wanted["MedNIST CXR"] = accepted([read_grey(path) for path in kinds.pop("CXR")])
    others = {f"MedNIST {kind}": accepted([read_grey(path) for path in paths]) for kind, paths in kinds.items()}
    photographs = sorted((data / "coco").rglob("*.jpg"))
    others["photographs (COCO)"] = accepted([read_grey(path) for path in photographs])
    for kind, pictures in dicom_pictures().items():
        target = wanted if kind.endswith("CHEST") else others
        target[f"pydicom {kind}"] = accepted(pictures)
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
