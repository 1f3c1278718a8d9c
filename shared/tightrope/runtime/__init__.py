"""What runs on the device: numpy and onnxruntime, nothing else."""

from __future__ import annotations

from tightrope.runtime.clock import Clock, FakeClock, SystemClock, WallClock
from tightrope.runtime.limits import Limits
from tightrope.runtime.live import LiveRunner
from tightrope.runtime.outcome import Abstain, Emit, Outcome, Reason, Revise, Superseded, Wait
from tightrope.runtime.pipeline import Answer, Pipeline, StageTimes, Tentative, Unsure
from tightrope.runtime.queues import KeepAll, Newest
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
    "KeepAll",
    "Limits",
    "LiveRunner",
    "Newest",
    "Outcome",
    "Pipeline",
    "Reason",
    "Revise",
    "Runner",
    "Session",
    "StageTimes",
    "State",
    "Step",
    "Superseded",
    "SystemClock",
    "Telemetry",
    "TensorSpec",
    "Tentative",
    "Unsure",
    "Wait",
    "WallClock",
]
