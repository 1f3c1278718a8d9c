"""Passes register themselves: one file a method in `compress/passes/`, one decorator; no other file changes.

@register("half-weights")
class HalfWeights(Pass):
    minimum_elements: int = 256

    def apply(self, candidate: Candidate, task: Task) -> Candidate: ...
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar, TypeVar

from tightrope.compress.candidate import Candidate, PassRecord
from tightrope.compress.task import Task
from tightrope.config import Config
from tightrope.errors import ConfigError, nearest


class Pass(Config, ABC):
    """One compression method: its fields are its recipe entry, `apply` does it."""

    method: ClassVar[str]
    faster: ClassVar[bool] = False
    """Whether the pass is there for speed: if it makes the model slower on this machine it is dropped."""
    for_the_reference: ClassVar[bool] = False
    """Whether the pass changes what the graph takes and not what it computes: then the reference gets it as well."""

    @abstractmethod
    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        """Make the next candidate. Never mutates `candidate`."""

    def record(self, **notes: Any) -> PassRecord:
        """The lineage entry of this pass."""
        return PassRecord(self.method, self.model_dump(mode="json"), notes)


PassType = TypeVar("PassType", bound=type[Pass])
_METHODS: dict[str, type[Pass]] = {}


def register(method: str) -> Callable[[PassType], PassType]:
    """Class decorator: make a Pass available to recipes under `method`."""

    def decorate(cls: PassType) -> PassType:
        if method in _METHODS:
            raise ValueError(f"two passes are called {method!r}")
        cls.method = method
        _METHODS[method] = cls
        return cls

    return decorate


@cache
def _import_passes() -> None:
    package = importlib.import_module("tightrope.compress.passes")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def pass_methods() -> dict[str, type[Pass]]:
    """All registered passes by method name."""
    _import_passes()
    return dict(_METHODS)


def find_pass(method: str) -> type[Pass]:
    """The pass of that name. Raises ConfigError with the nearest known one."""
    methods = pass_methods()
    if method not in methods:
        raise ConfigError(f"unknown method {method!r}{nearest(method, list(methods))}")
    return methods[method]


def run_pass(step: Pass, candidate: Candidate, task: Task) -> Candidate:
    """Apply a pass and put the time it took into its lineage entry."""
    start = time.perf_counter()
    after = step.apply(candidate, task)
    if len(after.lineage) != len(candidate.lineage) + 1:
        raise ValueError(f"the pass {step.method!r} did not record itself in the lineage")
    timed = replace(after.lineage[-1], seconds=time.perf_counter() - start)
    return replace(after, lineage=(*after.lineage[:-1], timed))
