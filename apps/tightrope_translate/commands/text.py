"""`tightrope translate text`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tightrope_translate.commands.group import app


@app.command()
def text(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT_OR_FILE...", help="Words, or documents to translate.", show_default=False),
    ] = None,
    source: Annotated[str, typer.Option("--from", "--from-lang", "-f", help="en, de, or auto.")] = "auto",
    target: Annotated[
        str, typer.Option("--to", "--to-lang", "-t", help="en, de, or auto: the other language.")
    ] = "auto",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File, or folder for several documents.")] = None,
    drafts: Annotated[bool, typer.Option("--drafts", help="Show what the network wrote also where not sure.")] = False,
    models: Annotated[
        Path | None, typer.Option("--models", help="Folder of models. [default: the shipped ones]")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Cores for the network.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, an object a line.")] = False,
) -> None:
    """Translate words, standard input line by line, or documents.

    \b
      tightrope translate text "Where is the station?"
      tightrope translate text --to en "Das Zimmer ist zu laut."
      tail -f chat.log | tightrope translate text --from en --to de
      tightrope translate text menu.html letter.md film.srt --to en --out english/

    An argument that ends in .txt, .md, .html or .srt is a document: its mark-up is kept. Each line of standard input is
    answered as soon as it is read. Nothing leaves this machine.

    Where a translation cannot be trusted, the words that are known stand in its place: [not sure: where · is · ...].
    What is in the target language already, and what has no words, comes back as it is.

    Exit codes: 0 done; 2 something could not be used (the rest is done, and it is listed at the end); 130 ended by
    Ctrl-C.
    """
    from tightrope_translate.text_command import TextOptions, text_command

    text_command(TextOptions(tuple(what or ()), source, target, out, drafts, models, threads, as_json))
