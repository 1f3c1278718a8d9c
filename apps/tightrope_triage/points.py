"""The thresholds that travel with an artifact: one for adults, one for children, at each wanted sensitivity.

>>> points = OperatingPoints.of(artifact.manifest, "sensitivity-95")              # doctest: +SKIP
>>> points.at(age_years=7).name                                                   # doctest: +SKIP
'sensitivity-95 child'
"""

from __future__ import annotations

from dataclasses import dataclass

from tightrope.artifact import Manifest
from tightrope.errors import ArtifactError, ConfigError, nearest
from tightrope_triage.reading import OperatingPoint

ADULT_YEARS = 18


@dataclass(frozen=True)
class OperatingPoints:
    """An operating point for either group of patients."""

    adult: OperatingPoint
    child: OperatingPoint

    @classmethod
    def of(cls, manifest: Manifest, name: str) -> OperatingPoints:
        """The artifact's points of that name.

        Raises:
            ConfigError: it has none of that name.
            ArtifactError: what it has is malformed.
        """
        if name not in manifest.operating_points:
            raise ConfigError(f"no operating point {name!r}{nearest(name, list(manifest.operating_points))}")
        try:
            of_group = {
                group: OperatingPoint(
                    f"{name} {group}",
                    float(found["probability"]),
                    tuple(found["sensitivity"]),
                    tuple(found["specificity"]),
                )
                for group, found in manifest.operating_points[name].items()
            }
            return cls(**of_group)
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(
                f"{manifest.name} has a malformed operating point ({error}): install it again"
            ) from error

    def at(self, age_years: float | None) -> OperatingPoint:
        """That of the patient's age; without an age the one that calls more cases urgent."""
        if age_years is None:
            return min(self.adult, self.child, key=lambda point: point.probability)
        return self.adult if age_years >= ADULT_YEARS else self.child
