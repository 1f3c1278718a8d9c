"""Olive's static quantization as a workflow of one pass, on data of one's own."""

import sys
from pathlib import Path

import numpy as np
from olive import run
from olive.data.component.dataset import BaseDataset
from olive.data.registry import Registry

given, out = map(Path, sys.argv[1:])


@Registry.register_dataset()
def calibration(**_):
    return BaseDataset([({"image": row[0]}, 0) for row in np.load(given / "calibration.npy")])


run(
    {
        "input_model": {"type": "ONNXModel", "model_path": str(given / "model.onnx")},
        "data_configs": [{"name": "data", "type": "DataContainer", "load_dataset_config": {"type": "calibration"}}],
        "passes": {"int8": {"type": "OnnxStaticQuantization", "data_config": "data", "per_channel": True}},
        "output_dir": str(out / "olive"),
    }
)
next((out / "olive").rglob("*.onnx")).rename(out / "model.onnx")
