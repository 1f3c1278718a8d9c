"""onnxruntime's static int8: QDQ, a scale for each channel, the rest as it is by default."""

import sys
from pathlib import Path

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

given, out, *options = sys.argv[1:]
NAME = "image"


class Reader(CalibrationDataReader):
    def __init__(self) -> None:
        self.rows = iter(np.load(Path(given) / "calibration.npy", mmap_mode="r"))

    def get_next(self) -> dict[str, np.ndarray] | None:
        row = next(self.rows, None)
        return None if row is None else {NAME: np.asarray(row)}


prepared = Path(out) / "prepared.onnx"
quant_pre_process(Path(given) / "model.onnx", prepared)
quantize_static(prepared, Path(out) / "model.onnx", Reader(), per_channel=True, reduce_range="reduce-range" in options)
prepared.unlink()
