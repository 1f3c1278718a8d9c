"""The exported network at work: two onnxruntime graphs and a greedy search in numpy. Never imports torch.

graphs = Graphs(Session(folder / "encoder.onnx"), Session(folder / "step.onnx"))
written = graphs.write(source, tags)   # source int64 [N, S], tags int64 [N]
written[0].tokens, written[0].score
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tightrope.runtime.session import Session

END = 2  # as in `vocabulary`
MEMORY = ("keys", "values", "bias")  # what the encoder gives and the step takes: see `network.Memory`
AXIS = (1, 1, 0)  # where each has its batch axis


class Written(NamedTuple):
    """One translation, in tokens."""

    tokens: list[int]
    """Without tag and END."""
    score: float
    """Mean log-probability of a token; 0 would be certainty."""


def limit(source: int) -> int:
    """The most tokens to write for `source` tokens: a bound on time, and on endless repetition."""
    return 2 * source + 8


class Graphs:
    """Encoder and step of one network. Holds no state between calls."""

    def __init__(self, encoder: Session, step: Session) -> None:
        self.encoder, self.step = encoder, step
        state = next(spec.shape for spec in step.inputs if spec.name == "state")
        self.state_shape = tuple(size or 1 for size in state)  # its second axis is the batch

    def write(self, source: NDArray[np.int64], tags: NDArray[np.int64]) -> list[Written]:
        """The likeliest token at every step; a sentence that has ended leaves the batch."""
        memory = dict(zip(MEMORY, self.encoder(source), strict=True))
        layers, _, *rest = self.state_shape
        state = np.zeros((layers, len(source), *rest), np.float32)
        written: list[list[int]] = [[] for _ in source]
        scores: list[list[float]] = [[] for _ in source]
        open_rows, tokens = np.arange(len(source)), tags
        for _ in range(limit(source.shape[1])):
            logits, state = self.step.run({"tokens": tokens, "state": state, **memory})
            tokens = logits.argmax(1)
            top = np.take_along_axis(logits, tokens[:, None], axis=1)
            score = -np.log(np.exp(logits - top).sum(1))  # log softmax of the largest
            for row, token, value in zip(open_rows, tokens, score, strict=True):
                scores[row].append(float(value))
                if token != END:
                    written[row].append(int(token))
            going = tokens != END
            if not going.any():
                break
            if not going.all():
                open_rows, tokens, state = open_rows[going], tokens[going], state[:, going]
                memory = {n: np.compress(going, memory[n], axis=a) for n, a in zip(MEMORY, AXIS, strict=True)}
        return [Written(tokens, sum(each) / len(each)) for tokens, each in zip(written, scores, strict=True)]
