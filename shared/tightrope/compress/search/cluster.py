"""The trials of a batch side by side on a Ray cluster: this machine's cores, or those of many machines.

    with Cluster(make_task, address="10.0.0.1:6379") as engine:
        trials = Search(make_task(), space, Path("out"), budget, floor=0.97, engine=engine).run(minutes=30)

Ray (docs.ray.io) starts the processes, hands out the trials, and hands one out again whose process or machine was lost.
Nothing is measured there: times of different machines, or of one that is busy, cannot be compared.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from tightrope.compress.progress import say
from tightrope.compress.search.bench import Bench, Judged
from tightrope.compress.search.engine import described
from tightrope.compress.search.latency import LatencyModel
from tightrope.compress.search.space import Space
from tightrope.compress.search.trials import Trial
from tightrope.compress.task import Whole
from tightrope.errors import ConfigError, MissingExtraError

_RETRIES = 3  # of a trial whose process was lost
_STORE_BYTES = 256 * 1024**2  # for graphs on their way back; Ray goes to the disk beyond it


@dataclass(frozen=True)
class _Order:
    """What a worker needs to set up its bench.

    Attributes:
        key: tells one search from the next.
        make: pickled, because its modules are found only when the worker looks where this process does (`path`).
    """

    key: str
    make: bytes
    path: tuple[str, ...]
    space: Space
    limit_ms: float
    floor: float
    threads: int
    folder: str


@dataclass
class Cluster:
    """An engine on Ray, used as a context.

    Every process computes with as many threads as torch has in this one, because sums in float depend on it: so that a
    trial's answer is the same wherever it ran. Each reserves so many cores.

    Attributes:
        make: makes the task, once in every process; what it reads has to be at the same place on every machine.
        address: of a cluster that runs, such as 10.0.0.1:6379, on one of whose machines this is; None: start one here.
        cpus: of the cluster that is started here; None: all.
    """

    make: Callable[[], Whole]
    address: str | None = None
    cpus: int | None = None
    _ray: Any = field(default=None, init=False)
    _order: Any = field(default=None, init=False)

    def __enter__(self) -> Cluster:
        """Raises MissingExtraError without Ray, ConfigError if there is no such cluster or its machines are small."""
        self._ray = _import_ray()
        if self.address:
            _check_reachable(self.address)
        own: dict[str, Any] = {"num_cpus": self.cpus, "include_dashboard": False, "object_store_memory": _STORE_BYTES}
        where = {"address": self.address} if self.address else {"address": "local", **own}
        try:
            self._ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise ConfigError(f"no Ray cluster at {self.address or 'this machine'}: {error}") from error
        try:
            self._check_width()
        except ConfigError:
            self._ray.shutdown()
            raise
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._ray.shutdown()

    def judge(self, bench: Bench, trials: Sequence[Trial], latency: LatencyModel, end: float) -> Iterator[Judged]:
        """All at once, as far as there are cores; the first answer is given when the last trial has ended."""
        if self._order is None:
            self._order = self._ray.put(self._made_out(bench))
        remote = self._ray.remote(num_cpus=_threads(), max_retries=_RETRIES)(_judge)
        for trial in trials:
            say(described(trial))
        answers = [remote.remote(self._order, trial, latency) for trial in trials]
        self._ray.wait(answers, num_returns=len(answers), fetch_local=False)
        for trial, answer in zip(trials, answers, strict=True):
            yield self._fetched(trial, answer)

    def _made_out(self, bench: Bench) -> _Order:
        return _Order(
            key=uuid.uuid4().hex,
            make=self._ray.cloudpickle.dumps(self.make),
            path=tuple(sys.path),
            space=bench.space,
            limit_ms=bench.limit_ms,
            floor=bench.floor,
            threads=_threads(),
            folder=str(Path.cwd()),
        )

    def _fetched(self, trial: Trial, answer: Any) -> Judged:
        lost = self._ray.exceptions
        try:
            judged: Judged = self._ray.get(answer)
        except lost.RayTaskError as error:
            raise error.cause from error
        except (lost.WorkerCrashedError, lost.NodeDiedError, lost.OutOfMemoryError) as error:
            why = f"its process was lost {_RETRIES + 1} times: {type(error).__name__}"
            return Judged(Trial(trial.number, trial.settings, trial.recipe, "failed", why))
        return judged

    def _check_width(self) -> None:
        widths = [int(node["Resources"].get("CPU", 0)) for node in self._ray.nodes() if node["Alive"]]
        if max(widths, default=0) < _threads():
            raise ConfigError(
                f"a trial computes with {_threads()} threads, and no machine of the cluster has so many cores to give: "
                "set OMP_NUM_THREADS=1 here"
            )
        side = sum(width // _threads() for width in widths)
        say(f"Ray: {len(widths)} node(s), {side} trial(s) at a time of {_threads()} thread(s) each")


_benches: dict[str, Bench] = {}  # of a worker's process: the one of the search that it works for


def _judge(order: _Order, trial: Trial, latency: LatencyModel) -> Judged:
    """In a worker's process."""
    if order.key not in _benches:
        import torch

        torch.set_num_threads(order.threads)
        os.chdir(order.folder)
        sys.path.extend(folder for folder in order.path if folder not in sys.path)
        task = pickle.loads(order.make)()
        _benches.clear()
        _benches[order.key] = Bench(task, order.space, order.limit_ms, order.floor)
    return _benches[order.key].judge(trial, latency)


def _check_reachable(address: str) -> None:
    """Raises ConfigError at once; Ray would go on trying for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, ValueError) as error:
        raise ConfigError(f"no Ray cluster at {address} (HOST:PORT, as `ray start --head` says): {error}") from error


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def _import_ray() -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray would send statistics of its use to its makers
    os.environ.setdefault("RAY_worker_niceness", "0")  # and would let everything else on this machine go before a trial
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("a search on a cluster", "ray") from error
    return ray
