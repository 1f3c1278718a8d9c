"""The tab: DICOM files in; a worklist sorted by urgency, pictures with their reasons, and results to take away, out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from tightrope.demo.cockpit import Cockpit
from tightrope.demo.folder import KEPT_S
from tightrope.demo.html import html
from tightrope.demo.pictures import picture_output, picture_slider
from tightrope.demo.rungs import rungs
from tightrope.demo.slowdown import Slowdown
from tightrope.demo.told import told
from tightrope_triage.app import APP
from tightrope_triage.commands import DEFAULT_MODEL
from tightrope_triage.demo.judging import Judging, forget
from tightrope_triage.reading import NOTICE
from tightrope_triage.triager import DEFAULT_POINT

_QUIET: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "always_last"}


@dataclass(frozen=True)
class _Given:
    """What is judged, and how; components."""

    files: Any
    folder: Any
    phantom: Any
    point: Any
    frame: Any
    rows: Any
    summary: Any
    record: Any
    worklist: Any


@dataclass(frozen=True)
class _Shown:
    """One case; components."""

    picture: Any
    verdict: Any
    heat: Any
    level: Any
    width: Any
    own: Any


@dataclass(frozen=True)
class _Compared:
    """The original beside the compressed one; components."""

    ask: Any
    slider: Any
    words: Any


@dataclass(frozen=True)
class _Results:
    """What is taken away; components."""

    every: Any
    deidentify: Any
    write: Any
    files: Any
    notes: Any


def add_tab(page: Any, slowdown: Slowdown) -> None:
    """Add the components to the gr.Blocks being built. Raises ArtifactError without a shipped artifact."""
    html(
        f'<div class="tr-notice" role="note"><p>{APP.summary}</p><p><b>{NOTICE}</b> Not a medical device. A person '
        "reads every radiograph; this only proposes an order.</p></div>"
    )
    ladder = rungs(APP.name)
    cockpit = Cockpit(APP, ladder, DEFAULT_MODEL, slowdown)
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            given = _add_given([*ladder[-1].manifest.operating_points])
        with gr.Column(scale=3, min_width=280):
            shown = _add_shown()
    with gr.Row():
        with gr.Column(scale=3, min_width=280):
            cockpit.bar.render()
            compared = _add_compared()
            results = _add_results()
        with gr.Column(scale=2, min_width=280):
            chosen = cockpit.add_controls()
    _wire(page, given, shown, results, cockpit, chosen)
    compared.ask.click(
        told(Judging(cockpit).compare),
        [given.rows, given.point, given.frame, shown.heat, given.worklist, cockpit.session],
        [compared.slider, compared.words], api_name="triage_compare",
        api_description="The case as the original and the compressed network judge it.",
        show_progress="minimal", show_progress_on=compared.slider,
    )  # fmt: skip


def _add_given(points: list[str]) -> _Given:
    """`points`: names of the operating points to choose from."""
    files = gr.File(label="DICOM files, or a zip of them", file_count="multiple", height=150, elem_id="triage-files")
    with gr.Row():
        folder = gr.UploadButton("A whole folder", file_count="directory", size="sm", min_width=90)
        phantom = gr.Button("The bundled phantom", size="sm", min_width=90, elem_id="triage-phantom")
    rows = gr.Radio(
        [], label="Worklist, most urgent first", type="value", elem_id="triage-rows", elem_classes="tr-rows"
    )
    summary = html(label="How many of what", elem_id="triage-summary")
    with gr.Accordion("How to judge", open=False):
        point = gr.Radio(points, value=DEFAULT_POINT, label="Operating point", elem_id="triage-point")
        frame = gr.Number(None, label="Frame of multi-frame objects, from 1", precision=0, minimum=1)
    with gr.Accordion("As JSON", open=False):
        record = gr.JSON(label="Readings", elem_id="triage-json")
    worklist = gr.State(time_to_live=KEPT_S, delete_callback=forget)
    return _Given(files, folder, phantom, point, frame, rows, summary, record, worklist)


def _add_shown() -> _Shown:
    picture = picture_output(
        label="As the Secondary Capture shows it",
        show_label=False,
        elem_id="triage-picture",
        alt_text="The radiograph that is chosen",
    )
    with gr.Row():
        level = gr.Slider(0, 1, label="Level", buttons=[], min_width=120, elem_id="triage-level")
        width = gr.Slider(0, 1, label="Window", buttons=[], min_width=120, elem_id="triage-width")
    with gr.Row():
        heat = gr.Checkbox(True, label="Heat map: what raised the score", min_width=120, elem_id="triage-heat")
        own = gr.Button("The object's own window", size="sm", min_width=120, elem_id="triage-own")
    verdict = html(label="Verdict", elem_id="triage-verdict")
    return _Shown(picture, verdict, heat, level, width, own)


def _add_compared() -> _Compared:
    with gr.Accordion("The original beside the compressed one", open=False):
        ask = gr.Button("Judge this case with both", size="sm", elem_id="triage-compare")
        slider = picture_slider(label="Original, left; compressed, right", elem_id="triage-slider")
        words = html(elem_id="triage-compared", label="How they differ")
    return _Compared(ask, slider, words)


def _add_results() -> _Results:
    with gr.Accordion("Results to take away: SR, Secondary Capture, JSON", open=True):
        with gr.Row():
            every = gr.Checkbox(False, label="All cases, as a zip", min_width=120)
            deidentify = gr.Checkbox(False, label="De-identified (PS3.15 basic profile)", min_width=120)
        write = gr.Button("Write them", variant="primary", size="sm", elem_id="triage-write")
        files = gr.File(label="Results", file_count="multiple", interactive=False, height=120, elem_id="triage-results")
        notes = html(label="What to know of them")
    return _Results(every, deidentify, write, files, notes)


def _wire(page: Any, given: _Given, shown: _Shown, results: _Results, cockpit: Cockpit, chosen: Any) -> None:
    worklist, viewed, judging = given.worklist, gr.State(time_to_live=KEPT_S), Judging(cockpit)
    asked = [given.point, given.frame, worklist, cockpit.session]
    judged = [worklist, given.rows, given.summary, given.record, cockpit.bar, cockpit.plot]
    show: dict[str, Any] = {
        "fn": told(judging.show),
        "inputs": [given.rows, shown.heat, worklist],
        "outputs": [viewed, shown.picture, shown.verdict, shown.level, shown.width],
        **_QUIET,
    }
    busy: dict[str, Any] = {"show_progress": "full", "show_progress_on": given.summary}
    events = [
        given.files.upload(
            told(judging.files), [given.files, *asked], judged, api_name="triage_judge", **busy,
            api_description="Judge DICOM files and zips of them; (value, label) rows, most urgent first, and readings.",
        ),
        given.folder.upload(told(judging.files), [given.folder, *asked], judged, api_visibility="private", **busy),
        gr.on(
            [given.phantom.click, page.load], told(judging.phantom), asked, judged,
            api_name="triage_phantom", api_description="Judge the bundled phantom.", **_QUIET,
        ),
        gr.on(
            [given.point.change, given.frame.submit], told(judging.again), asked, judged, api_name="triage_again",
            api_description="Judge the same objects again.", **_QUIET,
        ),
        chosen.then(told(judging.again), asked, judged, api_visibility="private", **_QUIET),
    ]  # fmt: skip
    for event in events:
        event.then(**show, api_visibility="private")
    gr.on(
        [given.rows.input, shown.own.click],
        **show,
        api_name="triage_show",
        api_description="One case as its object wants to be shown, by its place in the worklist, with its verdict.",
    )
    gr.on(
        [shown.level.input, shown.width.input, shown.heat.input], told(judging.window),
        [shown.level, shown.width, shown.heat, viewed], shown.picture, api_name="triage_window",
        api_description="The case that is shown, through a window.", **_QUIET,
    )  # fmt: skip
    results.write.click(
        told(judging.results), [given.rows, results.every, results.deidentify, worklist],
        [results.files, results.notes], api_name="triage_results", show_progress="minimal",
        show_progress_on=results.files,
        api_description="Write SR, Secondary Capture and JSON of one case, or of all in a zip.",
    )  # fmt: skip
