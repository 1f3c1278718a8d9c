"""The weights of a shipped int8 artifact, back as `network.Translator` names them: to train them further.

    net.load_state_dict(shipped_state(open_artifact("translate", "en-de-int8")))

They are what the artifact computes with, so they are as exact as its steps (7 bits a channel); training starts no worse
for that. What a matrix is called in the graph, or where it stands, is what the exporter makes of `deployed`.
"""

from __future__ import annotations

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from tightrope.artifact import Artifact
from tightrope.errors import ArtifactError
from tightrope_translate.graphs import ENCODER, STEP
from tightrope_translate.network import Sizes, Translator

_UNNAMED = ("project", "attention_out", "feed_forward.1", "feed_forward.3")  # an encoder layer's matrices, in order


def shipped_state(artifact: Artifact, sizes: Sizes) -> dict[str, Tensor]:
    """Every parameter in float32. Raises ArtifactError where the artifact is not of a network of these sizes."""
    stored = _dequantized(artifact.graph(ENCODER)) | _dequantized(artifact.graph(STEP))
    order = [f"encoder.{layer}.{name}.weight" for layer in range(sizes.encoder_layers) for name in _UNNAMED]
    unnamed = [name for name, array in stored.items() if name.startswith("val_") and array.ndim == 2]
    stored.update(zip(order, (stored[name] for name in unnamed), strict=False))
    wanted = Translator(sizes).state_dict()
    for name, tensor in wanted.items():
        if name not in stored or stored[name].shape != tuple(tensor.shape):
            raise ArtifactError(f"{artifact.manifest.name} has no {name} of shape {tuple(tensor.shape)}")
    return {name: torch.tensor(stored[name]) for name in wanted}


def _dequantized(graph: bytes) -> dict[str, NDArray[np.float32]]:
    """Constants by the network's names: those in float, and those in int8 times their steps, as [out, in]."""
    arrays = {t.name: numpy_helper.to_array(t) for t in onnx.ModelProto.FromString(graph).graph.initializer}
    found = {name.removeprefix("net."): array for name, array in arrays.items() if array.dtype == np.float32}
    for name, array in arrays.items():
        if name.endswith("_quantized"):
            stem = name.removesuffix("_quantized")
            matrix = (array.astype(np.float32) - arrays[f"{stem}_zero_point"]) * arrays[f"{stem}_scale"]
            found[stem.removeprefix("net.").removesuffix("_Transposed")] = np.ascontiguousarray(matrix.T)
        elif name.endswith("_rows"):
            stem = name.removesuffix("_rows")
            found[stem.removeprefix("net.")] = array.astype(np.float32) * arrays[f"{stem}_steps"][:, None]
    return found
