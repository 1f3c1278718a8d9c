"""The demo as a Space, where `app.py` calls it: `run("tightrope_road.app:APP")`."""

from __future__ import annotations

import os

from tightrope.app import load_object
from tightrope.demo.server import HOST, serve
from tightrope.interrupt import Interrupt

# Where a Space listens; its proxy lies before it.
_EVERYWHERE, _PORT = "0.0.0.0", 7860


def run(*references: str) -> None:
    """Serve these apps' tabs until SIGTERM or Ctrl-C: to everybody in a Space, to this computer alone elsewhere.

    Args:
        references: 'module:attribute' of each App.

    Raises:
        ConfigError: one cannot be imported, or has no demo.
        OutputError: the port is taken.
    """
    host = _EVERYWHERE if os.environ.get("SPACE_ID") else HOST
    port = int(os.environ.get("GRADIO_SERVER_PORT", _PORT))
    apps = [load_object(reference) for reference in references]
    with serve(apps, port, host=host) as url, Interrupt() as stop:
        print(url, flush=True)
        while not stop.wait(0.5):
            pass
