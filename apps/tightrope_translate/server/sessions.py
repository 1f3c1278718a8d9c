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

from dataclasses import dataclass

import anyio
import anyio.abc
from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ValidationError

from tightrope.errors import BadInputError
from tightrope_translate.engine import Engine
from tightrope_translate.live.live import AUTO, MASK, PAUSE_S, Live
from tightrope_translate.server.answers import supported, within
from tightrope_translate.server.guard import report
from tightrope_translate.server.limits import Limits

POLICY_VIOLATION, INTERNAL_ERROR, TRY_AGAIN_LATER = 1008, 1011, 1013  # RFC 6455, 7.4.1, and IANA's registry


class Typed(BaseModel):
    """A message of the client."""

    text: str
    settled: bool = False


@dataclass
class Newest:
    """The last message that came, until it is taken."""

    count: int = 0
    message: Typed | None = None

    def __post_init__(self) -> None:
        self._came = anyio.Event()

    def put(self, message: Typed) -> None:
        self.count, self.message = self.count + 1, message
        self._came.set()

    async def take(self, patience_s: float | None) -> Typed | None:
        """The newest message, once; None when none came within `patience_s` seconds."""
        with anyio.move_on_after(patience_s):
            await self._came.wait()
        message, self.message = self.message, None
        self._came = anyio.Event()
        return message


class Sessions:
    """All sessions of a server."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine, self._limits = engine, limits
        self._threads = anyio.CapacityLimiter(limits.sessions)
        self._open = 0

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
            newest = Newest()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._translate, socket, live, newest, tasks.cancel_scope)
                await self._listen(socket, live, newest)
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

    async def _listen(self, socket: WebSocket, live: Live, newest: Newest) -> None:
        """Take messages until the client leaves; a newer one ends the work on the one before."""
        while (message := await socket.receive())["type"] == "websocket.receive":
            try:
                typed = Typed.model_validate_json(message.get("text") or message.get("bytes") or b"")
                within(len(typed.text), self._limits)
            except (ValidationError, BadInputError) as error:
                wrong = str(error) if isinstance(error, BadInputError) else 'send {"text": "..."}'
                await socket.send_json({"error": wrong})
                continue
            live.supersede()
            newest.put(typed)
        live.supersede()

    async def _translate(self, socket: WebSocket, live: Live, newest: Newest, session: anyio.CancelScope) -> None:
        """Answer the newest message, again and again; and once more when no other comes."""
        text, settled = "", True
        try:
            while True:
                message = await newest.take(None if settled else PAUSE_S)
                answers, settled = newest.count, message is None or message.settled
                text = text if message is None else message.text
                update = await anyio.to_thread.run_sync(live.update, text, settled, limiter=self._threads)
                if update is not None:
                    await socket.send_json({"answers": answers, **update.to_dict()})
        except WebSocketDisconnect:
            session.cancel()
        except Exception as error:
            report(error)
            await socket.close(INTERNAL_ERROR)
            session.cancel()
