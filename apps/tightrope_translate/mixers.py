"""What a decoder layer knows of the tokens written so far: one `Mixer`, several kinds.

A mixer has two forms that give the same numbers: over all positions at once, for training, and one step with a state,
for use. `MIXERS` names the kinds; `network.Sizes.mixer` chooses one.

    mixer = Ssru(256)
    y = mixer(x)                       # [N, T, 256] -> [N, T, 256]
    y0, state = mixer.step(x[:, 0], mixer.start(len(x)))
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional


class Mixer(nn.Module):
    """Mixes a position [width] with those before it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """[N, T, width] -> [N, T, width]; position t sees 0..t."""

    @abstractmethod
    def start(self, batch: int) -> Tensor:
        """State [N, ...] before the first position."""

    @abstractmethod
    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """[N, width] and the state before it -> [N, width] and the state after it."""


class Ssru(Mixer):
    """Simpler Simple Recurrent Unit (Kim et al. 2019, section 3.1): a cell that forgets by a gate; a state of [width].

    f = sigmoid(W_f x + b);  c' = f c + (1 - f) W x;  y = relu(c')
    """

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.project = nn.Linear(width, 2 * width)

    def forward(self, x: Tensor) -> Tensor:
        gate, fresh = self.gated(x)
        return functional.relu(Recurrence.apply(gate, fresh))

    def start(self, batch: int) -> Tensor:
        return torch.zeros(batch, self.width)

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        gate, fresh = self.gated(x)
        state = gate * state + fresh
        return functional.relu(state), state

    def gated(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What is kept of the cell, and what is added to it."""
        gate, value = self.project(x).chunk(2, dim=-1)
        gate = torch.sigmoid(gate)
        return gate, (1 - gate) * value


class Recurrence(torch.autograd.Function):
    """c_t = gate_t c_{t-1} + fresh_t along axis 1 of [N, T, width], c_{-1} = 0.

    A plain loop: every step is one operation on the whole batch, T is about 12, and the gradient by hand is the same
    loop backwards. A log-depth scan would do more work for the same numbers.
    """

    @staticmethod
    def forward(context: torch.autograd.function.FunctionCtx, gate: Tensor, fresh: Tensor) -> Tensor:
        cells = torch.empty_like(fresh)
        cells[:, 0] = fresh[:, 0]
        for t in range(1, fresh.shape[1]):
            torch.addcmul(fresh[:, t], gate[:, t], cells[:, t - 1], out=cells[:, t])
        context.save_for_backward(gate, cells)
        return cells

    @staticmethod
    def backward(context: torch.autograd.function.FunctionCtx, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        gate, cells = context.saved_tensors  # type: ignore[attr-defined]
        into = gradients[0].clone()  # gradient of c_t: its own, and what c_{t+1} hands back
        for t in range(into.shape[1] - 1, 0, -1):
            into[:, t - 1].addcmul_(gate[:, t], into[:, t])
        of_gate = torch.zeros_like(gate)
        torch.mul(into[:, 1:], cells[:, :-1], out=of_gate[:, 1:])
        return of_gate, into


class SelfAttention(Mixer):
    """Causal self-attention of 8 heads; its state holds every position's key and value: [N, t, 2 width]."""

    heads = 8

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.project = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        queries, keys, values = (self.split(part) for part in self.project(x).chunk(3, dim=-1))
        return self.join(functional.scaled_dot_product_attention(queries, keys, values, is_causal=True))

    def start(self, batch: int) -> Tensor:
        return torch.zeros(batch, 0, 2 * self.width)

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        query, fresh = self.project(x).split([self.width, 2 * self.width], dim=-1)
        state = torch.cat([state, fresh[:, None]], dim=1)
        keys, values = (self.split(part) for part in state.chunk(2, dim=-1))
        mixed = functional.scaled_dot_product_attention(self.split(query[:, None]), keys, values)
        return self.join(mixed)[:, 0], state

    def split(self, x: Tensor) -> Tensor:
        """[N, T, width] -> [N, heads, T, width/heads]"""
        return x.view(*x.shape[:-1], self.heads, self.width // self.heads).transpose(1, 2)

    def join(self, x: Tensor) -> Tensor:
        """[N, heads, T, width/heads] -> [N, T, width], projected."""
        out: Tensor = self.out(x.transpose(1, 2).flatten(2))
        return out


class TimeMixing(Mixer):
    """RWKV's time mixing (Peng et al. 2023, arXiv:2305.13048, section 3.1): attention whose weights fade with time.

    Every channel keeps a weighted mean of the values v written so far, with weights exp(k) that fade by exp(-decay) a
    step, the newest with a bonus instead; a gate decides what of it comes out. The state is four rows of [width]: the
    previous input, the two sums, and the largest exponent so far, by which both sums are divided so as not to overflow.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.shift = nn.Parameter(torch.full((3, width), 0.5))  # share of the new input in gate, key and value
        self.gate, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.log_decay = nn.Parameter(torch.linspace(-5, 1, width))
        self.bonus = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        gate, key, value = self.projected(x, functional.pad(x, (0, 0, 1, -1)))
        sums, means = self.start(len(x))[:, 1:].unbind(1), []
        for t in range(x.shape[1]):
            mean, sums = self.mean(sums, key[:, t].float(), value[:, t].float())
            means.append(mean)
        out: Tensor = self.out(gate * torch.stack(means, 1))
        return out

    def start(self, batch: int) -> Tensor:
        return torch.cat([torch.zeros(batch, 3, self.width), torch.full((batch, 1, self.width), -1e4)], dim=1)

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        previous, *rows = state.unbind(1)
        gate, key, value = self.projected(x, previous)
        mean, sums = self.mean(tuple(rows), key, value)
        return self.out(gate * mean), torch.stack([x, *sums], dim=1)

    def projected(self, x: Tensor, previous: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Gate, key and value of each position, from it and the one before it."""
        mixed = [torch.lerp(previous, x, share) for share in self.shift.to(x.dtype)]
        return torch.sigmoid(self.gate(mixed[0])), self.key(mixed[1]), self.value(mixed[2])

    def mean(self, sums: tuple[Tensor, ...], key: Tensor, value: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The mean at a position [N, width], and the sums (weighted values, weights, largest exponent) after it."""
        above, below, largest = sums
        top = torch.maximum(largest, key + self.bonus)
        old, new = torch.exp(largest - top), torch.exp(key + self.bonus - top)
        mean = (old * above + new * value) / (old * below + new)
        faded = largest - torch.exp(self.log_decay)
        top = torch.maximum(faded, key)
        old, new = torch.exp(faded - top), torch.exp(key - top)
        return mean, (old * above + new * value, old * below + new, top)


MIXERS: dict[str, type[Mixer]] = {"ssru": Ssru, "time-mixing": TimeMixing, "self-attention": SelfAttention}
