"""Errors that speak to the person: what was wrong, where, and what to do next, in one line.

The command line prints `str(error)` and exits with `exit_code`; no traceback.
"""

from __future__ import annotations

import difflib
import shlex
import shutil
import sys
from pathlib import Path


class TightropeError(Exception):
    """Base of every error that a user can cause or mend."""

    exit_code = 2


class BadInputError(TightropeError):
    """A file, stream or value that the user gave cannot be used."""


class ConfigError(TightropeError):
    """A budget, recipe or profile is malformed."""


class ArtifactError(TightropeError):
    """An artifact is missing, tampered with, truncated, or of a newer format."""


class MissingExtraError(TightropeError):
    """An optional dependency is needed; the message names the pip extra."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs more packages: {pip()} install 'tightrope[{extra}]'")


class OutputError(TightropeError):
    """A result cannot be written: no permission, disk full, or the target exists."""


class BudgetNotMetError(TightropeError):
    """No candidate passes the accuracy gate or fits the budget; the message names the closest."""

    exit_code = 3


def pip() -> str:
    """How to call this Python's pip: by its name if the shell finds that one, else by Python's path from here."""
    own, found = Path(sys.executable), shutil.which("pip")
    if found and Path(found).parent == own.parent:
        return "pip"
    here = Path.cwd()
    return f"{shlex.quote(str(own.relative_to(here) if own.is_relative_to(here) else own))} -m pip"


def nearest(word: str, known: list[str]) -> str:
    """A hint: ' (did you mean "…"?)' where a known word is close, else the list of what there is."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f' (did you mean "{close[0]}"?)' if close else f" (known: {', '.join(sorted(known))})"
