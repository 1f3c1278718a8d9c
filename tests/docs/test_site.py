"""The documentation as a site: it builds without a warning, needs nothing from elsewhere, and is up to date."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# What a page would load by itself: not links, which a reader follows.
_LOADED = re.compile(
    r"""<(?:script|img|iframe)[^>]+src=["'](https?:[^"']+)|<link[^>]+rel=["'](?:stylesheet|preload|icon)"""
    r"""["'][^>]+href=["'](https?:[^"']+)"""
)


def test_the_reference_is_what_the_software_says() -> None:
    done = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}: run tools/reference.py"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built so that a warning is an error."""
    pytest.importorskip("material")
    pytest.importorskip("mkdocstrings")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_it_builds_without_a_warning_and_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 12
    remote = {found for page in pages for found in _LOADED.findall(page.read_text(encoding="utf-8"))}
    assert not remote
    assert (site / "search" / "search_index.js").exists(), "search must work from files, without a server"


def test_it_can_be_searched_as_files_and_asks_nobody(site: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium")
    # In a thread of its own: the demo's tests may hold a browser open in this one, and Playwright allows one a thread.
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(addresses_asked, sync_api, program, site).result()
    assert len(asked) > 5
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:"))] == []


def addresses_asked(sync_api: Any, program: str, site: Path) -> list[str]:
    """What a browser loads while the site is opened as files and searched."""
    asked: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "index.html").as_uri())
        page.locator("input.md-search__input").first.click()
        page.keyboard.type("comparisons interleaved")
        page.locator(".md-search-result__item a[href*='how-we-measure']").first.wait_for(timeout=60_000)
        browser.close()
    return asked
