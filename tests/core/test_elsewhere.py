"""An artifact on another instruction set: sums that saturate there are found out, and it stands in its evidence."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

pytest.importorskip("torch")  # which `tightrope verify` imports

from tightrope.artifact import Artifact, Manifest, save_artifact
from tightrope.budget import Budget
from tightrope.cli.main import main
from tightrope.compress.elsewhere import added
from tightrope.errors import ArtifactError, ConfigError
from tightrope.measure.cpu import detect_cpu
from tightrope.measure.emulator import find_emulator
from tightrope.measure.graph_server import features
from tightrope.measure.remote import RemoteGraphs
from tightrope.report.page import write_page
from tightrope.runtime.session import Session

from .conftest import small_graph

needs_qemu = pytest.mark.skipif(shutil.which("qemu-x86_64") is None, reason="no qemu-x86_64 (Debian: qemu-user)")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine != "x86_64", reason="user-mode QEMU for x86-64 runs on that only"
)

# Class 0 sums 32 neighbouring inputs, class 1 every second one of 64. Two neighbours of 255 times 127 are more than
# int16 holds, and one is not: where such sums saturate, int8 takes every 0 for a 1.
TASK = """
import numpy as np, onnx
from onnx import helper, numpy_helper
from tightrope.compress import Candidate, MeanScores, Task

class Sums(Task):
    app, name, gate_metrics = "mine", "sums", ("top1",)

    def __init__(self, runs=1):
        self.runs = runs
        random = np.random.default_rng(0)
        self.y = np.arange(50) % 2
        self.x = random.uniform(0.98, 1, (50, 1, 64)).astype(np.float32)
        self.x[self.y == 1, :, :32] *= 0.6

    def origin(self):
        x, y = (helper.make_tensor_value_info(n, 1, s) for n, s in (("x", [1, 64]), ("y", [1, 2])))
        nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "product")]
        graph = helper.make_graph(nodes, "g", [x], [y], [numpy_helper.from_array(weights(), "w")])
        return Candidate(graph=helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9))

    def reference(self): raise NotImplementedError
    def example(self): return self.x[0]
    def calibration(self): return iter(self.x[:10])

    def evaluate(self, model, split="held-out"):
        offset = min(0, *(float(model(x)[0].min()) for x in self.x[:10]))  # fitted, as a threshold is
        part = slice(10, None) if split == "held-out" else slice(10)
        found = [[model(x)[0][0] + offset for _ in range(self.runs)][0].argmax() for x in self.x[part]]
        return MeanScores({"top1": found == self.y[part]})

def weights():
    w = np.zeros((64, 2), np.float32)
    w[:32, 0], w[::2, 1] = 1, 0.9
    return w
"""


def integers(largest: int) -> onnx.ModelProto:
    """The task's product in int8, the magnitude of its weights `largest` at most."""
    weight = np.zeros((64, 2), np.int8)
    weight[:32, 0] = weight[::2, 1] = largest
    constants = {"w": weight, "scale": np.array([1, 0.9], np.float32) / np.float32(largest)}
    x, y = (helper.make_tensor_value_info(name, 1, shape) for name, shape in (("x", [1, 64]), ("y", [1, 2])))
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "step", "zero"]),
        helper.make_node("MatMulInteger", ["q", "w", "zero"], ["sums"]),
        helper.make_node("Cast", ["sums"], ["floats"], to=1),
        helper.make_node("Mul", ["floats", "step"], ["steps"]),
        helper.make_node("Mul", ["steps", "scale"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", [x], [y], [numpy_helper.from_array(a, n) for n, a in constants.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.fixture
def task(tmp_path: Path) -> str:
    (tmp_path / "sums.py").write_text(TASK)
    return f"{tmp_path / 'sums.py'}:Sums"


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[int], Path]:
    """Saves an artifact with weights up to that magnitude; gives its folder."""

    def save(largest: int) -> Path:
        kept = {"metric": "top1", "reference": 1.0, "candidate": 1.0, "share": 1.0, "low": 1.0, "high": 1.0}
        gate = {"keep": 0.9, "samples": 40, "resamples": 1000, "retentions": [kept], "interval": "95%"}
        here = {"instruction_set": "abacus", "quiet": True, "cpu": "Example", "threads": 1}
        manifest = Manifest(
            "mine",
            f"sums-{largest}",
            "int8",
            "2026-01-01T00:00:00+00:00",
            {},
            lineage={
                "command": "tightrope compress sums.py:Sums",
                "recipe": {"name": "int8", "passes": [{"method": "clean"}]},
                "passes": [],
                "data_sha256": {},
                "versions": {"onnxruntime": "1"},
            },
            evidence={"gate": gate, "scores": {"artifact": {"top1": 1.0}}, "environment": here},
        )
        graphs = {"model": integers(largest).SerializeToString()}
        return save_artifact(tmp_path / manifest.name, manifest, graphs, "card").path

    return save


def run(*words: str) -> int:
    """Exit code of `tightrope verify WORDS`."""
    try:
        main(["verify", *words])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@needs_qemu
def test_sums_that_saturate_there_fail_the_gate_and_the_evidence_says_so(
    task: str, saved: Callable[[int], Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saved(127)
    assert run(task, str(folder), "--instruction-set", "avx2", "--no-write", "--json") == 3
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert "sums-127 on x86-64 AVX2 without VNNI: top1" in shown.err
    assert (found["inputs"], found["held_out"], found["runs"]) == (40, 40, 40), "calibration's runs are not emulated"
    assert found["there"]["retentions"][0]["share"] == pytest.approx(0.5)
    native = {1.0} if detect_cpu().accelerates_int8 else {0.5}
    assert {kept["share"] for kept in found["here"]["retentions"]} == native
    assert (found["outputs"]["share"] > 0.4) == detect_cpu().accelerates_int8
    assert "instruction_sets" not in Artifact.load(folder).manifest.evidence

    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert run(task, str(folder), "--instruction-set", "sse4.2") == 0, "its kernels widen before they add"
    assert "written into the evidence" in capsys.readouterr().out
    (entry,) = Artifact.load(folder).manifest.evidence["instruction_sets"]
    assert entry["emulator"].startswith("qemu-x86_64 ")
    assert entry["there"]["retentions"][0]["share"] == 1.0
    said = "| x86-64 SSE4.2 without AVX | top1 | 100.00% [100.00%, 100.00%] |"
    assert said in (folder / "README.md").read_text()
    shown_on_a_page = write_page("mine", "", [_without_machine(Artifact.load(folder))], "any", Budget(latency_ms=50))
    assert "<h3>On other instruction sets</h3>" in shown_on_a_page


@needs_qemu
def test_weights_in_7_bits_mean_the_same_there(task: str, saved: Callable[[int], Path]) -> None:
    folder = saved(63)
    assert run(task, str(folder), "--instruction-set", "avx2", "--inputs", "10") == 0
    (entry,) = Artifact.load(folder).manifest.evidence["instruction_sets"]
    assert (entry["inputs"], entry["held_out"], entry["runs"]) == (10, 40, 10)
    assert entry["there"]["retentions"][0]["share"] == 1.0
    assert entry["outputs"]["differing"] == 0


def _without_machine(artifact: Artifact) -> Artifact:
    """Without the environment, of which this one says too little for a page."""
    evidence = {key: value for key, value in artifact.manifest.evidence.items() if key != "environment"}
    return replace(artifact, manifest=replace(artifact.manifest, evidence=evidence))


def test_without_qemu_one_line_says_what_to_install(
    task: str, saved: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert run(task, str(saved(63)), "--instruction-set", "avx2") == 2
    said = capsys.readouterr().err
    assert said.startswith("tightrope: --instruction-set avx2 needs qemu-x86_64: apt-get install qemu-user")
    assert said.count("\n") == 1


def test_what_does_not_go_together_is_refused(
    task: str, saved: Callable[[int], Path], fake_qemu: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    fake_qemu('shift 4; exec "$@"')
    folder = str(saved(63))
    for words, said in (
        (("--inputs", "5"), "--inputs and --no-write go with --instruction-set"),
        (("--instruction-set", "avx512"), "no emulated instruction set 'avx512' (did you mean"),
        (("--instruction-set", "avx2", "--inputs", "5", "--set", "runs=2"), "inputs of sums cannot be chosen"),
    ):
        assert run(task, folder, *words) == 2
        assert said in capsys.readouterr().err


@pytest.mark.skipif(not {"AVX2", "X86_V3"} & {*features()}, reason="this processor has no AVX2 to hide")
def test_an_emulator_that_hides_nothing_is_found_out(
    task: str, saved: Callable[[int], Path], fake_qemu: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    fake_qemu('shift 4; exec "$@"')
    assert run(task, str(saved(63)), "--instruction-set", "sse4.2") == 2
    assert "qemu-x86_64 -cpu Nehalem does not emulate sse4.2: it shows" in capsys.readouterr().err


@pytest.fixture
def fake_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a shell script where qemu-x86_64 is looked for."""

    def make(script: str) -> None:
        program = tmp_path / "bin" / "qemu-x86_64"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return make


def test_ctrl_c_ends_the_emulator_and_changes_nothing(
    task: str, saved: Callable[[int], Path], fake_qemu: Callable[[str], None], tmp_path: Path
) -> None:
    mark = tmp_path / "pid"
    fake_qemu(f"echo $$ > {mark}; exec sleep 1000")
    folder = saved(63)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    words = ["verify", task, str(folder), "--instruction-set", "avx2"]
    with subprocess.Popen([sys.executable, "-c", RUN, *words], stderr=subprocess.PIPE, text=True) as process:
        while not (mark.exists() and mark.read_text().strip()):
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        said = process.stderr.read()
        assert process.wait() == 130
    assert "Traceback" not in said
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


RUN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from tightrope.cli.main import main; main()"
)


def test_another_process_gives_the_same_numbers_or_says_why_not() -> None:
    graph = small_graph().SerializeToString()
    x = np.arange(8, dtype=np.float32)[None]
    with RemoteGraphs({"model": graph}, [sys.executable]) as there:
        assert there.features == tuple(features())
        np.testing.assert_array_equal(there.run("model", {"x": x})[0], Session(graph)(x)[0])
        with pytest.raises(ArtifactError, match=r"do not run under this Python: .*Required inputs"):
            there.run("model", {"y": x})
    with pytest.raises(ArtifactError, match="cannot load"), RemoteGraphs({"model": b"no graph"}, [sys.executable]):
        raise AssertionError("it starts with a broken graph")


def test_the_newest_entry_of_an_instruction_set_counts() -> None:
    first, second, other = ({"instruction_set": name, "n": n} for n, name in enumerate(("a", "a", "b")))
    evidence = added(added(added({}, first), other), second)
    assert evidence == {"instruction_sets": [other, second]}


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no emulated instruction set 'avx3' \(did you mean \"avx\d?\""):
        find_emulator("avx3")


@needs_qemu
@pytest.mark.verify
@pytest.mark.usefixtures("shared_data")
def test_a_shipped_artifact_keeps_there_what_it_keeps_here(capsys: pytest.CaptureFixture[str]) -> None:
    run("road", "nanodet-320-int8", "--instruction-set", "avx2", "--inputs", "30", "--no-write", "--json", "--quiet")
    found = json.loads(capsys.readouterr().out)
    for there, here in zip(found["there"]["retentions"], found["here"]["retentions"], strict=True):
        assert there["share"] > here["share"] - 0.02
    assert found["outputs"]["relative"] < 0.2
