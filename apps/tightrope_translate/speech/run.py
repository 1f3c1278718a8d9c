"""What `tightrope translate speech` does with its options."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from tightrope.errors import BadInputError, TightropeError
from tightrope.interrupt import Interrupt, Stop
from tightrope_translate.engine import Engine
from tightrope_translate.speech.microphone import listen, utterances
from tightrope_translate.speech.recognizer import open_recognizer
from tightrope_translate.speech.say import say, voice
from tightrope_translate.speech.sound import read_sound
from tightrope_translate.speech.spoken import SpeechTranslator, Utterance
from tightrope_translate.speech.voice import open_voice


@dataclass(frozen=True)
class SpeechOptions:
    """What the command line said."""

    recordings: tuple[Path, ...]
    microphone: bool
    source: str
    target: str
    model: Path | None
    aloud: bool
    threads: int
    as_json: bool


def speech_command(options: SpeechOptions) -> None:
    """Translate recordings or the microphone. Raises BadInputError at the end if a recording could not be used."""
    if options.microphone == bool(options.recordings):
        raise BadInputError("name recordings, or the microphone: tightrope translate speech a.wav, or --microphone")
    if options.aloud:
        voice()  # what is missing is told before anything is listened to
    recognizer = open_recognizer(options.source, options.model, options.threads)
    speech = SpeechTranslator(open_voice(), recognizer, Engine.open(threads=options.threads))
    unusable = []
    with Interrupt() as stop:
        if options.microphone:
            _tell(options, "microphone", _live(options, speech, stop), stop)
        for path in options.recordings:
            try:
                _tell(options, str(path), speech.translate(read_sound(path), options.source, options.target), stop)
            except TightropeError as error:
                unusable.append(str(error))
        if stop.is_set():
            raise typer.Exit(130)
    if unusable:
        several = f"{len(unusable)} of {len(options.recordings)} could not be used: " if len(unusable) > 1 else ""
        raise BadInputError(several + "; ".join(unusable))


def _live(options: SpeechOptions, speech: SpeechTranslator, stop: Stop) -> Iterator[Utterance]:
    typer.echo("listening; Ctrl-C ends", err=True)
    for span, samples in utterances(listen(stop), speech.voice):
        one = speech.utterance(samples, span, options.source, options.target)
        if one is not None:
            yield one


def _tell(options: SpeechOptions, name: str, found: Iterator[Utterance], stop: Stop) -> None:
    heard = False
    for one in found:
        heard = True
        if options.as_json:
            typer.echo(json.dumps({"recording": name, **one.to_dict()}, ensure_ascii=False))
        else:
            typer.echo(f"{name} {one.start:.1f}-{one.end:.1f} s{'' if one.sure else '   (not sure)'}")
            typer.echo(f"  {one.text}\n    {one.translation}")
        if options.aloud:
            say(one.translation, options.target)
        if stop.is_set():
            return
    if not heard and not options.as_json:
        typer.echo(f"{name}: no speech")
