from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest

from tightrope.measure.profile import is_integer_kernel, profile, summarise

FEEDS = {"x": np.ones((1, 64), np.float32)}


@pytest.mark.parametrize(
    ("name", "integer", "fake"), [("float", False, False), ("integer", True, False), ("fake", False, True)]
)
def test_profile_tells_integer_kernels_from_fake_quantization(
    models: dict[str, bytes], name: str, integer: bool, fake: bool
) -> None:
    found = profile(models[name], FEEDS, runs=5)
    assert (found.integer_share > 0, found.fake_quantized) == (integer, fake)
    assert found.runs == 5
    assert sum(row.share for row in found.op_types) == pytest.approx(1)
    assert all(row.provider == "CPUExecutionProvider" for row in found.nodes)
    json.dumps(found.to_dict())


def test_nodes_keep_their_names_and_calls_are_counted_a_run(models: dict[str, bytes]) -> None:
    found = profile(models["float"], FEEDS, runs=3)
    assert {row.name: row.calls for row in found.nodes if row.op_type == "MatMul"} == {"product": 1}


def test_top_limits_the_rows_and_the_trace_is_deleted(
    models: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = profile(models["float"], FEEDS, runs=2, top=1)
    assert len(found.op_types) == len(found.nodes) == 1
    assert not list(tmp_path.iterdir())


def test_summarise_leaves_out_warmup_and_containers() -> None:
    def kernel(ts: int, op: str, dur: int) -> dict[str, object]:
        args = {"op_name": op, "provider": "CPUExecutionProvider", "node_index": "0"}
        return {"cat": "Node", "name": f"{op}_kernel_time", "ts": ts, "dur": dur, "args": args}

    runs = [{"cat": "Session", "name": "model_run", "ts": ts, "dur": 90, "args": {}} for ts in (0, 100, 200)]
    nodes = [kernel(1, "Conv", 9000), kernel(101, "Conv", 1000), kernel(201, "Conv", 3000), kernel(202, "Loop", 7000)]
    found = summarise([*runs, *nodes], warmup=1, top=10)
    assert found.runs == 2
    assert [(row.op_type, row.name, row.ms) for row in found.nodes] == [("Conv", "Conv#0", 2.0)]
    with pytest.raises(ValueError, match="no run"):
        summarise(runs, warmup=3, top=10)


def test_integer_kernels_by_name() -> None:
    assert all(map(is_integer_kernel, ("QLinearConv", "QLinearMatMul", "MatMulInteger", "DynamicQuantizeMatMul")))
    assert not any(map(is_integer_kernel, ("Conv", "QuantizeLinear", "DequantizeLinear", "MatMul")))
