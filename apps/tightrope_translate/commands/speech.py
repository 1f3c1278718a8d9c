"""`tightrope translate speech`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tightrope_translate.commands.group import app


@app.command()
def speech(
    recordings: Annotated[
        list[Path] | None, typer.Argument(metavar="RECORDING...", help="WAV files.", show_default=False)
    ] = None,
    microphone: Annotated[bool, typer.Option("--microphone", help="Listen instead, until Ctrl-C.")] = False,
    source: Annotated[str, typer.Option("--from", "--from-lang", "-f", help="What is spoken.")] = "en",
    target: Annotated[str, typer.Option("--to", "--to-lang", "-t", help="What it is put into.")] = "de",
    model: Annotated[Path | None, typer.Option(help="Folder with a Whisper model for sherpa-onnx.")] = None,
    aloud: Annotated[
        bool, typer.Option("--say", help="Speak the translation, by espeak-ng (a program of its own).")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help="Cores for the models.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines instead of text.")] = False,
) -> None:
    """Put speech into words and translate it, offline.

    \b
      tightrope translate speech question.wav --to de
      tightrope translate speech --microphone --say

    The built-in recognizer (pocketsphinx) knows American English only, and mishears many words of free speech: what it
    is not certain of is marked 'not sure'. A Whisper model by --model hears better, and other languages.

    Needs pip install 'tightrope[speech]'. Exit codes: 0 done; 2 something could not be used; 130 ended by Ctrl-C.
    """
    from tightrope_translate.speech.run import SpeechOptions, speech_command

    speech_command(SpeechOptions(tuple(recordings or ()), microphone, source, target, model, aloud, threads, as_json))
