"""Writing a translation with the torch network: greedily, or with a beam.

    written = greedy(net, source, tags)           # for validation, and to compare the exported graphs with
    written = beam(net, source, tags, width=4)    # for teaching a smaller or faster network
    written[0].tokens, written[0].score

Both stop at END or after `graphs.limit` tokens. A score is the mean log-probability of a token, END included.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tightrope_translate.graphs import END, Written, limit
from tightrope_translate.network import PAD, Memory, Translator


@torch.inference_mode()
def greedy(net: Translator, source: Tensor, tags: Tensor) -> list[Written]:
    """The likeliest token at every step, given `source` [N, S] and the language to write, `tags` [N]."""
    memory, state = net.read(source), net.start(len(source))
    tokens, written, scores = tags, [], []
    done = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(limit(source.shape[1])):
        logits, state = net.step(tokens, state, memory)
        score, tokens = torch.log_softmax(logits, dim=1).max(1)
        written.append(tokens)
        scores.append(score)
        done |= tokens == END
        if done.all():
            break
    limits = [limit(int(length)) for length in (source != PAD).sum(1)]
    rows = zip(torch.stack(written, 1).tolist(), torch.stack(scores, 1).tolist(), limits, strict=True)
    return [ended(*row) for row in rows]


def ended(tokens: list[int], scores: list[float], most: int) -> Written:
    """Cut after the first END, or after `most` tokens."""
    tokens, scores = tokens[:most], scores[:most]
    length = tokens.index(END) if END in tokens else len(tokens)
    counted = scores[: length + 1]
    return Written(tokens[:length], sum(counted) / len(counted))


@torch.inference_mode()
def beam(net: Translator, source: Tensor, tags: Tensor, width: int = 4) -> list[Written]:
    """The best of `width` translations that are carried along; ends when the best so far cannot be overtaken."""
    count, size = len(source), net.sizes.vocabulary
    memory = Memory(
        *(part.repeat_interleave(width, dim=axis) for part, axis in zip(net.read(source), (1, 1, 0), strict=True))
    )
    state = net.start(count * width)
    tokens = tags.repeat_interleave(width)
    sums = torch.full((count, width), -1e9)
    sums[:, 0] = 0  # at first all places of a beam are the same: only one counts
    history = torch.zeros(count, width, 0, dtype=torch.long)
    best = [Written([], -1e9) for _ in range(count)]
    for length in range(1, limit(source.shape[1]) + 1):
        logits, state = net.step(tokens, state, memory)
        totals = sums[:, :, None] + torch.log_softmax(logits, dim=1).view(count, width, size)
        ends = totals[:, :, END] / length
        for row, (score, place) in enumerate(zip(*(part.tolist() for part in ends.max(1)), strict=True)):
            if score > best[row].score:
                best[row] = Written(history[row, place].tolist(), score)
        totals[:, :, END] = -1e9
        sums, chosen = totals.view(count, -1).topk(width)
        origin, token = chosen // size, chosen % size
        history = torch.cat([history.gather(1, origin[:, :, None].expand_as(history)), token[:, :, None]], 2)
        tokens = token.view(-1)
        state = state[:, (origin + torch.arange(count)[:, None] * width).view(-1)]
        # A longer one has a larger sum at most, and its mean is over more tokens: it may still win, but not by much.
        if all(float(sums[row, 0]) / (length + 3) < best[row].score for row in range(count)):
            break
    return best
