"""What runs on the device: numpy and onnxruntime, nothing else.

Each name is imported when it is asked for: who needs a clock or a session does not wait for the governor.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "clock": ("Clock", "FakeClock", "SystemClock", "WallClock"),
    "limits": ("Limits",),
    "live": ("LiveRunner",),
    "outcome": ("Abstain", "Emit", "Outcome", "Reason", "Revise", "Superseded", "Wait"),
    "pipeline": ("Answer", "Pipeline", "StageTimes", "Tentative", "Unsure"),
    "queues": ("KeepAll", "Newest"),
    "runner": ("Runner",),
    "session": ("Session", "TensorSpec"),
    "shelf": ("Step",),
    "telemetry": ("JsonLines", "Telemetry"),
    "watchdog": ("Health", "State"),
}


def __getattr__(name: str) -> Any:
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
