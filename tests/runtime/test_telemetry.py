"""What a run leaves behind: lines, a trace, and the summary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tightrope.errors import BadInputError, OutputError
from tightrope.runtime import JsonLines, Limits
from tightrope.runtime.summary import EMULATED, Summary
from tightrope.runtime.trace import chrome_trace, write_trace

from .conftest import Bench, answer


def eventful() -> Bench:
    """Five inputs: in time, late, replaced, stuck, and in time again."""
    bench = Bench([0.04, 0.01], limits=Limits(0.1, 0.1, 0.5, 2.0, 1.0))
    runner, clock = bench.runner, bench.clock
    runner.push("in time", clock.now())
    captured = clock.now()
    clock.advance(0.2)
    runner.push("late", captured)
    runner.arrive("hangs", clock.now())
    hanging = runner.begin()
    runner.arrive("replaced", clock.now())
    clock.advance(1.5)
    runner.abandon()
    runner.restock()
    runner.push("in time", clock.now())
    runner.finish(hanging, answer())  # type: ignore[arg-type]
    clock.advance(0.5)
    return bench


def test_the_summary_says_what_became_of_every_input() -> None:
    bench = eventful()
    summary = bench.telemetry.close(bench.clock.now())

    assert (summary.inputs, summary.met, summary.late) == (5, 2, 1)
    assert summary.lost == {"replaced": 1, "stuck": 1}
    assert summary.miss_rate == pytest.approx(0.6)
    assert summary.left_behind == 0
    assert sum(summary.rung_s.values()) == pytest.approx(bench.clock.now() - bench.events("started")[0]["t"], abs=1e-3)
    assert 0 < summary.score < 0.4
    line = str(summary)
    assert line.startswith("5 inputs in ")
    assert "60% missed (1 late, 1 replaced, 1 stuck)" in line
    assert bench.records[-1]["event"] == "summary"
    assert bench.records[-1]["miss_rate"] == summary.miss_rate


@pytest.mark.parametrize(
    ("met", "of", "text"), [(1000, 1000, "0%"), (999, 1000, "0.10%"), (87, 100, "13%"), (0, 9, "100%")]
)
def test_a_small_share_of_misses_is_not_rounded_away(met: int, of: int, text: str) -> None:
    summary = Summary(1.0, of, met, of - met, {}, 0, {}, {}, 0.0, 0, None)
    assert f": {text} missed" in str(summary)


def test_a_run_without_inputs_has_a_summary() -> None:
    bench = Bench()
    assert str(bench.telemetry.summary(bench.clock.now())).startswith("0 inputs in 0.2 s: 0% missed; no answers")


def test_an_emulated_device_is_named_on_the_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EMULATED, "50% of 1 core")
    bench = Bench()
    assert str(bench.telemetry.summary(1.0)).endswith("emulated: 50% of 1 core")
    assert bench.records[0]["emulated"] == "50% of 1 core"


def test_lines_are_there_as_they_happen_and_make_a_trace(tmp_path: Path) -> None:
    file = tmp_path / "runs" / "run.jsonl"
    with JsonLines(file) as lines:
        for record in eventful().records:
            lines.write(record)
        assert json.loads(file.read_text().splitlines()[0])["event"] == "start"
    with file.open("a") as open_file:
        open_file.write('{"event": "cut o')  # a crash

    write_trace(file, tmp_path / "trace.json")

    trace = json.loads((tmp_path / "trace.json").read_text())
    assert {event["ph"] for event in trace["traceEvents"]} == {"X", "M", "C", "i", "b", "e"}


def test_the_trace_is_well_formed() -> None:
    """What viewers ask for: a known phase, numbers, a length that is not negative, and slices of a row that nest."""
    events = chrome_trace(eventful().records)["traceEvents"]
    slices = [event for event in events if event["ph"] == "X"]

    assert all({"ph", "pid", "name"} <= event.keys() for event in events)
    assert all(isinstance(event["ts"], float | int) for event in events if event["ph"] != "M")
    assert {event["name"] for event in slices} >= {"a", "session", "DEGRADED", "b: stuck"}
    for row in {event["tid"] for event in slices}:
        open_until: list[float] = []
        for event in sorted((e for e in slices if e["tid"] == row), key=lambda e: (e["ts"], -e["dur"])):
            start, end = event["ts"], event["ts"] + event["dur"]
            while open_until and open_until[-1] <= start + 1.0:
                open_until.pop()
            assert not open_until or end <= open_until[-1] + 1.0
            open_until.append(end)


def test_something_else_is_not_taken_for_telemetry(tmp_path: Path) -> None:
    for text in ('{"a": 1}\n', "hello\nworld\n", "[1]\n"):
        (tmp_path / "x").write_text(text)
        with pytest.raises(BadInputError, match="line 1: not telemetry"):
            write_trace(tmp_path / "x", tmp_path / "y")
    with pytest.raises(BadInputError, match="cannot read"):
        write_trace(tmp_path / "none", tmp_path / "y")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk here")
def test_a_disk_that_is_full_at_the_end_is_one_line() -> None:
    lines = JsonLines(Path("/dev/full"))
    lines._file.reconfigure(line_buffering=False)  # what is left is written at the end
    lines.write({"event": "state"})
    with pytest.raises(OutputError, match="No space left"), lines:
        pass


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        JsonLines(tmp_path / "file" / "run.jsonl")
