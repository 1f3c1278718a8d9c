"""`tightrope translate serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from tightrope_translate.commands.group import app

HERE = ("127.0.0.1", "::1", "localhost")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to bind to.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes any free one.")] = 5000,
    threads: Annotated[int, typer.Option(min=1, help="Cores for the network.")] = 1,
    char_limit: Annotated[int, typer.Option(min=1, help="Characters that one request may have.")] = 50_000,
    req_limit: Annotated[int, typer.Option(min=0, help="Requests of one address in a minute; 0: no limit.")] = 0,
) -> None:
    """Serve translations over HTTP, in LibreTranslate's shape, and live typing.

    \b
      tightrope translate serve
      curl localhost:5000/translate -d "q=Where is it?" -d source=en -d target=de

    POST /translate and /detect; GET /languages, /health, /frontend/settings, /openapi.json; WebSocket /live. Texts
    are neither kept nor logged. What waits is bounded: beyond that the answer is 503 with Retry-After. Ctrl-C ends
    when the requests in hand are answered.

    Exit codes: 0 ended by Ctrl-C or SIGTERM; 2 the address, the port or the models cannot be used.
    """
    from tightrope.interrupt import Interrupt
    from tightrope_translate.server.engine import BatchedEngine
    from tightrope_translate.server.limits import Limits
    from tightrope_translate.server.run import run

    def say(line: str) -> None:
        typer.echo(line, err=True)

    if host not in HERE:
        say(f"note: whoever reaches {host} can use this server; it knows no passwords")
    with Interrupt() as stop, BatchedEngine.open(threads=threads) as engine:
        for direction in (("en", "de"), ("de", "en")):
            engine.translator(*direction)  # what is missing is told now, and the first request does not wait
        run(engine, host, port, Limits(characters=char_limit, per_minute=req_limit), stop, say)
