"""A contestant's graph, ready to be asked: one input to a list of outputs, on one thread.

Peers run as their own documentation says for one query at a time, with their defaults in all else; ours as Tightrope's
runtime opens them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from contestants import Made

from tightrope.compress.task import Array, Task
from tightrope.runtime.session import Session

Run = Callable[[Any], Sequence[Array]]
THREADS = 1


def open_made(made: Made, task: Task) -> Run:
    """Open what a contestant made.

    Raises:
        Whatever the runtime raises for a graph that it does not take.
    """
    if made.file is None:
        return _eager(task)
    if made.ours:
        return Session(made.file, THREADS, backend="openvino" if made.runtime == "openvino" else "onnxruntime")
    return (_openvino if made.runtime == "openvino" else _onnxruntime)(made.file)


def _eager(task: Task) -> Run:
    import torch

    torch.set_num_threads(THREADS)
    net = task.reference()

    def run(array: Array) -> Sequence[Array]:
        with torch.inference_mode():
            found = net(torch.from_numpy(np.asarray(array)))
        return [one.numpy() for one in (found if isinstance(found, tuple | list) else (found,))]

    return run


def _onnxruntime(file: Path) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda array: session.run(None, {name: array})


def _openvino(file: Path) -> Run:
    import openvino

    settings = {"INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY"}
    compiled = openvino.Core().compile_model(file, "CPU", settings)
    request = compiled.create_infer_request()

    def run(array: Array) -> Sequence[Array]:
        request.infer([array], share_inputs=True)
        return [request.get_output_tensor(k).data.copy() for k in range(len(compiled.outputs))]

    return run
