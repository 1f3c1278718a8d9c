"""The whole evaluation of an artifact on radiographs that it never saw, as `tightrope triage val` does it.

    python benchmarks/triage_file/validation.py --data DIR [ARTIFACT]

Intervals by site and view, calibration, decision curves, gain over metadata; and what the gate lets through that is no
upright frontal chest radiograph, of kinds that it never saw.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tightrope.measure.environment import Watch
from tightrope.models import open_artifact
from tightrope.writing import write_text
from tightrope_triage.commands import DEFAULT_MODEL
from tightrope_triage.val import evaluate
from tightrope_triage.val_page import counted, write_page

RESULTS = Path(__file__).parents[1] / "results"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("artifact", nargs="?", default=DEFAULT_MODEL, help="shipped name or folder")
    parser.add_argument(
        "--data", type=Path, required=True, help="the folder that holds cxr-nih, cxr-kermany and mednist"
    )
    parser.add_argument("--page", type=Path, help="write the page there, too")
    arguments = parser.parse_args()
    with Watch() as watch:
        report = evaluate(open_artifact("triage", arguments.artifact), arguments.data)
    result = {**report, "environment": watch.record.to_dict()}
    write_text(RESULTS / "triage-val.json", json.dumps(result, indent=1) + "\n")
    if arguments.page:
        write_text(arguments.page, write_page(report))
    show(report)
    return 0


def show(report: dict[str, Any]) -> None:
    for name, kinds in report["gate"].items():
        for kind, by in kinds.items() if isinstance(kinds, dict) else ():
            print(f"{name:<20} {kind:<30} gate {counted(by['gate']):<30} with checks {counted(by['with_checks'])}")


if __name__ == "__main__":
    raise SystemExit(main())
