"""Character error rate on rendered signs, by the kind of harm that was done to them, and by what is done against it.

    python benchmarks/camera/accuracy.py [--signs 40] [--kinds clean dim ...] [--enhance "as it is" brightened ...]

All lines that are read, in reading order, against all that the sign says; and how many paragraphs come out exactly.
The app reads `brightened` pictures; the others were tried, so that their figures say why they are not in it. Lines are
laid flat one by one (`image.boxes.strip`), with any enhancement.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from render_signs import KINDS, LANGUAGES, Rendered, render
from sign_texts import SIGNS

from tightrope.measure.environment import Watch
from tightrope.writing import write_text
from tightrope_translate.image.enhance import brightened
from tightrope_translate.image.ink import colours_of
from tightrope_translate.image.layout import Paragraph, paragraphs_of
from tightrope_translate.image.pictures import Picture
from tightrope_translate.image.reader import Reader

RESULTS = Path(__file__).parents[1] / "results" / "camera-accuracy.json"


def denoised(picture: Picture) -> Picture:
    """Smoothed, but for edges (Tomasi and Manduchi, ICCV 1998)."""
    return np.asarray(cv2.bilateralFilter(picture, 5, 40, 3), np.uint8)


def sharpened(picture: Picture) -> Picture:
    """With what a blur takes away once more (unsharp masking)."""
    return np.asarray(cv2.addWeighted(picture, 1.8, cv2.GaussianBlur(picture, (0, 0), 2), -0.8, 0), np.uint8)


def equalized(picture: Picture) -> Picture:
    """Brightness spread evenly, tile by tile (CLAHE; Zuiderveld 1994)."""
    lightness, *colour = cv2.split(cv2.cvtColor(picture, cv2.COLOR_BGR2LAB))
    spread = cv2.createCLAHE(2.0, (8, 8)).apply(lightness)
    return np.asarray(cv2.cvtColor(cv2.merge([spread, *colour]), cv2.COLOR_LAB2BGR), np.uint8)


ENHANCEMENTS: dict[str, Callable[[Picture], Picture]] = {
    "as it is": lambda picture: picture,
    "brightened": brightened,
    "denoised": denoised,
    "sharpened": sharpened,
    "equalized": equalized,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Character error rate on rendered signs.")
    parser.add_argument("--signs", type=int, default=len(SIGNS))
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--enhance", nargs="+", choices=list(ENHANCEMENTS), default=["as it is", "brightened"])
    parser.add_argument("--reader", type=Path, help="artifact of `reader_task.py`; the wheel's networks without")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    reader = Reader.load(arguments.reader)
    kinds: dict[str, dict[str, Any]] = {kind: {} for kind in arguments.kinds}
    with Watch(threads=1) as watch:
        for kind, rows in kinds.items():
            for name in arguments.enhance:
                rows[name] = score(kind, range(arguments.signs), partial(read, reader, enhance=ENHANCEMENTS[name]))
                row = rows[name]
                print(
                    f"{kind:12} {name:11} CER {row['cer']:7.2%}   paragraphs {row['exact']:6.1%} of {row['paragraphs']}"
                )
    used = "the wheel's networks" if arguments.reader is None else arguments.reader.name
    result = {"signs": arguments.signs, "reader": used, "kinds": kinds, "environment": watch.record.to_dict()}
    write_text(arguments.out, json.dumps(result, indent=1) + "\n")


def read(reader: Reader, picture: Picture, enhance: Callable[[Picture], Picture] = brightened) -> list[Paragraph]:
    lines = reader.read(enhance(picture))
    return paragraphs_of(lines, [colours_of(picture, line.box) for line in lines])


def score(kind: str, signs: Sequence[int], reading: Callable[[Picture], list[Paragraph]]) -> dict[str, Any]:
    """Errors over all signs of a kind, in both languages."""
    errors = length = exact = paragraphs = 0
    worst = []
    for sign in signs:
        for language in LANGUAGES:
            rendered: Rendered = render(sign, language, kind)
            found = [one.text for one in reading(rendered.picture)]
            truth = " ".join(rendered.paragraphs)
            wrong = distance(" ".join(found), truth)
            errors, length = errors + wrong, length + len(truth)
            exact += sum(one in found for one in rendered.paragraphs)
            paragraphs += len(rendered.paragraphs)
            if wrong:
                worst.append((wrong, f"{sign}-{language}", " | ".join(found), " | ".join(rendered.paragraphs)))
    worst.sort(reverse=True)
    return {"cer": errors / length, "exact": exact / paragraphs, "paragraphs": paragraphs, "worst": worst[:5]}


def distance(one: str, other: str) -> int:
    """Insertions, deletions and substitutions between two texts (Levenshtein, 1966)."""
    row: NDArray[np.int64] = np.arange(len(other) + 1)
    targets = np.array(list(other))
    for count, character in enumerate(one, 1):
        before = np.minimum(row[1:] + 1, row[:-1] + (targets != character)) if len(other) else row[1:]
        # Insertions run along the row: the running minimum of value minus position.
        fresh = np.concatenate([[count], before]) - np.arange(len(other) + 1)
        row = np.minimum.accumulate(fresh) + np.arange(len(other) + 1)
    return int(row[-1])


if __name__ == "__main__":
    main()
