"""What it does to the answer that JPEG 2000 is decoded at reduced resolution: each radiograph judged both ways.

    python benchmarks/triage_file/reduced.py --data DIR [ARTIFACT] [--count 60]

Each of the held-out adults' radiographs, as lossless JPEG 2000, is decoded whole, and no further than to twice what
the network looks at; then both are judged.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from objects import NOTE, dx, held_out, writer
from pydicom.uid import JPEG2000Lossless

from tightrope.artifact import Artifact
from tightrope.models import open_artifact
from tightrope.writing import write_text
from tightrope_triage.commands import DEFAULT_MODEL
from tightrope_triage.dicom import read_radiograph
from tightrope_triage.evaluation import wilson
from tightrope_triage.judging import Judge, Judgement, Source
from tightrope_triage.points import OperatingPoints
from tightrope_triage.preprocess import ENOUGH_PIXELS

RESULTS = Path(__file__).parents[1] / "results" / "triage-reduced.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("artifact", nargs="?", default=DEFAULT_MODEL, help="shipped name or folder")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds cxr-nih")
    parser.add_argument("--count", type=int, default=60)
    arguments = parser.parse_args()
    result = compare(open_artifact("triage", arguments.artifact), arguments.data, arguments.count)
    write_text(RESULTS, json.dumps(result, indent=1) + "\n")
    print(json.dumps({name: value for name, value in result.items() if name != "cases"}, indent=1))
    return 0


def compare(artifact: Artifact, data: Path, count: int) -> dict[str, Any]:
    """Both judgements of each radiograph, and how far apart they are."""
    judge = Judge(artifact)
    whole, reduced = [], []
    for case in held_out(data, count):
        dataset = writer().encode(dx(case), JPEG2000Lossless)
        whole.append(judge(Source(read_radiograph(dataset))).result)
        reduced.append(judge(Source(dataset)).result)
    change = np.abs([a.probability - b.probability for a, b in zip(whole, reduced, strict=True)])
    points = {name: OperatingPoints.of(artifact.manifest, name) for name in artifact.manifest.operating_points}
    return {
        "what": "probability of the whole picture against that of its low-pass band, JPEG 2000 lossless",
        "artifact": artifact.manifest.name,
        "graph_sha256": artifact.manifest.graphs["model"].sha256,
        "radiographs": len(whole),
        "made_from": NOTE,
        "pixels_at_least": ENOUGH_PIXELS,
        "mean_change": float(change.mean()),
        "p90_change": float(np.quantile(change, 0.9)),
        "max_change": float(change.max()),
        "flipped": {name: _flipped(whole, reduced, point) for name, point in points.items()},
        "refused_by_one_only": sum(a.problems != b.problems for a, b in zip(whole, reduced, strict=True)),
        "cases": [[round(a.probability, 5), round(b.probability, 5)] for a, b in zip(whole, reduced, strict=True)],
    }


def _flipped(whole: list[Judgement], reduced: list[Judgement], points: OperatingPoints) -> dict[str, Any]:
    """Share of the radiographs that fall on the other side of the threshold, with Wilson's interval."""

    def called(one: Judgement) -> bool:
        return one.probability >= points.at(one.header.age_years).probability

    share = wilson(sum(called(a) != called(b) for a, b in zip(whole, reduced, strict=True)), len(whole))
    return {"share": share.value, "low": share.low, "high": share.high}


if __name__ == "__main__":
    raise SystemExit(main())
