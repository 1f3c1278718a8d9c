"""A graph in OpenVINO (docs.openvino.ai, Apache-2.0), called as onnxruntime's own session is.

It reads the same ONNX file, int8 in QDQ form included. Float stays float32: what a processor could compute in bfloat16
is not, so that both runtimes give the same numbers but for rounding.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import MissingExtraError

_TYPES = {
    "f32": "tensor(float)",
    "f16": "tensor(float16)",
    "f64": "tensor(double)",
    "i64": "tensor(int64)",
    "i32": "tensor(int32)",
    "i8": "tensor(int8)",
    "u8": "tensor(uint8)",
    "boolean": "tensor(bool)",
}


class Port(NamedTuple):
    """An input or output, described as onnxruntime describes its own: a free axis is None."""

    name: str
    shape: tuple[int | None, ...]
    type: str


class OpenVinoGraph:
    """A compiled graph for one query at a time on `threads` cores of the CPU.

    Raises:
        MissingExtraError: OpenVINO is not installed.
        Whatever OpenVINO raises for a graph that it does not take.
    """

    def __init__(self, source: bytes | str, threads: int) -> None:
        openvino = _import()
        core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
        }
        graph = core.read_model(source)
        # Before it is compiled: then a port has the names of all tensors that turned out to be the same.
        self._inputs, self._outputs = ([_port(port) for port in ports] for ports in (graph.inputs, graph.outputs))
        self._request = core.compile_model(graph, "CPU", settings).create_infer_request()
        self._lock = threading.Lock()  # a request runs one query, and onnxruntime's session may be shared

    def get_inputs(self) -> list[Port]:
        return self._inputs

    def get_outputs(self) -> list[Port]:
        return self._outputs

    def run(self, names: Sequence[str] | None, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The named outputs, or all in the graph's order; arrays of the caller's own."""
        with self._lock:
            self._request.infer({name: np.ascontiguousarray(array) for name, array in feeds.items()}, share_inputs=True)
            found = {port.name: self._request.get_output_tensor(k).data.copy() for k, port in enumerate(self._outputs)}
        return [found[name] for name in (names or found)]


def is_installed() -> bool:
    return find_spec("openvino") is not None


def _import() -> Any:
    try:
        return import_module("openvino")  # it has no types
    except ImportError as error:
        raise MissingExtraError("OpenVINO", "openvino") from error


def _port(port: Any) -> Port:
    shape = tuple(None if axis.is_dynamic else axis.get_length() for axis in port.get_partial_shape())
    return Port(port.get_any_name(), shape, _TYPES.get(port.get_element_type().get_type_name(), "tensor(other)"))
