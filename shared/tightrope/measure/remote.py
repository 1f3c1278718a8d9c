"""Graphs that run in another process, under an emulator say, and are called from here.

with RemoteGraphs({"model": graph}, [*emulator.command()]) as there:
    outputs = there.run("model", {"image": array})
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tightrope.errors import ArtifactError
from tightrope.measure.graph_server import receive, send
from tightrope.runtime.session import Array, Backend

_PATIENCE = 10.0  # seconds that the process gets to end by itself


class RemoteGraphs:
    """A context in which a process holds the graphs. It ends with the context, by Ctrl-C too.

    Args:
        graphs: ONNX bytes by name.
        python: the words that start Python there.
        backend: the runtime that the graphs run in.

    `onnxruntime` and `features` say what runs there: its version, and the instructions that numpy found.
    """

    def __init__(self, graphs: Mapping[str, bytes], python: Sequence[str], backend: Backend = "onnxruntime") -> None:
        self._graphs, self._python, self._backend = graphs, python, backend

    def __enter__(self) -> RemoteGraphs:
        """Raises ArtifactError if the process does not start, or cannot load a graph."""
        self._folder = tempfile.TemporaryDirectory(prefix="tightrope-")
        self._complaints = tempfile.TemporaryFile("w+", errors="replace")
        try:
            for name, graph in self._graphs.items():
                (Path(self._folder.name) / f"{name}.onnx").write_bytes(graph)
            module = ["-m", "tightrope.measure.graph_server", self._folder.name, self._backend]
            self._process = subprocess.Popen(
                [*self._python, *module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                start_new_session=True,  # a terminal's Ctrl-C is for this process alone, which ends that one
            )
        except BaseException:
            self._clear()
            raise
        try:
            said = self._read()[0]
        except BaseException:
            self._end()
            raise
        self.onnxruntime, self.features = str(said["onnxruntime"]), tuple(map(str, said["features"]))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(_PATIENCE if kind is None else 0.0)

    def run(self, name: str, feeds: Mapping[str, Array]) -> list[Array]:
        """Run a graph there; gives all outputs, in order. Raises ArtifactError if the process fails."""
        assert self._process.stdin is not None
        try:
            send(self._process.stdin, {"graph": name, "inputs": list(feeds)}, list(feeds.values()))
        except OSError as error:
            raise self._failure() from error
        return self._read()[1]

    def _read(self) -> tuple[dict[str, Any], list[Array]]:
        assert self._process.stdout is not None
        message = receive(self._process.stdout)
        if message is None:
            raise self._failure()
        return message

    def _failure(self) -> ArtifactError:
        """The last line that the process complained with."""
        self._process.wait()
        self._complaints.seek(0)
        lines = [line for line in self._complaints.read().splitlines() if line.strip() and "warning:" not in line]
        last = lines[-1].strip() if lines else f"exit code {self._process.returncode}"
        return ArtifactError(f"the graphs do not run under {' '.join(self._python[:-1]) or 'this Python'}: {last}")

    def _end(self, patience: float = 0.0) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):  # it has ended already
            self._process.stdin.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._clear()

    def _clear(self) -> None:
        self._complaints.close()
        self._folder.cleanup()
