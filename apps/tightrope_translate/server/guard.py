"""Around the whole application: bodies that are too large are cut off, and a fault of ours tells nothing of a text."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.requests import ClientDisconnect

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

LOGGER = logging.getLogger("tightrope.translate")


class TooLargeError(Exception):
    """More came than a body may have."""


class Guard:
    """ASGI middleware.

    Args:
        app: what is guarded.
        body_bytes: the most that one request may send.
    """

    def __init__(self, app: App, body_bytes: int) -> None:
        self._app, self._body_bytes = app, body_bytes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        came, begun = 0, False

        async def bounded() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self._body_bytes:
                raise TooLargeError
            return message

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, bounded, watched)
        except ClientDisconnect:
            pass
        except TooLargeError:
            await answer(send, 413, f"Invalid request: more than {self._body_bytes} bytes; send it in parts")
        except Exception as error:
            report(error)
            if scope["type"] == "http" and not begun:
                await answer(send, 500, "Internal error; the server's log says where")


def report(error: Exception) -> None:
    """Log where a fault lies. Neither its message nor any variable: both may hold what a person wrote."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    LOGGER.error("%s in %s, line %d", type(error).__name__, frame.filename, frame.lineno or 0)


async def answer(send: Send, status: int, problem: str) -> None:
    """A whole response with a Problem. The connection is closed, for there may be a body that nobody reads."""
    body = json.dumps({"error": problem}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
