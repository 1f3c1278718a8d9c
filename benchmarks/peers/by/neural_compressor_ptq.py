"""Neural Compressor's post-training quantization of an ONNX graph, static, as it is by default."""

import sys
from pathlib import Path

import numpy as np
from neural_compressor import PostTrainingQuantConfig, quantization

given, out = map(Path, sys.argv[1:])


class Loader:
    batch_size = 1

    def __iter__(self):
        for row in np.load(given / "calibration.npy", mmap_mode="r"):
            yield np.asarray(row), 0


config = PostTrainingQuantConfig(approach="static", quant_format="QDQ", calibration_sampling_size=[128])
quantized = quantization.fit(str(given / "model.onnx"), config, calib_dataloader=Loader())
if quantized is None:
    sys.exit("quantization.fit gave no model")
quantized.save(str(out / "model.onnx"))
