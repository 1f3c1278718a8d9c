"""Judge an artifact on another instruction set: its graphs run there, and all else as always.

The Task's own `evaluate()` is given a model whose runs on held-out inputs are made by a process under an emulator, and
beside it one that runs here, on the same inputs. Both are held against the float reference, which runs here.

Where the Task runs its model once for each held-out input, some of the inputs can be chosen, and only those are
emulated. Its runs on calibration inputs, from which thresholds are fitted, stay here: an artifact's thresholds were
fitted on one machine and go with it to others. Tasks of several graphs, or of several runs an input, are emulated
whole.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np

from tightrope.artifact import Artifact
from tightrope.compress.gate import GateResult, judge
from tightrope.compress.recheck import exported_reference, refuse_other
from tightrope.compress.recipe import Recipe
from tightrope.compress.scores import Indices, Scores
from tightrope.compress.task import Whole
from tightrope.errors import ConfigError
from tightrope.measure.cpu import detect_cpu
from tightrope.measure.emulator import Emulator
from tightrope.measure.remote import RemoteGraphs
from tightrope.runtime.clock import Clock, SystemClock
from tightrope.runtime.session import Array, Inputs, Session, usable

EVIDENCE = "instruction_sets"  # the key of the list in an artifact's evidence
_TELL_EVERY = 10.0  # seconds between two lines of progress
Progress = Callable[[str], None]
Run = Callable[[Mapping[str, Array]], list[Array]]


@dataclass(frozen=True)
class Difference:
    """Numbers in the outputs of the same runs here and there: how many, and how many of them are not equal.

    `largest` is the largest difference; `relative` the largest as a share of the largest number of its output.
    """

    values: int
    differing: int
    largest: float
    relative: float

    @property
    def share(self) -> float:
        return self.differing / max(self.values, 1)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "share": self.share}


@dataclass(frozen=True)
class Elsewhere:
    """An artifact on an instruction set and, on the same inputs, here. `inputs` of the `held_out` ones were used."""

    instruction_set: str
    emulator: str
    onnxruntime: str
    beside: str
    inputs: int
    held_out: int
    runs: int
    there: GateResult
    here: GateResult
    outputs: Difference
    date: str

    @property
    def to_blame(self) -> bool:
        """Whether it fails the gate there and not for want of inputs: all were used, or here it passes with them."""
        return not self.there.passed and (self.here.passed or self.inputs == self.held_out)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in the evidence."""
        judged = {"there": self.there.to_dict(), "here": self.here.to_dict()}
        return {**asdict(self), **judged, "outputs": self.outputs.to_dict()}


def elsewhere(
    task: Whole,
    artifact: Artifact,
    emulator: Emulator,
    inputs: int | None = None,
    progress: Progress = lambda _: None,
) -> Elsewhere:
    """Judge an artifact under an emulator.

    Args:
        task: whose evaluation judges it.
        artifact: with a lineage, by whose recipe the reference is exported.
        emulator: of the instruction set.
        inputs: how many held-out inputs, evenly from all of them; None: all.
        progress: is told what is done, and how long the rest may take.

    Raises:
        ArtifactError: the artifact belongs to another task, or its graphs do not run there.
        ConfigError: the Task's inputs cannot be chosen, or so few of them cannot be judged.
    """
    refuse_other(task, artifact)
    manifest = artifact.manifest
    progress("scoring the reference here")
    recipe = Recipe.parse(manifest.lineage["recipe"], f"{artifact.path}, lineage")
    reference = task.scores(exported_reference(task, recipe).sessions())
    progress("scoring the artifact here")
    sessions = {name: artifact.session(name=name) for name in manifest.graphs}
    seen = {name: _Seen(session) for name, session in sessions.items()}
    native = task.scores(seen)
    places, runs = _choose(task, seen, len(native), inputs)
    keep = manifest.evidence["gate"]["keep"]
    here = _judge(task, reference, native, places, keep)
    progress(f"starting {emulator.program} -cpu {emulator.cpu}")
    graphs = {name: artifact.graph(name) for name in manifest.graphs}
    with RemoteGraphs(graphs, emulator.command(), usable(manifest.backend)) as remote:
        emulator.check(remote.features)
        meter = _Meter(sum(len(one.digests) for one in seen.values()) if runs is None else len(runs), progress)
        models = {name: _Beside(session, _run(remote, name), runs, meter) for name, session in sessions.items()}
        emulated = task.scores(models)
    return Elsewhere(
        emulator.instruction_set,
        emulator.version(),
        remote.onnxruntime,
        detect_cpu().instruction_set,
        len(places),
        len(native),
        meter.runs,
        _judge(task, reference, emulated, places, keep),
        here,
        meter.difference(),
        datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def added(evidence: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence's list with an entry, which replaces an older one of the same instruction set."""
    old = [one for one in evidence.get(EVIDENCE, ()) if one["instruction_set"] != entry["instruction_set"]]
    return {EVIDENCE: [*old, dict(entry)]}


def _choose(
    task: Whole, seen: Mapping[str, _Seen], count: int, inputs: int | None
) -> tuple[Indices, frozenset[int] | None]:
    """Places of the held-out inputs that count, and the runs that are theirs; None: every run of every graph."""
    held_out = _held_out_runs(task, seen, count)
    if held_out is None:
        if inputs is not None:
            raise ConfigError(
                f"inputs of {task.name} cannot be chosen, as it does not run one graph once for each; leave --inputs "
                "out, or give its Task fewer by a --set of its own"
            )
        return np.arange(count), None
    wanted = count if inputs is None else min(inputs, count)
    places = np.unique(np.linspace(0, count - 1, wanted).round().astype(np.int64))
    return places, frozenset(held_out[place] for place in places)


def _held_out_runs(task: Whole, seen: Mapping[str, _Seen], count: int) -> list[int] | None:
    """The run that belongs to each held-out input, in their order; None: there is no such thing."""
    if len(seen) > 1:
        return None
    ((name, graph),) = seen.items()
    held_out = list(graph.digests)
    if len(held_out) == count:
        return list(range(count))
    again = _Seen(graph.session)
    task.scores({name: again}, "calibration")
    fitted = Counter(again.digests)
    places = []
    for place, digest in enumerate(held_out):
        if fitted[digest]:
            fitted[digest] -= 1
        else:
            places.append(place)
    return places if len(places) == count else None


def _judge(task: Whole, reference: Scores, scored: Scores, places: Indices, keep: float) -> GateResult:
    try:
        return judge(_Part(reference, places), _Part(scored, places), task.gate_metrics, keep)
    except (ConfigError, ValueError, IndexError) as error:
        raise ConfigError(f"{len(places)} inputs are too few to judge {task.name} by: {error}; take more") from error


def _run(remote: RemoteGraphs, name: str) -> Run:
    return lambda feeds: remote.run(name, feeds)


class _Part:
    """Scores of some of the samples."""

    def __init__(self, whole: Scores, places: Indices) -> None:
        self._whole, self._places = whole, places

    def __len__(self) -> int:
        return len(self._places)

    def on(self, sample: Indices) -> Mapping[str, float]:
        return self._whole.on(self._places[sample])


class _Model:
    """A session as a Task may use it: called with inputs, or run by name, or asked for what goes in and comes out."""

    def __init__(self, session: Session) -> None:
        self.session, self.inputs, self.outputs = session, session.inputs, session.outputs

    def __call__(self, inputs: Inputs) -> list[Array]:
        return self.run(self.session.feeds(inputs))

    def feeds(self, inputs: Inputs) -> Mapping[str, Array]:
        return self.session.feeds(inputs)

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        return self.session.run(feeds)


class _Seen(_Model):
    """A session that remembers a digest of what each run was given."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.digests: list[bytes] = []

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        digest = hashlib.sha256()
        for name, array in feeds.items():
            digest.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
        self.digests.append(digest.digest())
        return super().run(feeds)


class _Beside(_Model):
    """A session of whose runs some, or all, are made elsewhere too; those give what came from there."""

    def __init__(self, session: Session, there: Run, chosen: frozenset[int] | None, meter: _Meter) -> None:
        super().__init__(session)
        self._there, self._chosen, self._meter, self._count = there, chosen, meter, 0

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        place, self._count = self._count, self._count + 1
        here = super().run(feeds)
        if self._chosen is not None and place not in self._chosen:
            return here
        there = self._there(feeds)
        self._meter.add(here, there)
        return there


class _Meter:
    """Counts runs and how far their outputs are apart, and tells how long the rest may take.

    Args:
        expected: how many runs there will be, about.
        progress: is told.
    """

    def __init__(self, expected: int, progress: Progress, clock: Clock | None = None) -> None:
        self.runs = 0
        self._expected, self._progress, self._clock = expected, progress, clock or SystemClock()
        self._start = self._told = self._clock.now()
        self._found = Difference(0, 0, 0.0, 0.0)

    def add(self, here: Sequence[Array], there: Sequence[Array]) -> None:
        """The outputs of one run."""
        self._found = _together(self._found, *(_difference(a, b) for a, b in zip(here, there, strict=True)))
        self.runs += 1
        now = self._clock.now()
        if now - self._told > _TELL_EVERY or self.runs == 1:
            self._told = now
            left = (now - self._start) / self.runs * max(self._expected - self.runs, 0)
            self._progress(f"run {self.runs} of about {self._expected}, {_duration(left)} left")

    def difference(self) -> Difference:
        return self._found


def _difference(here: Array, there: Array) -> Difference:
    """Of one output; two NaN are equal."""
    a, b = (np.asarray(array).astype(np.float64) for array in (here, there))
    unequal = (a != b) & ~(np.isnan(a) & np.isnan(b))
    largest = float(np.abs(a[unequal] - b[unequal]).max()) if unequal.any() else 0.0
    return Difference(
        a.size, int(unequal.sum()), largest, largest / max(float(np.abs(a).max()), 1e-30) if largest else 0
    )


def _together(*differences: Difference) -> Difference:
    return Difference(
        sum(one.values for one in differences),
        sum(one.differing for one in differences),
        max(one.largest for one in differences),
        max(one.relative for one in differences),
    )


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"
