"""The translation network: a Transformer encoder and a recurrent decoder of constant memory.

The shape of the field's small students (Kim et al. 2019, 'From Research to Production and Back: Ludicrously Fast
Neural Machine Translation'): the encoder reads the sentence once, in parallel; the decoder writes one token at a time
with a state of fixed size (see `mixers`) and looks back at the source through cross-attention. All tables of
tokens (source, target, output) are one.

    net = Translator(Sizes())
    hidden, looks = net(source, target)  # training: every position at once
    logits = net.logits(hidden)
    memory = net.read(source)         # use: read once, then step by step
    state = net.start(len(source))
    logits, state = net.step(tokens, state, memory)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from tightrope_translate.mixers import MIXERS

PAD = 0


@dataclass(frozen=True)
class Sizes:
    """What determines the tensors of a network; kept beside its weights."""

    vocabulary: int = 8192
    width: int = 256
    heads: int = 8
    feed_forward: int = 1024
    encoder_layers: int = 4
    decoder_layers: int = 2
    mixer: str = "ssru"


class Memory(NamedTuple):
    """What the decoder looks back at: keys and values of each decoder layer, and which places are padding."""

    keys: Tensor
    """[layers, N, heads, S, width/heads]"""
    values: Tensor
    """[layers, N, heads, S, width/heads]"""
    bias: Tensor
    """[N, 1, 1, S]: 0 where there is a token, a large negative number where there is padding."""


class Translator(nn.Module):
    """Tokens in, hidden states and logits out; see the module's text."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.embedding = nn.Embedding(sizes.vocabulary, sizes.width)
        nn.init.normal_(self.embedding.weight, std=0.03)  # small: the tied output would else echo its input
        self.encoder = nn.ModuleList(EncoderLayer(sizes) for _ in range(sizes.encoder_layers))
        self.encoder_norm = nn.LayerNorm(sizes.width)
        self.remember = nn.Linear(sizes.width, 2 * sizes.decoder_layers * sizes.width)
        self.decoder = nn.ModuleList(DecoderLayer(sizes) for _ in range(sizes.decoder_layers))
        self.decoder_norm = nn.LayerNorm(sizes.width)
        self.output_bias = nn.Parameter(torch.zeros(sizes.vocabulary))

    def embed(self, tokens: Tensor) -> Tensor:
        """[...] int64 -> [..., width]"""
        vectors: Tensor = self.embedding(tokens)
        return vectors * math.sqrt(self.sizes.width)

    def read(self, source: Tensor) -> Memory:
        """Encode `source` [N, S] int64, PAD where a sentence is shorter."""
        sizes = self.sizes
        bias = torch.zeros(source.shape).masked_fill(source == PAD, -1e4)[:, None, None, :]
        x = self.embed(source) + positions(source.shape[1], sizes.width)
        bias = bias.to(x.dtype)
        for layer in self.encoder:
            x = layer(x, bias)
        pairs = self.remember(self.encoder_norm(x)).unflatten(-1, (2, sizes.decoder_layers, sizes.heads, -1))
        keys, values = pairs.permute(2, 3, 0, 4, 1, 5).unbind(0)
        return Memory(keys, values, bias)

    def forward(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """After each token of `target` [N, T] (the tag first), given `source` [N, S]: the hidden states [N, T, width],
        and the log of the weights [layers, N, T, S] with which each decoder layer's first head looks at the source.
        """
        memory = self.read(source)
        x = self.embed(target)
        looks = []
        for number, layer in enumerate(self.decoder):
            x, look = layer(x, memory.keys[number], memory.values[number], memory.bias)
            looks.append(look)
        return self.decoder_norm(x), torch.stack(looks)

    @property
    def writers(self) -> list[DecoderLayer]:
        """The decoder's layers, by their type."""
        return [layer for layer in self.decoder if isinstance(layer, DecoderLayer)]

    def logits(self, hidden: Tensor) -> Tensor:
        """[..., width] -> [..., vocabulary]"""
        return functional.linear(hidden, self.embedding.weight, self.output_bias)

    def start(self, batch: int) -> Tensor:
        """The decoder's state [layers, N, ...] before the first token."""
        return torch.stack([layer.mixer.start(batch) for layer in self.writers])

    def step(self, tokens: Tensor, state: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """After `tokens` [N]: the logits [N, vocabulary] of the next ones, and the new state."""
        x = self.embed(tokens)
        states = []
        for number, layer in enumerate(self.writers):
            x, after = layer.step(x, state[number], memory.keys[number], memory.values[number], memory.bias)
            states.append(after)
        return self.logits(self.decoder_norm(x)), torch.stack(states)


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each on the normalized input and added to it."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.heads = sizes.heads
        self.attention_norm = nn.LayerNorm(sizes.width)
        self.project = nn.Linear(sizes.width, 3 * sizes.width)
        self.attention_out = nn.Linear(sizes.width, sizes.width)
        self.feed_forward = FeedForward(sizes)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        split = self.project(self.attention_norm(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        queries, keys, values = split.unbind(0)
        x = x + self.attention_out(attend(queries, keys, values, bias).transpose(1, 2).flatten(2))
        out: Tensor = self.feed_forward(x)
        return out


class DecoderLayer(nn.Module):
    """A mixer over what has been written, cross-attention over the source, feed-forward; each normalized and added."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.heads = sizes.heads
        self.mixer_norm = nn.LayerNorm(sizes.width)
        self.mixer = MIXERS[sizes.mixer](sizes.width)
        self.attention_norm = nn.LayerNorm(sizes.width)
        self.query = nn.Linear(sizes.width, sizes.width)
        self.attention_out = nn.Linear(sizes.width, sizes.width)
        self.feed_forward = FeedForward(sizes)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """All positions: x [N, T, width]; also the log of the first head's weights [N, T, S]."""
        x, queries = self.look_back(x + self.mixer(self.mixer_norm(x)), keys, values, bias)
        scores = queries[:, 0] @ keys[:, 0].transpose(1, 2) / math.sqrt(queries.shape[-1])
        return x, torch.log_softmax(scores.float() + bias[:, 0], dim=-1)

    def step(self, x: Tensor, state: Tensor, keys: Tensor, values: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """One position: x [N, width]."""
        mixed, state = self.mixer.step(self.mixer_norm(x), state)
        x, _ = self.look_back((x + mixed)[:, None], keys, values, bias)
        return x[:, 0], state

    def look_back(self, x: Tensor, keys: Tensor, values: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-attention and feed-forward: x [N, T, width], and the queries [N, heads, T, width/heads]."""
        queries = self.query(self.attention_norm(x)).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        x = x + self.attention_out(attend(queries, keys, values, bias).transpose(1, 2).flatten(2))
        return self.feed_forward(x), queries


class FeedForward(nn.Sequential):
    """Normalize, widen, ReLU, narrow; added to the input."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(
            nn.LayerNorm(sizes.width),
            nn.Linear(sizes.width, sizes.feed_forward),
            nn.ReLU(),
            nn.Linear(sizes.feed_forward, sizes.width),
        )

    def forward(self, x: Tensor) -> Tensor:
        norm, widen, activate, narrow = self
        out: Tensor = x + narrow(activate(widen(norm(x))))
        return out


def attend(queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor) -> Tensor:
    """Scaled dot-product attention [N, heads, T, width/heads]; `bias` is added to every score."""
    with torch.autocast("cpu", enabled=False):  # the kernel's backward pass is ten times slower in bfloat16
        return functional.scaled_dot_product_attention(queries.float(), keys.float(), values.float(), attn_mask=bias)


def positions(length: int, width: int) -> Tensor:
    """Sinusoids [length, width] that tell the places of a sentence apart (Vaswani et al. 2017, section 3.5)."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    angles = torch.arange(length)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)
