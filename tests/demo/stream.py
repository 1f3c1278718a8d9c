"""A camera watched for a while through a real browser:

    python -m tests.demo.stream --seconds 300

prints what the page's own budget bar says of it, how many frames were sent and looked at, and how many were still
looked at after the camera had stopped: a queue that grows would go on for long. Exit 3 if the server's work at p90 was
over the budget in any of its ten parts, or if a queue grew.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .conftest import ROAD, launch, start

_PARTS = 10


@dataclass(frozen=True)
class Watched:
    """One camera session.

    Attributes:
        sent: frames that the browser sent.
        runs: frames that the detector looked at.
        after_stop: of these, how many after the camera had been stopped.
        p90_ms: of the pipeline, which the budget is about.
        work_p90_ms: of all that the server does for a frame: decoding, waiting, pipeline, drawing, encoding.
        missed: runs over the limit.
        limit_ms: the budget's.
        along: of each tenth of the time, the frames looked at and `work_p90_ms` at its end; None: of too few frames.
    """

    seconds: float
    sent: int
    runs: int
    after_stop: int
    p90_ms: float
    work_p90_ms: float
    missed: int
    limit_ms: float
    along: tuple[tuple[int, float | None], ...]

    @property
    def fits(self) -> bool:
        """Whether the server's work was inside the budget all along, and nothing was queued."""
        return self.after_stop <= 2 and all(p90 is None or p90 <= self.limit_ms for _, p90 in self.along)


def watch(page: Any, seconds: float) -> Watched:
    """Run the camera of the road tab of `page` for so long."""
    sent: list[str] = []
    page.on("request", lambda request: "/stream/" in request.url and sent.append(request.url))
    page.get_by_role("tab", name="Camera").click()
    page.locator("#road-camera").get_by_text("Click to Access Webcam").click()
    page.locator("#road-camera button", has_text="Record").click()
    before = counted = _said(page, r"of (\d+) run")
    along = []
    for _ in range(_PARTS):
        page.wait_for_timeout(seconds * 1000 / _PARTS)
        runs = _said(page, r"of (\d+) run")
        along.append((int(runs - counted), _work_p90(page)))
        counted = runs
    page.locator("#road-camera button", has_text="Stop").click()
    at_stop = _said(page, r"of (\d+) run")
    page.wait_for_timeout(3000)
    runs = _said(page, r"of (\d+) run")
    return Watched(
        seconds=seconds,
        sent=len(sent),
        runs=int(runs - before),
        after_stop=int(runs - at_stop),
        p90_ms=_said(page, r"p90 ([\d.]+) ms"),
        work_p90_ms=_work_p90(page) or 0.0,
        missed=int(_said(page, r"over the limit (\d+) of")),
        limit_ms=_said(page, r"ms of ([\d.]+) ms"),
        along=tuple(along),
    )


def _work_p90(page: Any) -> float | None:
    """None: the bar does not show it of so few frames."""
    shown = "decoding and drawing" in page.locator("#road-budget").inner_text()
    return _said(page, r"decoding and drawing ([\d.]+) ms") if shown else None


def _said(page: Any, pattern: str) -> float:
    """A number of the budget bar."""
    text = " ".join(page.locator("#road-budget").inner_text().split())
    found = re.search(pattern, text)
    assert found, text
    return float(found[1])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo.stream", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    seconds = parser.parse_args().seconds
    server = start("road")
    try:
        with tempfile.TemporaryDirectory() as folder:
            camera = Path(folder) / "drive.mjpeg"
            camera.write_bytes(b"".join(picture.read_bytes() for picture in sorted(ROAD.glob("*.jpg"))))
            with launch(camera) as browser:
                page = browser.new_page()
                page.goto(server.url)
                page.locator("#road-result img").wait_for(timeout=60_000)
                watched = watch(page, seconds)
    finally:
        server.end()
    print(json.dumps(asdict(watched)))
    sys.exit(0 if watched.fits else 3)


if __name__ == "__main__":
    main()
