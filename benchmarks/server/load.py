"""The server under load: answers lost, and milliseconds to an answer, by the number of clients that never pause.

    python benchmarks/server/load.py DATA [--clients 1 4 16 64] [--requests 640]

DATA is the folder with tatoeba.dev.tsv; each request has one sentence of it. The server is a process of its own with
one thread for the network; clients share another. Both with sentences translated together (16 at most) and one by one,
so that what the batches bring is seen.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tightrope.interrupt import Interrupt
from tightrope.measure.environment import Watch
from tightrope.measure.statistics import Percentiles
from tightrope.writing import write_text
from tightrope_translate.corpus import read_pairs
from tightrope_translate.server.batching import BATCH, Batcher
from tightrope_translate.server.engine import BatchedEngine
from tightrope_translate.server.limits import Limits
from tightrope_translate.server.run import run

RESULTS = Path(__file__).parents[1] / "results" / "server-load.json"
BUDGET_MS = 100
TOGETHER = {"together": BATCH, "one by one": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--requests", type=int, default=640, help="in all, for each number of clients")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    sentences = read_pairs(arguments.data / "tatoeba.dev.tsv").english[: arguments.requests]
    result: dict[str, Any] = {"budget_ms": BUDGET_MS, "percentile": 90, "requests": len(sentences)}
    with Watch(threads=2) as watch:
        for name, batch in TOGETHER.items():
            with serving(batch) as url:
                asyncio.run(ask(url, 1, sentences[:50]))  # this warms up
                result[name] = {count: asyncio.run(ask(url, count, sentences)) for count in arguments.clients}
    result["environment"] = watch.record.to_dict()
    write_text(arguments.out, json.dumps(result, indent=1) + "\n")
    for name in TOGETHER:
        for count, row in result[name].items():
            p50, p90 = (row["ms"][key]["value"] for key in ("p50", "p90"))
            rate = f"{row['per_second']:6.0f} sentences/s"
            print(f"{name:10} {count:3} clients: {rate}, p50 {p50:.0f} ms, p90 {p90:.0f} ms, {row['lost']} lost")


async def ask(url: str, clients: int, sentences: list[str]) -> dict[str, Any]:
    """All sentences, each asked by the next client that is free."""
    left, times, lost = iter(sentences), [], 0

    async def client() -> None:
        nonlocal lost
        async with httpx.AsyncClient(base_url=url, timeout=120, trust_env=False) as connection:
            for sentence in left:
                start = time.perf_counter()
                answer = await connection.post("/translate", json={"q": sentence, "source": "en", "target": "de"})
                times.append((time.perf_counter() - start) * 1e3)
                lost += not (answer.status_code == 200 and answer.json()["translatedText"])

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    seconds = time.perf_counter() - start
    return {"ms": Percentiles.of(times).to_dict(), "per_second": len(sentences) / seconds, "lost": lost}


@contextmanager
def serving(batch: int) -> Iterator[str]:
    """A server in a process of its own; gives its address."""
    with subprocess.Popen(
        [sys.executable, __file__, "--serve", str(batch)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().split()[-1]
        finally:
            child.send_signal(signal.SIGTERM)


def serve(batch: int) -> None:
    """The child: serves until SIGTERM."""
    engine = BatchedEngine.open()
    engine.batcher = Batcher(batch)
    with Interrupt() as stop, engine:
        engine.translate("Where is it?", "en", "de")
        run(engine, "127.0.0.1", 0, Limits(), stop, lambda line: print(line, flush=True))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(int(sys.argv[2]))
    else:
        main()
