"""`tightrope translate`: one module a command; each registers itself on `app` when it is imported here."""

from __future__ import annotations

from tightrope_translate.commands import image, languages, live, serve, speech, text, val  # noqa: F401
from tightrope_translate.commands.group import app

__all__ = ["app"]
