"""A torchvision classifier with the weights of a file: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tightrope.errors import BadInputError, ConfigError, nearest

if TYPE_CHECKING:
    import torch


def read_network(name: str, weights: str | None) -> tuple[torch.nn.Module, int]:
    """The network in eval mode, and the number of its classes, which the weights tell.

    Raises:
        ConfigError: torchvision has no such classifier, or no weights were given.
        BadInputError: the file is no state dict, or one of another network.
    """
    from torchvision import models

    known = models.list_models(module=models)
    if name not in known:
        close = nearest(name, known)
        raise ConfigError(f"torchvision has no classifier {name!r}{close}")
    if weights is None:
        raise ConfigError(f"torchvision:{name} needs --weights FILE, a state dict; nothing is downloaded")
    state = _read_state(Path(weights))
    classes = _classes(state)
    network = models.get_model(name, weights=None, num_classes=classes)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise BadInputError(f"{weights} has other weights than {name} takes: {_complaint(error)}") from error
    return network.eval(), classes


def _complaint(error: RuntimeError) -> str:
    """The first name that torch complains of: 'Missing key(s) in state_dict: "conv1.weight", ...'."""
    line = next((line.strip() for line in str(error).splitlines()[1:]), str(error))
    return f"{line.split(', ')[0]}, ..." if ", " in line else line


def _read_state(file: Path) -> dict[str, Any]:
    import torch

    if not file.is_file():
        raise BadInputError(f"no file {file}")
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            found: Any = load_file(file)
        else:
            found = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises what pickle, zipfile and its own checks raise
        # torch's own message tells how to switch its safety off: not here.
        raise BadInputError(
            f"{file} is not a state dict that can be read: save torch.save(net.state_dict(), FILE)"
        ) from error
    for key in ("state_dict", "model_state_dict", "model"):  # as checkpoints of training loops have it
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise BadInputError(f"{file} is not a state dict: save it with torch.save(net.state_dict(), FILE)")
    return {str(key).removeprefix("module."): value for key, value in found.items()}


def _classes(state: Mapping[str, Any]) -> int:
    """Rows of the last matrix, or of the last kernel where there is no matrix."""
    for dimensions in (2, 4):
        if weights := [tensor for tensor in state.values() if tensor.ndim == dimensions]:
            return int(weights[-1].shape[0])
    raise BadInputError("the state dict has no weights of a layer")
