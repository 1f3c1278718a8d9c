"""A reference artifact's weights, back as a torch module names them: so that they are stored once.

network.load_state_dict(stored_state(open_artifact("road", "nanodet-416-fp16")))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import numpy_helper

from tightrope.artifact import Artifact

if TYPE_CHECKING:
    from torch import Tensor


def stored_state(artifact: Artifact) -> dict[str, Tensor]:
    """Every floating-point constant of the graph, in float32, without the ending that `half-weights` gives it.

    The exporter's own constants are among them: take what the module names.
    """
    import torch

    model = onnx.ModelProto.FromString(artifact.graph())
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    return {
        name.removesuffix("_fp16"): torch.from_numpy(array.astype(np.float32))
        for name, array in arrays.items()
        if array.dtype in (np.float16, np.float32)
    }
