"""What `tightrope triage val` does with its options: evaluate, write the page, print a summary or JSON."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import typer

from tightrope.errors import BadInputError, MissingExtraError
from tightrope.models import open_artifact
from tightrope.writing import write_text
from tightrope_triage.val import evaluate
from tightrope_triage.val_page import counted, estimate, percent, title_of, write_page

PAGE = Path("triage-val.html")


def val_command(data: Path, model: str, out: Path | None, as_json: bool) -> None:
    """Evaluate an artifact on DATA.

    Args:
        data: see `labelled.read_labelled`.
        model: name of a shipped artifact, or its folder.
        out: the HTML page; None: triage-val.html, or no page with `as_json`.
        as_json: print the whole report as JSON instead of a summary.

    Raises:
        BadInputError: at the end, after all is written, if some rows could not be read.
        MissingExtraError: matplotlib is not installed, and a page is wanted.
    """
    page = out or (None if as_json else PAGE)
    if page and importlib.util.find_spec("matplotlib") is None:
        raise MissingExtraError("matplotlib (the page's plots)", "compress")
    report = evaluate(open_artifact("triage", model), data, _say)
    if page:
        write_text(page, write_page(report))
    typer.echo(json.dumps(report, indent=1, ensure_ascii=False) if as_json else _text(report, page))
    if lines := report["unreadable"]:
        raise BadInputError(f"{len(lines)} radiographs could not be judged: {'; '.join(lines)}")


def _say(stage: str) -> None:
    """What comes next, where a person waits for it."""
    if sys.stderr.isatty():
        typer.echo(f"{stage} ...", err=True)


def _text(report: dict[str, Any], page: Path | None) -> str:
    lines = [report["notice"]]
    for name, site in report["sites"].items():
        group = site["groups"][0]
        lines += ["", f"{title_of(name)}: {group['cases']} radiographs, {group['positive']} suspicious"]
        if "auc" in group:
            lines.append(f"  AUC {estimate(group['auc'])}, ECE {group['expected_calibration_error']:.3f}")
        for point, found in group["points"].items():
            sensitivity, specificity = percent(found["sensitivity"]), percent(found["specificity"])
            lines.append(f"  at {point}: sensitivity {sensitivity}, specificity {specificity}")
        lines.append(f"  refused: {counted(site['refused']['all'])}")
    return "\n".join([*lines, "", f"wrote {page}"])
