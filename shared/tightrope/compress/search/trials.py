"""What a search tried, a line of JSON a trial, appended when it has ended: a kill loses the running one only.

>>> trials = read_trials(Path("out/trials.jsonl"))        # doctest: +SKIP
>>> [trial.why for trial in trials if trial.state == "dropped"]        # doctest: +SKIP
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from tightrope.errors import ConfigError

State = Literal["measured", "dropped", "repeated", "failed"]


@dataclass(frozen=True)
class Trial:
    """One recipe and what became of it.

    Attributes:
        number: from 0.
        settings: what the sampler chose, by the open value's name.
        recipe: as in an artifact's lineage.
        state: measured; dropped before it was (`why` says for what); repeated: the recipe of an earlier trial; failed.
        shares: share of each gate metric kept on the calibration split.
        work: multiply-accumulates, int8 ones counted as about a third.
        predicted_ms, p50_ms, p90_ms, ratio: of the graphs, each run once; `ratio` over the reference's in the same run.
    """

    number: int
    settings: Mapping[str, Any]
    recipe: Mapping[str, Any]
    state: State
    why: str = ""
    shares: Mapping[str, float] = field(default_factory=dict)
    work: float | None = None
    predicted_ms: float | None = None
    p50_ms: float | None = None
    p90_ms: float | None = None
    ratio: float | None = None
    bytes: int | None = None
    seconds: float = 0.0
    date: str = ""

    @property
    def share(self) -> float:
        """The smallest share; 0 where nothing was scored."""
        return min(self.shares.values(), default=0.0)


def read_trials(file: Path) -> list[Trial]:
    """The trials that have ended, in their order; what a kill left of a last line is not one of them.

    Raises:
        ConfigError: a line is no trial.
    """
    if not file.exists():
        return []
    whole, _, _ = file.read_text(encoding="utf-8").rpartition("\n")
    trials = []
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            trials.append(Trial(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{file}, line {number} is not a trial of a search: {error}") from error
    return trials


def append_trial(file: Path, trial: Trial) -> None:
    """Add a line, and see to it that it is on the disk; half a line that a kill left is taken away first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as stream:
        stream.seek(0)
        stream.truncate(stream.read().rfind(b"\n") + 1)
        stream.write((json.dumps(asdict(trial), ensure_ascii=False) + "\n").encode())
        stream.flush()
        os.fsync(stream.fileno())
