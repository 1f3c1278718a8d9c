"""What `tightrope road val` does with its options: score, then print."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from tightrope.errors import BadInputError
from tightrope.interrupt import Interrupt
from tightrope_road.annotations import LabelledSet, read_labels
from tightrope_road.detector import Detector
from tightrope_road.labels import ROAD
from tightrope_road.progress import progress
from tightrope_road.val import MAX_DETECTIONS, SCORE, Precision, Validation, validate


def val_command(data: Path, split: str | None, model: str, threads: int, as_json: bool) -> None:
    """Score and print. Raises BadInputError at the end if a picture of the set could not be read."""
    labelled = read_labels(data, split)
    detector = Detector.load(model, threads, SCORE, "all", MAX_DETECTIONS)
    with Interrupt() as stop, progress(len(labelled.pictures)) as step:
        validation = validate(detector, labelled.pictures, stop, step)
        if stop.is_set():
            raise typer.Exit(130)
    if validation.found:
        precision = validation.precision()
        typer.echo(_json(labelled, validation, precision) if as_json else _text(labelled, validation, precision))
    if validation.unusable:
        missing = f"{len(validation.unusable)} of {len(labelled.pictures)} pictures could not be read"
        raise BadInputError(f"{missing}: {'; '.join(validation.unusable)}")


def _json(labelled: LabelledSet, validation: Validation, precision: Precision) -> str:
    return json.dumps(
        {
            "format": labelled.format,
            "pictures": len(validation.found),
            **precision.to_dict(),
            "latency_ms": validation.latency().to_dict(),
            "left_out": dict(labelled.left_out),
            "unusable": validation.unusable,
        },
        indent=1,
    )


def _text(labelled: LabelledSet, validation: Validation, precision: Precision) -> str:
    road = [score for index, score in precision.classes.items() if index in ROAD]
    lines = [f"{len(validation.found)} pictures with {labelled.format} labels", ""]
    lines.append(f"{'':18}{'mAP50-95':>9}{'mAP50':>9}{'objects':>9}")
    for title, scores, mean in (
        (f"all {len(precision.classes)} classes", precision.classes.values(), precision.mean()),
        (f"{len(road)} road classes", road, precision.mean(ROAD)),
    ):
        if mean is not None:
            lines.append(f"{title:18}{mean[0]:9.3f}{mean[1]:9.3f}{sum(score.objects for score in scores):9}")
    lines += [f"  {score.name:16}{score.ap:9.3f}{score.ap50:9.3f}{score.objects:9}" for score in road]
    latency = validation.latency()
    points = ", ".join(f"p{p.percentile:g} {p.value:.1f}" for p in (latency.p50, latency.p90, latency.p99))
    lines += ["", f"whole pipeline, ms: {points}"]
    if labelled.left_out:
        names = ", ".join(f"{name} ({count})" for name, count in labelled.left_out.items())
        lines.append(f"left out, because the model does not know them: {names}")
    return "\n".join(lines)
