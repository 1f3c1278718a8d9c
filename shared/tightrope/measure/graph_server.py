"""Graphs in a process of their own: inputs come on standard input, outputs go to standard output. See `remote`.

    python -m tightrope.measure.graph_server FOLDER BACKEND

FOLDER holds `<name>.onnx`. A message is a line of JSON, the head, and after it as many bytes as its "bytes" says:
arrays as `numpy.save` writes them, one behind the other. The first message comes from here and says what runs: the
version of onnxruntime, and the instructions that numpy found. It ends when standard input does.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import onnxruntime as ort

from tightrope.runtime.session import Array, Backend, Session

Message = tuple[dict[str, Any], list[Array]]


def send(pipe: IO[bytes], head: Mapping[str, Any], arrays: Sequence[Array]) -> None:
    """Write a message."""
    body = io.BytesIO()
    for array in arrays:
        np.save(body, array, allow_pickle=False)
    pipe.write(json.dumps({**head, "arrays": len(arrays), "bytes": body.tell()}).encode() + b"\n" + body.getvalue())
    pipe.flush()


def receive(pipe: IO[bytes]) -> Message | None:
    """Read a message; None: the other side has ended."""
    line = pipe.readline()
    if not line.endswith(b"\n"):
        return None
    head = json.loads(line)
    data = pipe.read(head["bytes"])
    if len(data) < head["bytes"]:
        return None
    body = io.BytesIO(data)
    return head, [np.load(body, allow_pickle=False) for _ in range(head["arrays"])]


def features() -> list[str]:
    """The instructions that numpy found this processor to have, above those that it was compiled for."""
    found: Any = np.show_config(mode="dicts")
    return list(found.get("SIMD Extensions", {}).get("found", []))


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the parent that is interrupted, and that ends this one
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed is no answer
    folder, backend = Path(sys.argv[1]), cast(Backend, sys.argv[2])
    sessions = {file.stem: Session(file.read_bytes(), backend=backend) for file in sorted(folder.glob("*.onnx"))}
    send(answers, {"onnxruntime": ort.__version__, "features": features()}, [])
    while (message := receive(sys.stdin.buffer)) is not None:
        head, arrays = message
        send(answers, {}, sessions[head["graph"]].run(dict(zip(head["inputs"], arrays, strict=True))))


if __name__ == "__main__":
    main()
