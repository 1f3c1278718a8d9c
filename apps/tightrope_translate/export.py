"""Export trained weights as two ONNX graphs and check them against torch:

    python -m tightrope_translate.export --weights DIR/weights.safetensors --out DIR

`encoder.onnx` reads a sentence once, `step.onnx` writes a token: see `deployed`. Float graphs, for looking at a network
while it is trained; what is shipped goes through `tightrope compress translate`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn
from torch.export import Dim

from tightrope.errors import ArtifactError, TightropeError
from tightrope.runtime.session import Session
from tightrope.writing import atomic_path
from tightrope_translate.deployed import STEP_INPUTS, STEP_OUTPUTS, Reader, Writer, free_axes, memory_names
from tightrope_translate.network import Sizes, Translator

OPSET = 20
TOLERANCE = 1e-4  # absolute, on probabilities; two float32 kernels that sum in different orders stay far below
ENCODER, STEP = "encoder.onnx", "step.onnx"


class ExportError(TightropeError):
    """An exported graph does not give what the torch module gives."""


def load_network(weights: Path) -> Translator:
    """The network of a weights.safetensors, in float32; its sizes are in the file's metadata.

    Raises:
        ArtifactError: the file is missing, damaged, or holds other tensors.
    """
    try:
        with safe_open(weights, framework="pt") as file:
            net = Translator(Sizes(**json.loads(file.metadata()["sizes"])))
            net.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ArtifactError(f"{weights} holds no translation network: {error}") from error
    return net.eval().requires_grad_(False)


def save_network(net: Translator, path: Path) -> None:
    """Write the weights in float16, whole or not at all."""
    with atomic_path(path) as partial:
        state = {name: value.half() for name, value in net.state_dict().items()}
        save_file(state, partial, metadata={"sizes": json.dumps(asdict(net.sizes))})


def export(net: Translator, folder: Path) -> float:
    """Write both graphs into `folder`; returns the largest difference of a probability from torch's.

    Raises ExportError, and leaves nothing, when that is more than TOLERANCE.
    """
    names = memory_names(net.sizes)
    source, tokens, words = torch.randint(3, net.sizes.vocabulary, (2, 7)), torch.tensor([3, 4]), torch.arange(9)
    memory, state = Reader(net)(source), net.start(2)
    with atomic_path(folder / ENCODER) as encoder, atomic_path(folder / STEP) as step:
        write(Reader(net), (source,), encoder, free(["source"]), ["source"], names)
        inputs = [*STEP_INPUTS, *names]
        write(Writer(net), (tokens, words, state, *memory), step, free(inputs), inputs, list(STEP_OUTPUTS))
        error = largest_error(net, encoder, step)
        if not error <= TOLERANCE:
            raise ExportError(
                f"the graphs' probabilities differ from torch's by {error:.2g}: try another version of torch"
            )
    return error


def free(names: list[str]) -> tuple[Any, ...]:
    """The free axes of these inputs as torch.export takes them: those from the fourth on are one parameter."""
    sizes = {size: Dim(size) for size in ("batch", "length", "words")}
    shapes = [{axis: sizes[size] for axis, size in free_axes(name).items()} for name in names]
    return (*shapes[:3], *([tuple(shapes[3:])] if len(shapes) > 3 else []))


def write(
    module: nn.Module,
    example: tuple[Any, ...],
    path: Path,
    shapes: tuple[Any, ...],
    inputs: list[str],
    outputs: list[str],
) -> None:
    """One graph, without the exporter's notes (stack traces with paths of the machine that exported)."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            module.eval(),
            example,
            path,
            dynamo=True,
            opset_version=OPSET,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=shapes,
            external_data=False,
            verbose=False,
        )
    model = onnx.load(path)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
    onnx.save(model, path)


def largest_error(net: Translator, encoder: Path, step: Path, count: int = 3, steps: int = 6) -> float:
    """The largest absolute difference of a probability over some steps on random tokens, one sentence padded."""
    generator = torch.Generator().manual_seed(0)
    source = torch.randint(3, net.sizes.vocabulary, (count, 11), generator=generator)
    source[0, 6:] = 0
    written = torch.randint(3, net.sizes.vocabulary, (steps, count), generator=generator)
    reading, writing = Session(encoder), Session(step)
    fixed = dict(zip(memory_names(net.sizes), reading(source.numpy()), strict=True))
    fixed["words"] = np.arange(net.sizes.vocabulary)
    with torch.inference_mode():
        memory, state = net.read(source), net.start(count)
        graph_state, error = state.numpy(), 0.0
        for tokens in written:
            logits, state = net.step(tokens, state, memory)
            found, graph_state = writing.run({"tokens": tokens.numpy(), "state": graph_state, **fixed})
            error = max(error, float(np.abs(found - torch.softmax(logits, 1).numpy()).max()))
    return error


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tightrope_translate.export", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    net = load_network(arguments.weights)
    error = export(net, arguments.out)
    print(f"{arguments.out}: {asdict(net.sizes)}, probabilities within {error:.1e} of torch's")


if __name__ == "__main__":
    main()
