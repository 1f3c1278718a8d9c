"""One ONNX graph, loaded with the settings that win at batch 1, and called with arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from tightrope.errors import ArtifactError

Array = NDArray[Any]

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


class Session:
    """An ONNX graph in onnxruntime.

    Args:
        model: path or bytes of the graph.
        threads: cores that one run may use.
        providers: execution providers, in order of preference.

    Raises:
        ArtifactError: onnxruntime does not load the graph.
    """

    def __init__(
        self, model: bytes | Path, threads: int = 1, providers: Sequence[str] = ("CPUExecutionProvider",)
    ) -> None:
        source = model if isinstance(model, bytes) else str(model)
        try:
            self.ort = ort.InferenceSession(source, session_options(threads), providers=list(providers))
        except Exception as error:  # onnxruntime's exceptions share no base but Exception
            where = "the graph" if isinstance(model, bytes) else str(model)
            raise ArtifactError(f"onnxruntime cannot load {where}: {first_line(error)}") from error
        self.threads = threads
        self.inputs = tuple(TensorSpec.of(node) for node in self.ort.get_inputs())
        self.outputs = tuple(TensorSpec.of(node) for node in self.ort.get_outputs())
        self._input_name = self.inputs[0].name

    def __call__(self, array: Array) -> list[Array]:
        """Run a graph of one input: array of that input's shape and dtype to all outputs, in order."""
        outputs: list[Array] = self.ort.run(None, {self._input_name: array})
        return outputs

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        """Run a graph of several inputs, by name."""
        outputs: list[Array] = self.ort.run(None, dict(feeds))
        return outputs


def first_line(error: BaseException) -> str:
    """The first line of an exception's message, or its type where it has none."""
    return next(iter(str(error).splitlines()), type(error).__name__)
