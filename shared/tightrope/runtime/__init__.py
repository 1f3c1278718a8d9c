"""What runs on the device: numpy and onnxruntime, nothing else."""

from __future__ import annotations

from tightrope.runtime.clock import Clock, FakeClock, SystemClock
from tightrope.runtime.pipeline import Answer, Pipeline, StageTimes
from tightrope.runtime.session import Session, TensorSpec

__all__ = ["Answer", "Clock", "FakeClock", "Pipeline", "Session", "StageTimes", "SystemClock", "TensorSpec"]
