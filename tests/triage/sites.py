"""Two tiny made-up sites in the layout of the real ones."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np


def write_site(folder: Path, rows: list[dict[str, str]], greys: list[np.ndarray]) -> None:
    """A manifest.csv and one picture a row, `greys[i]` for `rows[i]`."""
    (folder / "images").mkdir(parents=True)
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for row, grey in zip(rows, greys, strict=True):
        cv2.imwrite(str(folder / "images" / row["file"]), grey)


def adult(file: str, patient: str, label: int = 1, view: str = "PA", age: int = 50) -> dict[str, str]:
    """A row of the adults' manifest."""
    row = {"file": file, "label": str(label), "patient": patient, "findings": "", "view": view}
    return row | {"age": str(age), "sex": "F" if age % 2 else "M", "spacing_mm": "0.8"}


def child(file: str, person: str, split: str, label: int = 1) -> dict[str, str]:
    """A row of the children's manifest."""
    return {"file": file, "label": str(label), "subtype": "", "person": person, "split": split}


def noise(seed: int, size: int = 32) -> np.ndarray:
    """A picture that no other seed gives."""
    return np.random.default_rng(seed).integers(0, 256, (size, size), dtype=np.uint8)


def flat(level: int) -> np.ndarray:
    """A picture of one grey."""
    return np.full((8, 8), level, np.uint8)


def write_both(data: Path) -> None:
    """160 adults and 80 children, half of them positive, all of noise."""
    adults = [adult(f"{i}.png", str(i), i % 2, ("PA", "AP")[i // 2 % 2], 20 + i % 61) for i in range(160)]
    children = [child(f"{i}.png", str(i), "train" if i % 4 else "test", i // 4 % 2) for i in range(80)]
    write_site(data / "cxr-nih", adults, [noise(i) for i in range(160)])
    write_site(data / "cxr-kermany", children, [noise(1000 + i) for i in range(80)])
