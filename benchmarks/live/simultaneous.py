"""Live translation by SimulEval's own protocol and scorers: a prefix that may only grow. Needs simuleval installed.

    python benchmarks/live/simultaneous.py DATA [--source en] [--sentences 100]

DATA is the folder with tatoeba.dev.tsv; its sentences are drawn as `replay.py` draws them. Written is
simultaneous-EN-DE.json: BLEU, also of the sentences translated whole, and the lag in words of the source (AL: Ma et al.
2019; LAAL: Papi et al. 2022).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from replay import RESULTS, bleu, drawn
from simuleval.agents import GenericAgent
from simuleval.evaluator import build_evaluator
from simuleval.utils.agent import build_system_args

from tightrope.measure.environment import Watch
from tightrope.writing import write_text
from tightrope_translate.engine import Engine
from tightrope_translate.live.live import AGREE, MASK

AGENT = "tightrope_translate.live.simuleval_agent.LiveAgent"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--source", choices=("en", "de"), default="en")
    parser.add_argument("--sentences", type=int, default=100)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    target = "de" if arguments.source == "en" else "en"
    pairs = drawn(arguments.data, arguments.source)[: arguments.sentences]
    with tempfile.TemporaryDirectory() as folder, Watch(threads=1) as watch:
        scores = evaluated(pairs, arguments.source, target, Path(folder))
    engine = Engine.open()
    whole = [engine.translate(text, arguments.source, target).text for text, _ in pairs]
    result = {
        "bleu_whole": bleu(whole, [reference for _, reference in pairs]),
        "direction": f"{arguments.source}-{target}",
        "sentences": len(pairs),
        "mask": MASK,
        "agree": AGREE,
        "scores": scores,
        "simuleval": version("simuleval"),
        "environment": watch.record.to_dict(),
    }
    write_text(arguments.out / f"simultaneous-{result['direction']}.json", json.dumps(result, indent=1) + "\n")
    print(result["direction"], scores, f"whole: {result['bleu_whole']:.2f}")


def evaluated(pairs: list[tuple[str, str]], source: str, target: str, folder: Path) -> dict[str, Any]:
    """SimulEval's scores of the agent."""
    for name, texts in zip(("source", "target"), zip(*pairs, strict=True), strict=True):
        (folder / name).write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    options = {
        "--agent-class": AGENT,
        "--source-lang": source,
        "--target-lang": target,
        "--source": folder / "source",
        "--target": folder / "target",
        "--output": folder / "out",
        "--eval-latency-unit": "word",
        "--quality-metrics": "BLEU",
    }
    words = [str(part) for pair in options.items() for part in pair]
    sys.argv = ["simuleval", *words, "--latency-metrics", "LAAL", "AL", "--no-progress-bar"]  # where it reads them
    system: GenericAgent
    system, asked = build_system_args()
    evaluator = build_evaluator(asked)
    evaluator(system)
    return {name: float(value) for name, value in evaluator.results.iloc[0].items()}


if __name__ == "__main__":
    main()
