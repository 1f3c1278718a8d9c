"""benchmarks/peers on a tiny network: the same inputs to onnxruntime's quantizer and to us, judged and timed alike."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from compress.nets import Chain, Likeness

PEERS = Path(__file__).parents[2] / "benchmarks" / "peers"


class Tiny(Likeness):
    input_name, output_names = "image", ("output",)


@pytest.fixture(autouse=True)
def _modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PEERS))


@pytest.fixture(scope="module")
def task() -> Tiny:
    return Tiny(Chain, (1, 3, 12, 12))


def test_a_peer_and_ours_side_by_side(task: Tiny, tmp_path: Path) -> None:
    import contestants
    import effort
    import judging
    import ours
    from inputs import prepare
    from page import page

    inputs = prepare(task, True, tmp_path)
    assert np.load(tmp_path / "calibration.npy").shape == (4, 1, 3, 12, 12)
    peer, own = tmp_path / "peer", tmp_path / "ours"
    peer.mkdir()
    spent = effort.timed([sys.executable, str(PEERS / "by/onnxruntime_static.py"), str(tmp_path), str(peer)], {})
    ours.write(ours.compressed(task, PEERS / "recipes/static.toml"), own)
    made = [
        contestants.Made("fp32", False, "onnxruntime", inputs.model),
        contestants.Made("onnxruntime static int8", False, "onnxruntime", peer / "model.onnx", **spent, lines=20),
        contestants.Made("tightrope", True, "onnxruntime", own / "model.onnx", lines=6),
        contestants.Made("absent", False, "onnxruntime", None, error="no such package"),
        contestants.Made("broken", False, "onnxruntime", tmp_path / "calibration.npy"),
    ]
    samples, environment, errors = judging.times(made, task, rounds=5)
    rows = judging.rows(made, task, inputs, True, samples, errors)

    fp32, static, tightrope, absent, broken = rows
    assert fp32["gate"]["retentions"][0]["share"] == 1
    assert len({row["sha256"] for row in (fp32, static, tightrope)}) == 3, "each its own graph"
    for row in (static, tightrope):  # int8 loses something, and not everything
        assert 0.5 < row["gate"]["retentions"][0]["share"] < 1
        assert row["latency_ms"]["n"] == 5
    assert static["cpu_seconds"] > 0
    assert absent["error"] == "no such package"
    assert broken["error"], "a graph that cannot be opened is named, and the rest is measured"

    found = judging.verdict(rows, samples)
    assert ("fp32" in found["over_ours"]) == tightrope["gate"]["passed"]
    case = {"title": "Tiny", "scored": True, "environment": environment, "rows": rows, "verdict": found}
    text = page({"cases": {"tiny": json.loads(json.dumps(case))}}, judging.KEEP)
    assert "| absent | does not run |" in text
    assert f"| {tightrope['latency_ms']['p50']['value']:.2f} |" in text


def test_what_was_made_is_not_made_again(task: Tiny, tmp_path: Path) -> None:
    from inputs import prepare

    first = prepare(task, True, tmp_path)
    count, stamp = task.evaluations, first.model.stat().st_mtime_ns
    assert prepare(task, True, tmp_path) == first
    assert (task.evaluations, first.model.stat().st_mtime_ns) == (count, stamp)


def test_a_peer_s_outputs_are_scored_by_the_task(task: Tiny, tmp_path: Path) -> None:
    from inputs import prepare, worst_share

    from tightrope.compress.scores import metrics
    from tightrope.runtime.session import Session

    inputs = prepare(task, True, tmp_path)
    session = Session(inputs.model)
    rows = [session(array) for array in np.load(tmp_path / "validation.npy")]
    outputs = [np.stack(column) for column in zip(*rows, strict=True)]
    reference = metrics(task.evaluate(session, "calibration"))
    assert worst_share(task, outputs, reference) == pytest.approx(1)
    assert worst_share(task, [np.zeros_like(column) for column in outputs], reference) == 0


def test_only_code_counts_as_user_lines(tmp_path: Path) -> None:
    from effort import user_lines

    script = tmp_path / "script.py"
    script.write_text(
        '"""What it\n\ndoes."""\n\nimport sys  # for its arguments\n\n# a comment\nprint(\n    sys.argv\n)\n'
    )
    assert user_lines(script) == 4
