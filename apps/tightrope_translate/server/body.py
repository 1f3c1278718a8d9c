"""The body of a request, as JSON or as a form, held to a size and to a model.

asked = await read(request, TranslateAsked, limits)
"""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import HTTPException, Request
from pydantic import ValidationError

from tightrope_translate.server.limits import Limits
from tightrope_translate.server.models import Asked

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

Model = TypeVar("Model", bound=Asked)


async def read(request: Request, model: type[Model], limits: Limits) -> Model:
    """The request's body. Anything that is no form is read as JSON, whatever its type is said to be: so do the
    documented examples of LibreTranslate send it.

    Raises:
        HTTPException: 400, it is not what `model` wants; 413, it is too large.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind in FORMS:
            return model.model_validate(await form(request, limits))
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise HTTPException(400, described(error)) from None


async def form(request: Request, limits: Limits) -> dict[str, Any]:
    """The fields of a form; a field that comes several times as a list."""
    sent = request.form(max_files=0, max_fields=limits.texts + 16, max_part_size=limits.body_bytes)
    async with sent as fields:
        lists = {name: fields.getlist(name) for name in fields}
    return {name: values if len(values) > 1 else values[0] for name, values in lists.items()}


def described(error: ValidationError) -> str:
    """What a validation found first, without the value: texts are not repeated anywhere."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"Invalid request: {where}: {first['msg']}" if where else f"Invalid request: {first['msg']}"


def model_schema(model: type[Asked]) -> dict[str, Any]:
    """The OpenAPI description of a body that `read` reads."""
    content = {"schema": model.model_json_schema()}
    return {"requestBody": {"required": True, "content": dict.fromkeys(("application/json", *FORMS), content)}}
