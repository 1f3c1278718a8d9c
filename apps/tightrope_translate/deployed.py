"""The network as two modules that a device runs: one reads a sentence, the other writes a token.

`Reader`: `source` [N, S] -> what the writer looks back at, ready for its products: of each decoder layer the scaled
`keys` [N, heads, width/heads, S] and the `values` [N, heads, S, width/heads], and the `bias` [N, 1, 1, S] of places.
`Writer`: the last `tokens` [N], the `words` [K] that may come next, the `state` and all of that -> the `probability`
[N, K] of each word, and the next state. The state has a fixed size, so nothing grows with the length of the sentence.

They compute what `network.Translator` does, in the order that costs a runtime least: everything that a step can find
ready is made once a sentence, and axis 0 is the sentence's throughout, but for the state's, where it is axis 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from tightrope_translate.network import PAD, EncoderLayer, Sizes, Translator, positions

MASKED = -1e4
STEP_INPUTS, STEP_OUTPUTS = ("tokens", "words", "state"), ("probability", "next_state")  # before the memory
_AXES = {
    "source": {0: "batch", 1: "length"},
    "tokens": {0: "batch"},
    "words": {0: "words"},
    "state": {1: "batch"},
    "keys": {0: "batch", 3: "length"},
    "values": {0: "batch", 2: "length"},
    "bias": {0: "batch", 3: "length"},
}


def memory_names(sizes: Sizes) -> list[str]:
    """Names of what the reader gives and the writer takes."""
    return [f"{kind}_{layer}" for layer in range(sizes.decoder_layers) for kind in ("keys", "values")] + ["bias"]


def free_axes(name: str) -> dict[int, str]:
    """Which axes of an input have no fixed size, and what their sizes are called."""
    return _AXES[name.partition("_")[0]]


class Reader(nn.Module):
    """The graph that reads."""

    def __init__(self, net: Translator) -> None:
        super().__init__()
        self.net = net

    def forward(self, source: Tensor) -> tuple[Tensor, ...]:
        net, sizes = self.net, self.net.sizes
        bias = ((source == PAD) * MASKED)[:, None, None, :]
        x = net.embed(source) + positions(source.shape[1], sizes.width)
        for layer in net.encoder:
            assert isinstance(layer, EncoderLayer)
            x = layer.feed_forward(x + layer.attention_out(self.attend(layer, x, bias)))
        # Flat, or onnxruntime fuses sum and norm into a kernel that takes ten times as long as both (1.32, on the CPU).
        flat = net.remember(net.encoder_norm(x.flatten(0, 1)))
        parts = flat.unflatten(0, source.shape).chunk(2 * sizes.decoder_layers, dim=-1)
        keys, values = parts[: sizes.decoder_layers], parts[sizes.decoder_layers :]
        scale = 1 / math.sqrt(sizes.width // sizes.heads)
        memory: list[Tensor] = []
        for key, value in zip(keys, values, strict=True):
            memory += [self.split(key).permute(0, 2, 3, 1) * scale, self.split(value).permute(0, 2, 1, 3)]
        return (*memory, bias)

    def attend(self, layer: EncoderLayer, x: Tensor, bias: Tensor) -> Tensor:
        """Self-attention: [N, S, width] -> [N, S, width]"""
        queries, keys, values = layer.project(layer.attention_norm(x)).chunk(3, dim=-1)
        queries, values = self.split(queries).permute(0, 2, 1, 3), self.split(values).permute(0, 2, 1, 3)
        scale = 1 / math.sqrt(queries.shape[-1])
        weights = torch.softmax(queries @ self.split(keys).permute(0, 2, 3, 1) * scale + bias, dim=-1)
        return (weights @ values).permute(0, 2, 1, 3).flatten(2)

    def split(self, x: Tensor) -> Tensor:
        """[N, S, width] -> [N, S, heads, width/heads]"""
        return x.view(*x.shape[:-1], self.net.sizes.heads, -1)


class Writer(nn.Module):
    """The graph that writes."""

    def __init__(self, net: Translator) -> None:
        super().__init__()
        self.net = net

    def forward(self, tokens: Tensor, words: Tensor, state: Tensor, *memory: Tensor) -> tuple[Tensor, Tensor]:
        net, heads = self.net, self.net.sizes.heads
        bias, states = memory[-1], []
        x = net.embed(tokens)
        for number, layer in enumerate(net.writers):
            keys, values = memory[2 * number : 2 * number + 2]
            mixed, after = layer.mixer.step(layer.mixer_norm(x), state[number])
            x = x + mixed
            queries = layer.query(layer.attention_norm(x)).unflatten(-1, (heads, 1, -1))
            looked = torch.softmax(queries @ keys + bias, dim=-1) @ values
            x = layer.feed_forward(x + layer.attention_out(looked.flatten(1)))
            states.append(after)
        rows = functional.embedding(words, net.embedding.weight)
        logits = net.decoder_norm(x) @ rows.T + net.output_bias.index_select(0, words)
        return torch.softmax(logits, dim=-1), torch.stack(states)
