"""What `tightrope translate val` does with its options: evaluate, print a summary or JSON."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from tightrope.errors import MissingExtraError
from tightrope.models import open_artifact
from tightrope_translate.corpus import read_pairs


def val_command(pairs: Path, model: str, sentences: int | None, show: int, as_json: bool) -> None:
    """Evaluate an artifact on a file of pairs.

    Args:
        pairs: see `corpus.read_pairs`.
        model: name of a shipped artifact, or its folder.
        sentences: only so many, drawn evenly.
        show: how many of the worst translations to print.
        as_json: print the whole report as JSON instead of a summary.

    Raises:
        BadInputError: the file cannot be read.
        MissingExtraError: sacrebleu is not installed.
    """
    if importlib.util.find_spec("sacrebleu") is None:
        raise MissingExtraError("sacrebleu (chrF and BLEU)", "train")
    from tightrope_translate.val import evaluate

    corpus = read_pairs(pairs)
    if sentences is not None:
        corpus = corpus.every(max(1, len(corpus) // sentences))
    report = evaluate(open_artifact("translate", model), corpus)
    typer.echo(json.dumps(report, indent=1, ensure_ascii=False) if as_json else "\n".join(_lines(report, show)))


def _lines(report: Mapping[str, Any], show: int) -> Iterator[str]:
    yield f"{report['artifact']}: {report['sentences']} sentences, {report['words']} words"
    yield f"  chrF {report['chrF']:.1f}, BLEU {report['BLEU']:.1f} ({report['signatures']['chrF']})"
    for name in ("sure", "not_sure"):
        group = report[name]
        scores = f", chrF {group['chrF']:.1f}, BLEU {group['BLEU']:.1f}" if "chrF" in group else ""
        yield f"  {name.replace('_', ' ')}: {group['share']:.1%}{scores}"
    yield f"  confidence is off by {report['confidence_error']:.3f} of chrF on average"
    for name in ("facts_kept", "negations_kept", "positives_kept"):
        if report[name] is not None:
            yield f"  {name.replace('_', ' ')}: {report[name]:.1%} of the sure ones"
    yield f"  {report['words_per_cpu_second']} words a second of CPU"
    for example in report["examples"][:show]:
        mark = "" if example["sure"] else " (not sure)"
        yield f"  {example['chrF']:5.1f}{mark}  {example['source']}"
        yield f"         -> {example['written']}"
        yield f"         =  {example['reference']}"
