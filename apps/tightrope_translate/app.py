"""The translate app as the core sees it."""

from __future__ import annotations

from pathlib import Path

from tightrope.app import App

APP = App(
    name="translate",
    summary="Translate between English and German, offline: typed, photographed, spoken.",
    commands="tightrope_translate.commands:app",
    task="tightrope_translate.task:TranslateTask",
    workload="tightrope_translate.workload:open_workload",
    folder=Path(__file__).parent,
    demo="tightrope_translate.demo.tab:add_tab",
    extras=("camera", "speech"),
)
