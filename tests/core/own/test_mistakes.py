"""What a person can do wrong with a model of her own, each in one line and with what to do next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tightrope.compress.own import OwnSettings, open_own
from tightrope.errors import ConfigError

from .conftest import Run


def save_graph(file: Path, shape: list[int | str], classes: int = 4) -> Path:
    """A graph of pictures [n, 3, h, w] to the mean of each channel, made into `classes` scores."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [shape[0], classes])
    weight = numpy_helper.from_array(np.random.default_rng(0).normal(size=(3, classes)).astype(np.float32), "weight")
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", [x], [y], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), file)
    return file


def fill(folder: Path, count: int, kinds: int = 4) -> Path:
    """Small pictures in folders a, b, ...; grey, so that nothing but their number matters."""
    import cv2

    for number in range(count):
        place = folder / "abcdef"[number % kinds]
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{number}.png"), np.full((12, 16, 3), number, np.uint8))
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("none.onnx --data many", "cannot read none.onnx: no such file"),
        ("text.onnx --data many", "text.onnx is not an ONNX file"),
        ("text.pt --data many", "text.pt is not an ONNX file: export the model with torch.onnx.export"),
        ("free.onnx --data many", "the graph does not say its size, x float32 [?, 3, ?, ?]: give --size"),
        ("batch.onnx --data many", "the graph takes 8 inputs at a time"),
        ("good.onnx", "say where the data lies: --data FOLDER of pictures, or --inputs"),
        ("good.onnx --data nowhere", "no folder nowhere"),
        ("good.onnx --data empty", "empty has 0 files that can be used (.jpg"),
        ("good.onnx --data few", "few has 12 files that can be used"),
        ("good.onnx --data three", "the labels have 3 classes (subfolders), and the model's output has 4"),
        ("good.onnx --data many --judge classes --output z", "the model has no output 'z'"),
        ("good.onnx --data many --judge boxes", "--judge boxes needs outputs of boxes [n, 4] and of their scores [n]"),
        ("good.onnx --data many --size 4x", "--size takes 224 or WIDTHxHEIGHT, not '4x'"),
        ("good.onnx --data many --size 64", "--size 64, and the graph's input is fixed: x float32 [1, 3, 8, 8]"),
        ("good.onnx --data many --mean 1,2", "--mean has 2 numbers, and the input has 3 channel(s)"),
        ("good.onnx --data many --mean a", "--mean takes numbers by commas, not 'a'"),
        ("good.onnx --data many --std 0", "--std must be above 0, not '0'"),
        ("good.onnx --data many --layout RBG", "--layout takes RGB, BGR, GRAY, NCHW, NHWC, not 'RBG'"),
        ("good.onnx --data many --layout NHWC", "--layout NHWC, and the graph's input is NCHW"),
        ("good.onnx --data many --layout GRAY", "--layout GRAY, and the graph's input has 3 channel(s)"),
        ("good.onnx --data many --resize wide", "\"resize\": Input should be 'letterbox', 'stretch' or 'crop'"),
        ("good.onnx --data many --labels text.json", "text.json is not COCO JSON"),
        ("good.onnx --data many --labels none.csv", "cannot read none.csv: No such file"),
        ("good.onnx --data many --set a=1", "--set is for Tasks"),
        ("good.onnx --data many --profile fast", "--profile is for apps; a model file has --p90 and --keep"),
        ("good.onnx --data many --name ../x", "--name takes the name of a folder, not '../x'"),
        ("good.onnx --data many -o text.pt", "cannot write to text.pt: File exists"),
        ("good.onnx --data many -r export.toml", "export needs a torch module"),
        ("torchvision:resnet1 --data many", "torchvision has no classifier 'resnet1' (did you mean"),
        ("torchvision:resnet18 --data many", "torchvision:resnet18 needs --weights FILE, a state dict"),
        ("torchvision:resnet18 --data many --weights text.pt", "text.pt is not a state dict that can be read"),
        ("road --data many -r export.toml", "--data is for model files, and road is an app"),
        ("road", "road needs --recipe FILE"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    save_graph(Path("good.onnx"), [1, 3, 8, 8])
    save_graph(Path("free.onnx"), ["n", 3, "h", "w"])
    save_graph(Path("batch.onnx"), [8, 3, "h", 8])
    for name in ("text.onnx", "text.pt", "text.json"):
        Path(name).write_text("{}\n")
    Path("export.toml").write_text('name = "r"\n[[passes]]\nmethod = "export"\n')
    Path("empty").mkdir()
    fill(Path("many"), 40)
    fill(Path("few"), 12)
    fill(Path("three"), 30, kinds=3)
    size = " --size 8" if "batch" in arguments else ""
    code, shown, told = run("compress", *f"{arguments}{size} --p90 5ms".split())
    assert (code, shown) == (2, "")
    assert message in told.splitlines()[-1]
    assert "Traceback" not in told
    assert told.splitlines()[-1].startswith("tightrope: ")


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--keep", "99", "--keep takes a share above 0% and up to 100%, not '99'"),
        ("--keep", "most", "--keep takes a share such as 99% or 0.99, not 'most'"),
        ("--p90", "0ms", "--p90 takes a time above 0, not '0ms'"),
        ("--p90", "5min", "--p90 takes a time such as 5ms, 5 or 0.005s, not '5min'"),
    ],
)
def test_shares_and_times(run: Run, option: str, text: str, message: str) -> None:
    code, _, told = run("compress", "model.onnx", option, text)
    assert code == 2
    assert told.startswith(f"tightrope: {message}")


def test_a_pass_that_needs_the_network_says_so(run: Run, tmp_path: Path) -> None:
    recipe = tmp_path / "distil.toml"
    recipe.write_text('name = "r"\n[[passes]]\nmethod = "clean"\n[[passes]]\nmethod = "distil"\n')
    model, data = save_graph(tmp_path / "m.onnx", [1, 3, 8, 8]), fill(tmp_path / "many", 40)
    code, _, told = run("compress", model, "--data", data, "--judge", "classes", "--p90", "5", "-r", recipe)
    assert code == 2
    assert "is a graph without a torch network behind it: leave passes that train" in told


def test_a_network_needs_an_export(run: Run, tmp_path: Path, network: object) -> None:
    import torch
    from torchvision import models

    torch.save(models.squeezenet1_1(num_classes=4).state_dict(), tmp_path / "net.pt")
    (tmp_path / "r.toml").write_text('name = "r"\n[[passes]]\nmethod = "clean"\n')
    data = fill(tmp_path / "many", 40)
    arguments = ("--weights", tmp_path / "net.pt", "--data", data, "--size", "64", "-r", tmp_path / "r.toml")
    code, _, told = run("compress", "torchvision:squeezenet1_1", *arguments, "--judge", "classes", "--p90", "5")
    assert code == 2
    assert 'no pass exports the model; add one with method = "export"' in told


def test_a_free_size_is_fixed_by_the_flag(tmp_path: Path) -> None:
    model, data = save_graph(tmp_path / "m.onnx", ["n", 3, "h", "w"]), fill(tmp_path / "many", 40)
    task = open_own(str(model), OwnSettings(data=str(data), size="24x16", judge="classes")).task
    assert task.model.inputs[0].shape == (1, 3, 16, 24)
    example = task.example()
    assert isinstance(example, np.ndarray)
    assert example.shape == (1, 3, 16, 24)


def test_a_model_that_is_never_right_is_refused(tmp_path: Path) -> None:
    """Four classes of which the first 99% never comes up first: the order of the classes is another, say."""
    model, data = save_graph(tmp_path / "m.onnx", [1, 3, 8, 8], classes=2), tmp_path / "many"
    fill(data, 40, kinds=2)
    graph = onnx.load(model)
    weight = np.array([[0, -1]] * 3, np.float32)
    graph.graph.initializer[0].CopyFrom(numpy_helper.from_array(weight, "weight"))
    onnx.save(graph, model)
    (tmp_path / "labels.csv").write_text("".join(f"{file.name},1\n" for file in data.rglob("*.png")))
    settings = OwnSettings(data=str(data), labels=str(tmp_path / "labels.csv"), mean="0", std="1")
    with pytest.raises(Exception, match="the model is right on none of 10 pictures: its preprocessing") as caught:
        open_own(str(model), settings)
    assert not isinstance(caught.value, ConfigError)
