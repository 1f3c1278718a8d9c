"""The network's two forms give the same numbers, padding does not matter, and the loss is the textbook's."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from tightrope_translate import alignment
from tightrope_translate.loss import linear_cross_entropy
from tightrope_translate.mixers import MIXERS, Recurrence
from tightrope_translate.network import PAD, Sizes, Translator

SMALL = {"vocabulary": 96, "width": 32, "heads": 8, "feed_forward": 48, "encoder_layers": 2}


@pytest.fixture(params=sorted(MIXERS))
def net(request: pytest.FixtureRequest) -> Translator:
    torch.manual_seed(0)
    return Translator(Sizes(**SMALL, mixer=request.param)).eval()


def tokens(*shape: int) -> torch.Tensor:
    return torch.randint(3, SMALL["vocabulary"], shape, generator=torch.Generator().manual_seed(1))


def test_a_direction_stays_under_eight_million_parameters() -> None:
    assert sum(parameter.numel() for parameter in Translator(Sizes()).parameters()) < 8_000_000


def test_steps_give_what_all_positions_at_once_give(net: Translator) -> None:
    source, target = tokens(3, 7), tokens(3, 5)
    source[0, 4:] = PAD
    with torch.inference_mode():
        at_once = net.logits(net(source, target)[0])
        memory, state, logits = net.read(source), net.start(3), []
        for column in target.T:
            here, state = net.step(column, state, memory)
            logits.append(here)
    torch.testing.assert_close(torch.stack(logits, 1), at_once, atol=1e-5, rtol=1e-4)


def test_padding_changes_nothing(net: Translator) -> None:
    source, target = tokens(1, 6), tokens(1, 4)
    padded = functional.pad(source, (0, 5), value=PAD)
    with torch.inference_mode():
        alone, looks = net(source, target)
        beside, padded_looks = net(padded, target)
    torch.testing.assert_close(beside, alone, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(padded_looks[..., :6].exp(), looks.exp(), atol=1e-5, rtol=1e-4)
    assert float(padded_looks[..., 6:].exp().max()) < 1e-6


def test_a_position_does_not_see_later_ones(net: Translator) -> None:
    source, target = tokens(1, 6), tokens(1, 5)
    other = target.clone()
    other[0, 3:] = 3
    with torch.inference_mode():
        torch.testing.assert_close(net(source, other)[0][:, :3], net(source, target)[0][:, :3])


@pytest.mark.parametrize(("mixer", "rows"), [("ssru", ()), ("time-mixing", (4,))])
def test_a_recurrent_state_does_not_grow(mixer: str, rows: tuple[int, ...]) -> None:
    net = Translator(Sizes(**SMALL, mixer=mixer))
    memory, state = net.read(tokens(2, 5)), net.start(2)
    shape = state.shape
    for _ in range(3):
        _, state = net.step(tokens(2), state, memory)
    assert state.shape == shape == (2, 2, *rows, SMALL["width"])


def test_the_recurrence_has_the_right_gradient() -> None:
    generator = torch.Generator().manual_seed(0)
    gate, fresh = (torch.rand(2, 5, 3, dtype=torch.float64, generator=generator).requires_grad_() for _ in range(2))
    assert torch.autograd.gradcheck(Recurrence.apply, (gate, fresh))


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 600), st.sampled_from([0.0, 0.1]))
def test_the_loss_is_cross_entropy(count: int, smoothing: float) -> None:
    generator = torch.Generator().manual_seed(count)
    hidden, weight, bias = (torch.randn(shape, generator=generator) for shape in ((count, 8), (40, 8), (40,)))
    targets = torch.randint(0, 40, (count,), generator=generator)
    found = []
    for loss in (
        lambda h, w, b: linear_cross_entropy(h, w, b, targets, smoothing),
        lambda h, w, b: functional.cross_entropy(functional.linear(h, w, b), targets, label_smoothing=smoothing),
    ):
        leaves = [part.clone().requires_grad_() for part in (hidden, weight, bias)]
        value = loss(*leaves)
        value.backward()
        found.append([value.detach(), *(leaf.grad for leaf in leaves)])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_alignment_finds_the_words_that_belong_together() -> None:
    # 10 is 20, 11 is 21, 12 is 22; never two of them always together
    english = [[10, 11, 2], [11, 12, 2], [12, 10, 2], [10, 2], [12, 2]]
    german = [[21, 20, 2], [22, 21, 2], [20, 22, 2], [20, 2], [22, 2]]
    table = alignment.fit(english, german, 32)
    guide = alignment.expected(table, torch.tensor([[3, 10, 11, 2, PAD]]), torch.tensor([[21, 20, 2, PAD]]))
    assert guide.shape == (1, 4, 5)
    assert guide[0].argmax(1)[:3].tolist() == [2, 1, 3]
    torch.testing.assert_close(guide[0, :3].sum(1), torch.ones(3))
    assert float(guide[0, 3].sum()) == float(guide[0, :, 0].sum()) == float(guide[0, :, 4].sum()) == 0
