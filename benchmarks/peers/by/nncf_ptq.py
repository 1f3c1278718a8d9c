"""NNCF's post-training quantization of an OpenVINO model, as it is by default."""

import sys
from pathlib import Path

import nncf
import numpy as np
import openvino as ov

given, out = map(Path, sys.argv[1:])
calibration = np.load(given / "calibration.npy", mmap_mode="r")
model = ov.Core().read_model(given / "model.onnx")
quantized = nncf.quantize(model, nncf.Dataset(calibration))
ov.save_model(quantized, out / "model.xml")
