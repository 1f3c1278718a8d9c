"""The whole evaluation of a triage artifact on labelled radiographs that it never saw, as one JSON-able value.

>>> report = evaluate(open_artifact("triage", "triage-int8"), Path("data"))       # doctest: +SKIP
>>> report["sites"]["nih"]["groups"][0]["auc"]
{'value': 0.93, 'low': 0.88, 'high': 0.96}
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import cv2
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
from tightrope_triage.findings import cross_site, frozen
from tightrope_triage.judging import Judge, Judgement, Source
from tightrope_triage.kinds import Picture, changed, chest_pictures, other_pictures, shrunk
from tightrope_triage.labelled import adults, read_case, read_labelled
from tightrope_triage.points import OperatingPoints
from tightrope_triage.preprocess import INPUT_SIZE
from tightrope_triage.radiograph import Header, Radiograph
from tightrope_triage.reading import NOTICE, OperatingPoint

PUBLISHED = {"nih": "adult", "kermany": "child"}
AGES = ((0, 17), (18, 39), (40, 64), (65, 129))
STAGES = ("read", "preprocess", "session", "postprocess")
TURNED_PER_SITE = 100  # radiographs of each site that the gate is shown turned and inverted


@dataclass(frozen=True, eq=False)
class Seen:
    """One judged test radiograph, with log-odds even where `triage run` would refuse it; milliseconds by stage."""

    case: Case
    judgement: Judgement
    times_ms: dict[str, float]

    @property
    def refused(self) -> bool:
        return bool(self.judgement.problems)


Points = Mapping[str, OperatingPoints]


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
        "other_threshold": {name: swapped(group, points) for name, group in sites.items() if name in PUBLISHED},
        "frozen": floor(data, fold),
        "cross_site": one_site(data, fold),
        "metadata": gain(sites.get("nih", []), adults(data, fold)),
        "gate": {"limit": judge.limit, **gate},
        "latency_ms": latency(seen),
        "unreadable": unreadable,
    }


def held_out(manifest: Manifest) -> int:
    """The fold of adults that the training held out, by the artifact's lineage; 0 where it does not say."""
    settings = manifest.lineage.get("training", {}).get("settings", {})
    return int(settings.get("fold", 0))


def read_points(manifest: Manifest) -> dict[str, OperatingPoints]:
    """The artifact's thresholds by name. Raises ArtifactError when it has none, or not for adults and children."""
    if not manifest.operating_points:
        raise ArtifactError(f"{manifest.name} has no operating points: install it again")
    return {name: OperatingPoints.of(manifest, name) for name in manifest.operating_points}


def look(judge: Judge, cases: Sequence[Case]) -> tuple[list[Seen], dict[str, list[Picture]], list[str]]:
    """Every case judged, some pictures of each site to turn and invert, and a line for each that cannot be read."""
    seen: list[Seen] = []
    kept: dict[str, list[Picture]] = {}
    unreadable = []
    stride = {site: -(-count // TURNED_PER_SITE) for site, count in counted(cases).items()}
    for number, case in enumerate(cases):
        started = judge.clock.now()
        try:
            known, radiograph = read_case(case)
        except TightropeError as error:
            unreadable.append(str(error) if case.path.name in str(error) else f"{case.path}: {error}")
            continue
        read_ms = 1e3 * (judge.clock.now() - started)
        answer = judge(Source(radiograph))
        stages = {stage.removesuffix("_ms"): spent for stage, spent in answer.times.to_dict().items()}
        seen.append(Seen(known, answer.result, {"read": read_ms, **stages}))
        if number % stride[case.site] == 0:
            # As small as the network gets them: whole ones would fill the memory.
            kept.setdefault(case.site, []).append(as_radiograph(radiograph.pixels).pixels)
    return seen, kept, unreadable


def counted(cases: Sequence[Case]) -> dict[str, int]:
    """How many cases each site has."""
    sites = [case.site for case in cases]
    return {site: sites.count(site) for site in dict.fromkeys(sites)}


def of_site(seen: Sequence[Seen], points: Points) -> dict[str, Any]:
    """All groups of one site, ROC curves of all and of the views, and who is refused and why."""
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
        "reasons": dict(Counter(problem for one in seen for problem in one.judgement.problems).most_common()),
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


def group_figures(name: str, seen: Sequence[Seen], points: Points) -> dict[str, Any]:
    """One group's figures; without both classes only counts and what the thresholds do."""
    label, logit = arrays(seen)
    fixed = {each: at_point(seen, point) for each, point in points.items()}
    counts = {"name": name, "cases": len(label), "positive": int(label.sum())}
    if not both_classes(label):
        return {**counts, "persons": len({one.case.person for one in seen}), "points": fixed}
    return {**counts, **figures([one.case for one in seen], logit), "points": fixed}


def at_point(seen: Sequence[Seen], points: OperatingPoints, swap: bool = False) -> dict[str, Any]:
    """Sensitivity and specificity with each radiograph at its own threshold; `swap`: at the other site's."""
    called = np.array([one.judgement.probability >= point_for(one.case, points, swap).probability for one in seen])
    label = arrays(seen)[0]
    return {"sensitivity": share(called[label == 1]), "specificity": share(~called[label == 0])}


def point_for(case: Case, points: OperatingPoints, swap: bool = False) -> OperatingPoint:
    """Whose threshold counts: each published site has one group of patients only, elsewhere the age decides."""
    group = PUBLISHED.get(case.site)
    if group is None:
        return points.at(case.age)
    return points.adult if (group == "adult") is not swap else points.child


def swapped(seen: Sequence[Seen], points: Points) -> dict[str, Any]:
    """What a published site would get at the threshold of the other one."""
    return {name: at_point(seen, point, swap=True) for name, point in points.items()}


def gain(seen: Sequence[Seen], known: list[Case]) -> dict[str, Any] | None:
    """What the picture adds to the request form, on the published adults only; None without them."""
    label, logit = arrays(seen)
    if not both_classes(label) or not both_classes(np.array([case.label for case in known])):
        return None
    return against_metadata([one.case for one in seen], logit, known)


def floor(data: Path, fold: int) -> dict[str, Any] | None:
    """What features that nobody trained get on these very test radiographs; None where it was measured on others."""
    found = frozen()
    return found if found is not None and same_radiographs(found, data, fold) else None


def one_site(data: Path, fold: int) -> dict[str, Any] | None:
    """What the network gets there when it is fine-tuned on one site alone, by whom it learned from; None as `floor`."""
    rows = (cross_site() or {}).get("learned_from", {})
    return {who: found for who, found in rows.items() if same_radiographs(found, data, fold)} or None


def same_radiographs(measured: Mapping[str, Any], data: Path, fold: int) -> bool:
    """Whether figures are of these manifests, byte for byte, and of this fold."""
    if measured["fold_held_out"] != fold:
        return False
    files = {data / name: digest for name, digest in measured["manifests_sha256"].items()}
    return all(file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == files[file] for file in files)


def try_gate(judge: Judge, data: Path, kept: Mapping[str, list[Picture]]) -> dict[str, Any]:
    """Shares accepted, by kind, of the gate alone and with the checks on the picture.

    `to_accept` are chest radiographs, of other sources or at 64 pixels (the size of most other kinds: a gate that
    refused them would only tell sharp from blurred); the others must be refused.
    """

    def accepted(pictures: list[Picture]) -> dict[str, Any]:
        found = [judge(Source(as_radiograph(picture))).result for picture in pictures]
        gate = np.array([one.distance <= judge.limit for one in found])
        return {"gate": share(gate), "with_checks": share(np.array([not one.problems for one in found]))}

    small = {f"{site} test at 64 pixels": shrunk(some) for site, some in kept.items()}
    return {
        "to_accept": {kind: accepted(pictures) for kind, pictures in [*chest_pictures(data), *small.items()]},
        "to_refuse": {kind: accepted(pictures) for kind, pictures in other_pictures(data)},
        "turned_or_inverted": {
            f"{site} {how}": accepted(pictures) for site, some in kept.items() for how, pictures in changed(some)
        },
    }


def as_radiograph(picture: Picture) -> Radiograph:
    """A picture of any size as the network gets it, so that it is not turned away for its size alone."""
    size = (INPUT_SIZE, INPUT_SIZE)
    shrink = cv2.INTER_AREA if min(picture.shape) >= INPUT_SIZE else cv2.INTER_LINEAR
    return Radiograph(Header.of_picture(), cv2.resize(np.asarray(picture, np.float32), size, interpolation=shrink))


def latency(seen: Sequence[Seen]) -> dict[str, Any]:
    """Percentiles of the whole pipeline and of its stages over the test radiographs, in milliseconds."""
    times = [one.times_ms for one in seen]
    stages = {stage: Percentiles.of([time[stage] for time in times]).to_dict() for stage in STAGES}
    total = Percentiles.of([time["read"] + time["total"] for time in times])
    return {"total": total.to_dict(), "stages": stages}


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
