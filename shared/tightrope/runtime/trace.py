"""A run's JSON lines as a trace that Perfetto (ui.perfetto.dev) and chrome://tracing open.

>>> write_trace(Path("run.jsonl"), Path("run.trace.json"))       # doctest: +SKIP

The Trace Event Format of Chromium ('Trace Event Format', in its JSON object form): complete events (ph X) for runs and
their stages, async events (b, e) from the capture of an input to its answer, instants (i) for what was lost, counters
(C) for the age and the rung, metadata (M) for the rows' names. Times in microseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tightrope.errors import BadInputError
from tightrope.runtime.telemetry import Record
from tightrope.writing import write_text

_ROWS = {1: "state", 2: "runs", 3: "inputs without an answer", 4: "loading"}
_STATE, _RUNS, _LOST, _LOADING = _ROWS
Event = dict[str, Any]


def write_trace(lines: Path, target: Path) -> None:
    """Turn the telemetry file `lines` into a trace.

    Raises:
        BadInputError: it is missing or holds something else than telemetry. A last line that a crash cut off is left
            out.
        OutputError: the trace cannot be written.
    """
    write_text(target, json.dumps(chrome_trace(_read(lines))))


def chrome_trace(records: Iterable[Record]) -> dict[str, Any]:
    """The trace of these telemetry records, as plain values."""
    kept = list(records)
    end = max((record["t"] for record in kept), default=0.0)
    rungs = [step["name"] for record in kept if record["event"] == "start" for step in record["ladder"]]
    names = [{"ph": "M", "pid": 1, "tid": row, "name": "thread_name", "args": {"name": _ROWS[row]}} for row in _ROWS]
    title = {"ph": "M", "pid": 1, "tid": 0, "name": "process_name", "args": {"name": "tightrope"}}
    return {"traceEvents": [title, *names, *_events(kept, rungs), *_states(kept, end)], "displayTimeUnit": "ms"}


def _events(records: list[Record], rungs: list[str]) -> Iterator[Event]:
    runs: dict[int, Record] = {}
    for record in records:
        if record["event"] == "started":
            runs[record["number"]] = record
        yield from _of(record, rungs, runs)


def _of(record: Record, rungs: list[str], runs: Mapping[int, Record]) -> Iterator[Event]:
    """The events of one record, with the last run of each input until then."""
    at = record["t"] * 1e6
    event = record["event"]
    if event == "answer":
        yield from _answer(record, rungs)
    elif event == "abstained":
        told = {"number": record["number"], "why": record["why"]}
        yield _instant(record["reason"], at, _LOST, told)
        if run := runs.get(record["number"]):
            length = (record["t"] - run["t"]) * 1e3
            yield _complete(f"{run['rung']}: {record['reason']}", run["t"] * 1e6, length, _RUNS, told)
    elif event in ("replaced", "waits again"):
        told = {key: record[key] for key in record.keys() - {"event", "t"}}
        yield _instant(event, at, _LOST, told)
        if run := runs.get(record["number"]):
            yield _complete(f"{run['rung']}: {event}", run["t"] * 1e6, (record["t"] - run["t"]) * 1e3, _RUNS, told)
    elif event == "came back":
        yield _instant("came back", at, _LOST, {"number": record["number"], "seconds": record["seconds"]})
    elif event == "loaded":
        seconds = record["seconds"]
        yield _complete(", ".join(record["rungs"]), at - seconds * 1e6, seconds * 1e3, _LOADING, {})


def _answer(record: Record, rungs: list[str]) -> Iterator[Event]:
    """The run with its stages inside, the input's way from capture to answer, and the counters."""
    end, start, captured = (record[key] * 1e6 for key in ("t", "started", "captured"))
    told = {key: record[key] for key in ("number", "age_ms", "met", "state")}
    yield _complete(record["rung"], start, (end - start) / 1e3, _RUNS, told)
    stages = {name: ms for name, ms in record["stages_ms"].items() if name != "total_ms"}
    at = start
    for name, ms in stages.items():
        # A stage may by rounding not stick out of its run: viewers nest by time.
        length = min(ms, (end - at) / 1e3)
        yield _complete(name.removesuffix("_ms"), at, length, _RUNS, {})
        at += length * 1e3
    way = {"pid": 1, "tid": _RUNS, "cat": "input", "id": record["number"]}
    name = "in time" if record["met"] else "late"
    yield {**way, "ph": "b", "name": name, "ts": captured}
    yield {**way, "ph": "e", "name": name, "ts": end}
    yield {"ph": "C", "pid": 1, "name": "age, ms", "ts": end, "args": {"age": record["age_ms"]}}
    if record["rung"] in rungs:
        yield {"ph": "C", "pid": 1, "name": "rung", "ts": start, "args": {"rung": rungs.index(record["rung"])}}


def _states(records: list[Record], end: float) -> Iterator[Event]:
    """Each state from when it began to when the next one did."""
    changes = [record for record in records if record["event"] == "state"]
    ends = [*(record["t"] for record in changes[1:]), end][: len(changes)]
    for record, until in zip(changes, ends, strict=True):
        length = (until - record["t"]) * 1e3
        yield _complete(record["state"], record["t"] * 1e6, length, _STATE, {"why": record["why"]})


def _complete(name: str, at_us: float, ms: float, row: int, told: dict[str, Any]) -> Event:
    return {"ph": "X", "pid": 1, "tid": row, "name": name, "ts": at_us, "dur": max(0.0, ms) * 1e3, "args": told}


def _instant(name: str, at_us: float, row: int, told: dict[str, Any]) -> Event:
    return {"ph": "i", "s": "t", "pid": 1, "tid": row, "name": name, "ts": at_us, "args": told}


def _read(path: Path) -> Iterator[Record]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines):
                return
            raise BadInputError(f"{path}, line {number}: not telemetry: {error.msg}") from error
        if not isinstance(record, dict) or not {"event", "t"} <= record.keys():
            raise BadInputError(f"{path}, line {number}: not telemetry: no event")
        yield record
