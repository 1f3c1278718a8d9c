"""An engine for many threads at the same time: it is loaded once, and its sentences are translated in batches.

with BatchedEngine.open() as engine:
    engine.translate("Where is it?", "en", "de")
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tightrope_translate.engine import Engine
from tightrope_translate.server.batching import Batcher, Shared


class BatchedEngine(Engine):
    """Any thread may call it between `with` and its end. Cuts texts where the thread is, translates in one."""

    def __init__(self, folders: Mapping[tuple[str, str], Path], threads: int = 1) -> None:
        super().__init__(folders, threads)
        self.batcher = Batcher()

    @classmethod
    def open(cls, models: Path | None = None, threads: int = 1) -> BatchedEngine:
        engine = super().open(models, threads)
        assert isinstance(engine, cls)
        return engine

    def __enter__(self) -> BatchedEngine:
        self.batcher.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.batcher.__exit__(kind, error, trace)

    def translator(self, source: str, target: str) -> Shared:  # type: ignore[override]
        return Shared(super().translator(source, target), self.batcher)
