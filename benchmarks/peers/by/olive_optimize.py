"""Olive's `optimize`, which schedules its passes by itself: int8 for onnxruntime on a CPU."""

import sys
from pathlib import Path

from olive.cli.api import optimize

given, out = map(Path, sys.argv[1:])
optimize(str(given / "model.onnx"), precision="int8", use_qdq_format=True, device="cpu", output_path=str(out / "olive"))
next((out / "olive").rglob("*.onnx")).rename(out / "model.onnx")
