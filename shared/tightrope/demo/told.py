"""Errors of a demo's functions, told to the person in one line.

>>> @told                                                          # doctest: +SKIP
... def detect(upload, session): ...
"""

from __future__ import annotations

import functools
import inspect
import re
import tempfile
import traceback
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import gradio as gr

from tightrope.errors import TightropeError

_SECONDS = 10
_UNEXPECTED = "Something went wrong here that should not have. The terminal of `tightrope demo` says more."


def told(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, or generator function, with what it raises as the page's error message.

    A TightropeError is shown as it is, without the folder that an upload lies in; anything else is printed on the
    server, and the page says only that it happened.
    """
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generator(*arguments: Any, **named: Any) -> Iterator[Any]:
            try:
                yield from function(*arguments, **named)
            except Exception as error:
                raise _message(error) from error

        return generator

    @functools.wraps(function)
    def plain(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except Exception as error:
            raise _message(error) from error

    return plain


def _message(error: Exception) -> Any:
    """A gr.Error; one is left as it is."""
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, TightropeError):
        return gr.Error(escape(spoken(error), quote=False), _SECONDS, print_exception=False)
    traceback.print_exception(error)
    return gr.Error(_UNEXPECTED, _SECONDS, print_exception=False)


def spoken(error: TightropeError) -> str:
    """The error's one line, in which an uploaded file is called by its name alone."""
    folders = re.escape(tempfile.gettempdir()) + r"/\S*/"
    return re.sub(folders, "", " ".join(str(error).split()))
