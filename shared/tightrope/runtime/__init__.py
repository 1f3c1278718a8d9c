"""What runs on the device: numpy and onnxruntime, nothing else."""

from __future__ import annotations

from tightrope.runtime.clock import Clock, FakeClock, SystemClock
from tightrope.runtime.limits import Limits
from tightrope.runtime.live import LiveRunner
from tightrope.runtime.outcome import Abstain, Emit, Outcome, Reason, Revise, Wait
from tightrope.runtime.pipeline import Answer, Pipeline, StageTimes
from tightrope.runtime.runner import Runner
from tightrope.runtime.session import Session, TensorSpec
from tightrope.runtime.shelf import Step
from tightrope.runtime.telemetry import JsonLines, Telemetry
from tightrope.runtime.watchdog import Health, State

__all__ = [
    "Abstain",
    "Answer",
    "Clock",
    "Emit",
    "FakeClock",
    "Health",
    "JsonLines",
    "Limits",
    "LiveRunner",
    "Outcome",
    "Pipeline",
    "Reason",
    "Revise",
    "Runner",
    "Session",
    "StageTimes",
    "State",
    "Step",
    "SystemClock",
    "Telemetry",
    "TensorSpec",
    "Wait",
]
