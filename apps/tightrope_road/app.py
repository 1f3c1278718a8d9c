"""The road app as the core sees it."""

from __future__ import annotations

from pathlib import Path

from tightrope.app import App

APP = App(
    name="road",
    summary="Detect road users in pictures, videos and live cameras, inside a latency budget.",
    commands="tightrope_road.commands:app",
    task="tightrope_road.task:RoadTask",
    workload="tightrope_road.workload:open_workload",
    folder=Path(__file__).parent,
    demo="tightrope_road.demo.tab:add_tab",
)
