"""Export trained weights to ONNX and check the graph against torch:

    python -m tightrope_triage.export --weights DIR/weights.pt --out DIR/model.onnx

The graph takes `image` [N, 1, 256, 256] and gives `logit`, `embedding` and `heat` (see `network.Outputs`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from tightrope.errors import TightropeError
from tightrope.writing import atomic_path
from tightrope_triage.network import Outputs, TriageNet
from tightrope_triage.preprocess import INPUT_SIZE

OPSET = 18
TOLERANCE = 1e-3  # absolute, on logits; two float32 kernels that sum in different orders stay far below


class ExportError(TightropeError):
    """The exported graph does not give what the torch module gives."""


def load_network(weights: Path) -> TriageNet:
    """The network with the tensors of a weights.pt, in float32 and evaluation mode."""
    net = TriageNet()
    net.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))
    return net.eval()


def export(net: TriageNet, path: Path) -> float:
    """Write `net` as ONNX and return the largest difference of a logit from torch's on random pictures.

    Raises ExportError, and leaves nothing at `path`, when that is more than TOLERANCE.
    """
    with atomic_path(path) as partial:
        torch.onnx.export(
            net,
            (torch.zeros(2, 1, INPUT_SIZE, INPUT_SIZE),),
            partial,
            dynamo=True,
            opset_version=OPSET,
            input_names=["image"],
            output_names=list(Outputs._fields),
            dynamic_shapes={"x": {0: "batch"}},
            external_data=False,
            verbose=False,
        )
        forget_origin(partial)
        error = largest_error(net, partial)
        if not error <= TOLERANCE:
            raise ExportError(f"the graph's logits differ from torch's by {error:.2g}: try another version of torch")
    return error


def forget_origin(path: Path) -> None:
    """Drop the exporter's notes on nodes and values: stack traces with paths of the machine that exported."""
    model = onnx.load(path)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
    onnx.save(model, path)


def largest_error(net: TriageNet, graph: Path, pictures: int = 4) -> float:
    """The largest absolute difference of a logit between onnxruntime and torch."""
    images = torch.randn(pictures, 1, INPUT_SIZE, INPUT_SIZE, generator=torch.Generator().manual_seed(0))
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    found = np.asarray(session.run(["logit"], {"image": images.numpy()})[0])
    with torch.inference_mode():
        expected = net(images).logit.numpy()
    return float(np.abs(found - expected).max())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tightrope_triage.export", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    error = export(load_network(arguments.weights), arguments.out)
    print(f"{arguments.out}: logits within {error:.1e} of torch's")


if __name__ == "__main__":
    main()
