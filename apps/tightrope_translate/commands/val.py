"""`tightrope translate val`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tightrope_translate.commands.group import app


@app.command()
def val(
    pairs: Annotated[Path, typer.Argument(help="Lines of English <tab> German.")],
    model: Annotated[str, typer.Option("--model", "-m", help="Shipped name or folder.")] = "en-de-int8",
    sentences: Annotated[int | None, typer.Option(min=1, help="Only so many, drawn evenly.")] = None,
    show: Annotated[int, typer.Option(min=0, help="So many of the worst translations.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Judge a translator on sentences with references.

    \b
      tightrope translate val pairs.tsv --model de-en-int8

    chrF and BLEU are sacrebleu's. What the app is not sure of is counted apart: it shows words there, no sentence.
    """
    from tightrope_translate.val_command import val_command

    val_command(pairs, model, sentences, show, as_json)
