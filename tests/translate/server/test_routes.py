"""The routes as clients of LibreTranslate use them, over a real connection."""

from __future__ import annotations

import contextlib
import json
import logging
import urllib.error
from typing import Any

import httpx
import pytest

from tightrope_translate.server.limits import Limits

from .conftest import Service, serving

GERMAN = "Wo ist denn hier der nächste Bahnhof?"


def test_the_client_library_of_libretranslate(service: Service) -> None:
    libretranslatepy = pytest.importorskip("libretranslatepy")
    client = libretranslatepy.LibreTranslateAPI(service.url)
    assert client.translate("Where is it?", "en", "de") == "WHERE IS IT?"
    assert client.detect(GERMAN)[0]["language"] == "de"
    assert [each["code"] for each in client.languages()] == ["en", "de"]
    with pytest.raises(urllib.error.HTTPError) as caught:
        client.translate("Where is it?", "en", "fr")
    assert json.load(caught.value) == {"error": "fr is not supported; there are en, de"}


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"q": "Where is it?"}, {"translatedText": "WHERE IS IT?"}),
        ({"q": " Where?\n\n  There. "}, {"translatedText": " WHERE?\n\n  THERE. "}),
        ({"q": ""}, {"translatedText": ""}),
        ({"q": ["One.", "Two."]}, {"translatedText": ["ONE.", "TWO."]}),
        (
            {"q": "Where?\n", "alternatives": 2},
            {"translatedText": "WHERE?\n", "alternatives": ["where?\n", "where?!\n"]},
        ),
        (
            {"q": ["Where?", "One. Two.", "12"], "alternatives": 1},
            {"translatedText": ["WHERE?", "ONE. TWO.", "12"], "alternatives": [["where?"], [], []]},
        ),
        (
            {"q": "<b>Where?</b>", "format": "html", "alternatives": 3},
            {"translatedText": "<b>WHERE?</b>", "alternatives": []},
        ),
        ({"q": "Where?", "api_key": "k", "unknown": 1}, {"translatedText": "WHERE?"}),
        (
            {"q": '<p class="a">Where <b>is</b> it?</p>', "format": "html"},
            {"translatedText": '<p class="a">WHERE <b>IS</b> IT?</p>'},
        ),
        ({"q": GERMAN, "source": "de"}, {"translatedText": GERMAN}),
    ],
)
def test_translate(service: Service, asked: dict[str, Any], answer: dict[str, Any]) -> None:
    response = service.translate(**asked)
    assert (response.status_code, response.json()) == (200, answer)


def test_the_language_that_was_found_is_told(service: Service) -> None:
    one = service.translate(q=GERMAN, source="auto", target="en").json()
    assert one["detectedLanguage"]["language"] == "de"
    assert 50 < one["detectedLanguage"]["confidence"] <= 100
    several = service.translate(q=[f"<p>{GERMAN}</p>", "12"], source="auto", target="en", format="html").json()
    assert several["translatedText"] == [f"<p>{GERMAN.upper()}</p>", "12"]
    assert [each["confidence"] > 50 for each in several["detectedLanguage"]] == [True, False]


@pytest.mark.parametrize("how", ["data", "files"])
def test_forms(service: Service, how: str) -> None:
    fields = {"q": "Where is it & why?", "source": "en", "target": "de", "alternatives": "1"}
    sent: dict[str, Any] = fields if how == "data" else {name: (None, value) for name, value in fields.items()}
    response = service.client.post("/translate", **{how: sent})
    assert response.json() == {"translatedText": "WHERE IS IT & WHY?", "alternatives": ["where is it & why?"]}


def test_several_texts_in_a_form(service: Service) -> None:
    response = service.client.post("/translate", data={"q": ["One.", "Two."], "source": "en", "target": "de"})
    assert response.json() == {"translatedText": ["ONE.", "TWO."]}


def test_json_without_its_type(service: Service) -> None:
    body = json.dumps({"q": "Where?", "source": "en", "target": "de"})
    response = service.client.post("/translate", content=body, headers={"content-type": "text/plain;charset=UTF-8"})
    assert response.json() == {"translatedText": "WHERE?"}


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({}, "Invalid request: q: Field required"),
        ({"q": 1}, "Invalid request: q"),
        ({"q": []}, "Invalid request: q"),
        ({"q": ["a", None]}, "Invalid request: q"),
        ({"q": "a", "target": "xx"}, "xx is not supported; there are en, de"),
        ({"q": "a", "source": "auto", "target": "auto"}, "auto is not supported"),
        ({"q": "a", "format": "pdf"}, "Invalid request: format"),
        ({"q": "a", "alternatives": -1}, "Invalid request: alternatives"),
        ({"q": "a" * 50_001}, "Invalid request: 50001 characters, 50000 are the most; send the text in parts"),
        ({"q": ["a"] * 1001}, "Invalid request: 1001 texts, 1000 are the most; send them in parts"),
    ],
)
def test_what_is_wrong_is_said(service: Service, asked: dict[str, Any], problem: str) -> None:
    response = service.translate(**asked)
    assert response.status_code == 400
    assert response.json()["error"].startswith(problem)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/translate", b"{", 400),
        ("/translate", b"[" * 100_000, 400),
        ("/translate", b'{"q": "\\ud800", "target": "de"}', 400),
        ("/translate", b"\xff\xfe", 400),
        ("/detect", b"null", 400),
        ("/nothing", b"", 404),
        ("/languages", b"", 405),
    ],
)
def test_shreds_of_requests(service: Service, path: str, body: bytes, status: int) -> None:
    response = service.client.post(path, content=body)
    assert response.status_code == status
    assert set(response.json()) == {"error"}


def test_a_file_in_a_form_is_refused(service: Service) -> None:
    response = service.client.post("/translate", files={"q": ("a.txt", b"Where?")}, data={"target": "de"})
    assert response.status_code == 400
    assert set(response.json()) == {"error"}


def test_a_body_without_end_is_cut_off(service: Service) -> None:
    sent = 0

    def endless() -> Any:
        nonlocal sent
        while sent < 50 * Limits().body_bytes:
            sent += 65_536
            yield b" " * 65_536

    # The connection may be closed while we still write.
    with contextlib.suppress(httpx.TransportError):
        assert service.client.post("/translate", content=endless()).status_code == 413
    assert sent < 50 * Limits().body_bytes
    assert service.client.get("/health").json() == {"status": "ok"}


def test_a_body_that_is_too_large(service: Service) -> None:
    response = service.client.post("/translate", content=b" " * (Limits().body_bytes + 1))
    assert response.status_code == 413
    assert response.json()["error"].endswith("bytes; send it in parts")


def test_what_forms_ask_for(service: Service) -> None:
    settings = service.client.get("/frontend/settings").json()
    assert settings["charLimit"] == 50_000
    assert settings["keyRequired"] is False
    assert settings["language"] == {
        "source": {"code": "en", "name": "English"},
        "target": {"code": "de", "name": "German"},
    }
    assert service.client.get("/languages").json()[0] == {"code": "en", "name": "English", "targets": ["en", "de"]}
    schema = service.client.get("/openapi.json").json()
    assert {"/translate", "/detect", "/languages", "/health", "/frontend/settings"} <= set(schema["paths"])


def test_a_fault_tells_nothing_of_the_text(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with serving() as service, caplog.at_level(logging.DEBUG):
        response = service.translate(q="fail")
        assert (response.status_code, set(response.json())) == (500, {"error"})
        assert service.translate(q="Where?").json() == {"translatedText": "WHERE?"}, "the next is answered"
        service.client.get("/health", params={"q": "a secret"})
    logged = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    ours = " ".join(record.getMessage() + str(record.exc_info) for record in logged)
    printed = "".join(capfd.readouterr())
    assert "ValueError in " in ours
    for text in ("cannot translate", "secret", "Where?"):
        assert text not in ours
        assert text not in printed
