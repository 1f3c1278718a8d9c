"""Budget in, artifact with its evidence out: tasks, passes, recipes, the accuracy gate. torch and onnx live here."""

from __future__ import annotations

from tightrope.compress.candidate import Candidate, PassRecord
from tightrope.compress.recipe import Recipe
from tightrope.compress.registry import Pass, pass_methods, register
from tightrope.compress.scores import MeanScores, Scores
from tightrope.compress.task import Split, Task, Whole

__all__ = [
    "Candidate",
    "MeanScores",
    "Pass",
    "PassRecord",
    "Recipe",
    "Scores",
    "Split",
    "Task",
    "Whole",
    "pass_methods",
    "register",
]
