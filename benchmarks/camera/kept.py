"""What has been measured so far, so that a run that is stopped goes on where it was.

kept = Kept(Path("results.kept.jsonl"))
kept["small, 8-en"] = {"errors": 2}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Kept:
    """Records by name, each written to a file of JSON lines as soon as it is there; a torn last line is dropped."""

    def __init__(self, path: Path, afresh: bool = False) -> None:
        self._path = path
        if afresh:
            path.unlink(missing_ok=True)
        self._records: dict[str, Any] = {}
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for line in text.splitlines(keepends=True):
            if line.endswith("\n"):
                name, record = json.loads(line)
                self._records[name] = record
        if text and not text.endswith("\n"):
            path.write_text("".join(text.splitlines(keepends=True)[:-1]), encoding="utf-8")

    def __contains__(self, name: object) -> bool:
        return name in self._records

    def __getitem__(self, name: str) -> Any:
        return self._records[name]

    def __setitem__(self, name: str, record: Any) -> None:
        self._records[name] = record
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([name, record], ensure_ascii=False) + "\n")
