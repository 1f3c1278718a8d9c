"""The translate tab: what is typed, through its API and in a browser; and a typing session on its own."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError

from tightrope.models import artifact_names
from tightrope.runtime.clock import FakeClock
from tightrope.runtime.limits import Limits
from tightrope.runtime.pipeline import Answer, StageTimes
from tightrope_translate.demo.typing_session import Typing

from .conftest import Server, new_client
from .test_page import until
from .test_road_api import text

SHIPPED = pytest.mark.skipif(not artifact_names("translate"), reason="no shipped translation artifact")
WAY = "English to German"


class Letters:
    """An engine that 'translates' by writing in capitals: every word stays what it was."""

    class Found:
        def __init__(self, said: str) -> None:
            self.text, self.draft, self.sure = said, said, True

    def detect(self, said: str) -> list[tuple[str, float]]:
        return [("en", 1.0)]

    def translate(self, said: str, source: str, target: str) -> Any:
        return self.Found(said.upper())

    def timed(self, run: Any) -> Answer[Any]:
        return Answer(run(), StageTimes(0, 1, 0))


def session(clock: FakeClock) -> Typing:
    return Typing(Letters(), WAY, Limits.every(0.1), clock)  # type: ignore[arg-type]


def test_a_pause_settles_what_was_typed_and_nothing_is_taken_back() -> None:
    clock = FakeClock()
    typing = session(clock)
    for end in range(1, len("Where is the bus stop") + 1):
        typing.type("Where is the bus stop"[:end])
    assert typing.live.text != "WHERE IS THE BUS STOP"
    assert typing.pause() is None, "it was typed just now"
    clock.advance(1)
    assert typing.pause() is not None
    assert typing.pause() is None, "and it is known now"
    assert typing.live.text == "WHERE IS THE BUS STOP"
    assert (typing.written, typing.taken_back) == (5, 0)
    keys = len("Where is the bus stop") + 1  # the pause is one more
    assert f"Keys answered within 100 ms: {keys} of {keys}." in typing.html()


def test_what_a_person_deletes_was_not_taken_back() -> None:
    typing = session(FakeClock())
    typing.type("One. Two. Three. ")
    typing.type("One. ")
    assert typing.taken_back == 0


def test_what_was_typed_is_text_and_never_html() -> None:
    typing = session(FakeClock())
    typing.type("<img src=x onerror=alert(1)>. ")
    assert "<img" not in typing.html().lower()
    assert "&lt;img" in typing.html().lower()


@SHIPPED
def test_typing_grows_a_translation_with_a_state_a_session(server: Server) -> None:
    one, other = new_client(server), new_client(server)
    html, *_ = one.predict("Where is the station? I have", WAY, api_name="/translate_type")
    assert text(html).startswith("Wo ist der Bahnhof?")
    html, *_ = other.predict("Guten Morgen. ", "German to English", api_name="/translate_type")
    assert "morning" in text(html).lower()
    html, *_ = one.predict("Where is the station? I have three bags. ", WAY, api_name="/translate_type")
    assert text(html).startswith("Wo ist der Bahnhof? Ich habe drei")


@SHIPPED
def test_a_sentence_is_typed_and_settles(browser: Any, server: Server) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url)
    page.get_by_role("tab", name="Translate").click()
    box = page.get_by_role("textbox", name="Type here")
    box.fill("")
    box.press_sequentially("Where is the stati", delay=20)
    until(page, "() => /^Wo ist/.test(document.querySelector('#translate-result').innerText)")
    box.press_sequentially("on?", delay=20)
    until(page, "() => /^Wo ist der Bahnhof\\?/.test(document.querySelector('#translate-result').innerText)")
    assert "of 100 ms" in page.locator("#translate-budget").inner_text()
    context.close()


@pytest.mark.verify
@SHIPPED
def test_a_photo_is_read_and_drawn_over(client: Any, tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    picture = np.full((200, 700, 3), (40, 90, 20), np.uint8)
    cv2.putText(picture, "Where is the station?", (30, 115), cv2.FONT_HERSHEY_SIMPLEX, 1.7, (255, 255, 255), 4)
    cv2.imwrite(str(tmp_path / "sign.png"), picture)

    drawn, lines = client.predict(handle_file(tmp_path / "sign.png"), WAY, api_name="/translate_photo")

    assert "Wo ist der Bahnhof?" in text(lines)
    assert drawn["url"].startswith("data:image/jpeg")


@pytest.mark.verify
@SHIPPED
def test_a_recording_without_speech_is_told_of(client: Any, tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    with wave.open(str(tmp_path / "silence.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16_000))

    said = client.predict(handle_file(tmp_path / "silence.wav"), WAY, api_name="/translate_speech")
    assert text(said) == "No speech was found in it."
    with pytest.raises(AppError, match="choose the direction first"):
        client.predict(handle_file(tmp_path / "silence.wav"), "whatever it is, to German", api_name="/translate_speech")
