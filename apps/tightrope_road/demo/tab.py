"""The tab: a picture, a video, a camera or the bundled drive in; boxes, and what they cost, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tightrope.demo.cockpit import Cockpit
from tightrope.demo.folder import KEPT_S
from tightrope.demo.html import html
from tightrope.demo.pictures import picture_input, picture_output, picture_slider
from tightrope.demo.rungs import rungs
from tightrope.demo.slowdown import Slowdown
from tightrope.demo.told import told
from tightrope_road.app import APP
from tightrope_road.commands import DEFAULT_MODEL
from tightrope_road.demo.looking import START, Looking
from tightrope_road.demo.seeing import LEAST_SCORE, drive_frames
from tightrope_road.demo.videos import SUFFIXES

NOTICE = (
    "A demonstration of a detector, not a driving aid: it misses things and sees things that are not there. "
    "Nothing that moves may depend on it."
)
_STREAM_EVERY_S = 0.1
_STREAM_LIMIT_S = 300  # of work, not of waiting: then the next person in the queue gets the place
_QUIET: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "always_last"}
# The rear camera of a phone, and no more pixels than the model looks at.
_CAMERA = {"video": {"facingMode": {"ideal": "environment"}, "width": {"ideal": 640}, "height": {"ideal": 480}}}


@dataclass(frozen=True)
class _Sources:
    """Where pictures come from; components."""

    given: Any
    frame: Any
    video: Any
    play_video: Any
    play_drive: Any
    play_fused: Any
    stop: Any
    camera: Any
    compare_tab: Any
    slider: Any
    compared: Any


def add_tab(page: Any, slowdown: Slowdown) -> None:
    """Add the components to the gr.Blocks being built. Raises ArtifactError without a shipped artifact."""
    html(f'<div class="tr-notice" role="note"><p>{APP.summary}</p><p>{NOTICE}</p></div>')
    cockpit = Cockpit(APP, rungs(APP.name), DEFAULT_MODEL, slowdown)
    with gr.Row():
        with gr.Column(scale=3, min_width=280):
            result = picture_output(label="What was found", elem_id="road-result", alt_text="The picture with boxes")
            line = html(elem_id="road-words", label="What was found, in words")
            cockpit.bar.render()
            sources = _add_sources()
            with gr.Accordion("Every box", open=False):
                boxes = html(elem_id="road-boxes", label="Every box, as a table")
                record = gr.JSON(elem_id="road-json", label="The same as JSON")
        with gr.Column(scale=2, min_width=280):
            chosen = cockpit.add_controls(governed=True)
            classes = gr.Radio(["road", "all"], value="road", label="Classes", elem_id="road-classes")
            score = gr.Slider(LEAST_SCORE, 0.9, value=LEAST_SCORE, step=0.05, label="Least score", buttons=[])
    looking, options = Looking(cockpit), [classes, score, cockpit.session]
    outputs = [result, line, boxes, record, cockpit.bar, cockpit.plot]
    _still(page, sources, looking, chosen, options, outputs)
    _moving(sources, looking, options, [result, line, cockpit.bar])


def _add_sources() -> _Sources:
    with gr.Tabs():
        with gr.Tab("Picture"):
            given = picture_input(
                label="Your picture", sources=["upload", "webcam", "clipboard"], height=200, elem_id="road-given",
                webcam_options=gr.WebcamOptions(mirror=False),
            )  # fmt: skip
            frame = gr.Slider(
                0, drive_frames() - 1, value=START, step=1, buttons=[], label="Or a frame of the bundled drive",
                elem_id="road-frame",
            )  # fmt: skip
        with gr.Tab("Video"):
            video = gr.File(label="Your video, up to two minutes of it", file_types=SUFFIXES, elem_id="road-video")
            with gr.Row():
                play_video = gr.Button("Play it", variant="primary", size="sm", min_width=90)
                play_drive = gr.Button("Play the bundled drive", size="sm", min_width=90, elem_id="road-play")
                play_fused = gr.Button("With its LiDAR", size="sm", min_width=90, elem_id="road-fused")
                stop = gr.Button("Stop", variant="stop", size="sm", min_width=90, elem_id="road-stop")
        with gr.Tab("Camera"):
            camera = picture_input(
                label="Your camera; its pictures go to this page's server only", sources=["webcam"], streaming=True,
                webcam_options=gr.WebcamOptions(mirror=False, constraints=_CAMERA), elem_id="road-camera", height=320,
            )  # fmt: skip
        with gr.Tab("Compare") as compare_tab:
            slider = picture_slider(label="Original, left; compressed, right", elem_id="road-slider")
            compared = html(elem_id="road-compared", label="How they differ")
    return _Sources(
        given, frame, video, play_video, play_drive, play_fused, stop, camera, compare_tab, slider, compared
    )


def _still(
    page: Any, sources: _Sources, looking: Looking, chosen: Any, options: Sequence[Any], outputs: Sequence[Any]
) -> None:
    """One picture at a time, detected in again when a choice changes."""
    shown = gr.State(time_to_live=KEPT_S)
    sources.given.input(
        told(looking.upload), [sources.given, *options], [shown, *outputs], api_name="road_picture",
        api_description="Detect in a picture.", show_progress="minimal", show_progress_on=outputs[0],
    )  # fmt: skip
    gr.on(
        [sources.frame.change, page.load], told(looking.frame), [sources.frame, *options],
        [shown, *outputs], api_name="road_frame", api_description="Detect in a frame of the bundled drive, from 0.",
        **_QUIET,
    )  # fmt: skip
    again: dict[str, Any] = {"fn": told(looking.again), "inputs": [shown, *options], "outputs": outputs, **_QUIET}
    gr.on([options[0].change, options[1].change], **again, api_name="road_again")
    chosen.then(**again, api_visibility="private")
    sources.compare_tab.select(
        told(looking.compare), [shown, *options], [sources.slider, sources.compared], api_name="road_compare",
        api_description="The original beside the compressed one, on the picture shown last.",
        show_progress="minimal", show_progress_on=sources.slider,
    )  # fmt: skip


def _moving(sources: _Sources, looking: Looking, options: Sequence[Any], outputs: Sequence[Any]) -> None:
    """Streams: only their newest frame is ever looked at."""
    quiet: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": 4}
    playing = [
        sources.play_video.click(
            told(looking.video), [sources.video, *options], outputs, api_name="road_video",
            api_description="Play a video at its own pace; what is late is dropped.", **quiet,
        ),
        sources.play_drive.click(
            told(looking.drive), [*options], outputs, api_name="road_drive",
            api_description="Play the bundled drive at 10 Hz.", **quiet,
        ),
        sources.play_fused.click(
            told(looking.fused), [options[-1]], outputs, api_name="road_fused",
            api_description="Play the bundled drive with its LiDAR: distances, and the street from above.", **quiet,
        ),
    ]  # fmt: skip
    sources.stop.click(None, cancels=playing, api_visibility="private")
    sources.camera.stream(
        told(looking.camera), [sources.camera, *options], outputs, api_name="road_camera",
        api_description="Detect in a camera's frame.", stream_every=_STREAM_EVERY_S, time_limit=_STREAM_LIMIT_S,
        **quiet,
    )  # fmt: skip
