"""Live typing over a WebSocket, as a client sees it."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tightrope_translate.server.limits import Limits

from .conftest import Service, serving

websockets = pytest.importorskip("websockets.sync.client", reason="needs the extra 'server'")


@contextlib.contextmanager
def session(service: Service, query: str = "source=en&target=de") -> Iterator[Any]:
    address = service.url.replace("http", "ws") + f"/live?{query}"
    with websockets.connect(address, proxy=None, open_timeout=20) as socket:
        yield socket


def say(socket: Any, text: str, **more: object) -> None:
    socket.send(json.dumps({"text": text, **more}))


def hear(socket: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(socket.recv(timeout=20))
    return answer


def test_a_text_grows_and_settles_after_a_pause(service: Service) -> None:
    with session(service) as socket:
        say(socket, "Where is it? I")
        assert hear(socket) == {
            "answers": 1, "keep": 0, "stable": "WHERE IS IT? ", "tentative": "", "source": "en", "sure": True
        }  # fmt: skip
        assert hear(socket)["tentative"] == "I", "nobody typed for a while"
        say(socket, "Where is it? I am here.", settled=True)
        assert hear(socket) == {
            "answers": 2, "keep": 13, "stable": "I AM HERE.", "tentative": "", "source": "en", "sure": True
        }  # fmt: skip


def test_updates_add_up_however_fast_one_types(service: Service) -> None:
    text = "The first sentence. The second one? And so on, without an end"
    with session(service, "source=en&target=de&mask=0") as socket:
        for end in range(1, len(text) + 1):
            say(socket, text[:end])
        stable, last = "", 0
        while True:
            update = hear(socket)
            assert update["answers"] >= last
            last = update["answers"]
            stable = stable[: update["keep"]] + update["stable"]
            if last == len(text) and update["tentative"].endswith("END"):
                break
        assert stable + update["tentative"] == text.upper()


def test_a_newer_text_ends_the_work_on_the_older() -> None:
    with serving() as service, session(service) as socket:
        shouts = service.engine.shouts
        shouts.gate.clear()
        say(socket, "One is long. Two is longer. Three is the longest.", settled=True)
        assert shouts.entered.wait(20)
        say(socket, "Something else.", settled=True)
        threading.Timer(0.3, shouts.gate.set).start()
        assert hear(socket)["stable"] == "SOMETHING ELSE."
        assert shouts.batches == [["One is long."], ["Something else."]]


@pytest.mark.parametrize(
    "sent", ["", "{", "[]", '{"text": 1}', '{"q": "a"}', b"\xff", json.dumps({"text": "a" * 50_001})]
)
def test_what_is_wrong_is_said_and_the_session_goes_on(service: Service, sent: str | bytes) -> None:
    with session(service) as socket:
        socket.send(sent)
        assert set(hear(socket)) == {"error"}
        say(socket, "Good.")
        assert hear(socket)["stable"] == "GOOD."


@pytest.mark.parametrize("query", ["source=fr", "target=auto", "mask=-1", "mask=²", "target="])
def test_a_session_of_nothing_is_refused(service: Service, query: str) -> None:
    with session(service, query) as socket, pytest.raises(Exception, match=r"1008|supported|mask"):
        hear(socket)


def test_sessions_are_bounded_and_given_back() -> None:
    with serving(Limits(sessions=1)) as service:
        with session(service) as first, session(service) as second:
            say(first, "One.")
            assert hear(first)["stable"] == "ONE."
            with pytest.raises(Exception, match="1013"):
                hear(second)
        for _ in range(50):  # until the server has seen that the first has left
            with contextlib.suppress(Exception), session(service) as third:
                say(third, "Three.")
                assert hear(third)["stable"] == "THREE."
                break
        else:
            pytest.fail("the place of a session that ended was not given back")


def test_a_fault_ends_one_session_and_no_other(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with session(service) as bad, session(service) as good:
        say(bad, "fail", settled=True)
        with pytest.raises(Exception, match="1011"):
            hear(bad)
        say(good, "Good.")
        assert hear(good)["stable"] == "GOOD."
    assert "cannot translate" not in caplog.text


def test_the_end_of_the_server_ends_a_session() -> None:
    with serving() as service, session(service) as socket:
        say(socket, "One.")
        hear(socket)
        service.stop.set()
        with pytest.raises(Exception, match=r"1001|1012"):
            hear(socket)
        service.thread.join(20)
        assert not service.thread.is_alive()
