from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tightrope.app import App
from tightrope.artifact import Artifact
from tightrope.budget import Budget
from tightrope.cli.report import report_command
from tightrope.errors import ArtifactError, BadInputError, ConfigError, OutputError
from tightrope.report.card import markdown_table, write_card
from tightrope.report.page import write_page
from tightrope.report.readme import BEGIN, END, measured_table, update_readme

from .conftest import Make, small_manifest

VOID = {"meta", "br", "link", "img", "hr"}


class Outline(HTMLParser):
    """Tags in balance, the ids, the texts, and every attribute that may load something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.text: list[str] = []
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.ids |= {str(value) for name, value in attrs if name == "id"}
        self.loads += [str(value) for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


# The card.


def test_the_card_says_at_once_whether_it_fits(make_artifact: Make) -> None:
    fitting, slow = (write_card(make_artifact(name, p90).manifest) for name, p90 in (("good", 31.2), ("slow", 60)))
    assert "**It fits its budget.**" in fitting
    assert "| pipeline p90 | 31.2 ms | <= 50 ms | met |" in fitting
    assert "**It does not fit its budget.**" in slow
    assert "| pipeline p90 | 60 ms | <= 50 ms | MISSED |" in slow


def test_losing_accuracy_is_not_fitting(make_artifact: Make) -> None:
    card = write_card(make_artifact("lossy", 10, 0.9812).manifest)
    assert "**It does not fit its budget.**" in card
    assert "| kept of accuracy | 98.12 % | >= 99 % | MISSED |" in card
    assert "| accuracy | 0.8000 | 0.7850 | 98.12% | 97.12% to 99.12% |" in card
    assert "321 held-out samples" in card


def test_the_card_has_the_machine_the_limits_and_the_lineage(make_artifact: Make) -> None:
    made = make_artifact("good", 31.2, cpu="Example CPU", quiet=False)
    card = (made.path / "README.md").read_text()
    for text in (
        "Example CPU",
        "DISTURBED",
        "measured on a disturbed machine",
        "31.2 [30.2, 33.2]",
        "2 classes and nothing else: cat, dog|cow",
        "Operating point default: score 0.3",
        "tightrope compress test -r recipe.toml",
        "kept in float: first",
        "- held-out: `0123abcd`",
        "- weights: Apache-2.0. somewhere",
    ):
        assert text in card
    assert "sensitivity" not in card


def test_a_card_without_evidence_claims_nothing() -> None:
    card = write_card(small_manifest(preprocess={}))
    assert "fit" not in card
    assert "##" not in card


def test_a_bar_in_a_cell_does_not_break_the_table() -> None:
    assert markdown_table(["a"], [["x|y"]]).splitlines()[-1] == r"| x\|y |"


# The page.


def page_of(artifacts: list[Artifact]) -> str:
    return write_page("test", "A <small> app.", artifacts, "car", Budget(latency_ms=50, peak_rss_mb=1000))


def test_the_page_is_whole_and_loads_nothing(make_artifact: Make) -> None:
    page = page_of([make_artifact("good", 31.2), make_artifact("slow", 60.0)])
    outline = Outline(page)
    assert outline.tags.count("svg") == 1 + 2 * 3
    assert not {"script", "link", "img", "iframe"} & set(outline.tags)
    assert all(load.startswith("#") and load[1:] in outline.ids for load in outline.loads)
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_the_page_has_verdicts_plots_and_what_stayed_in_float(make_artifact: Make) -> None:
    text = " ".join(Outline(page_of([make_artifact("good", 31.2), make_artifact("slow", 60.0)])).text)
    for part in (
        "A <small> app.",
        "pipeline p90 31.2 <= 50 ms",
        "pipeline p90 60 > 50 ms",
        "does not fit",
        "rung 0",
        "not on the ladder",
        "99% of the reference",
        "kept in float",
        "score -1.30%",
        "1 of 2 layers are kept in float",
        "MatMul",
        "dog|cow",
        "kept of accuracy",
    ):
        assert part in text, part


def test_the_plots_follow_the_theme(make_artifact: Make) -> None:
    page = page_of([make_artifact("good", 31.2)])
    assert "#0102" not in page
    assert {"currentColor", "var(--accent)", "var(--line)", "var(--limit)"} <= set(
        re.findall(r"currentColor|var\(--\w+\)", page[page.index("<svg") :])
    )
    assert "prefers-color-scheme: dark" in page


def test_the_page_is_the_same_every_time(make_artifact: Make) -> None:
    made = [make_artifact("good", 31.2)]
    assert page_of(made) == page_of(made)


def test_artifacts_of_two_machines_are_not_compared_silently(make_artifact: Make) -> None:
    both = [make_artifact("here", 31.2), make_artifact("there", 20, cpu="Another")]
    assert "different machines" in page_of(both)
    assert "different machines" not in page_of(both[:1])


def test_an_artifact_without_evidence_still_has_a_place(artifact: Artifact) -> None:
    text = " ".join(Outline(page_of([artifact])).text)
    assert "not measured" in text
    assert "Accuracy against latency" not in text


def test_a_percentile_that_was_not_measured_is_named(make_artifact: Make) -> None:
    with pytest.raises(ConfigError, match=r"no p99\.9 of the pipeline; measure again"):
        write_page("test", "", [make_artifact("good", 31.2)], "car", Budget(latency_ms=50, percentile=99.9))


def test_the_command_writes_the_page(
    small_app: App, make_artifact: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, p90, share in (("full", 60.0, 1.0), ("fast", 20.0, 0.99)):
        make_artifact(name, p90, share)
    out = tmp_path / "out" / "report.html"
    report_command("test", None, out, as_json=False)
    assert capsys.readouterr().out == f"wrote {out}: fast, full\n"
    Outline(out.read_text())


def test_the_command_fails_in_one_line(small_app: App, make_artifact: Make, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"no artifact of test is shipped; make one with `tightrope compress test`"):
        report_command("test", None, tmp_path / "r.html", as_json=False)
    make_artifact("good", 20.0)
    with pytest.raises(ArtifactError, match=r"no artifact 'god' for test \(did you mean \"good\""):
        report_command("test", "god", tmp_path / "r.html", as_json=False)
    with pytest.raises(OutputError, match="cannot write"):
        report_command("test", None, tmp_path / "budget.toml" / "r.html", as_json=False)
    assert not (tmp_path / "r.html").exists()


# The README.


def test_the_table_has_intervals_machine_date_and_counts(make_artifact: Make) -> None:
    table = measured_table([make_artifact("good", 31.2, 0.995, cpu="Example"), make_artifact("slow", 60, 0.9)])
    for part in (
        "| test `good` | 0.0 | 31.2 [30.2, 33.2] | 50 ms at p90: fits | 99.5% [98.5%, 100.5%] of accuracy |",
        "50 ms at p90: misses pipeline p90, kept of accuracy",
        "Example (",
        "2026-01-01",
        "40 runs",
        "321 held-out samples",
    ):
        assert part in table, part


def test_only_what_lies_between_the_markers_changes() -> None:
    text = update_readme(f"before\n{BEGIN}\nold figures\n{END}\nafter\n", "| new |")
    assert text == f"before\n{BEGIN}\n\n| new |\n\n{END}\nafter\n"
    assert update_readme(text, "| new |") == text


@pytest.mark.parametrize("text", ["", BEGIN, f"{END} {BEGIN}"])
def test_a_readme_without_markers_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="put <!-- measured:begin --> and"):
        update_readme(text, "table")


# What a task found out, and other inputs and results.


def test_findings_and_variants_stand_on_the_card(make_artifact: Make) -> None:
    artifact = make_artifact("good", 31.2)
    evidence = artifact.manifest.evidence
    rows = {"all": {"cases": 146, "AUC": [0.9258, 0.8716, 0.9582]}, "some": {"Brier": 0.1130, "cases": 67}}
    finding = {"rows": rows, "note": "On patients never seen."}
    slow = {**evidence["pipeline"]["total"], "at_budget": {**evidence["pipeline"]["at_budget"], "value": 999.0}}
    told = {
        **evidence,
        "findings": {"Held-out patients": finding},
        "variants": {"file to result, lossless JPEG": slow},
    }
    manifest = replace(artifact.manifest, evidence=told)
    card = write_card(manifest)
    assert "| all | 146 | 0.926 [0.872, 0.958] |  |" in card
    assert "| some | 67 |  | 0.113 |" in card
    assert "On patients never seen." in card
    assert "| file to result, lossless JPEG |" in card
    assert re.search(r"\| file to result, lossless JPEG p\d+ \| 999 ms \| .* \| MISSED \|", card)
    assert "**It does not fit its budget.**" in card
