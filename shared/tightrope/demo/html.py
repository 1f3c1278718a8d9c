"""A piece of HTML on the page, in the style of page.css. Whoever writes it escapes what comes from elsewhere."""

from __future__ import annotations

from typing import Any

import gradio as gr


def html(value: str = "", label: str = "", **options: Any) -> Any:
    """A gr.HTML; the label is its name in the API."""
    return gr.HTML(value, label=label or None, apply_default_css=False, elem_classes="tr", **options)
