"""The pictures of the demos in the documentation, taken by the demos themselves:

    python -m tests.demo.screenshots docs/images

Run it on a quiet machine: the figures on the pictures are those of the moment.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from tightrope.writing import write_bytes

from .conftest import ROAD, Server, launch, start
from .test_page import PHONE, opened, until

_FRAMES = 14  # of the bundled drive looked at first, so that p90 is one
_MOST_BYTES = 245_000


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    server = start()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            camera = Path(scratch) / "drive.mjpeg"
            camera.write_bytes((ROAD / "000000.jpg").read_bytes())
            with launch(camera) as browser:
                _take(browser, server, folder)
    finally:
        server.end()


def _take(browser: Any, server: Server, folder: Path) -> None:
    desk = {"viewport": {"width": 1240, "height": 960}}
    phone = {"viewport": PHONE, "color_scheme": "dark", "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
    for name, tab, options in (("road", "Road", desk), ("triage", "Triage", desk), ("phone", "Road", phone)):
        context = browser.new_context(**options)
        page = opened(context, server, tab)
        if tab == "Road":
            _look_at_some_frames(page)
        if name == "phone":
            page.locator("#road-result").scroll_into_view_if_needed()
            page.evaluate("window.scrollBy(0, document.querySelector('#road-result').getBoundingClientRect().top - 12)")
        else:
            page.evaluate("window.scrollTo(0, 0)")
        page.wait_for_timeout(1000)
        write_bytes(folder / f"demo-{name}.png", _small(page.screenshot()))
        context.close()


def _look_at_some_frames(page: Any) -> None:
    page.locator("#road-frame input[type=range]").focus()
    for count in range(2, _FRAMES):
        page.keyboard.press("ArrowRight" if count % 2 else "ArrowLeft")
        until(page, f"() => document.querySelector('#road-budget').innerText.includes('of {count} runs')")


def _small(png: bytes) -> bytes:
    """As it is if it is small enough, else with as many colours as that allows."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for bits in (8, 7, 6, 5):
        keep = 0xFF & ~((1 << (8 - bits)) - 1)
        out = io.BytesIO()
        picture.point(lambda value, keep=keep, bits=bits: value & keep | value >> bits).save(out, "PNG", optimize=True)
        if out.tell() <= _MOST_BYTES:
            break
    return out.getvalue()


if __name__ == "__main__":
    main()
