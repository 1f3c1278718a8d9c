"""Character error rate on rendered signs, by the kind of harm that was done to them, and by what is done against it.

    python benchmarks/camera/accuracy.py [--signs 40] [--kinds clean dim ...] [--enhance "as it is" brightened ...]
    python benchmarks/camera/accuracy.py --fit                 # the second look's threshold, on the first 8 signs

All lines that are read, in reading order, against all that the sign says; and how many paragraphs come out exactly.
The app reads `brightened` pictures; the others were tried, so that their figures say why they are not in it. Lines are
laid flat one by one (`image.boxes.strip`), with any enhancement. `second look` is what the app does: the brightened
picture, and what is doubtful in it read once more (`image.second_look`).

The first FITTED signs fit the second look's threshold; all others judge. What has been read is kept in .cache/camera,
picture by picture, so that a run that is stopped goes on where it was; `--afresh` reads all anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
sys.path.insert(0, str(Path(__file__).parent))
from kept import Kept
from render_signs import KINDS, LANGUAGES, Rendered, render
from sign_texts import SIGNS

from tightrope.measure.environment import Watch
from tightrope.writing import write_text
from tightrope_translate.image.enhance import brightened
from tightrope_translate.image.ink import colours_of
from tightrope_translate.image.layout import Paragraph, paragraphs_of
from tightrope_translate.image.lines import Line
from tightrope_translate.image.pictures import Picture
from tightrope_translate.image.reader import Reader, readable
from tightrope_translate.image.second_look import SURE, SecondLook

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "camera-accuracy.json"
KEPT = ROOT / ".cache" / "camera"


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


SECOND = "second look"
FITTED = 8
THRESHOLDS = (0.7, 0.8, 0.9, 0.95, 0.98)
FIT_KINDS = ("clean", "small", "blurred")
Ways = Mapping[str, Callable[[Picture], list[Paragraph]]]


def main() -> None:
    parser = argparse.ArgumentParser(description="Character error rate on rendered signs.")
    parser.add_argument("--signs", type=int, default=len(SIGNS), help="read those from FITTED up to this one")
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=list(LANGUAGES))
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--enhance", nargs="+", choices=[*ENHANCEMENTS, SECOND], default=["brightened", SECOND])
    parser.add_argument(
        "--fit", action="store_true", help="compare thresholds of the second look on the signs for that"
    )
    parser.add_argument("--afresh", action="store_true", help="forget what an earlier run has read")
    parser.add_argument("--reader", type=Path, help="artifact of `reader_task.py`; the wheel's networks without")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    reader = Reader.load(arguments.reader)
    used = "the wheel's networks" if arguments.reader is None else arguments.reader.name
    looks = Looks(reader)
    kept = Kept(KEPT / f"{arguments.out.stem}.jsonl", arguments.afresh)
    if arguments.fit:
        arguments.kinds = [kind for kind in arguments.kinds if kind in FIT_KINDS]
        ways: Ways = {f"{SECOND} {sure}": partial(looks.second, sure=sure) for sure in (0.0, *THRESHOLDS)}
    else:
        ways = {name: looks.second if name == SECOND else partial(looks.first, name) for name in arguments.enhance}
    signs = range(FITTED) if arguments.fit else range(FITTED, arguments.signs)
    kinds: dict[str, Any] = {}
    with Watch(threads=1) as watch:
        for kind in arguments.kinds:
            kinds[kind] = score(kind, signs, arguments.languages, ways, kept, used)
            for name, row in kinds[kind].items():
                print(f"{kind:12} {name:16} CER {row['cer']:7.2%}   exact {row['exact']:6.1%} of {row['paragraphs']}")
    measured = {"signs": [signs.start, signs.stop], "languages": arguments.languages, "reader": used, "kinds": kinds}
    measured["environment"] = watch.record.to_dict()
    before = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    if arguments.fit:
        result = {**before, "fit": measured}
    else:
        result = {**measured, **({"fit": before["fit"]} if "fit" in before else {})}
    write_text(arguments.out, json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    write_text(arguments.out.with_suffix(".md"), table(result))


class Looks:
    """Reads pictures in one way or another; the first look at the newest picture is remembered for the second."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._newest: tuple[Picture, list[Line]] | None = None

    def first(self, enhance: str, picture: Picture) -> list[Paragraph]:
        return _grouped(readable(self._look(picture, enhance)), picture)

    def second(self, picture: Picture, sure: float = SURE) -> list[Paragraph]:
        """As the app reads; with `sure` = 0 without a second look at all."""
        lines = self._look(picture, "brightened")
        if sure:
            lines = SecondLook(self._reader, sure=sure).look(lines, picture)
        return _grouped(readable(lines), picture)

    def _look(self, picture: Picture, enhance: str) -> list[Line]:
        if enhance != "brightened":
            return self._reader.look(ENHANCEMENTS[enhance](picture))
        if self._newest is None or self._newest[0] is not picture:
            self._newest = picture, self._reader.look(brightened(picture))
        return self._newest[1]


def _grouped(lines: list[Line], picture: Picture) -> list[Paragraph]:
    return paragraphs_of(lines, [colours_of(picture, line.box) for line in lines])


def read(reader: Reader, picture: Picture, enhance: Callable[[Picture], Picture] = brightened) -> list[Paragraph]:
    """At the first look."""
    return _grouped(reader.read(enhance(picture)), picture)


def score(
    kind: str, signs: Sequence[int], languages: Sequence[str], ways: Ways, kept: Kept, used: str
) -> dict[str, dict[str, Any]]:
    """Errors over all signs of a kind, by the way in which they are read."""
    rows: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
    for sign, language in product(signs, languages):
        picture: Rendered | None = None
        for way, reading in ways.items():
            key = f"{code()}, {used}, {way}, {kind}, {sign}-{language}"
            if key not in kept:
                picture = picture or render(sign, language, kind)
                kept[key] = _judged([one.text for one in reading(picture.picture)], picture.paragraphs)
            rows[way].append({**kept[key], "sign": f"{sign}-{language}"})
    return {way: _summed(judged) for way, judged in rows.items()}


@cache
def code() -> str:
    """Digest of what draws the signs and of what reads them: what was read by other code does not count."""
    files = [
        *sorted((ROOT / "apps/tightrope_translate/image").glob("*.py")),
        *sorted((ROOT / "tools").glob("*sign*.py")),
    ]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _judged(found: list[str], truth: Sequence[str]) -> dict[str, Any]:
    whole = " ".join(truth)
    exact = sum(one in found for one in truth)
    counts = {
        "errors": distance(" ".join(found), whole),
        "length": len(whole),
        "exact": exact,
        "paragraphs": len(truth),
    }
    return {**counts, "found": " | ".join(found), "truth": " | ".join(truth)}


def _summed(judged: Sequence[dict[str, Any]]) -> dict[str, Any]:
    errors, length, exact, paragraphs = (
        sum(one[name] for one in judged) for name in ("errors", "length", "exact", "paragraphs")
    )
    worst = sorted((one for one in judged if one["errors"]), key=lambda one: -one["errors"])[:5]
    told = [[one["errors"], one["sign"], one["found"], one["truth"]] for one in worst]
    n = {"pictures": len(judged), "characters": length, "paragraphs": paragraphs}
    return {"cer": errors / length, "exact": exact / paragraphs, **n, "worst": told}


def table(result: Mapping[str, Any]) -> str:
    """The results as Markdown."""
    lines = ["# Character error rate on rendered signs", ""]
    for title, part in (("Signs that fit the threshold", result.get("fit")), ("Signs that judge", result)):
        if part is None or "kinds" not in part:
            continue
        first, stop = part["signs"]
        lines += [f"## {title}", ""]
        lines += [
            f"Signs {first} to {stop - 1}, {' and '.join(part['languages'])}; {part['environment']['date'][:10]}.",
            "",
        ]
        lines += [
            "| kind | way | characters wrong | paragraphs exact | pictures | characters |",
            "|---|---|---|---|---|---|",
        ]
        for kind, ways in part["kinds"].items():
            for way, row in ways.items():
                cells = f"{row['cer']:.2%} | {row['exact']:.1%} | {row['pictures']} | {row['characters']}"
                lines.append(f"| {kind} | {way} | {cells} |")
        lines.append("")
    return "\n".join(lines)


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
