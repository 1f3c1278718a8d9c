"""`tightrope translate image`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tightrope_translate.commands.group import app


@app.command()
def image(
    pictures: Annotated[
        list[Path] | None, typer.Argument(metavar="PICTURE...", help="Pictures or folders.", show_default=False)
    ] = None,
    camera: Annotated[int | None, typer.Option(min=0, help="Number of a camera, instead of pictures.")] = None,
    source: Annotated[str, typer.Option("--from", "--from-lang", "-f", help="en, de or auto.")] = "auto",
    target: Annotated[str, typer.Option("--to", "--to-lang", "-t", help="en or de.")] = "de",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for overlays and translations.jsonl.")] = None,
    reader: Annotated[Path | None, typer.Option(help="Artifact that reads instead of the wheel's networks.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Cores for the models.")] = 1,
    frames: Annotated[int | None, typer.Option(min=1, help="With --camera: end after so many.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines instead of text.")] = False,
) -> None:
    """Read signs in pictures and draw their translation over them, in their own colours.

    \b
      tightrope translate image sign.jpg --to de --out translated
      tightrope translate image holiday/ --to en --out translated --json
      tightrope translate image --camera 0 --to en

    Printed pages and signs are read upright, turned and askew. What was read or translated without certainty is marked
    '(?)' in the picture and 'not sure' in the text. Into --out go PICTURE.jpg and translations.jsonl: every paragraph
    with its lines, corners in pixels (of the picture as it was worked on: 2048 pixels at most), and confidence.

    Needs pip install 'tightrope[camera]'. Exit codes: 0 done; 2 something could not be used; 130 ended by Ctrl-C.
    """
    from tightrope_translate.image.run import ImageOptions, image_command

    options = ImageOptions(tuple(pictures or ()), camera, source, target, out, reader, threads, frames, as_json)
    image_command(options)
