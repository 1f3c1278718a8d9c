"""The evaluation as one self-contained HTML page, from what `val.evaluate` reports and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from tightrope.report.facts import Facts, quantile_text
from tightrope.report.page import document, section
from tightrope_triage import val_plots as plots

Report = Mapping[str, Any]

FEW = 5  # cases of a class; below, the intervals of an AUC are narrower than the truth
TITLES = {"nih": "Adults (nih)", "kermany": "Children (kermany)"}
HOW_TO_READ = (
    "Brackets are 95% intervals: where the figure may well lie for patients like these. Small groups have wide ones; "
    "read the interval before the figure.",
    "AUC is the chance that a suspicious radiograph ranks above one that is not; 0.5 is a coin. The first interval "
    "(DeLong) takes radiographs as independent, the second (bootstrap) draws whole persons: believe the wider one.",
    "Sensitivity is the share of suspicious radiographs that are called PRIORITY, specificity the share of the others "
    "that are not.",
    "No radiograph of the published sites is of a person whom training or calibration saw. Each counts in every figure "
    "below, even if triage run would refuse it. What is refused is counted apart.",
    "The published adults are one fold of five, and another may be harder: the artifact's card, its README.md, has the "
    "cross-validation over all of them.",
)


def write_page(report: Report) -> str:
    """The page, as text. Raises MissingExtraError without matplotlib."""
    artifact, versions = report["artifact"], report["versions"]
    title = f"triage: {artifact['name']} on radiographs that it never saw"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="missed"><b>{escape(report["notice"])}</b></p>',
        f'<p class="soft">{escape(report["date"])}, tightrope {escape(versions["tightrope"])}, onnxruntime '
        f"{escape(versions['onnxruntime'])}. Graph <code>{escape(artifact['graph_sha256'])}</code></p>",
        "<h2>How to read this</h2><ul>",
        *(f"<li>{escape(line)}</li>" for line in HOW_TO_READ),
        "</ul>",
        *(part for name, site in report["sites"].items() for part in _site(name, site)),
        *_cross_site(report),
        *_frozen(report),
        *_metadata(report["metadata"]),
        *_refusals(report),
        *_latency(report["latency_ms"]),
        *_unreadable(report["unreadable"]),
    ]
    return document(title, body)


def title_of(site: str) -> str:
    """What a site is called on the page."""
    return TITLES.get(site, site)


def _site(name: str, site: Report) -> Iterator[str]:
    everyone, title = site["groups"][0], title_of(name)
    yield f"<h2>{escape(title)}</h2>"
    persons = f"{everyone['cases']} radiographs of {everyone['persons']} persons, {everyone['positive']} suspicious."
    yield f"<p>{persons}</p>"
    ranked = [group for group in site["groups"] if "auc" in group]
    if ranked:
        yield from section(_ranking(ranked))
    yield from section(_thresholds(site["groups"]))
    if not ranked:
        yield '<p class="note">With one class only there is nothing to rank or to calibrate.</p>'
        return
    yield from section(_calibration(ranked))
    yield '<div class="plots">'
    yield _plot("ROC. Rings: the artifact's thresholds", plots.roc_curves(site, f"ROC, {title}"))
    if "reliability" in everyone:
        yield _plot(
            "Reliability: tenths of the cases", plots.reliability_plot(everyone["reliability"], f"Reliability, {title}")
        )
        yield _plot(
            "Decision curve: higher is better",
            plots.decision_curve(everyone["net_benefit"], f"Decision curve, {title}"),
        )
    yield "</div>"


def _plot(caption: str, svg: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def _ranking(groups: list[Report]) -> Facts:
    rows = tuple(
        (
            group["name"],
            f"{group['cases']} ({group['positive']})",
            *(
                ("too few", "")
                if min(group["positive"], group["cases"] - group["positive"]) < FEW
                else (estimate(group["auc"]), interval(group["auc_by_person_bootstrap"]))
            ),
            *(percent(value) for value in group["specificity_at_sensitivity"].values()),
        )
        for group in groups
    )
    wanted = [f"specificity at {float(each):.0%} sensitivity" for each in groups[0]["specificity_at_sensitivity"]]
    note = (
        "The last columns choose the threshold on these very cases, so as to reach the sensitivity exactly: they "
        "compare models, but nobody can choose so beforehand. What the shipped thresholds do comes next."
    )
    header = ("", "cases (suspicious)", "AUC", "by persons", *wanted)
    return Facts("Ranking", header, rows, note)


def _thresholds(groups: list[Report]) -> Facts:
    note = "Thresholds as shipped, fixed on other patients. Wilson intervals."
    return _points("At the artifact's operating points", {group["name"]: group["points"] for group in groups}, note)


def _points(title: str, rows: Mapping[str, Report], note: str = "") -> Facts:
    """Sensitivity and specificity at every operating point, side by side; a row for each group."""
    header = [f"{rate} at {name}" for name in next(iter(rows.values())) for rate in ("sensitivity", "specificity")]
    cells = (
        (group, *(percent(point[rate]) for point in points.values() for rate in ("sensitivity", "specificity")))
        for group, points in rows.items()
    )
    return Facts(title, ("", *header), tuple(cells), note)


def _calibration(groups: list[Report]) -> Facts:
    names = ("expected_calibration_error", "brier")
    rows = tuple(
        (group["name"], *(estimate(group[f"{name}_by_person_bootstrap"]) for name in names)) for group in groups
    )
    note = (
        "ECE: mean distance between probability given and share found, over tenths of the cases; in small groups it is "
        "above 0 by chance alone, and its interval lies high. Brier: mean squared error of the probability; always "
        "saying 50% gives 0.25. Intervals draw whole persons (bootstrap)."
    )
    return Facts("Calibration", ("", "ECE", "Brier"), rows, note)


def _cross_site(report: Report) -> Iterator[str]:
    sites = report["sites"]
    if not {"nih", "kermany"} <= sites.keys():
        return
    yield "<h2>One model on two sites</h2>"
    first, second = (sites[name]["groups"][0].get("auc") for name in ("nih", "kermany"))
    if first and second:
        yield (
            f"<p>The same graph ranks the adults with AUC {estimate(first)} and the children with {estimate(second)}. "
            "It was trained on both, so this does not say what a third hospital would get: other detectors, patients "
            "and labels. Check it on your own cases with a <code>manifest.csv</code> first. One threshold does not "
            "serve both; with the other's, each site would get:</p>"
        )
    rows = {title_of(site): report["other_threshold"][site] for site in ("nih", "kermany")}
    yield from section(_points("At the other site's threshold", rows))


def _frozen(report: Report) -> Iterator[str]:
    """What carries over from one site to the other, frozen and fine-tuned on one, beside the artifact itself."""
    found, one_site = report["frozen"], report["cross_site"] or {}
    if found is None and not one_site:
        return
    yield "<h2>The floor to beat, and from one site to the other</h2>"
    groups = ("nih", "nih PA", "nih AP", "kermany")
    rows = [
        (f"learned from {who}", *(estimate(each["auc"][group]) for group in groups))
        for who, each in (found["learned_from"] if found else {}).items()
    ]
    for who, each in one_site.items():
        rows.append((f"fine-tuned on {who} alone", *(estimate(each["auc"][group]) for group in groups)))
        away = {group: estimate(area) for group, area in each["everybody"].items()}
        rows.append((f"fine-tuned on {who} alone, everybody elsewhere", *(away.get(group, "-") for group in groups)))
    known = {
        f"{site} {group['name'].removeprefix('view ')}".removesuffix(" all"): group.get("auc")
        for site in ("nih", "kermany")
        for group in report["sites"][site]["groups"]
    }
    rows.append(("this artifact", *(estimate(known[group]) if known.get(group) else "-" for group in groups)))
    note = (
        "On the same test radiographs. Where a row learned from one site alone, the columns of the other tell what "
        "carries over to a hospital that nothing was learned from."
    )
    if found:
        note += (
            " The first rows: logistic regressions on the features of a network that saw photographs only "
            f"({found['start']}, {found['date'][:10]})."
        )
    if one_site:
        trained = sorted({f"{each['images']} pictures, seed {each['seed']}" for each in one_site.values()})
        note += f" Fine-tuned: the training of the network that ships, on one site ({' or '.join(trained)})."
    yield from section(Facts("AUC", ("", "adults", "adults PA", "adults AP", "children"), tuple(rows), note))


def _metadata(found: Report | None) -> Iterator[str]:
    if found is None:
        return
    yield "<h2>What the picture adds to the request form</h2>"
    yield (
        "<p>In these adults the view, age, sex and even the patient number go with the label. Logistic regressions on "
        "them, fitted to other folds' patients, are the floor to beat.</p>"
    )
    early = found["patients_up_to_last_negative"]
    rows = (
        ("view, age, sex", estimate(found["view_age_sex"])),
        ("and patient number", estimate(found["view_age_sex_patient_number"])),
        ("the model", estimate(found["model"])),
        ("the model and all metadata", estimate(found["model_and_all_metadata"])),
        ("gain over view, age, sex", signed(found["model_minus_view_age_sex"])),
        ("gain over all metadata", signed(found["model_minus_all_metadata"])),
        ("gain of both over all metadata", signed(found["model_and_all_metadata_minus_all_metadata"])),
        (
            f"gain over all metadata, {early['cases']} cases where the number tells less",
            signed(early["model_minus_all_metadata"]),
        ),
    )
    note = (
        "Gains: DeLong's paired intervals; one that holds 0 shows no gain. The last row leaves out patients with "
        "numbers above the last one without a finding, whose number alone gives the label away."
    )
    yield from section(Facts("Adults, AUC", ("", "AUC"), rows, note))


def _refusals(report: Report) -> Iterator[str]:
    yield "<h2>When it says CANNOT JUDGE</h2>"
    rows = tuple(
        (title_of(site), group, counted(found))
        for site, figures in report["sites"].items()
        for group, found in figures["refused"].items()
    )
    note = "As triage run refuses them: by the header, the checks on the picture, or the gate. Lower is better."
    yield from section(Facts("Test radiographs that are refused", ("", "of", "refused"), rows, note))
    reasons = tuple(
        (title_of(site), reason, str(count))
        for site, figures in report["sites"].items()
        for reason, count in figures["reasons"].items()
    )
    if reasons:
        note = "One radiograph may have several."
        yield from section(Facts("Why they are refused", ("", "reason", "radiographs"), reasons, note))
    gate = report["gate"]
    for title, kinds in (
        ("Chest radiographs of other sources or sizes, accepted (higher is better)", gate["to_accept"]),
        ("Other pictures, falsely accepted (lower is better)", gate["to_refuse"]),
        ("Turned or inverted radiographs, falsely accepted (lower is better)", gate["turned_or_inverted"]),
    ):
        if kinds:
            accepted = tuple((kind, counted(by["gate"]), counted(by["with_checks"])) for kind, by in kinds.items())
            yield from section(Facts(title, ("", "by the gate alone", "by gate and checks on the picture"), accepted))


def _latency(latency: Report) -> Iterator[str]:
    yield "<h2>Latency</h2>"
    stages = {"whole pipeline": latency["total"], **{f"- {name}": row for name, row in latency["stages"].items()}}
    rows = tuple(
        (name, *(quantile_text(row[p]) for p in ("p50", "p90", "p99")), str(row["n"])) for name, row in stages.items()
    )
    note = (
        "Taken while evaluating, on one thread, whatever else the machine did: tightrope measure triage measures "
        "properly. The stage read decodes what the folder holds, which for pictures is not DICOM."
    )
    yield from section(Facts("Per radiograph", ("ms", "p50", "p90", "p99", "runs"), rows, note))


def _unreadable(lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"<h2>Not judged: {len(lines)} that cannot be read</h2><ul>"
        yield from (f"<li>{escape(line)}</li>" for line in lines)
        yield "</ul>"


def estimate(found: Mapping[str, float]) -> str:
    """'0.932 [0.880, 0.962]'."""
    return f"{found['value']:.3f} {interval(found)}"


def interval(found: Mapping[str, float]) -> str:
    return f"[{found['low']:.3f},\N{NO-BREAK SPACE}{found['high']:.3f}]"


def signed(found: Mapping[str, float]) -> str:
    """A difference, with its sign."""
    return f"{found['value']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]"


def percent(found: Mapping[str, float] | None) -> str:
    """'94.3% [87.2, 97.5]'; '-' where there were no cases."""
    if found is None:
        return "-"
    return f"{found['value']:.1%} [{found['low'] * 100:.1f},\N{NO-BREAK SPACE}{found['high'] * 100:.1f}]"


def counted(found: Mapping[str, float] | None) -> str:
    """`percent`, and of how many."""
    return "-" if found is None else f"{percent(found)} of {found['of']}"
