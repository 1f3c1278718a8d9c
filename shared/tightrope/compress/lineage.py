"""How trained weights came about, as a JSON-able dict that names no place on the machine that trained them.

settings = lineage.settings(config, places=("data", "out"))
{
    "command": lineage.command("my_app.train --data DATA --out OUT", settings),
    "settings": settings,
    "finished": lineage.now(),
    "weights_sha256": lineage.digest(weights),
    "versions": lineage.versions(opencv=cv2.__version__),
}
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def settings(config: DataclassInstance, places: Collection[str]) -> dict[str, Any]:
    """The fields of a training's configuration but those, `places`, that name a file or folder of this machine."""
    return {name: value for name, value in asdict(config).items() if name not in places}


def command(module: str, chosen: Mapping[str, Any]) -> str:
    """The command that trains again: a module with the options for its `places`, and every setting as an option.

    >>> command("my_app.train --out OUT", {"seed": 0, "batch_size": 16})
    'python -m my_app.train --out OUT --seed 0 --batch-size 16'
    """
    return " ".join([f"python -m {module}", *(f"--{name.replace('_', '-')} {value}" for name, value in chosen.items())])


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of each of these files of a folder, by the name given."""
    return {name: digest(folder / name) for name in names}


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def versions(**others: str) -> dict[str, str]:
    """Those of Python, torch and numpy, and of what else the training rests on."""
    import torch

    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__, **others}


def now() -> str:
    """UTC, to the second, ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
