"""What a lineage tells, and that it tells no place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tightrope.compress import lineage


@dataclass(frozen=True)
class Config:
    out: Path
    seed: int = 3
    batch_size: int = 16


def test_settings_and_command_leave_places_out(tmp_path: Path) -> None:
    settings = lineage.settings(Config(tmp_path), places=("out",))
    assert settings == {"seed": 3, "batch_size": 16}
    assert lineage.command("app.train --out OUT", settings) == "python -m app.train --out OUT --seed 3 --batch-size 16"


def test_digests_are_of_the_bytes_by_the_names_given(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.csv").write_bytes(b"rows")
    assert lineage.digests(tmp_path, ["a/b.csv"]) == {"a/b.csv": hashlib.sha256(b"rows").hexdigest()}


def test_versions_name_what_is_asked_for() -> None:
    assert list(lineage.versions(opencv="5.0")) == ["python", "torch", "numpy", "opencv"]
    assert lineage.now().endswith("+00:00")
