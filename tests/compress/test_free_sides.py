"""Free height and width: what of a graph depends on them, what cannot be freed, and the graph at another size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from tightrope.artifact import Manifest, save_artifact
from tightrope.compress import Candidate
from tightrope.compress.flow import exported
from tightrope.compress.passes.free_sides import free_sides
from tightrope.compress.recipe import Recipe
from tightrope.errors import ArtifactError, ConfigError

from .conftest import apply
from .nets import Likeness, error

Tasks = Callable[[str], Likeness]
Candidates = Callable[[str], Candidate]


class Points(nn.Module):
    """A head such as detectors have: channels last, all points in a row, two strides one behind the other."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head = nn.Conv2d(3, 8, 3, 2, padding=1), nn.Conv2d(8, 5, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fine = torch.relu(self.stem(x))
        maps = (fine, nn.functional.avg_pool2d(fine, 2))
        return torch.cat([self.head(x).permute(0, 2, 3, 1).flatten(1, 2) for x in maps], dim=1)


class Flat(nn.Module):
    """A classifier that reads every pixel at its own place: it has one size."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3 * 16 * 16, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(x.flatten(1))


def of(make: Callable[[], nn.Module]) -> tuple[Likeness, Candidate]:
    task = Likeness(make, (1, 3, 16, 16))
    return task, apply("export", Candidate(module=task.reference()), task)


@pytest.mark.parametrize("quantized", [False, True])
def test_a_detectors_points_follow_from_the_picture(quantized: bool) -> None:
    task, start = of(Points)
    if quantized:
        start = apply("quantize-static", apply("clean", start, task), task, inputs=4)
    after = apply("free-sides", start, task, multiple=4)
    assert after.precision == start.precision
    np.testing.assert_array_equal(after.session()(task.example())[0], start.session()(task.example())[0])
    wide = np.concatenate([task.inputs[1][:, :, :12], task.inputs[2][:, :, :12]], axis=3)
    with torch.no_grad():
        expected = task.net(torch.from_numpy(wide)).numpy()
    assert error(expected, after.session()(wide)[0]) < (0.05 if quantized else 1e-5)


def test_a_graph_of_one_size_is_refused() -> None:
    task, start = of(Flat)
    with pytest.raises(ConfigError, match="not clear which axis"):
        apply("free-sides", start, task, multiple=4)


def test_what_is_free_already_or_no_picture_is_refused(task_of: Tasks, cleaned: Candidates) -> None:
    with pytest.raises(ConfigError, match=r"needs an input \[N, C, H, W\]"):
        apply("free-sides", cleaned("transformer"), task_of("transformer"))
    task, start = of(Points)
    freed = apply("free-sides", start, task, multiple=4)
    with pytest.raises(ConfigError, match="of fixed size"):
        apply("free-sides", freed, task, multiple=4)


def test_another_size_goes_on_with_the_same_numbers(tmp_path: Path) -> None:
    """A graph quantized at 16 x 16 serves a task of 24 x 24; the lineage says where it comes from."""
    task, start = of(Points)
    freed = apply("free-sides", apply("quantize-static", start, task, inputs=4), task, multiple=4)
    passes = [record.to_dict() for record in freed.lineage]
    manifest = Manifest("test", "small", freed.precision, "today", {}, lineage={"passes": passes})
    save_artifact(tmp_path / "small", manifest, {"model": freed.graph_bytes}, "card")

    larger = Likeness(Points, (1, 3, 24, 24))
    taken = apply(
        "from-artifact",
        apply("export", Candidate(module=larger.reference()), larger),
        larger,
        artifact=str(tmp_path / "small"),
    )
    assert taken.precision == "int8"
    assert [entry["method"] for entry in taken.lineage[-1].notes["made_by"]] == [
        "export",
        "quantize-static",
        "free-sides",
    ]
    assert error(larger.expected[0], taken.session()(larger.inputs[0])[0]) < 0.05


def test_an_artifact_of_another_model_is_refused(tmp_path: Path, task_of: Tasks, cleaned: Candidates) -> None:
    task, start = of(Points)
    with pytest.raises(ArtifactError):
        apply("from-artifact", start, task, artifact=str(tmp_path / "none"))
    other = cleaned("csp")
    assert other.graph is not None
    renamed = type(other.graph)()
    renamed.CopyFrom(other.graph)
    renamed.graph.input[0].name = "picture"
    for node in renamed.graph.node:
        node.input[:] = ["picture" if name == "input" else name for name in node.input]
    manifest = Manifest("test", "other", "fp32", "today", {})
    save_artifact(tmp_path / "other", manifest, {"model": renamed.SerializeToString()}, "card")
    with pytest.raises(ConfigError, match=r"has picture \[1, 3, .*, and this task's graph input \[1, 3, 16, 16\]"):
        apply("from-artifact", start, task, artifact=str(tmp_path / "other"))


def test_the_size_must_differ_in_both_sides_to_tell_what_is_free() -> None:
    """A reshape of which two axes could take what is free is refused rather than guessed."""
    task, start = of(Points)
    assert start.graph is not None
    other = np.ascontiguousarray(task.example()[..., :12, :])  # rows alone: columns would count as fixed
    with pytest.raises(ConfigError, match="not clear which axis"):
        free_sides(start.graph, task.example(), other)


def test_what_is_told_its_size_is_refused() -> None:
    """A resize to a constant size would give the same points for every picture."""
    task, start = of(Points)
    assert start.graph is not None
    told = type(start.graph)()
    told.CopyFrom(start.graph)
    make = onnx.helper.make_node
    told.graph.initializer.append(numpy_helper.from_array(np.array([1, 3, 16, 16], np.int64), "size"))
    for node in told.graph.node:
        node.input[:] = ["resized" if name == "input" else name for name in node.input]
    told.graph.node.insert(0, make("Resize", ["input", "", "", "size"], ["resized"], "resize", mode="linear"))
    with pytest.raises(ConfigError, match="Resize resize is told a size"):
        apply("free-sides", Candidate(graph=told), task, multiple=4)


def test_the_reference_of_the_gate_takes_the_same_sizes() -> None:
    recipe = Recipe.parse({"name": "r", "passes": [{"method": "export"}, {"method": "free-sides", "multiple": 4}]}, "r")
    task = Likeness(Points, (1, 3, 16, 16))
    assert exported(task, recipe).session().inputs[0].shape == (1, 3, None, None)
