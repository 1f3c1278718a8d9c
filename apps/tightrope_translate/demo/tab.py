"""The tab: text that is typed, photographed or spoken in; its translation out, with tentative words told apart."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tightrope.demo.cockpit import Cockpit
from tightrope.demo.folder import KEPT_S
from tightrope.demo.html import html
from tightrope.demo.pictures import picture_input, picture_output
from tightrope.demo.rungs import rungs
from tightrope.demo.slowdown import Slowdown
from tightrope.demo.told import told
from tightrope.errors import ArtifactError
from tightrope_translate.app import APP
from tightrope_translate.demo.timed import is_forth
from tightrope_translate.demo.translating import Translating
from tightrope_translate.demo.typing_session import DIRECTIONS, MAX_LETTERS

_TICK_S = 0.25
_SAMPLE = "Where is the station? I have three bags and no ticket."
_QUIET: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "always_last"}


def add_tab(page: Any, slowdown: Slowdown) -> None:
    """Add the components to the gr.Blocks being built. Raises ArtifactError without a shipped artifact."""
    ladder = [artifact for artifact in rungs(APP.name) if is_forth(artifact.manifest.name)]
    if not ladder:
        raise ArtifactError(f"{APP.name} ships no artifact from English; make one with `tightrope compress`")
    html(
        f'<div class="tr-notice" role="note"><p>{APP.summary}</p><p>A machine translates, and errs: have a person '
        "check what matters.</p></div>"
    )
    cockpit = Cockpit(APP, ladder, ladder[-1].manifest.name, slowdown)
    with gr.Row():
        with gr.Column(scale=3, min_width=280):
            direction = gr.Radio(
                [*DIRECTIONS], value=next(iter(DIRECTIONS)), label="Direction", elem_id="translate-way"
            )
            with gr.Tabs():
                with gr.Tab("Text"):
                    text = gr.Textbox(
                        _SAMPLE, lines=4, max_lines=12, max_length=MAX_LETTERS, label="Type here", buttons=[],
                        elem_id="translate-text",
                    )  # fmt: skip
                    translation = html(label="Translation", elem_id="translate-result")
                    cockpit.bar.render()
                with gr.Tab("Photo"):
                    given = picture_input(
                        label="A photo of a sign or a page", sources=["upload", "webcam", "clipboard"], height=220,
                        webcam_options=gr.WebcamOptions(mirror=False), elem_id="translate-given",
                    )  # fmt: skip
                    drawn = picture_output(
                        label="The same, translated",
                        show_label=False,
                        elem_id="translate-drawn",
                        alt_text="The photo with translations",
                    )
                    lines = html(label="Line by line", elem_id="translate-lines")
                with gr.Tab("Speech"):
                    sound = gr.Audio(
                        sources=["microphone", "upload"], type="filepath", buttons=[], elem_id="translate-sound",
                        label="Up to a minute; it goes to this page's server only",
                    )  # fmt: skip
                    spoken = html(label="What was said, and what it means", elem_id="translate-spoken")
        with gr.Column(scale=2, min_width=280):
            chosen = cockpit.add_controls()
    translating, typing, timer = Translating(cockpit), gr.State(time_to_live=KEPT_S), gr.Timer(_TICK_S, active=False)
    typed: dict[str, Any] = {
        "fn": told(translating.type),
        "inputs": [text, direction, typing, cockpit.session],
        "outputs": [typing, translation, timer, cockpit.bar],
        **_QUIET,
    }
    gr.on(
        [text.input, direction.change, page.load], **typed, api_name="translate_type",
        api_description="All of the text so far, while it is typed; finished sentences are not translated again.",
    )  # fmt: skip
    chosen.then(**typed, api_visibility="private")
    timer.tick(
        told(translating.pause), [typing, cockpit.session], [typing, translation, timer, cockpit.bar],
        api_name="translate_pause", show_progress="hidden",
        api_description="Nothing more is typed for now: the unfinished word is translated too.",
    )  # fmt: skip
    photo: dict[str, Any] = {
        "fn": told(translating.photo),
        "inputs": [given, direction, cockpit.session],
        "outputs": [drawn, lines],
        "show_progress": "minimal",
        "show_progress_on": drawn,
    }
    given.input(**photo, api_name="translate_photo", api_description="Read a photo and draw the translation over it.")
    direction.change(**photo, api_visibility="private")
    gr.on(
        [sound.stop_recording, sound.upload], told(translating.speech), [sound, direction, cockpit.session], spoken,
        api_name="translate_speech", api_description="Put a recording into words and translate them.",
        show_progress="minimal",
    )  # fmt: skip
