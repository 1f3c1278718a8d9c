"""The whole evaluation of a triage artifact on labelled radiographs that it never saw, as one JSON-able value.

>>> report = evaluate(open_artifact("triage", "triage-int8"), Path("data"))       # doctest: +SKIP
>>> report["sites"]["nih"]["groups"][0]["auc"]
{'value': 0.93, 'low': 0.88, 'high': 0.96}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tightrope import __version__
from tightrope.artifact import Artifact, Manifest
from tightrope.errors import ArtifactError, TightropeError
from tightrope.measure.statistics import Percentiles
from tightrope_triage import evaluation as ev
from tightrope_triage.data import Case, DataError
from tightrope_triage.figures import against_metadata, figures, roc
from tightrope_triage.judging import Judge, Judgement
from tightrope_triage.kinds import Picture, changed, chest_pictures, other_pictures
from tightrope_triage.labelled import adults, read_case, read_labelled
from tightrope_triage.reading import NOTICE

ADULT_FROM = 18
AGES = ((0, 17), (18, 39), (40, 64), (65, 129))
STAGES = ("read", "preprocess", "session", "postprocess")
TURNED_PER_SITE = 100  # radiographs of each site that the gate is shown turned and inverted


@dataclass(frozen=True, eq=False)
class Seen:
    """One judged test radiograph. `refused`: by the gate or by its DICOM header."""

    case: Case
    judgement: Judgement
    refused: bool


@dataclass(frozen=True)
class Point:
    """A threshold of the artifact on the calibrated probability, for the adults or the children."""

    name: str
    of: str
    probability: float


def evaluate(artifact: Artifact, data: Path, step: Callable[[str], None] = lambda stage: None) -> dict[str, Any]:
    """Judge every test radiograph and report; `step` is told what comes next.

    Raises:
        DataError: DATA has no labelled radiographs, or none can be read.
        ArtifactError: the artifact is no triage model, or lacks its operating points.
    """
    judge, points, fold = Judge(artifact), read_points(artifact.manifest), held_out(artifact.manifest)
    cases, unreadable = read_labelled(data, fold)
    step(f"judging {len(cases)} radiographs")
    seen, kept, unread = look(judge, cases)
    unreadable += unread
    if not seen:
        raise DataError(f"none of the radiographs in {data} can be read: {(unreadable or ['it lists none'])[0]}")
    step("trying the gate on pictures of other kinds")
    gate = try_gate(judge, data, kept)
    step("working out intervals")
    sites = {name: [one for one in seen if one.case.site == name] for name in dict.fromkeys(o.case.site for o in seen)}
    return {
        "notice": NOTICE,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "versions": {"tightrope": __version__, "onnxruntime": onnxruntime.__version__},
        "artifact": {"name": artifact.manifest.name, "graph_sha256": artifact.manifest.graphs["model"].sha256},
        "fold_held_out": fold,
        "sites": {name: of_site(group, points) for name, group in sites.items()},
        "other_threshold": {name: swapped(group, points) for name, group in sites.items()},
        "metadata": gain(sites.get("nih", []), adults(data, fold)),
        "gate": {"limit": judge.limit, **gate},
        "latency_ms": latency(seen),
        "unreadable": unreadable,
    }


def held_out(manifest: Manifest) -> int:
    """The fold of adults that the training held out, by the artifact's lineage; 0 where it does not say."""
    settings = manifest.lineage.get("training", {}).get("settings", {})
    return int(settings.get("fold", 0))


def read_points(manifest: Manifest) -> list[Point]:
    """The artifact's thresholds. Raises ArtifactError when it has none, or not for adults and children."""
    try:
        points = [
            Point(name, of, float(pair[of]["probability"]))
            for name, pair in manifest.operating_points.items()
            for of in ("adult", "child")
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{manifest.name} has a malformed operating point ({error}): install it again") from error
    if not points:
        raise ArtifactError(f"{manifest.name} has no operating points: install it again")
    return points


def look(judge: Judge, cases: Sequence[Case]) -> tuple[list[Seen], dict[str, list[Picture]], list[str]]:
    """Every case judged, some pictures of each site to turn and invert, and a line for each that cannot be read."""
    seen: list[Seen] = []
    kept: dict[str, list[Picture]] = {}
    unreadable = []
    stride = {site: -(-count // TURNED_PER_SITE) for site, count in counted(cases).items()}
    for number, case in enumerate(cases):
        started = judge.clock.now()
        try:
            known, pixels, reason = read_case(case)
        except TightropeError as error:
            unreadable.append(str(error) if case.path.name in str(error) else f"{case.path}: {error}")
            continue
        read_ms = 1e3 * (judge.clock.now() - started)
        found = judge(pixels)
        timed = Judgement(found.log_odds, found.distance, {"read": read_ms, **found.times_ms})
        seen.append(Seen(known, timed, reason is not None or not judge.accepts(found)))
        if number % stride[case.site] == 0:
            kept.setdefault(case.site, []).append(pixels)
    return seen, kept, unreadable


def counted(cases: Sequence[Case]) -> dict[str, int]:
    """How many cases each site has."""
    sites = [case.site for case in cases]
    return {site: sites.count(site) for site in dict.fromkeys(sites)}


def of_site(seen: Sequence[Seen], points: Sequence[Point]) -> dict[str, Any]:
    """All groups of one site, ROC curves of all and of the views, and whom the gate refuses."""
    label = arrays(seen)[0]
    parts = [(name, [one for one, kept in zip(seen, mask, strict=True) if kept]) for name, mask in groups(seen)]
    refused = np.array([one.refused for one in seen])
    return {
        "groups": [group_figures(name, part, points) for name, part in parts],
        "roc": {name: roc(*arrays(part)) for name, part in parts if both_classes(arrays(part)[0]) and shown(name)},
        "refused": {
            name: share(refused[mask])
            for name, mask in (("all", label >= 0), ("positive", label == 1), ("negative", label == 0))
            if mask.any()
        },
    }


def shown(group: str) -> bool:
    """Whether a group has a curve of its own: all, and the views."""
    return group == "all" or group.startswith("view")


def groups(seen: Sequence[Seen]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Names and masks [N]: all, then each view, sex and age group where it is known and there is more than one."""
    yield "all", np.ones(len(seen), bool)
    by_view = {f"view {view}": [one.case.view == view for one in seen] for view in ("PA", "AP")}
    by_sex = {name: [one.case.sex == sex for one in seen] for name, sex in (("women", "F"), ("men", "M"))}
    by_age = {
        (f"age {low} to {high}" if high < AGES[-1][1] else f"age {low} and over"): [
            one.case.age is not None and low <= one.case.age <= high for one in seen
        ]
        for low, high in AGES
    }
    for family in (by_view, by_sex, by_age):
        present = {name: np.array(mask) for name, mask in family.items() if any(mask)}
        if len(present) > 1:
            yield from present.items()


def group_figures(name: str, seen: Sequence[Seen], points: Sequence[Point]) -> dict[str, Any]:
    """One group's figures; without both classes only counts and what the thresholds do."""
    label, logit = arrays(seen)
    fixed = {each: at_point(seen, points, each) for each in dict.fromkeys(point.name for point in points)}
    counts = {"name": name, "cases": len(label), "positive": int(label.sum())}
    if not both_classes(label):
        return {**counts, "persons": len({one.case.person for one in seen}), "points": fixed}
    return {**counts, **figures([one.case for one in seen], logit), "points": fixed}


def at_point(seen: Sequence[Seen], points: Sequence[Point], name: str, swap: bool = False) -> dict[str, Any]:
    """Sensitivity and specificity with each radiograph at its own threshold; `swap`: at the other age's."""
    threshold = {point.of: point.probability for point in points if point.name == name}
    own = [("adult" if is_adult(one.case) else "child") for one in seen]
    used = [{"adult": "child", "child": "adult"}[of] if swap else of for of in own]
    called = np.array([one.judgement.probability >= threshold[of] for one, of in zip(seen, used, strict=True)])
    label = arrays(seen)[0]
    return {"sensitivity": share(called[label == 1]), "specificity": share(~called[label == 0])}


def is_adult(case: Case) -> bool:
    """Whose threshold counts. The published sites have one each; elsewhere the age decides, unknown being adult."""
    if case.site in {"nih", "kermany"}:
        return case.site == "nih"
    return case.age is None or case.age >= ADULT_FROM


def swapped(seen: Sequence[Seen], points: Sequence[Point]) -> dict[str, Any]:
    """What a site would get at the threshold of the other age."""
    return {name: at_point(seen, points, name, swap=True) for name in dict.fromkeys(point.name for point in points)}


def gain(seen: Sequence[Seen], known: list[Case]) -> dict[str, Any] | None:
    """What the picture adds to the request form, on the published adults only; None without them."""
    label, logit = arrays(seen)
    if not both_classes(label) or not both_classes(np.array([case.label for case in known])):
        return None
    return against_metadata([one.case for one in seen], logit, known)


def try_gate(judge: Judge, data: Path, kept: Mapping[str, list[Picture]]) -> dict[str, Any]:
    """Shares accepted, by kind: `to_accept` are chest radiographs of other sources; the others must be refused."""

    def accepted(pictures: list[Picture]) -> dict[str, Any] | None:
        return share(np.array([judge.accepts(judge(picture)) for picture in pictures]))

    return {
        "to_accept": {kind: accepted(pictures) for kind, pictures in chest_pictures(data)},
        "to_refuse": {kind: accepted(pictures) for kind, pictures in other_pictures(data)},
        "turned_or_inverted": {
            f"{site} {how}": accepted(pictures) for site, some in kept.items() for how, pictures in changed(some)
        },
    }


def latency(seen: Sequence[Seen]) -> dict[str, Any]:
    """Percentiles of the whole pipeline and of its stages over the test radiographs, in milliseconds."""
    times = [one.judgement.times_ms for one in seen]
    stages = {stage: Percentiles.of([time[stage] for time in times]).to_dict() for stage in STAGES}
    return {"total": Percentiles.of([sum(time.values()) for time in times]).to_dict(), "stages": stages}


def share(flags: NDArray[np.bool_]) -> dict[str, Any] | None:
    """Share of True with Wilson's interval, and of how many; None of none."""
    return {**asdict(ev.wilson(int(flags.sum()), len(flags))), "of": len(flags)} if len(flags) else None


def arrays(seen: Sequence[Seen]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels [N] and calibrated log-odds [N]."""
    label = np.array([one.case.label for one in seen], dtype=np.int64)
    return label, np.array([one.judgement.log_odds for one in seen], dtype=np.float64)


def both_classes(label: NDArray[np.int64]) -> bool:
    """Whether there is anything to rank."""
    return bool(0 < label.sum() < len(label))
