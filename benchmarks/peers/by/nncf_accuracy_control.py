"""NNCF's quantization with accuracy control: layers go back to float until 1% of the metric, at most, is lost."""

import sys
from pathlib import Path

import nncf
import numpy as np
import openvino as ov
from metric import Metric

given, out = map(Path, sys.argv[1:])
calibration = np.load(given / "calibration.npy", mmap_mode="r")
validation = np.load(given / "validation.npy", mmap_mode="r")
metric = Metric(len(validation))


def validate(model, inputs):
    rows = [list(model(array).to_tuple()) for array in inputs]
    return metric(rows), rows


quantized = nncf.quantize_with_accuracy_control(
    ov.Core().read_model(given / "model.onnx"),
    nncf.Dataset(calibration),
    nncf.Dataset(validation),
    validate,
    max_drop=0.01,
    drop_type=nncf.DropType.RELATIVE,
)
ov.save_model(quantized, out / "model.xml")
