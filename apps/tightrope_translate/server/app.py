"""The routes.

app = create_app(engine, Limits())     # an ASGI application: uvicorn.run(app)

curl -s localhost:5000/translate -d 'q=Where is it?' -d source=en -d target=de
{"translatedText": "Wo ist es?"}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import anyio
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tightrope import __version__
from tightrope.errors import BadInputError
from tightrope_translate.engine import Engine
from tightrope_translate.language import LANGUAGES
from tightrope_translate.server import models
from tightrope_translate.server.answers import checked, detected, translated, within
from tightrope_translate.server.body import model_schema, read
from tightrope_translate.server.guard import Guard
from tightrope_translate.server.limits import Admission, Limits, Rate, TooBusy
from tightrope_translate.server.sessions import Sessions

DESCRIPTION = "Translation between English and German on this machine. Nothing that is sent is kept or logged."
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": models.Problem, "description": "The request is not well-formed, or its text too long."},
    413: {"model": models.Problem, "description": "The body has too many bytes."},
    429: {"model": models.Problem, "description": "This client's requests come too fast: see Retry-After."},
    503: {"model": models.Problem, "description": "Too much waits: see Retry-After."},
}

T = TypeVar("T")


def create_app(engine: Engine, limits: Limits | None = None) -> FastAPI:
    """The application over `engine`, which any thread must be able to call."""
    limits = limits or Limits()
    # The pages that FastAPI would serve with the schema load scripts from elsewhere: there are none here.
    app = FastAPI(
        title="Tightrope translate", version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None
    )
    app.add_middleware(Guard, body_bytes=limits.body_bytes)
    admission, rate = Admission(limits), Rate(limits.per_minute)
    threads = anyio.CapacityLimiter(limits.requests)
    app.state.sessions = sessions = Sessions(engine, limits)

    async def work(request: Request, characters: int, call: Callable[[], T]) -> T:
        """Run `call` in a thread, if the client's rate and what waits allow it."""
        rate.take(request.client.host if request.client else "")
        with admission.enter(characters):
            return await anyio.to_thread.run_sync(call, limiter=threads)

    @app.post(
        "/translate",
        response_model=models.Answer,
        response_model_exclude_none=True,
        responses=PROBLEMS,
        openapi_extra=model_schema(models.TranslateAsked),
    )
    async def translate(request: Request) -> models.Answer:
        """Translate a text, or several. White space stays; text that is in the target language comes back as it is."""
        asked = await read(request, models.TranslateAsked, limits)
        characters = checked(asked, engine, limits)
        return await work(request, characters, lambda: translated(engine, asked))

    @app.post("/detect", responses=PROBLEMS, openapi_extra=model_schema(models.DetectAsked))
    async def detect(request: Request) -> list[models.Detected]:
        """Tell the language of a text: the likeliest first."""
        asked = await read(request, models.DetectAsked, limits)
        characters = within(len(asked.q), limits)
        return await work(request, characters, lambda: detected(engine, asked.q))

    @app.get("/languages")
    async def languages() -> list[models.Language]:
        """The languages, each with those that it is translated into."""
        return [
            models.Language(code=code, name=LANGUAGES[code], targets=list(engine.languages))
            for code in engine.languages
        ]

    @app.get("/frontend/settings")
    async def settings() -> models.Settings:
        """What a form for translation has to know."""
        source, target = (models.Choice(code=code, name=LANGUAGES[code]) for code in engine.languages)
        return models.Settings(charLimit=limits.characters, language=models.Choices(source=source, target=target))

    @app.get("/health")
    async def health() -> models.Health:
        """Whether the server answers."""
        return models.Health()

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await sessions.serve(socket)

    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(BadInputError, on_bad_input)
    app.add_exception_handler(TooBusy, on_busy)
    return app


async def on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def on_bad_input(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 400)


async def on_busy(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooBusy)
    return JSONResponse({"error": str(error)}, error.status, {"Retry-After": str(error.retry_s)})
