"""Search a space of recipes for the artifacts that no other one of it betters: accuracy kept against time measured."""

from __future__ import annotations

from tightrope.compress.search.front import choose_rungs, front
from tightrope.compress.search.search import Search
from tightrope.compress.search.space import Space
from tightrope.compress.search.trials import Trial

__all__ = ["Search", "Space", "Trial", "choose_rungs", "front"]
