"""A dataclass of settings as the options of a program: `--matrix-rate 0.001` for a field `matrix_rate`.

config = parse(TrainConfig, "tightrope_triage.train", __doc__, sys.argv[1:])
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import MISSING, fields
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

Settings = TypeVar("Settings")


def parse(kind: type[Settings], module: str, description: str | None, arguments: Sequence[str]) -> Settings:
    """The settings that the command line gives; it ends as argparse ends where it is wrong.

    Args:
        kind: a dataclass whose fields are str, int, float or Path, or None by default. A field without a default is
            required; `metadata["help"]` is its help.
        module: what `python -m` runs.
        description: of the program.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    hints = get_type_hints(kind)
    for item in fields(kind):  # type: ignore[arg-type]
        needed = item.default is MISSING
        default = None if needed else item.default
        parser.add_argument(
            f"--{item.name.replace('_', '-')}",
            type=_plain(hints[item.name]),
            required=needed,
            default=default,
            help=f"{item.metadata.get('help', '')} (default: {default})",
        )
    return kind(**vars(parser.parse_args(arguments)))


def _plain(hint: Any) -> Any:
    """The type itself, of `type | None`."""
    return next((one for one in get_args(hint) if one is not NoneType), hint)
