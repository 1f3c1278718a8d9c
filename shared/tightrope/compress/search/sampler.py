"""Which recipe to try next: Optuna's tree-structured Parzen estimator over accuracy kept and work.

    sampler = Sampler(space, seed=0, batch=4)
    asked = [sampler.ask() for _ in range(4)]       # settings and recipe of each
    for trial in trials:
        sampler.tell(trial)

Work, and not the latency that was measured, steers it: so that the same seed asks for the same recipes on every day and
after every interruption. (Ozaki et al. 2022, 'Multiobjective Tree-Structured Parzen Estimator'.)
"""

from __future__ import annotations

import warnings
from collections import deque
from typing import Any

import optuna
from optuna.trial import TrialState

from tightrope.compress.recipe import Recipe
from tightrope.compress.search.space import Choice, Open, Space
from tightrope.compress.search.trials import Trial
from tightrope.errors import ConfigError

_AT_RANDOM = 10  # first trials
BATCH = 4
_SEEDS = 1_000_003  # trials of one seed do not meet those of the next


class Sampler:
    """Asks for a batch of recipes and is told of each, in their order.

    Trial n depends on seed, space and what became of the batches before its own, and on nothing else: so those of a
    batch may be tried at the same time.
    """

    def __init__(self, space: Space, seed: int, batch: int = BATCH) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space, self._seed, self._batch = space, seed, batch
        self._study = optuna.create_study(directions=["maximize", "minimize"])
        self._asked: deque[optuna.trial.Trial] = deque()
        self._told: list[tuple[optuna.trial.Trial, Trial]] = []

    @property
    def batch_end(self) -> int:
        """The number of the first trial after the batch of which the next one is."""
        return (len(self._study.trials) // self._batch + 1) * self._batch

    def ask(self) -> tuple[dict[str, Any], Recipe]:
        """The next recipe, and the values that make it out of the space."""
        number = len(self._study.trials)
        if number % self._batch == 0:
            self._learn()
        self._study.sampler = _parzen(self._seed * _SEEDS + number)
        trial = self._study.ask()
        self._asked.append(trial)
        recipe = self._space.recipe(lambda name, value: _suggest(trial, name, value))
        return dict(trial.params), recipe

    def tell(self, trial: Trial) -> None:
        """What became of the recipe that was asked for first of those not told yet."""
        self._told.append((self._asked.popleft(), trial))

    def replay(self, trials: list[Trial]) -> None:
        """Go through what an interrupted search had done. Raises ConfigError if it was another one."""
        for trial in trials:
            settings, _ = self.ask()
            if settings != dict(trial.settings):
                raise ConfigError(
                    f"trial {trial.number} of the search that lies there was another one, of another space, seed or "
                    "batch: give this search a folder of its own"
                )
            self.tell(trial)

    def _learn(self) -> None:
        for asked, trial in self._told:
            if trial.work is None:
                self._study.tell(asked, state=TrialState.FAIL)
            else:
                self._study.tell(asked, (trial.share, trial.work))
        self._told.clear()


def _parzen(seed: int) -> optuna.samplers.TPESampler:
    """One that keeps away from what the batch has asked for already (`constant_liar`)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(n_startup_trials=_AT_RANDOM, seed=seed, constant_liar=True)


def _suggest(trial: optuna.trial.Trial, name: str, value: Open) -> Any:
    if isinstance(value, Choice):
        return trial.suggest_categorical(name, value.choice)
    if isinstance(value.low, int) and isinstance(value.high, int):
        return trial.suggest_int(name, value.low, value.high, step=int(value.step or 1), log=value.log)
    return trial.suggest_float(name, value.low, value.high, step=value.step, log=value.log)
