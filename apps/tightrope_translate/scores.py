"""chrF and BLEU of translations, on any sample of the sentences, as the gate's bootstrap asks for it.

>>> scores = TranslationScores(["Das ist gut."], ["Das ist gut."])
>>> {name: round(value, 3) for name, value in scores.on(np.array([0])).items()}
{'chrF': 100.0, 'BLEU': 100.0}
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF


class TranslationScores:
    """Scores (see tightrope.compress) of texts against one reference each, 0 to 100, by sacrebleu's definitions.

    Both metrics are computed from counts that add up over sentences, so that the sentences are compared only once.
    """

    def __init__(self, texts: Sequence[str], references: Sequence[str]) -> None:
        self._metrics = {"chrF": CHRF(), "BLEU": BLEU()}
        self._counts = {
            name: np.array(metric._extract_corpus_statistics(texts, [references]))
            for name, metric in self._metrics.items()
        }

    def __len__(self) -> int:
        return len(self._counts["chrF"])

    def on(self, sample: NDArray[np.int64]) -> dict[str, float]:
        return {
            name: float(metric._compute_score_from_stats(self._counts[name][sample].sum(axis=0).tolist()).score)
            for name, metric in self._metrics.items()
        }

    def signatures(self) -> dict[str, str]:
        """How each metric was computed, in sacrebleu's words."""
        return {name: str(metric.get_signature()) for name, metric in self._metrics.items()}
