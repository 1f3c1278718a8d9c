"""What compressing costs: processor time, and lines that a user writes."""

from __future__ import annotations

import ast
import io
import os
import resource
import subprocess
import time
import tokenize
from pathlib import Path

from environments import PeerError, last_line


def timed(command: list[str], variables: dict[str, str]) -> dict[str, float]:
    """Run a command with one thread; seconds of CPU time, its children's with it, and of the clock.

    Raises:
        PeerError: it ended with an error; the message is the last line of that.
    """
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env={**os.environ, **one, **variables}, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise PeerError(last_line(done.stderr) or f"ended with {done.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_seconds": round(cpu, 1), "wall_seconds": round(wall, 1)}


def user_lines(script: Path) -> int:
    """Lines of a script that are neither blank, nor comment, nor its docstring."""
    source = script.read_text(encoding="utf-8")
    words = {tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    code = {line for token in tokens if token.type in words for line in range(token.start[0], token.end[0] + 1)}
    first = ast.parse(source).body[0]
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return len(code - set(range(first.lineno, (first.end_lineno or 0) + 1)) if told else code)
