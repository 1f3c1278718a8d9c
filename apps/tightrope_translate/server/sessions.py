"""Live typing over a WebSocket: the client sends its whole text at every key, the server the change of its translation.

    ws://localhost:5000/live?source=en&target=de
    > {"text": "Where is the "}
    < {"answers": 1, "keep": 0, "stable": "", "tentative": "Wo", "source": "en", "sure": true}
    > {"text": "Where is the bus?"}
    < {"answers": 2, "keep": 0, "stable": "Wo ist der Bus?", "tentative": "", "source": "en", "sure": true}

See `live.Update` for the members; `answers` is the number of the message that the update has. Messages that come while
one is worked on are taken together: only the newest counts. After half a second without one the text is settled.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio
from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ValidationError

from tightrope.errors import BadInputError
from tightrope.runtime import Superseded, SystemClock, Telemetry
from tightrope.runtime.lane import Job
from tightrope.runtime.summary import Summary
from tightrope_translate.engine import Engine
from tightrope_translate.live.live import AUTO, MASK, PAUSE_S, Live
from tightrope_translate.live.runner import Keystroke, TypingRunner, open_runner
from tightrope_translate.live.update import Update
from tightrope_translate.server.answers import supported, within
from tightrope_translate.server.guard import report
from tightrope_translate.server.limits import Limits

POLICY_VIOLATION, INTERNAL_ERROR, TRY_AGAIN_LATER = 1008, 1011, 1013  # RFC 6455, 7.4.1, and IANA's registry


class Typed(BaseModel):
    """A message of the client."""

    text: str
    settled: bool = False


@dataclass
class Session:
    """One client's typing; its runner is driven from the event loop alone, and only runs in a thread."""

    live: Live
    runner: TypingRunner
    last: Keystroke = field(default=Keystroke("", settled=True), init=False)
    count: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._came = anyio.Event()

    def put(self, message: Typed) -> None:
        """A newer text ends the work on the one before."""
        self.count += 1
        self.live.supersede()
        self._arrive(Keystroke(message.text, message.settled, self.count))
        self._came.set()

    async def begin(self) -> Job[Keystroke]:
        """The newest text when it comes; once more, and settled, when no other comes for a while."""
        while True:
            with anyio.move_on_after(None if self.last.settled else PAUSE_S):
                await self._came.wait()
            self._came = anyio.Event()
            if self.runner.lane.idle and not self.last.settled:
                self._arrive(Keystroke(self.last.text, True, self.last.message))
            begun = self.runner.begin()
            if isinstance(begun, Job):
                self.last = begun.item
                return begun

    async def run(self, job: Job[Keystroke], threads: anyio.CapacityLimiter) -> Update | None:
        """Its update; None if a newer text came meanwhile. Raises what the engine raises."""
        try:
            answer = await anyio.to_thread.run_sync(self.runner.run, job, limiter=threads)
        except Exception as error:
            self.runner.fail(job, error)
            if isinstance(error, Superseded):
                return None
            raise
        outcome = self.runner.finish(job, answer)
        return None if outcome is None else outcome.result

    def _arrive(self, key: Keystroke) -> None:
        self.runner.arrive(key, self.runner.clock.now())


class Sessions:
    """All sessions of a server."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine, self._limits = engine, limits
        self._threads = anyio.CapacityLimiter(limits.sessions)
        self._open = 0
        self._telemetry: Telemetry | None = None

    def summary(self) -> Summary | None:
        """How long all keys of all sessions took to be answered; None: there was no session."""
        return self._telemetry.summary(SystemClock().now()) if self._telemetry else None

    async def serve(self, socket: WebSocket) -> None:
        """One session, to its end."""
        await socket.accept()
        try:
            live = self._live(socket)
        except BadInputError as error:
            await socket.close(POLICY_VIOLATION, str(error)[:100])
            return
        if self._open >= self._limits.sessions:
            await socket.close(TRY_AGAIN_LATER, f"{self._open} sessions are open")
            return
        self._open += 1
        try:
            session = Session(live, open_runner(live, telemetry=self._telemetry))
            self._telemetry = session.runner.telemetry
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._translate, socket, session, tasks.cancel_scope)
                await self._listen(socket, session)
                tasks.cancel_scope.cancel()
        finally:
            self._open -= 1

    def _live(self, socket: WebSocket) -> Live:
        asked = socket.query_params
        source, target = asked.get("source", AUTO), asked.get("target", "de")
        supported(source, target, self._engine)
        mask = asked.get("mask", str(MASK))
        if not (mask.isascii() and mask.isdigit() and len(mask) < 3):
            raise BadInputError("mask is the number of words to withhold, 0 to 99")
        return Live(self._engine, source, target, int(mask))

    async def _listen(self, socket: WebSocket, session: Session) -> None:
        """Take messages until the client leaves."""
        while (message := await socket.receive())["type"] == "websocket.receive":
            try:
                typed = Typed.model_validate_json(message.get("text") or message.get("bytes") or b"")
                within(len(typed.text), self._limits)
            except (ValidationError, BadInputError) as error:
                wrong = str(error) if isinstance(error, BadInputError) else 'send {"text": "..."}'
                await socket.send_json({"error": wrong})
                continue
            session.put(typed)
        session.live.supersede()

    async def _translate(self, socket: WebSocket, session: Session, scope: anyio.CancelScope) -> None:
        """Answer the newest message, again and again; and once more when no other comes."""
        try:
            while True:
                job = await session.begin()
                update = await session.run(job, self._threads)
                if update is not None:
                    await socket.send_json({"answers": job.item.message, **update.to_dict()})
        except WebSocketDisconnect:
            scope.cancel()
        except Exception as error:
            report(error)
            await socket.close(INTERNAL_ERROR)
            scope.cancel()
