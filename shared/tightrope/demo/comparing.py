"""The original beside what was made of it, on the same input: what both say, and their time in turns.

>>> pair = pair_of(chosen, artifacts)                              # doctest: +SKIP
>>> pair.in_words(["3 cars", "3 cars"], pair.timed([slow, fast]))  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from tightrope.artifact import Artifact
from tightrope.errors import ConfigError
from tightrope.ladder import is_reference
from tightrope.measure.latency import interleaved
from tightrope.measure.statistics import Ratio

_ROUNDS, _WARMUP = 12, 2


@dataclass(frozen=True)
class Pair:
    """A reference, and what was made of it: both prepare their input in the same way."""

    original: Artifact
    compressed: Artifact

    def __iter__(self) -> Any:
        return iter((self.original, self.compressed))

    def timed(self, runs: Sequence[Callable[[], Any]]) -> Ratio:
        """The compressed one's time over the original's; `runs` are one of each, the original's first."""
        samples = interleaved({"original": runs[0], "compressed": runs[1]}, _ROUNDS, _WARMUP)
        return Ratio.of(samples["compressed"], samples["original"])

    def in_words(self, said: Sequence[str], ratio: Ratio) -> str:
        """HTML: what each said (plain text, the original's first), and how long it took."""
        rows = "".join(
            f"<tr><td>{side}</td><td>{escape(one.manifest.name)}</td><td>{one.size / 1e6:.1f} MB</td>"
            f"<td>{escape(words)}</td></tr>"
            for side, one, words in zip(("left", "right"), self, said, strict=True)
        )
        return (
            f'<div class="scroll"><table>{rows}</table></div>'
            f"<p>The compressed one takes <b>{ratio.value:.2f}</b> [{ratio.low:.2f}, {ratio.high:.2f}] times as long, "
            f"whole pipeline, {ratio.n} interleaved rounds here and now.</p>"
        )


def pair_of(chosen: Artifact, artifacts: Sequence[Artifact]) -> Pair:
    """The pair that the chosen artifact is part of. Raises ConfigError if it has no counterpart."""
    alike = [other for other in artifacts if other.manifest.preprocess == chosen.manifest.preprocess]
    originals = [other for other in alike if is_reference(other.manifest)]
    others = [other for other in alike if not is_reference(other.manifest)]
    if not originals or not others:
        raise ConfigError(f"{chosen.manifest.name} has no counterpart to be compared with that takes the same input")
    return Pair(originals[0], others[-1] if is_reference(chosen.manifest) else chosen)
