"""The server behind the page: on this computer only, unless it is a Space; in a folder of its own that goes with it.

>>> with serve([APP], port=7860) as url:                           # doctest: +SKIP
...     print(url)
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from tightrope.app import App
from tightrope.errors import ConfigError, MissingExtraError, OutputError

HOST = "127.0.0.1"
_PREFIX = "tightrope-demo-"
SESSIONS = 200  # browsers whose last pictures and answers are kept in memory
MAX_FILE_BYTES = 2**28  # 256 MB: the largest DICOM file that triage reads


@contextmanager
def serve(apps: Sequence[App], port: int | None = None, open_browser: bool = False, host: str = HOST) -> Iterator[str]:
    """Serve the demo tabs of these apps inside the block; gives the page's address.

    Args:
        port: 1 to 65535; None takes a free one, from 7860 on.
        open_browser: show it in this computer's browser.
        host: where it listens; beyond HOST the page says that it is not this computer's own.

    Raises:
        MissingExtraError: Gradio is not installed.
        ConfigError: one of the apps has no demo.
        OutputError: the port is taken.
    """
    _check_free(host, port)
    if missing := [app.name for app in apps if app.demo is None]:
        raise ConfigError(f"no demo of {', '.join(missing)}")
    _remove_orphans()
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-") as folder:
        _keep_to_itself(folder)
        try:
            from tightrope.demo.page import build, style, theme
        except ModuleNotFoundError as error:
            if error.name != "gradio":
                raise
            raise MissingExtraError("the demo", "demo") from error
        from tightrope.demo.slowdown import Slowdown

        _upload_only()

        with Slowdown() as slowdown:
            page = build(apps, slowdown, at_home=host == HOST)
            try:
                _, url, _ = page.launch(
                    server_name=host,
                    server_port=port,
                    share=False,
                    inbrowser=open_browser,
                    prevent_thread_lock=True,
                    quiet=True,
                    show_error=False,
                    max_file_size=MAX_FILE_BYTES,
                    run_history=False,
                    enable_monitoring=False,
                    mcp_server=False,
                    ssr_mode=False,
                    pwa=False,
                    num_workers=0,
                    state_session_capacity=SESSIONS,
                    footer_links=["api", "settings"],
                    theme=theme(),
                    head=style(),
                )
            except OSError as error:
                raise OutputError(f"no free port on {host}: {error}") from error
            try:
                yield url
            finally:
                page.close(verbose=False)


def _check_free(host: str, port: int | None) -> None:
    """Raises OutputError if the port is taken: at once, before Gradio is imported."""
    if port is None:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OutputError(f"port {port} of {host} cannot be used: {error.strerror}; name another --port") from error


def _remove_orphans() -> None:
    """Remove the folders of demos that were killed before they could do so."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _keep_to_itself(folder: str) -> None:
    """What Gradio and its parts read when they are imported: no messages home, and all files in one folder."""
    os.environ |= {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "GRADIO_TEMP_DIR": folder,
    }


def _upload_only() -> None:
    """An API client may name an input by its address, which Gradio would download. This page opens no connection."""
    from gradio import processing_utils

    async def refuse(address: str, *_: object, **__: object) -> str:
        raise processing_utils.Error("This demo opens no address; upload the file itself.", print_exception=False)

    processing_utils.async_ssrf_protected_download = refuse
