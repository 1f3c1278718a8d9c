"""The model as it was brought, a graph or a network, behind one face: what it takes, what it gives, how it is run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from tightrope.compress.candidate import Candidate
from tightrope.compress.own.graph import describe, fix_shapes, read_graph
from tightrope.compress.own.network import read_network
from tightrope.errors import BadInputError
from tightrope.runtime.session import Array, Inputs, Session, TensorSpec

TORCHVISION = "torchvision:"


@dataclass(frozen=True)
class Brought:
    """A model of someone's own.

    Attributes:
        name: of the file, without its ending, or of the network.
        inputs: what it takes; an axis may be free.
        outputs: names of what it gives, in order.
        origin: what the passes of a recipe start from.
        run: its answer in float, what all that is made of it is compared with.
        digest: sha256 of the file that it came from.
    """

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[str, ...]
    origin: Candidate
    run: Callable[[Inputs], Sequence[Array]]
    digest: str

    @property
    def graph(self) -> onnx.ModelProto | None:
        """None: it is a torch network, which has a graph only after its export."""
        return self.origin.graph

    def shaped(self, shapes: Mapping[str, tuple[int, ...]]) -> Brought:
        """The same with inputs of these shapes, as far as they were free."""
        specs = tuple(TensorSpec(spec.name, shapes.get(spec.name, spec.shape), spec.dtype) for spec in self.inputs)
        if self.graph is None or specs == self.inputs:
            return Brought(self.name, specs, self.outputs, self.origin, self.run, self.digest)
        for spec in self.inputs:
            if spec.shape[0] not in (None, 1):
                raise BadInputError(
                    f"the graph takes {spec.shape[0]} inputs at a time, {describe(spec)}: export it "
                    "with a batch of 1, as a device runs it"
                )
        return _of_graph(self.name, fix_shapes(self.graph, shapes), self.digest)


def is_own(target: str) -> bool:
    """Whether `tightrope compress TARGET` is about a model file, and not about an app or a Task."""
    if target.startswith(TORCHVISION) or target.lower().endswith(".onnx"):
        return True
    return Path(target).suffix not in ("", ".py") and Path(target).is_file()


def bring(target: str, weights: str | None) -> Brought:
    """Read 'model.onnx' or 'torchvision:NAME'.

    Raises:
        BadInputError, ConfigError: as `read_graph` and `read_network` do.
    """
    if target.startswith(TORCHVISION):
        name = target.removeprefix(TORCHVISION)
        network, _ = read_network(name, weights)
        spec = TensorSpec("input", (1, 3, None, None), np.dtype(np.float32))
        digest = _digest(Path(str(weights)))
        return Brought(name, (spec,), ("output",), Candidate(module=network), _runner(network), digest)
    path = Path(target)
    return _of_graph(path.stem, read_graph(path), _digest(path))


def _of_graph(name: str, graph: onnx.ModelProto, digest: str) -> Brought:
    session = Session(graph.SerializeToString())
    outputs = tuple(spec.name for spec in session.outputs)
    return Brought(name, session.inputs, outputs, Candidate(graph=graph), session, digest)


def _runner(network: Callable[..., object]) -> Callable[[Inputs], list[Array]]:
    import torch

    def run(inputs: Inputs) -> list[Array]:
        assert isinstance(inputs, np.ndarray)
        with torch.no_grad():
            output = network(torch.from_numpy(inputs))
        assert isinstance(output, torch.Tensor)
        return [output.numpy()]

    return run


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
