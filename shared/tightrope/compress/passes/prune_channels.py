"""Structured pruning: whole channels are taken away, with everything that depends on them (torch-pruning, MIT).

Fang et al. 2023, 'DepGraph: Towards Any Structural Pruning' (arXiv:2301.12900): a channel that is cut in one layer is
cut in all that read it, through sums, concatenations and splits, so what is left is a smaller dense network that every
runtime runs faster. It forgets much of what it knew: put `distil` behind it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from tightrope.compress.candidate import Candidate
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task, first_examples
from tightrope.errors import ConfigError, MissingExtraError

_PRUNED = (nn.Conv2d, nn.Linear)


@register("prune-channels")
class PruneChannels(Pass):
    """Take the least important share of the channels out of a torch module; it goes before `export`.

    Importance is judged of whole groups of coupled channels. `taylor` asks how much the module's outputs would move
    (Molchanov et al. 2019, arXiv:1906.10771, with the outputs' energy in place of a loss, as there are no labels).
    """

    ratio: float = Field(0.25, gt=0, lt=1, description="share of the channels of each layer, or of all, to take away")
    importance: Literal["l1", "l2", "taylor"] = Field("taylor", description="which channels go first")
    everywhere: bool = Field(False, description="one threshold for all layers, in place of the same share of each")
    most: float = Field(0.6, gt=0, lt=1, description="of one layer, if `everywhere`")
    multiple: int = Field(8, ge=1, description="channels left in a layer are a multiple of it: what kernels like")
    inputs: int = Field(16, ge=1, description="calibration inputs, for taylor")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        if candidate.module is None:
            raise ConfigError("prune-channels works on a torch module: put it before `export`")
        pruning = _import()
        module = copy.deepcopy(candidate.module).eval().requires_grad_(True)
        examples = [_single(example) for example in first_examples(task, self.inputs)]
        before = _parameters(module)
        kind = pruning.importance
        judge = {
            "l1": lambda: kind.GroupMagnitudeImportance(p=1),
            "l2": lambda: kind.GroupMagnitudeImportance(p=2),
            "taylor": kind.GroupTaylorImportance,
        }[self.importance]()
        if self.importance == "taylor":
            _fill_gradients(module, examples)
        pruner = pruning.pruner.BasePruner(
            module,
            examples[0],
            importance=judge,
            global_pruning=self.everywhere,
            pruning_ratio=self.ratio,
            max_pruning_ratio=self.most if self.everywhere else 1.0,
            ignored_layers=_output_layers(module, examples[0], pruning),
            round_to=self.multiple,
        )
        pruner.step()
        module.zero_grad()
        _check(candidate.module, module, examples[0])
        left = _parameters(module)
        widths = {name: _width(layer) for name, layer in module.named_modules() if isinstance(layer, _PRUNED)}
        record = self.record(parameters_before=before, parameters_after=left, channels=widths)
        return candidate.then(record, module=module)


def _import() -> Any:
    try:
        import torch_pruning
    except ImportError as error:
        raise MissingExtraError("torch-pruning (structured pruning)", "compress") from error
    return torch_pruning


def _single(example: Any) -> Tensor:
    if isinstance(example, Mapping):
        raise ConfigError("prune-channels takes models of one input")
    return torch.from_numpy(np.asarray(example))


def _outputs(module: nn.Module, example: Tensor) -> list[Tensor]:
    found = module(example)
    return [found] if isinstance(found, Tensor) else list(found)


def _fill_gradients(module: nn.Module, examples: list[Tensor]) -> None:
    """Of half the outputs' energy, each output scaled to a spread of one."""
    with torch.no_grad():
        spreads = [max(float(output.std()), 1e-6) for output in _outputs(module, examples[0])]
    for example in examples:
        outputs = _outputs(module, example)
        torch.stack([(o / s).square().mean() for o, s in zip(outputs, spreads, strict=True)]).sum().backward()  # type: ignore[no-untyped-call]


def _output_layers(module: nn.Module, example: Tensor, pruning: Any) -> list[nn.Module]:
    """The layers whose channels are the model's outputs: without some of them the outputs change shape."""
    shapes = [output.shape for output in _outputs(module, example)]
    found: list[nn.Module] = []
    for name, layer in module.named_modules():
        if isinstance(layer, _PRUNED) and not _keeps_shapes(module, name, example, shapes, pruning):
            found.append(layer)
    return found


def _keeps_shapes(module: nn.Module, name: str, example: Tensor, shapes: list[torch.Size], pruning: Any) -> bool:
    """True if the outputs have the same shapes when half of that layer's channels are gone."""
    trial = copy.deepcopy(module)
    layer = trial.get_submodule(name)
    graph = pruning.DependencyGraph().build_dependency(trial, example_inputs=example)
    prune = pruning.prune_conv_out_channels if isinstance(layer, nn.Conv2d) else pruning.prune_linear_out_channels
    half = list(range(0, _width(layer), 2))
    try:
        graph.get_pruning_group(layer, prune, idxs=half).prune()
        with torch.no_grad():
            return [output.shape for output in _outputs(trial, example)] == shapes
    except (RuntimeError, IndexError, ValueError, AssertionError):
        return False  # a reshape by a fixed number of channels stands behind it


def _check(before: nn.Module, after: nn.Module, example: Tensor) -> None:
    with torch.no_grad():
        shapes = [[output.shape for output in _outputs(module.eval(), example)] for module in (before, after)]
    if shapes[0] != shapes[1]:
        raise ConfigError("pruning changed the shape of an output: this network cannot be pruned by its graph alone")


def _width(layer: nn.Module) -> int:
    return int(layer.weight.shape[0])  # type: ignore[index]


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
