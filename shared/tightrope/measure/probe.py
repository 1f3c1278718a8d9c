"""A process that only runs an artifact, for what can be seen from no other process: memory and cold start.

    python -m tightrope.measure.probe APP ARTIFACT_PATH --runs 5 --threads 1

APP is the name of an installed app, or '-' for the bare graph. Two JSON lines come out: after the first result
{"cpu_s": seconds of CPU, imports included}, and at the end {"peak_rss_bytes": bytes}.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from tightrope.app import find_app
from tightrope.artifact import Artifact
from tightrope.errors import TightropeError
from tightrope.measure.workload import open_workload

NO_APP = "-"


def peak_rss_bytes() -> int:
    """The largest resident set that this process ever had, bytes.

    On Linux VmHWM, which starts with the program; ru_maxrss there is inherited from the parent across exec, so that a
    large parent would be measured in place of a small child.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tightrope.measure.probe")
    parser.add_argument("app")
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    try:
        app = None if arguments.app == NO_APP else find_app(arguments.app)
        workload = open_workload(app, Artifact.load(arguments.artifact), arguments.threads)
    except TightropeError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for index, item in enumerate(islice(cycle(workload.samples), max(1, arguments.runs))):
        workload.pipeline(item)
        if index == 0:
            used = os.times()
            _say({"cpu_s": used.user + used.system})
    _say({"peak_rss_bytes": peak_rss_bytes()})
    return 0


def _say(record: dict[str, Any]) -> None:
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    sys.exit(main())
