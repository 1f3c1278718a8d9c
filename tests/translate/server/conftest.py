"""A server as it runs, on a free port, over an engine that needs no model, or over a real one."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from tightrope_translate.engine import Engine
from tightrope_translate.translator import Translation

pytest.importorskip("fastapi", reason="needs the extra 'server'")
pytest.importorskip("uvicorn", reason="needs the extra 'server'")

from tightrope_translate.server.batching import Batcher, Shared
from tightrope_translate.server.limits import Limits
from tightrope_translate.server.run import run


class Shouts:
    """Translates by capitals, when the gate is open. `batches` has what it was given; it fails on 'fail'."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate, self.entered = threading.Event(), threading.Event()
        self.gate.set()

    def translate(self, sentences: Sequence[str]) -> list[Translation]:
        self.entered.set()
        assert self.gate.wait(20)
        self.batches.append(list(sentences))
        if "fail" in sentences:
            raise ValueError(f"cannot translate {sentences}")
        return [Translation(sentence.upper(), 1.0, True) for sentence in sentences]

    def alternatives(self, sentence: str, count: int) -> list[str]:
        return [sentence.lower() + "!" * number for number in range(count)]


class ShoutingEngine(Engine):
    """An engine for many threads, as `server.engine` makes one, that shouts."""

    def __init__(self, batcher: Batcher) -> None:
        super().__init__({})
        self.shouts = Shouts()
        self._shared = Shared(self.shouts, batcher)

    def translator(self, source: str, target: str) -> Shared:  # type: ignore[override]
        return self._shared


class Service:
    """A running server."""

    def __init__(self, url: str, engine: Any, stop: threading.Event, thread: threading.Thread) -> None:
        self.url, self.engine, self.stop, self.thread = url, engine, stop, thread
        self.client = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def translate(self, **asked: object) -> httpx.Response:
        return self.client.post("/translate", json={"source": "en", "target": "de", **asked})


@contextlib.contextmanager
def served(engine: Engine, limits: Limits | None = None) -> Iterator[Service]:
    """Serve on a free port until the block ends; the server must then end too."""
    said: list[str] = []
    ready, stop = threading.Event(), threading.Event()

    def say(line: str) -> None:
        said.append(line)
        ready.set()

    arguments = (engine, "127.0.0.1", 0, limits or Limits(), stop, say)
    thread = threading.Thread(target=run, args=arguments)
    thread.start()
    assert ready.wait(20)
    service = Service(said[0].split()[-1], engine, stop, thread)
    try:
        yield service
    finally:
        service.client.close()
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


@contextlib.contextmanager
def serving(limits: Limits | None = None) -> Iterator[Service]:
    """The same over the engine that shouts."""
    with Batcher() as batcher:
        engine = ShoutingEngine(batcher)
        with served(engine, limits) as service:
            try:
                yield service
            finally:
                engine.shouts.gate.set()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving() as service:
        yield service
