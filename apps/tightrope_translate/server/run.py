"""The server from start to stop.

run(engine, "127.0.0.1", 5000, Limits(), stop, print)    # until `stop` is set
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from tightrope.errors import BadInputError
from tightrope.interrupt import Stop
from tightrope_translate.engine import Engine
from tightrope_translate.server.app import create_app
from tightrope_translate.server.limits import Limits

CONNECTIONS = 1024  # kept open at the same time; more are answered 503
PATIENCE_S = 10  # at the end, for requests that are in hand
LOOK_S = 0.2


class Server(uvicorn.Server):
    """uvicorn that is ended by `stop`, not by signals of its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def end_with(self, stop: Stop) -> None:
        while not stop.wait(LOOK_S):
            if self.should_exit:
                return
        self.should_exit = True


def run(engine: Engine, host: str, port: int, limits: Limits, stop: Stop, say: Callable[[str], None]) -> None:
    """Serve until `stop` is set; requests in hand are then answered. Port 0 takes any free one.

    At the end it is said how long the keys of live typing took to be answered.

    Raises:
        BadInputError: the address or the port cannot be used.
    """
    app = create_app(engine, limits)
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,  # a line of it would hold texts that came in an address
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=PATIENCE_S,
        ws_max_size=limits.body_bytes,
        server_header=False,
    )
    with bound(host, port) as listener:
        server = Server(config)
        watcher = threading.Thread(target=server.end_with, args=(stop,), daemon=True)
        watcher.start()
        name, number = listener.getsockname()[:2]
        say(f"serving http://{f'[{name}]' if ':' in name else name}:{number}")
        server.run(sockets=[listener])
        server.should_exit = True
        watcher.join()
    if (summary := app.state.sessions.summary()) is not None:
        say(f"live typing: {summary}")


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises BadInputError."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=CONNECTIONS)
    except (OSError, OverflowError, UnicodeError) as error:
        raise BadInputError(f"cannot listen on {host}:{port}: {error}; choose another with --host or --port") from error
