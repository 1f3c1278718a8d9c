"""Print a blind set of everyday sentences with their translations, to be read line by line, and what was found.

    python tools/read_everyday.py [--models DIR] [--set second] [--direction en-de] [--unread]

A '?' stands before what is not sure. The sets (tests/translate/everyday) were written for this purpose and are never
trained or tuned on. The first one's mistakes were looked at while the app was made, and the second one's before the
last training; the third was written after all that, by one who had seen neither, and none of its sentences shares
60% of its words with one that the networks are trained on. Behind a translation
stands what a reader found who saw it: right, understandable or wrong. The verdicts (verdicts.EN-DE.tsv: source,
translation, verdict) are on words, not on weights: where other weights or a change in the app translate a sentence in
another way, it counts as unread; --unread prints those alone.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from tightrope_translate.engine import Engine

FOLDER = Path(__file__).parents[1] / "tests" / "translate" / "everyday"
SETS = ("first", "second", "third")
VERDICTS = ("right", "understandable", "wrong")


def read(name: str, direction: str) -> list[tuple[str, str, str]]:
    """Domain, sentence and reference of each line."""
    lines = (FOLDER / name / f"{direction}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [(domain, source, reference) for domain, source, reference in (line.split("\t") for line in lines)]


def verdicts(name: str, direction: str) -> dict[tuple[str, str], str]:
    """What was found of each translation (source, as it was shown) that was read."""
    lines = (FOLDER / name / f"verdicts.{direction}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return {(source, shown): verdict for source, shown, verdict in (line.split("\t") for line in lines)}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, help="folder of models (default: the shipped ones)")
    parser.add_argument("--set", choices=SETS, help="one of the sets (default: all)")
    parser.add_argument("--direction", choices=("en-de", "de-en"), help="one direction (default: both)")
    parser.add_argument("--unread", action="store_true", help="only what has no verdict yet")
    arguments = parser.parse_args()
    engine = Engine.open(arguments.models)
    for name in (arguments.set,) if arguments.set else SETS:
        for direction in (arguments.direction,) if arguments.direction else ("en-de", "de-en"):
            print(report(engine, name, direction, arguments.unread))


def report(engine: Engine, name: str, direction: str, unread: bool) -> str:
    """The lines of a set in one direction, and how many of them are right, understandable and wrong."""
    source, target = direction.split("-")
    rows, known = read(name, direction), verdicts(name, direction)
    found = engine.translator(source, target).translate([sentence for _, sentence, _ in rows])
    counts: Counter[str] = Counter()
    lines = []
    for (domain, sentence, reference), one in zip(rows, found, strict=True):
        verdict = known.get((sentence, one.shown), "unread")
        counts[verdict] += 1
        if unread and verdict != "unread":
            continue
        lines.append(f"{domain:10} {sentence}\n{'' if one.sure else '?':>9}  {one.shown}  [{verdict}]")
        lines += [] if one.sure else [f"{'':10} {one.text}"]
        lines.append(f"{'':10} = {reference}\n")
    good = counts["right"] + counts["understandable"]
    shares = ", ".join(f"{counts[verdict]} {verdict}" for verdict in (*VERDICTS, "unread"))
    sure = sum(one.sure for one in found)
    lines.append(f"{name} {direction}: {sure} of {len(found)} sure; {shares}; {good} to be understood\n")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
