"""Builds of many recipes, each pass on each input once: recipes of a search begin alike."""

from __future__ import annotations

import json
from collections import OrderedDict

from tightrope.compress.candidate import Build, Candidate
from tightrope.compress.recipe import Recipe
from tightrope.compress.registry import run_pass
from tightrope.compress.task import Task, Whole

_KEPT = 24  # candidates; a detector's has some 20 MB


class Builder:
    """Runs recipes over a task's parts; the candidates that were used last are kept."""

    def __init__(self, task: Whole) -> None:
        self._parts = task.parts()
        self._kept: OrderedDict[str, Candidate] = OrderedDict()

    def build(self, recipe: Recipe) -> Build:
        """What stands after the last pass. Raises what a pass raises."""
        return Build({name: self._run(name, task, recipe) for name, task in self._parts.items()})

    def _run(self, name: str, task: Task, recipe: Recipe) -> Candidate:
        candidate, key = Candidate(module=task.reference()), name
        for step in recipe.passes:
            key += json.dumps([step.method, step.model_dump(mode="json")])
            if key in self._kept:
                self._kept.move_to_end(key)
            else:
                self._kept[key] = run_pass(step, candidate, task)
            candidate = self._kept[key]
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return candidate
