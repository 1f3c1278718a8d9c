"""Models that a stranger might bring: a small classifier trained on real pictures, and a text encoder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tightrope.cli.main import main
from tightrope.measure import evidence as measuring
from tightrope.measure.evidence import Plan

torch = pytest.importorskip("torch")
pytest.importorskip("mlperf_loadgen")

Run = Callable[..., tuple[int, str, str]]
KINDS = ("CXR", "Hand", "HeadCT")
COUNT = 60  # pictures of each kind
EXPORT: dict[str, Any] = {"dynamo": True, "external_data": False, "verbose": False}


@pytest.fixture(scope="session")
def pictures(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Radiographs and slices of three kinds, in a folder each: 180 pictures of 64 pixels."""
    folder = tmp_path_factory.mktemp("pictures")
    for kind in KINDS:
        (folder / kind).mkdir()
        found = sorted((shared_data / "mednist" / kind).rglob("*.jp*g"))[:COUNT]
        if len(found) < COUNT:
            pytest.skip(f"needs {COUNT} pictures in mednist/{kind}")
        for file in found:
            (folder / kind / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.fixture(scope="session")
def network(pictures: Path) -> Any:
    """A convolutional classifier of RGB pixels from -1 to 1, trained for some seconds."""
    torch.manual_seed(0)
    files = [(file, kind) for kind in range(len(KINDS)) for file in sorted((pictures / KINDS[kind]).iterdir())]
    pixels = np.stack([cv2.imread(str(file))[..., ::-1] for file, _ in files]).transpose(0, 3, 1, 2)
    x = torch.tensor(pixels.astype(np.float32) / 127.5 - 1)
    y = torch.tensor([kind for _, kind in files])
    net = torch.nn.Sequential(
        *(part for sizes in ((3, 16), (16, 32), (32, 32)) for part in _block(*sizes)),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(32, len(KINDS)),
    )
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(20):
        for batch in torch.randperm(len(x)).split(20):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
            optimizer.step()
    return net.eval()


def _block(read: int, written: int) -> tuple[Any, ...]:
    return (torch.nn.Conv2d(read, written, 3, 2, 1), torch.nn.ReLU())


@pytest.fixture(scope="session")
def model(network: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The classifier as an ONNX file of fixed shape."""
    file = tmp_path_factory.mktemp("model") / "kinds.onnx"
    names: dict[str, Any] = {"input_names": ["pixels"], "output_names": ["scores"]}
    torch.onnx.export(network, (torch.zeros(1, 3, 64, 64),), file, **names, **EXPORT)
    return file


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measurements of a few runs: what they say is looked at elsewhere."""
    monkeypatch.setitem(measuring.PLANS, "rapid", Plan(1, 64, 0.0, 40, 5, 1, 3))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The command line: exit code, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        words = [str(argument) for argument in arguments]
        monkeypatch.setattr("sys.argv", ["tightrope", *words])
        code = 0
        try:
            main(words)
        except SystemExit as end:
            code = int(end.code or 0)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


def manifest(folder: Path) -> dict[str, Any]:
    """What the artifact in this folder says of itself."""
    body: dict[str, Any] = json.loads((folder / "artifact.json").read_text())
    return body
