"""`tightrope road predict --govern` on a network camera of our own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tightrope.app import App
from tightrope.budget import Budget, BudgetFile
from tightrope.cli.main import app
from tightrope_road.workload import SAMPLE

FRAMES = 12


class _Camera(BaseHTTPRequestHandler):
    """Serves the bundled drive's first pictures as a motion JPEG stream."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for file in sorted(SAMPLE.glob("*.jpg"))[:FRAMES]:
            jpeg = file.read_bytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            try:
                self.wfile.write(head.encode() + jpeg + b"\r\n")
            except OSError:
                return  # the client has seen enough

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Camera) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/live.mjpg"
        server.shutdown()
        thread.join()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that the busiest machine meets."""
    budget = Budget(latency_ms=50_000, period_ms=60_000, percentile=99, peak_rss_mb=2000)
    monkeypatch.setattr(
        App, "budget", lambda self: BudgetFile(app="road", default="patient", profiles={"patient": budget})
    )


@pytest.mark.usefixtures("patient")
def test_every_answer_says_its_rung_and_age_and_the_run_leaves_a_trace(camera: str, tmp_path: Path) -> None:
    arguments = ["road", "predict", camera, "--govern", "--json", "--max-frames", "2", "--telemetry", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 0, result.output
    *frames, run, summary = (json.loads(line) for line in result.stdout.splitlines())
    assert len(frames) == 2
    for frame in frames:
        assert frame["rung"].startswith("nanodet-")
        assert frame["age_ms"] >= frame["times"]["total_ms"]
        assert (frame["met"], frame["state"]) == (True, "OK")
        assert frame["detections"]
    assert run["run"]["met"] >= 2
    assert run["run"]["lost"].keys() <= {"replaced"}
    assert summary["summary"]["frames"] == 2
    assert json.loads((tmp_path / "live-0.trace.json").read_text())["traceEvents"]
    assert "state" in {json.loads(line)["event"] for line in (tmp_path / "live-0.jsonl").read_text().splitlines()}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["street.jpg", "--govern"], "only a camera or stream"), (["0", "--telemetry", "runs"], "add --govern")],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], complaint: str) -> None:
    result = CliRunner().invoke(app, ["road", "predict", *arguments])

    assert complaint in str(result.exception)
