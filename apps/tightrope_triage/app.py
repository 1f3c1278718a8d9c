"""The triage app as the core sees it."""

from __future__ import annotations

from pathlib import Path

from tightrope.app import App

APP = App(
    name="triage",
    summary="Sort chest radiographs (DICOM) so that suspicious ones are read first.",
    commands="tightrope_triage.commands:app",
    task="tightrope_triage.task:TriageTask",
    workload="tightrope_triage.workload:open_workload",
    folder=Path(__file__).parent,
    demo="tightrope_triage.demo.tab:add_tab",
    extras=("triage",),
)
