"""Text aloud, by `espeak-ng` where it is installed: a program of its own, not required, not part of this."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tightrope.errors import BadInputError, OutputError
from tightrope.writing import atomic_path

PROGRAM = "espeak-ng"
_TIMEOUT_S = 120


def voice() -> str:
    """The program that speaks. Raises BadInputError where it is not installed."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise BadInputError(f"--say needs the program {PROGRAM}, which is not installed here")
    return program


def say(text: str, language: str, file: Path | None = None) -> None:
    """Speak to the loudspeaker, or into a WAV file. Raises BadInputError without the program, OutputError."""
    program = voice()
    if file is None:
        _run([program, "-v", language, "--stdin"], text)
        return
    with atomic_path(file) as temporary:
        _run([program, "-v", language, "--stdin", "-w", str(temporary)], text)


def _run(command: list[str], text: str) -> None:
    try:
        # On standard input: no text is then taken for an option.
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise OutputError(f"{PROGRAM} did not end within {_TIMEOUT_S} s") from error
    if done.returncode:
        raise OutputError(f"{PROGRAM} failed: {done.stderr.decode(errors='replace').strip() or done.returncode}")
