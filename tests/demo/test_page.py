"""The page in a real browser: what a person does, and what she sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import PHANTOM, Server

LOAD_MS = 60_000
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def page(browser: Any, server: Server) -> Iterator[Any]:
    """The page in a window of its own, opened at the road tab."""
    with_context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield opened(with_context, server, "Road")
    with_context.close()


def opened(context: Any, server: Server, tab: str) -> Any:
    """A page with the first result of that tab on it."""
    page = context.new_page()
    page.set_default_timeout(LOAD_MS)
    page.goto(server.url)
    page.get_by_role("tab", name=tab).click()
    page.locator(f"#{tab.lower()}-{'result' if tab == 'Road' else 'picture'} img").wait_for()
    return page


def shown_runs(page: Any, app: str = "road") -> int:
    found = re.search(r"of (\d+) run", page.locator(f"#{app}-budget").inner_text())
    return int(found[1]) if found else 0


def until(page: Any, script: str, argument: Any = None) -> None:
    page.wait_for_function(script, arg=argument, timeout=LOAD_MS)


def changed(page: Any, place: str, before: str) -> None:
    until(page, "([place, before]) => document.querySelector(place).innerText !== before", [place, before])


def test_the_page_asks_no_other_computer_for_anything(browser: Any, server: Server) -> None:
    context = browser.new_context()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = opened(context, server, "Road")
    page.get_by_role("button", name="Use via API").click()
    page.get_by_text("API documentation").wait_for()
    page.get_by_role("tab", name="Triage").wait_for(state="attached")
    assert len(asked) > 20
    local = ("http://127.0.0.1:", "data:", "blob:")
    assert [address for address in asked if not address.startswith(local)] == []
    fonts = page.evaluate("[...document.fonts].map(font => font.family)")
    assert fonts == [], "system fonts only"
    context.close()


def test_a_picture_is_dropped_and_its_boxes_are_shown(page: Any, street: Path) -> None:
    before = page.locator("#road-words").inner_text()
    page.locator("#road-given input[type=file]").set_input_files(street)
    changed(page, "#road-words", before)
    assert re.search(r"\d cars", page.locator("#road-words").inner_text())
    assert "of 50 ms" in page.locator("#road-budget").inner_text()
    assert page.locator("#road-result img").get_attribute("src").startswith("data:image/jpeg")


def test_a_damaged_picture_is_told_of_in_one_line(page: Any, broken: Path) -> None:
    page.locator("#road-given input[type=file]").set_input_files(broken)
    page.get_by_text("broken.jpg is truncated").wait_for()


def test_the_ladder_slider_changes_the_rung_and_runs_again(page: Any) -> None:
    slider = page.locator("#road-ladder input[type=range]")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.locator("#road-plot [aria-label*='you are at nanodet-384x640-fp16']").wait_for()
    # One run or more: presses that the page handles apart run the picture again each.
    until(page, "() => /of [1-9]\\d* run/.test(document.querySelector('#road-budget').innerText)")


def test_the_drive_plays_and_stops(page: Any) -> None:
    page.get_by_role("tab", name="Video").click()
    page.locator("#road-play").click()
    until(page, "() => /frame ([5-9]|\\d\\d)/.test(document.querySelector('#road-words').innerText)")
    page.locator("#road-stop").click()
    page.wait_for_timeout(600)
    stopped = shown_runs(page)
    page.wait_for_timeout(600)
    assert shown_runs(page) == stopped


def test_a_camera_is_looked_at_and_let_go(page: Any) -> None:
    page.get_by_role("tab", name="Camera").click()
    page.locator("#road-camera").get_by_text("Click to Access Webcam").click()
    page.locator("#road-camera button", has_text="Record").click()
    before = shown_runs(page)
    until(
        page,
        "before => +/of (\\d+) run/.exec(document.querySelector('#road-budget').innerText)[1] > before + 5",
        before,
    )
    page.locator("#road-camera button", has_text="Stop").click()
    page.wait_for_timeout(800)
    stopped = shown_runs(page)
    page.wait_for_timeout(800)
    assert shown_runs(page) == stopped


def test_two_browsers_have_a_state_each(browser: Any, server: Server) -> None:
    contexts = [browser.new_context() for _ in range(2)]
    one, other = (opened(context, server, "Road") for context in contexts)
    one.locator("#road-ladder input[type=range]").focus()
    one.keyboard.press("ArrowLeft")
    one.locator("#road-plot [aria-label*='you are at nanodet-416-int8']").wait_for(state="detached")
    other.locator("#road-frame input[type=range]").focus()
    other.keyboard.press("ArrowRight")
    until(other, "() => /of ([2-9]|[1-9]\\d+) run/.test(document.querySelector('#road-budget').innerText)")
    assert other.locator("#road-plot [aria-label*='you are at nanodet-416-int8']").count() == 1
    for context in contexts:
        context.close()


def test_a_radiograph_is_judged_shown_and_windowed(page: Any) -> None:
    page.get_by_role("tab", name="Triage").click()
    page.locator("#triage-files input[type=file]").set_input_files([PHANTOM, Path(__file__)])
    page.get_by_text("test_page.py is not a DICOM file").wait_for()
    page.get_by_role("radio", name="CANNOT JUDGE, phantom.dcm").wait_for()
    page.locator("#triage-verdict").get_by_text("does not look like an upright frontal chest").wait_for()
    before = page.locator("#triage-picture img").get_attribute("src")
    page.locator("#triage-level input[type=range]").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    until(page, "before => document.querySelector('#triage-picture img').src !== before", before)
    with page.expect_download(timeout=LOAD_MS) as download:
        page.locator("#triage-write").click()
        page.locator("#triage-results a").first.click()
    assert download.value.suggested_filename.endswith(".sr.dcm")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_scrolls_sideways(browser: Any, server: Server, scheme: str) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme=scheme, has_touch=True, is_mobile=True)
    page = opened(context, server, "Road")
    for tab in ("Road", "Translate", "Triage"):
        page.get_by_role("tab", name=tab).click()
        for closed in page.locator("button.label-wrap:visible").all():
            closed.click()
            page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], tab
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
    assert (max(ground) < 64) if scheme == "dark" else (min(ground) > 192)
    context.close()


def test_the_keyboard_is_enough(page: Any) -> None:
    page.get_by_role("tab", name="Translate").focus()
    page.keyboard.press("Enter")
    page.locator("#translate-text textarea").wait_for()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "TEXTAREA":
            break
    page.keyboard.press("Control+A")
    page.keyboard.type("Good morning. ")
    until(page, "() => document.querySelector('#translate-result').innerText.includes('Guten Morgen')")
    outline = page.evaluate(
        "() => { const style = getComputedStyle(document.activeElement);"
        " return style.outlineStyle !== 'none' || style.boxShadow !== 'none' || style.borderColor; }"
    )
    assert outline, "where one is can be seen"


def test_whatever_can_be_used_has_a_name_and_the_disclaimers_are_there(page: Any) -> None:
    notes = {
        "Triage": "not for diagnostic use",
        "Road": "not a driving aid",
        "Translate": "A machine translates, and errs",
    }
    for tab, disclaimer in notes.items():
        page.get_by_role("tab", name=tab).click()
        assert any(disclaimer in note for note in page.get_by_role("note").all_inner_texts())
        nameless = [line for line in page.locator("body").aria_snapshot().splitlines() if NAMELESS.match(line)]
        assert nameless == []


# A line of Playwright's accessibility tree for something to use, without a name in quotes.
NAMELESS = re.compile(r"^\s*- (button|checkbox|combobox|link|listbox|radio|slider|spinbutton|tab|textbox)\b(?! \")")
