"""A model file and a folder in, an artifact with its evidence out; then measured, verified and reported like any."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tightrope.compress import flow

from .conftest import EXPORT, KINDS, Run, manifest, torch

pytestmark = pytest.mark.usefixtures("quick")


def integers(folder: Path) -> int:
    graph = onnx.load(folder / "model.onnx").graph
    return sum(node.op_type == "QuantizeLinear" for node in graph.node)


def test_a_classifier_and_folders_of_pictures(run: Run, model: Path, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, shown, told = run("compress", model, "--data", pictures, "--keep", "97%", "--p90", "1s", "-o", out)
    assert code == 0, told
    assert "gate   top-1" in shown
    (pixels,) = (line for line in told.splitlines() if line.startswith("pixels"))
    right = re.search(r"tried: .* is right on (\d+)% of 45 pictures, the next of 8 on", pixels)
    assert right, pixels
    assert int(right[1]) > 90, "nobody said how its pixels are scaled, and it was found out"
    assert "45 pictures calibrate, 135 judge" in told
    assert "recipe   clean -> quantize-mixed" in told
    (made,) = out.iterdir()
    said = manifest(made)
    assert said["labels"] == list(KINDS)
    assert said["evidence"]["judged_by"] == "accuracy: top-1 against the labels (subfolders)"
    assert said["evidence"]["scores"]["reference"]["top-1"] > 0.9, "the preprocessing was found"
    assert said["evidence"]["gate"]["samples"] == 135
    assert said["evidence"]["pipeline"]["stages"]["preprocess"]["p50"]["value"] > 0, "pictures are prepared, and timed"
    assert said["evidence"]["model_latency"]["input"] == "made up"
    dropped = [step for step in said["lineage"]["passes"] if "dropped" in step.get("notes", {})]
    assert integers(made) > 0 or dropped
    assert "top-1 against the labels" in (made / "README.md").read_text()

    code, shown, _ = run("verify", model, made, "--json")
    found = json.loads(shown)
    assert (code, found["reproduced"], found["same_setting"]) == (0, True, True)
    moved = tmp_path / "moved"
    shutil.copytree(pictures, moved)
    code, shown, _ = run("verify", model, made, "--data", moved)
    assert code == 0
    assert "equal" in shown

    code, shown, _ = run("measure", made, "--json")
    assert code == 0
    assert json.loads(shown)["verdicts"][0]["limit"] == 1000
    assert run("measure", out)[0] == 0, "a folder of artifacts"
    page = tmp_path / "page.html"
    assert run("report", made, "-o", page)[0] == 0
    assert "kinds-" in page.read_text()


def test_without_labels_it_must_agree_with_fp32(run: Run, model: Path, pictures: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for file in pictures.rglob("*.jp*g"):
        shutil.copy(file, flat / f"{file.parent.name}-{file.name}")
    (flat / "broken.png").write_bytes(b"no picture")
    arguments = ("--data", flat, "--range", "255", "--mean", "127.5", "--std", "127.5", "--p90", "1s", "--limit", "120")
    code, shown, told = run("compress", model, *arguments, "--keep", "0.95", "-o", tmp_path / "out", "--json")
    assert code == 0, told
    found = json.loads(shown)
    assert found["task"]["gate"].startswith("agreement with the fp32 model")
    metrics = {kept["metric"]: kept for kept in found["gate"]["retentions"]}
    assert set(metrics) == {"top-1 agreement with fp32", "output cosine with fp32"}
    assert metrics["output cosine with fp32"]["reference"] == pytest.approx(1)
    said = manifest(Path(found["path"]))
    assert said["evidence"]["judged_by"].endswith("no labels, so no accuracy")
    assert said["labels"] == []
    assert said["preprocess"]["mean"] == [127.5] * 3


def test_one_that_misses_its_limit_is_kept_and_exit_3(run: Run, model: Path, pictures: Path, tmp_path: Path) -> None:
    code, shown, told = run(
        "compress", model, "--data", pictures, "--keep", "90%", "--p90", "0.00001ms", "-o", tmp_path
    )
    assert code == 3
    assert "MISSES pipeline p90" in shown
    assert told.splitlines()[-1].startswith("tightrope: kinds-")
    assert list(tmp_path.glob("kinds-*/artifact.json"))


def test_one_that_fails_the_gate_is_not_saved(
    run: Run, model: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interleaved(runs: Any, rounds: int, **_: Any) -> dict[str, Any]:
        """int8 pays, whatever this machine does: else it would be dropped, and what is left passes."""
        return {name: np.full(rounds, 0.5 if name == "after" else 1.0) for name in runs}

    monkeypatch.setattr(flow, "interleaved", interleaved)
    steps = [
        {"method": "clean"},
        {"method": "quantize-static", "calibration": "percentile", "percentile": 51, "inputs": 4},
    ]
    lines = "".join("[[passes]]\n" + "".join(f"{key} = {value!r}\n" for key, value in step.items()) for step in steps)
    (tmp_path / "careless.toml").write_text(f'name = "careless"\n{lines}rounding = "nearest"\n')
    out = tmp_path / "out"
    code, _, told = run(
        "compress", model, "--data", pictures, "--p90", "1s", "-o", out, "-r", tmp_path / "careless.toml"
    )
    assert code == 3
    assert "not saved" in told
    assert not list(out.iterdir())


def test_a_torchvision_network_with_weights(run: Run, pictures: Path, tmp_path: Path) -> None:
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(0)
    torch.save({"state_dict": models.squeezenet1_1(num_classes=5).state_dict()}, tmp_path / "net.pt")
    arguments = ("--weights", tmp_path / "net.pt", "--data", pictures, "--size", "48", "--limit", "40", "-o", tmp_path)
    target = "torchvision:squeezenet1_1"
    code, _, told = run("compress", target, *arguments, "--p90", "1s")
    assert code == 2
    assert "the labels have 3 classes (subfolders), and the model's output has 5" in told
    code, _, told = run("compress", target, *arguments, "--judge", "classes", "--keep", "80%", "--p90", "1s")
    assert code == 0, told
    assert "recipe  export -> clean -> quantize-mixed" in told
    (made,) = tmp_path.glob("squeezenet1_1-*")
    assert run("verify", target, made)[0] == 0


@pytest.mark.verify
@pytest.mark.parametrize("name", ["mobilenet_v2", "mobilenet_v3_large", "resnet18"])
def test_networks_that_people_have(run: Run, pictures: Path, tmp_path: Path, name: str) -> None:
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(0)
    torch.save(models.get_model(name, num_classes=3).state_dict(), tmp_path / "net.pt")
    arguments = ("--weights", tmp_path / "net.pt", "--data", pictures, "--size", "96", "--limit", "60", "-o", tmp_path)
    target = f"torchvision:{name}"
    code, shown, told = run("compress", target, *arguments, "--judge", "outputs", "--keep", "90%", "--p90", "10s")
    assert code == 0, told
    assert "output cosine with fp32" in shown
    (made,) = tmp_path.glob(f"{name}-*")
    assert run("verify", target, made)[0] == 0
    assert run("measure", made)[0] == 0


class Encoder(torch.nn.Module):  # type: ignore[misc]
    """Words of a sentence to a vector: embeddings, two layers over their masked mean."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = torch.nn.Embedding(500, 64)
        self.layers = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.GELU(), torch.nn.Linear(128, 32))

    def forward(self, ids: Any, mask: Any) -> Any:
        shown = mask[..., None].float()
        return self.layers((self.table(ids) * shown).sum(1) / shown.sum(1))


def test_a_text_encoder_with_arrays(run: Run, shared_data: Path, tmp_path: Path) -> None:
    corpus = next((shared_data / "mt-en-de").glob("tatoeba.dev*"), None)
    if corpus is None:
        pytest.skip("needs mt-en-de")
    length = torch.export.Dim("length", min=2, max=64)
    shapes = {"ids": {1: length}, "mask": {1: length}}
    example = torch.ones(1, 8, dtype=torch.int64)
    names: dict[str, Any] = {"input_names": ["ids", "mask"], "output_names": ["vector"], "dynamic_shapes": shapes}
    torch.onnx.export(Encoder().eval(), (example, example), tmp_path / "encoder.onnx", **names, **EXPORT)
    folder = tmp_path / "sentences"
    folder.mkdir()
    for number, line in enumerate(corpus.read_text(encoding="utf-8").splitlines()[:60]):
        ids = np.array([sum(word.encode()) % 500 for word in line.split("\t")[0].split()] * 2, np.int32)
        np.savez(folder / f"{number:03}.npz", ids=ids, mask=np.ones_like(ids))
    arguments = ("--inputs", folder, "--keep", "98%", "--p90", "1s", "-o", tmp_path / "out")
    code, shown, told = run("compress", tmp_path / "encoder.onnx", *arguments)
    assert code == 0, told
    assert "output cosine with fp32" in shown
    assert "ids int64 [1, ?], mask int64 [1, ?] -> vector" in told
    (made,) = (tmp_path / "out").iterdir()
    said = manifest(made)
    assert said["preprocess"]["inputs"]["mask"]["value"] == 1, "timed with values that are valid"
    assert run("measure", made)[0] == 0
    assert run("verify", tmp_path / "encoder.onnx", made)[0] == 0
    np.savez(folder / "000.npz", ids=ids)
    code, _, told = run("compress", tmp_path / "encoder.onnx", *arguments)
    assert code == 2
    assert "000.npz has ids, and the graph takes mask too" in told


def test_labels_of_a_table(run: Run, model: Path, pictures: Path, tmp_path: Path) -> None:
    """Names in a CSV, in an order of classes that is not the alphabet's: right, where the order is given."""
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "label"])
        rows.writerows([f.relative_to(pictures).as_posix(), f"z{f.parent.name}"] for f in pictures.rglob("*.jp*g"))
    (tmp_path / "classes.txt").write_text("".join(f"z{kind}\n" for kind in KINDS))
    arguments = ("--data", pictures, "--labels", tmp_path / "labels.csv", "--classes", tmp_path / "classes.txt")
    code, _, told = run("compress", model, *arguments, "--keep", "90%", "--p90", "1s", "-o", tmp_path / "out")
    assert code == 0, told
    assert "against the labels (labels.csv)" in told
    (made,) = (tmp_path / "out").iterdir()
    assert manifest(made)["evidence"]["scores"]["reference"]["top-1"] > 0.9
