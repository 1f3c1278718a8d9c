from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("torchvision")

from tightrope.compress import Candidate, Task
from tightrope.compress.registry import pass_methods, run_pass

from .nets import NETS, Chain, Likeness, fragile, uneven

Apply = Callable[..., Candidate]


def apply(method: str, candidate: Candidate, task: Task, **settings: Any) -> Candidate:
    """Run one pass as a recipe does."""
    return run_pass(pass_methods()[method](**settings), candidate, task)


@cache
def _task(name: str) -> Likeness:
    if name in NETS:
        make, shape = NETS[name]
        return Likeness(make, shape)
    return Likeness(
        {"chain": Chain, "uneven": uneven, "fragile": fragile, "fragile-relu": lambda: fragile(0)}[name], (1, 3, 12, 12)
    )


@cache
def _exported(name: str) -> Candidate:
    return apply("export", Candidate(module=_task(name).reference()), _task(name))


@cache
def _cleaned(name: str) -> Candidate:
    return apply("clean", _exported(name), _task(name))


@pytest.fixture(scope="session")
def task_of() -> Callable[[str], Likeness]:
    """name of a net -> its task; the same one every time."""
    return _task


@pytest.fixture(scope="session")
def exported() -> Callable[[str], Candidate]:
    """name of a net -> what the export pass makes of it, made once."""
    return _exported


@pytest.fixture(scope="session")
def cleaned() -> Callable[[str], Candidate]:
    """name of a net -> export and clean, made once."""
    return _cleaned
