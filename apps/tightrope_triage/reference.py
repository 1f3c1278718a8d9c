"""The trained network with its gate as the project ships it, and the command that makes it from a training run:

    python -m tightrope_triage.reference --data DIR --run RUN

RUN is what `tightrope_triage.train` wrote: weights.pt and lineage.json. The gate is fitted to the training radiographs'
features. Out come models/triage/reference.safetensors (fp16) and training.json, the run's lineage. Then

    tightrope compress triage --recipe models/triage/reference.toml

makes the reference artifact, whose weights are those of the file: it is not needed any more.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from tightrope.compress.state import stored_state
from tightrope.models import models_root, open_artifact
from tightrope.writing import atomic_path, write_text
from tightrope_triage.data import Case, read_cases, read_grey
from tightrope_triage.exported import GatedNet
from tightrope_triage.gate import Gate, fit
from tightrope_triage.kinds import shrunk
from tightrope_triage.network import TriageNet
from tightrope_triage.preprocess import to_grey8
from tightrope_triage.trainer import predict

WEIGHTS, TRAINING, ARTIFACT = "reference.safetensors", "training.json", "lite0-256-fp16"
PER_SITE = 250  # radiographs of each site, so that neither outweighs the other


def load_reference() -> GatedNet:
    """The shipped network in float32 and evaluation mode. Raises ArtifactError if its weights are missing."""
    file, net = models_root() / "triage" / WEIGHTS, GatedNet()
    if file.exists():
        state = load_file(file)
    else:
        state = stored_state(open_artifact("triage", ARTIFACT))
        state["mean"] = state.pop("mean_1")  # the exporter's name for it
    net.load_state_dict({name: state[name].float() for name in net.state_dict()})
    return net.eval()


def training_lineage() -> dict[str, Any]:
    """How the shipped weights were trained; empty if nothing is shipped."""
    file = models_root() / "triage" / TRAINING
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}


def fit_gate(net: TriageNet, cases: list[Case]) -> Gate:
    """A gate fitted to the features of these radiographs, and of half of them again at 64 pixels.

    The pictures of other kinds that are at hand have 64 pixels only; without such radiographs the gate would learn to
    tell sharp from blurred.
    """
    pictures = []
    for site in ("nih", "kermany"):
        of_site = [case for case in cases if case.site == site]
        chosen = [read_grey(case.path) for case in of_site[:: max(1, len(of_site) // PER_SITE)][:PER_SITE]]
        pictures += [to_grey8(each) for each in (*chosen, *shrunk(chosen))]
    return fit(predict(net, np.stack(pictures))[1])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tightrope_triage.reference", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    arguments = parser.parse_args()
    lineage = json.loads((arguments.run / "lineage.json").read_text(encoding="utf-8"))
    net = GatedNet()
    net.net.load_state_dict(torch.load(arguments.run / "weights.pt", weights_only=True))
    net.eval()
    cases = read_cases(arguments.data, lineage["settings"]["fold"])
    net.set_gate(fit_gate(net.net, [case for case in cases if case.split == "train"]))
    folder = models_root() / "triage"
    # The gate stays in float32: fp16 would lose its small variances.
    state = {
        name: tensor.half().contiguous() if name.startswith("net.") else tensor.contiguous()
        for name, tensor in net.state_dict().items()
    }
    with atomic_path(folder / WEIGHTS) as temporary:
        save_file(state, temporary)
    write_text(folder / TRAINING, json.dumps(lineage, indent=1) + "\n")
    print(f"{folder / WEIGHTS}: {(folder / WEIGHTS).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
