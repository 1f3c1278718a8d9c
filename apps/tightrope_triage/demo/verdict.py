"""A reading in words and on a scale (HTML): where it stands against its operating point, and why."""

from __future__ import annotations

from html import escape

from tightrope_triage.demo.worklist import Worklist
from tightrope_triage.reading import NOTICE, OperatingPoint, Reading, State

_KIND = {State.PRIORITY: "tr-missed", State.CANNOT_JUDGE: "tr-unsure", State.ROUTINE: "tr-soft"}


def row(reading: Reading) -> str:
    """A line of the worklist, such as 'PRIORITY 0.83, chest.dcm' (plain text)."""
    shown = "" if reading.probability is None else f" {reading.probability:.2f}"
    name = reading.header.path.name if reading.header.path else reading.header.sop_instance_uid
    return f"{reading.state.value}{shown}, {name}" + (f": {reading.reasons[0]}" if reading.reasons else "")


def verdict(reading: Reading) -> str:
    """State, reasons, the probability on a scale with the threshold, and what is known of that threshold."""
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in reading.reasons)
    parts = [f'<p class="tr-total"><strong class="{_KIND[reading.state]}">{reading.state.value}</strong></p>']
    if reasons:
        parts.append(f"<ul>{reasons}</ul>")
    if reading.probability is not None:
        parts.append(_scale(reading.probability, reading.point.probability))
    parts += [_point(reading.point), _header(reading), f"<p><b>{NOTICE}</b></p>"]
    return f'<section class="tr-verdict" aria-label="Verdict">{"".join(parts)}</section>'


def summary(worklist: Worklist) -> str:
    """How many of what, and what could not be used."""
    counts = ", ".join(
        f"{sum(reading.state is state for reading in worklist.readings)} {state.value}" for state in State
    )
    lines = [f"<p>{counts}</p>"]
    if worklist.intake.found.duplicates:
        lines.append(f"<p>{len(worklist.intake.found.duplicates)} duplicates left out</p>")
    if worklist.intake.found.skipped:
        lines.append(f"<p>{worklist.intake.found.skipped} files that are not DICOM skipped</p>")
    if worklist.failed:
        failed = "".join(f"<li>{escape(line)}</li>" for line in worklist.failed)
        lines.append(f"<p>Could not be used:</p><ul>{failed}</ul>")
    return "".join(lines)


def _scale(probability: float, threshold: float) -> str:
    return (
        f"<p>Calibrated probability of an opacity <b>{probability:.3f}</b>; read first from {threshold:.3f} on.</p>"
        f'<div class="tr-scale" aria-hidden="true"><i style="left:{probability:.2%}"></i>'
        f'<u style="left:{threshold:.2%}"></u></div>'
    )


def _point(point: OperatingPoint) -> str:
    return (
        f"<p>Operating point {escape(point.name)}: sensitivity {_rate(point.sensitivity)}, specificity "
        f"{_rate(point.specificity)}, with 95% intervals, on patients that the model never saw.</p>"
    )


def _rate(rate: tuple[float, float, float]) -> str:
    value, low, high = rate
    return f"<b>{value:.0%}</b> [{low:.0%}, {high:.0%}]"


def _header(reading: Reading) -> str:
    header = reading.header
    age = "age not given" if header.age_years is None else f"{header.age_years:.0f} years"
    known = [header.modality, header.body_part, header.view, age, f"frame {header.frame} of {header.frames}"]
    return f'<p class="tr-soft">{escape(", ".join(part for part in known if part))}</p>'
