"""A listener with a stand-in judge: fast, and the same verdict for the same object.

python -m triage.listen.standin FOLDER PORT [--send-to AET@HOST:PORT] [--judge NAME] ...
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from pathlib import Path

from pydicom import dcmread

from tightrope.errors import BadInputError, TightropeError
from tightrope_triage.listen import Judged, Limits, ListenOptions, Node, Retry, listen

from .objects import reading, report_of, result_of


def plain(path: Path) -> Judged:
    """By the patient's id: its last digit is a tenth of the probability."""
    dataset = dcmread(path)
    if "PixelData" not in dataset:
        raise BadInputError("the object has no pixels")
    judged = reading(dataset, int(str(dataset.PatientID)[-1]) / 10)
    return Judged(judged, results=(result_of(dataset),))


def reports(path: Path) -> Judged:
    """A picture and a structured report."""
    judged = plain(path)
    return Judged(judged.reading, results=(*judged.results, report_of(dcmread(path))))


def slow(path: Path) -> Judged:
    time.sleep(0.3)
    return plain(path)


def held(path: Path) -> Judged:
    """Waits until there is a file 'go' beside the worklist's folder."""
    while not (path.parents[2] / "go").exists():
        time.sleep(0.02)
    return plain(path)


def breaks(path: Path) -> Judged:
    """Breaks on patients whose id begins with POISON."""
    if str(dcmread(path).PatientID).startswith("POISON"):
        raise RuntimeError("no luck")
    return plain(path)


def dies(path: Path) -> Judged:
    """Takes the process with it on patients whose id begins with POISON."""
    if str(dcmread(path).PatientID).startswith("POISON"):
        os._exit(9)
    return plain(path)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--send-to", type=Node.parse)
    parser.add_argument("--judge", default="plain")
    parser.add_argument("--caller", action="append", default=[])
    parser.add_argument("--object-bytes", type=int, default=Limits.object_bytes)
    parser.add_argument("--waiting", type=int, default=Limits.waiting)
    parser.add_argument("--associations", type=int, default=Limits.associations)
    parser.add_argument("--pdu-s", type=float, default=Limits.pdu_s)
    given = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    options = ListenOptions(
        given.folder,
        port=given.port,
        callers=tuple(given.caller),
        send_to=given.send_to,
        limits=Limits(
            object_bytes=given.object_bytes,
            waiting=given.waiting,
            associations=given.associations,
            pdu_s=given.pdu_s,
        ),
        retry=Retry(first_s=0.2, longest_s=1.0, attempts=60),
    )
    try:
        listen(options, globals()[given.judge], lambda line: print(line, flush=True), stop)
    except TightropeError as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
