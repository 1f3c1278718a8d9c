"""Bring what is written from evidence up to date: the card of every shipped artifact, and the README's table.

python tools/evidence_texts.py            # writes them
python tools/evidence_texts.py --check    # changes nothing; exit 1 if one is out of date
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tightrope.app import find_apps
from tightrope.artifact import CARD, Artifact
from tightrope.cli.main import guarded
from tightrope.models import artifact_names, open_artifact
from tightrope.report.card import write_card
from tightrope.report.readme import measured_table, update_readme
from tightrope.writing import write_text

README = Path(__file__).parents[1] / "README.md"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a text is out of date")
    check = parser.parse_args().check
    stale: list[Path] = []
    if code := guarded(lambda: stale.extend(_bring_up_to_date(check))):
        return code
    for file in stale:
        print(f"{'out of date' if check else 'written'}: {file}")
    return 1 if check and stale else 0


def _bring_up_to_date(check: bool) -> Iterator[Path]:
    """The files whose text is not what the evidence says; they are written unless `check`."""
    artifacts = [open_artifact(app, name) for app in find_apps() for name in artifact_names(app)]
    for file, text in _texts(artifacts):
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            if not check:
                write_text(file, text)
            yield file


def _texts(artifacts: Sequence[Artifact]) -> Iterator[tuple[Path, str]]:
    for artifact in artifacts:
        yield artifact.path / CARD, write_card(artifact.manifest)
    yield README, update_readme(README.read_text(encoding="utf-8"), measured_table(artifacts))


if __name__ == "__main__":
    sys.exit(main())
