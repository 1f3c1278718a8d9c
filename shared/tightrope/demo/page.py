"""The page: a heading, and a tab for each app that has one."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any

import gradio as gr

from tightrope import __version__
from tightrope.app import App, load_object
from tightrope.demo.folder import KEPT_S
from tightrope.demo.html import html
from tightrope.demo.slowdown import Slowdown
from tightrope.errors import TightropeError

# Old files of uploads go after an hour; looked for every minute.
_CLEANING_S = (60, KEPT_S)
# Who comes when so many wait is told so.
_QUEUE = 32


_AT_HOME = "on this computer: nothing that you show it leaves it."
_ELSEWHERE = (
    "on a server that everybody may use: what you show it goes there, and is removed after an hour. No patient's "
    "pictures, nothing confidential."
)


def build(apps: Sequence[App], slowdown: Slowdown, at_home: bool = True) -> Any:
    """A gr.Blocks with the demo tabs of these apps; where an app cannot be shown its tab says why.

    Args:
        at_home: only whoever sits at this computer sees it.
    """
    with gr.Blocks(title="Tightrope", analytics_enabled=False, delete_cache=_CLEANING_S, fill_width=True) as page:
        html(
            '<header class="tr-head"><h1>Tightrope</h1><p class="tr-soft">Compressed networks inside a latency budget, '
            f"{_AT_HOME if at_home else _ELSEWHERE} Version {__version__}.</p></header>"
        )
        with gr.Tabs():
            for app in apps:
                assert app.demo is not None
                with gr.Tab(app.name.capitalize(), id=app.name):
                    try:
                        load_object(app.demo)(page, slowdown)
                    except TightropeError as error:  # no artifact, say; the other tabs are no worse for it
                        html(f'<p class="tr-notice" role="alert">{escape(str(error))}</p>')
    page.queue(max_size=_QUEUE, default_concurrency_limit=4)
    return page


def theme() -> Any:
    """System fonts: the page asks no other computer for one, and ships none."""
    base = gr.themes.Base(primary_hue="blue", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
    # Gradio's own grey for small print has too little contrast to be read by everyone (WCAG 2.2, 1.4.3).
    return base.set(body_text_color_subdued="*neutral_600", body_text_color_subdued_dark="*neutral_400")


def style() -> str:
    """The page's style sheet as it goes into the head, where Gradio does not put a selector of its own before ours."""
    return f"<style>{files(__package__).joinpath('page.css').read_text(encoding='utf-8')}</style>"
