"""One page of what the translate app reaches, against what it was meant to reach: benchmarks/results/translate.md.

    python benchmarks/translate_summary.py [--check]

Every figure is read from the evidence of the shipped artifacts and from the results of the benchmarks beside this file,
with the date and how busy the machine was. --check changes nothing, and exits with 1 where the page is out of date.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tightrope.models import open_artifact
from tightrope.writing import write_text

RESULTS = Path(__file__).parent / "results"
PAGE = RESULTS / "translate.md"
DIRECTIONS = ("en-de", "de-en")
QUALITY = {"en-de": {"BLEU": 42, "chrF": 61}, "de-en": {"BLEU": 47, "chrF": 63}}  # targets on tatoeba.test
DOCUMENTS = 1000  # source words a second
CTRANSLATE2 = 2.0  # times as fast
PHOTO_MS = 1500

Row = tuple[str, str, str, str, str]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    text = page()
    stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text
    if stale and not check:
        write_text(PAGE, text)
        print(PAGE)
    return int(stale and check)


def page() -> str:
    lines = [
        "# The translate app: measured, and meant",
        "",
        "Written by `benchmarks/translate_summary.py` from evidence and results. *Busy*: the share of the processor's "
        "time that other programs took meanwhile; times measured beside much of it are too long.",
        "",
        "| what | measured | meant | met | from |",
        "|---|---|---|---|---|",
    ]
    rows = [*quality(), *documents(), *speed(), *typed(), *simultaneous(), *camera(), *speech(), *server()]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows), *reading(), ""])


def quality() -> Iterator[Row]:
    for direction in DIRECTIONS:
        evidence = open_artifact("translate", f"{direction}-int8").manifest.evidence
        source = f"`{direction}-int8`, {when(evidence['environment'])}"
        held = evidence["held_out"]
        for metric, least in QUALITY[direction].items():
            yield row(
                f"{direction}: {metric}, tatoeba.test", held[metric], f">= {least}", held[metric] >= least, source
            )
        kept = evidence["gate"]["retentions"][0]["share"]
        yield row(f"{direction}: chrF kept by int8", f"{kept:.2%}", ">= 99%", kept >= 0.99, source)
        facts = held["facts"]
        yield row(
            f"{direction}: numbers, times, names kept",
            f"{facts['kept']:.1%}, lost {facts['lost']:.1%}",
            "",
            None,
            source,
        )
        yield row(f"{direction}: negations kept", f"{held['negations_kept']:.2%}", "", None, source)
        if "confidence" in held:
            error = held["confidence"]["error"]
            yield row(f"{direction}: confidence, away from chrF", f"{100 * error:.1f} points", "", None, source)
        budget, p90 = evidence["budget"], evidence["pipeline"]["at_budget"]["value"]
        yield row(f"{direction}: a key, p90", f"{p90:.1f} ms", "<= 100 ms", p90 <= budget["latency_ms"], source)
        size, rss = evidence["bytes"] / 1e6, evidence["peak_rss_mb"]
        yield row(f"{direction}: artifact", f"{size:.1f} MB", "<= 12 MB", size <= budget["artifact_mb"], source)
        yield row(f"{direction}: peak memory", f"{rss:.0f} MB", "<= 120 MB", rss <= budget["peak_rss_mb"], source)
        cold = evidence["cold_start"]["cpu_s"]
        yield row(f"{direction}: cold start, CPU", f"{cold:.2f} s", "<= 0.5 s", cold <= 0.5, source)


def documents() -> Iterator[Row]:
    if found := results("translate-documents"):
        for direction, each in found["directions"].items():
            rate = each["words_per_cpu_second"]["app"]
            source = when(found["environment"])
            yield row(f"{direction}: documents", f"{rate} words/s", f">= {DOCUMENTS}", rate >= DOCUMENTS, source)


def speed() -> Iterator[Row]:
    if found := results("translate-speed"):
        for peer, least in (("CTranslate2 int8", CTRANSLATE2), ("PyTorch eager fp32", None)):
            ratio = found["times_as_fast"][peer]
            shown = f"{ratio['value']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}] times as fast"
            met = None if least is None else ratio["value"] >= least
            yield row(
                f"against {peer}", shown, "" if least is None else f">= {least:g}", met, when(found["environment"])
            )


def typed() -> Iterator[Row]:
    for direction in DIRECTIONS:
        if found := results(f"live-{direction}"):
            source = when(found["environment"])
            for name, each in found["sets"].items():
                default = found["default"]
                here = next(r for r in each["rows"] if {k: r[k] for k in default} == default)
                what, met = f"{direction}, typed, {name}", found["met"][name]
                yield row(f"{what}: erasure", f"{here['erasure']:.3f}", "<= 0.2", met["erasure"], source)
                yield row(f"{what}: BLEU lost", f"{here['bleu_lost']:.2f}", "<= 1", met["bleu_lost"], source)
                lag = f"{here['al_words']:.2f} and {here['laal_words']:.2f} words"
                yield row(f"{what}: AL and LAAL", lag, "", None, source)
                p90 = here["work_ms"]["p90"]["value"]
                yield row(
                    f"{what}: a key that translates, p90", f"{p90:.1f} ms", "<= 100 ms", met["key_p90_ms"], source
                )


def simultaneous() -> Iterator[Row]:
    for direction in DIRECTIONS:
        if found := results(f"simultaneous-{direction}"):
            scores, source = found["scores"], when(found["environment"])
            what = f"{direction}, nothing taken back (SimulEval {found['simuleval']})"
            yield row(f"{what}: BLEU", f"{scores['BLEU']:.1f}, whole {found['bleu_whole']:.1f}", "", None, source)
            yield row(f"{what}: AL and LAAL", f"{scores['AL']:.2f} and {scores['LAAL']:.2f} words", "", None, source)


def camera() -> Iterator[Row]:
    if (found := results("camera-accuracy")) and "kinds" in found:
        for kind, rows in found["kinds"].items():
            shown = ", ".join(f"{name} {each['cer']:.2%}" for name, each in rows.items())
            yield row(f"signs, {kind}: wrong characters", shown, "", None, when(found["environment"]))
    if found := results("camera-latency"):
        source = f"{found.get('clock', 'wall clock')}, {when(found['environment'])}"
        for name, stages in found.items():
            if isinstance(stages, dict) and "total" in stages:
                p90 = stages["total"]["p90"]["value"]
                yield row(
                    f"photo to overlay, {name}, p90", f"{p90:.0f} ms", f"<= {PHOTO_MS} ms", p90 <= PHOTO_MS, source
                )
                total = sum(value["mean"] for stage, value in stages.items() if stage not in {"total", "met"})
                parts = {s: v["mean"] / total for s, v in stages.items() if s not in {"total", "met"}}
                largest = sorted(parts.items(), key=lambda item: -item[1])[:4]
                yield row(
                    f"where it goes, {name}", ", ".join(f"{s} {share:.0%}" for s, share in largest), "", None, source
                )


def speech() -> Iterator[Row]:
    if found := results("speech-accuracy"):
        for kind in ("read aloud", "synthetic"):
            if kind in found:
                source = when(found.get("environment"))
                yield row(f"speech, {kind}: wrong words", f"{found[kind]['word_error_rate']:.1%}", "", None, source)
                for name, band in found[kind].get("by_confidence", {}).items():
                    shown = f"{band['right']:.1%} of {band['words']} had been said"
                    yield row(f"speech, {kind}, {name}", shown, "", None, source)


def server() -> Iterator[Row]:
    if found := results("server-load"):
        for how in ("together", "one by one"):
            for count, each in found[how].items():
                p90 = each["ms"]["p90"]["value"]
                shown = f"{each['per_second']:.0f} sentences/s, p90 {p90:.0f} ms, {each['lost']} lost"
                met = each["lost"] == 0 if how == "together" else None
                yield row(f"{count} clients, sentences {how}", shown, "0 lost", met, when(found["environment"]))


def reading() -> list[str]:
    """Where more is told."""
    pages = [name for name in ("translate-training.md", "translate-speed.md") if (RESULTS / name).exists()]
    return ["", "More: " + ", ".join(f"[{name}]({name})" for name in pages) + "."] if pages else []


def row(what: str, measured: object, meant: str, met: bool | None, source: str) -> Row:
    shown = f"{measured:.1f}" if isinstance(measured, float) else str(measured)
    return what, shown, meant, "" if met is None else "yes" if met else "**no**", source


def results(name: str) -> dict[str, Any]:
    """What a benchmark wrote; nothing where it has not been run."""
    file = RESULTS / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def when(environment: dict[str, Any] | None) -> str:
    """The date of a measurement, and how busy the machine was."""
    if not environment:
        return "no record of the machine"
    return f"{environment['date'][:10]}, busy {environment['foreign_load']:.0%}"


if __name__ == "__main__":
    raise SystemExit(main())
