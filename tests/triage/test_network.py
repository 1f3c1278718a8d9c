"""The network is the published one, folded for one grey channel and without BatchNorm."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tightrope_triage.network import (
    STAGES,
    ConvAct,
    TriageNet,
    fold_channels,
    fold_norm,
    from_imagenet,
    published_names,
)

NORM_LEAVES = ("weight", "bias", "running_mean", "running_var")


@pytest.fixture
def published() -> dict[str, Tensor]:
    """Random tensors with the published names and shapes: the real ones come with a package that is not needed here."""
    generator = torch.Generator().manual_seed(0)
    net = TriageNet()
    state: dict[str, Tensor] = {}
    for ours, (convolution, norm) in published_names(net).items():
        weight = net.get_submodule(ours)[0].weight
        shape = (weight.shape[0], 3, *weight.shape[2:]) if ours == "stem" else weight.shape
        state[f"{convolution}.weight"] = torch.randn(shape, generator=generator) * 0.1
        for leaf in NORM_LEAVES:
            state[f"{norm}.{leaf}"] = torch.rand(weight.shape[0], generator=generator) + 0.5
    return state


def test_outputs_have_the_documented_shapes():
    out = TriageNet().eval()(torch.zeros(2, 1, 96, 128))
    assert out.logit.shape == (2, 1)
    assert out.embedding.shape == (2, 1280)
    assert out.heat.shape == (2, 1, 3, 4)


def test_the_heat_map_adds_up_to_the_logit():
    net = TriageNet().eval()
    out = net(torch.randn(3, 1, 64, 64))
    torch.testing.assert_close(out.heat.mean((2, 3)), out.logit)
    by_embedding = out.embedding @ net.classifier.weight.flatten(1).T + net.classifier.bias
    torch.testing.assert_close(by_embedding, out.logit)


def test_one_channel_stem_equals_three_equal_channels():
    weight, grey = torch.randn(8, 3, 3, 3), torch.randn(2, 1, 16, 16)
    three = nn.functional.conv2d(grey.expand(-1, 3, -1, -1), weight, stride=2, padding=1)
    one = nn.functional.conv2d(grey, fold_channels(weight), stride=2, padding=1)
    torch.testing.assert_close(one, three, atol=1e-5, rtol=1e-5)


def test_folded_norm_equals_convolution_then_batchnorm(published):
    convolution, norm = nn.Conv2d(96, 24, 1, bias=False), nn.BatchNorm2d(24, eps=1e-3).eval()
    convolution.weight.data = published["_blocks.1._project_conv.weight"]
    norm.load_state_dict({leaf: published[f"_blocks.1._bn2.{leaf}"] for leaf in NORM_LEAVES}, strict=False)
    weight, bias = fold_norm(convolution.weight, published, "_blocks.1._bn2")
    x = torch.randn(1, 96, 5, 5)
    torch.testing.assert_close(nn.functional.conv2d(x, weight, bias), norm(convolution(x)), atol=1e-5, rtol=1e-4)


def test_every_convolution_starts_from_its_published_weights(published):
    net = from_imagenet(published)
    convolutions = [name for name, module in net.named_modules() if isinstance(module, ConvAct)]
    assert sorted(published_names(net)) == sorted(convolutions)
    assert len(net.blocks) == sum(stage[2] for stage in STAGES) == 16
    expected, _ = fold_norm(published["_conv_head.weight"], published, "_bn1")
    torch.testing.assert_close(net.head[0].weight, expected)


def test_a_missing_published_tensor_is_named(published):
    del published["_blocks.3._expand_conv.weight"]
    with pytest.raises(KeyError, match=r"_blocks\.3\._expand_conv"):
        from_imagenet(published)
