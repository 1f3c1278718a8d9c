"""One ONNX graph, loaded with the settings that win at batch 1, and called with arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from tightrope.errors import ArtifactError, TightropeError

Array = NDArray[Any]
Backend = Literal["onnxruntime", "openvino"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)
Inputs = Array | Mapping[str, Array]  # of a graph: the array of its only input, or an array for each by name

_DTYPES: dict[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(double)": np.dtype(np.float64),
    "tensor(int64)": np.dtype(np.int64),
    "tensor(int32)": np.dtype(np.int32),
    "tensor(int8)": np.dtype(np.int8),
    "tensor(uint8)": np.dtype(np.uint8),
    "tensor(bool)": np.dtype(np.bool_),
}


# onnxruntime would give the weights of a float layer between int8 ones an int8 rounding of its own (its pull request
# 22969): a layer that the compressor left in float, because it measured that int8 harms it, must stay in float.
_DISABLED_OPTIMIZERS = ("WeightBiasQuantization",)


@dataclass(frozen=True)
class TensorSpec:
    """Name, shape (None where an axis is free) and dtype of a graph's input or output."""

    name: str
    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, node: Any) -> TensorSpec:
        shape = tuple(size if isinstance(size, int) else None for size in node.shape)
        return cls(node.name, shape, _DTYPES.get(node.type, np.dtype(object)))


def session_options(threads: int) -> Any:
    """onnxruntime options for one query at a time on `threads` cores.

    Sequential execution and no spinning of idle workers: a spinning pool wins microseconds on the bench and loses a
    core to the rest of the device. The arena stays on: with it every run after the first allocates nothing.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def open_graph(source: bytes | str, options: Any, providers: Sequence[str] = ("CPUExecutionProvider",)) -> Any:
    """onnxruntime's own session on a graph (bytes or path), computing in float what the graph has in float."""
    return ort.InferenceSession(
        source, options, providers=list(providers), disabled_optimizers=list(_DISABLED_OPTIMIZERS)
    )


class Session:
    """An ONNX graph in onnxruntime, or in another runtime that reads the same file.

    Args:
        model: path or bytes of the graph.
        threads: cores that one run may use.
        providers: onnxruntime's execution providers, in order of preference.
        backend: the runtime.

    Raises:
        ArtifactError: the runtime does not load the graph.
        MissingExtraError: the runtime is not installed.
    """

    def __init__(
        self,
        model: bytes | Path,
        threads: int = 1,
        providers: Sequence[str] = ("CPUExecutionProvider",),
        backend: Backend = "onnxruntime",
    ) -> None:
        source = model if isinstance(model, bytes) else str(model)
        try:
            self.ort = _open(source, threads, providers, backend)
        except TightropeError:
            raise
        except Exception as error:  # the runtimes' exceptions share no base but Exception
            where = "the graph" if isinstance(model, bytes) else str(model)
            raise ArtifactError(f"{backend} cannot load {where}: {first_line(error)}") from error
        self.threads, self.backend = threads, backend
        self.inputs = tuple(TensorSpec.of(node) for node in self.ort.get_inputs())
        self.outputs = tuple(TensorSpec.of(node) for node in self.ort.get_outputs())
        self._input_name = self.inputs[0].name

    def __call__(self, inputs: Inputs) -> list[Array]:
        """Run the graph on the array of its only input, or on arrays by name; gives all outputs, in order."""
        return self.run(self.feeds(inputs))

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        """Run a graph of several inputs, by name."""
        outputs: list[Array] = self.ort.run(None, dict(feeds))
        return outputs

    def feeds(self, inputs: Inputs) -> Mapping[str, Array]:
        """The arrays by the names of the graph's inputs."""
        return {self._input_name: inputs} if isinstance(inputs, np.ndarray) else inputs


def _open(source: bytes | str, threads: int, providers: Sequence[str], backend: Backend) -> Any:
    if backend == "onnxruntime":
        return open_graph(source, session_options(threads), providers)
    from tightrope.runtime.openvino import OpenVinoGraph

    return OpenVinoGraph(source, threads)


def usable(backend: Backend) -> Backend:
    """The backend if it is installed, else onnxruntime, which always is and reads the same graphs."""
    if backend == "openvino":
        from tightrope.runtime.openvino import is_installed

        return backend if is_installed() else "onnxruntime"
    return backend


def first_line(error: BaseException) -> str:
    """The first line of an exception's message, or its type where it has none."""
    return next(iter(str(error).splitlines()), type(error).__name__)
