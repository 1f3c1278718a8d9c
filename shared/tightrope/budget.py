"""The budget: what a device allows, and how much of the reference's accuracy must be left. Data, not code.

[profiles.vehicle]
latency_ms = 50          # the limit ...
percentile = 90          # ... at this percentile of the whole pipeline
period_ms = 100          # a new input arrives this often; an answer later than this is stale
peak_rss_mb = 250
artifact_mb = 8
keep = 0.99              # share of the reference's accuracy
threads = 1
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from tightrope.config import Config, read_toml, validate
from tightrope.errors import ConfigError, nearest

Positive = Annotated[float, Field(gt=0)]


class Budget(Config):
    """Limits of one device profile. None: no limit on that axis."""

    latency_ms: Positive = Field(description="limit of the whole pipeline, ms")
    percentile: Annotated[float, Field(gt=0, lt=100)] = Field(90, description="at which the limit holds")
    period_ms: Positive | None = Field(None, description="deadline period: a new input comes this often, ms")
    peak_rss_mb: Positive | None = Field(None, description="peak resident memory of the process, MB (10^6)")
    artifact_mb: Positive | None = Field(None, description="bytes of all graphs, MB (10^6)")
    energy_mj: Positive | None = Field(None, description="energy of one inference, millijoule")
    core_watts: Positive | None = Field(None, description="power of a busy core, for energy that is modelled, W")
    keep: Annotated[float, Field(gt=0, le=1)] = Field(0.99, description="share of the reference's accuracy")
    threads: Annotated[int, Field(ge=1)] = Field(1, description="cores that the model may use")


class BudgetFile(Config):
    """One TOML file an app: a table a device profile, and which is the default."""

    app: str
    default: str
    profiles: dict[str, Budget]

    @classmethod
    def load(cls, path: Path) -> BudgetFile:
        """Read and check `path`. Raises ConfigError with the line, key and nearest known key."""
        file = validate(cls, read_toml(path), str(path))
        if file.default not in file.profiles:
            raise ConfigError(f"{path}: default profile {file.default!r}{nearest(file.default, [*file.profiles])}")
        return file

    def profile(self, name: str | None = None) -> Budget:
        """The named profile, or the default one. Raises ConfigError if there is no such profile."""
        chosen = name or self.default
        if chosen not in self.profiles:
            raise ConfigError(f"no profile {chosen!r} in the budget{nearest(chosen, [*self.profiles])}")
        return self.profiles[chosen]


@dataclass(frozen=True)
class Verdict:
    """One axis of a budget against what was measured."""

    axis: str
    measured: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def __str__(self) -> str:
        sign = (">=" if self.at_least else "<=") if self.met else ("<" if self.at_least else ">")
        return f"{self.axis} {self.measured:.4g} {sign} {self.limit:.4g} {self.unit}".rstrip()
