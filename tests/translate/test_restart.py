"""Training goes on from a shipped artifact: what comes out of it is the network that went in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tightrope.errors import ArtifactError
from tightrope.models import open_artifact
from tightrope.runtime.session import Session
from tightrope_translate.deployed import Reader
from tightrope_translate.graphs import ENCODER
from tightrope_translate.network import Sizes, Translator
from tightrope_translate.shipped import shipped_state


@pytest.mark.parametrize("direction", ["en-de", "de-en"])
def test_the_weights_compute_what_the_graphs_do(direction: str) -> None:
    artifact = open_artifact("translate", f"{direction}-int8")
    net = Translator(Sizes()).eval()
    net.load_state_dict(shipped_state(artifact, net.sizes))
    source = np.random.default_rng(0).integers(10, 8000, (2, 9))
    with torch.inference_mode():
        found = Reader(net)(torch.from_numpy(source))
    for ours, theirs in zip(found, Session(artifact.graph(ENCODER))(source), strict=True):
        if theirs.std() > 0:
            assert np.corrcoef(ours.numpy().ravel(), theirs.ravel())[0, 1] > 0.99  # activations are in int8 there


def test_another_network_is_refused() -> None:
    with pytest.raises(ArtifactError, match=r"encoder\.4"):
        shipped_state(open_artifact("translate", "en-de-int8"), replace(Sizes(), encoder_layers=5))
