"""NanoDet-g as a trainable torch module.

The detector of RangiLyu's NanoDet (Apache-2.0), in the form in which its weights were published: BatchNorm already
folded into the convolutions, LeakyReLU 0.1, a CSP backbone, a path-aggregation neck without convolutions, and a
generalized-focal-loss head (Li et al. 2020, arXiv:2006.04388) with 11 distance bins a side, at strides 8, 16 and 32.

    >>> net = NanoDet()
    >>> logits, distances = net(torch.zeros(1, 3, 416, 416))
    >>> logits.shape, distances.shape          # 52*52 + 26*26 + 13*13 = 3549 anchor points
    (torch.Size([1, 3549, 80]), torch.Size([1, 3549, 44]))
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

STRIDES = (8, 16, 32)
BINS = 11


class ConvAct(nn.Sequential):
    """3x3 convolution with bias and LeakyReLU 0.1; what BatchNorm did is in the weights already."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, stride, padding=1),
            nn.LeakyReLU(0.1, inplace=True),
        )


class TinyResBlock(nn.Module):
    """Two half-width 3x3 convolutions, the second one's output put before the first one's."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvAct(channels, channels // 2)
        self.second = ConvAct(channels // 2, channels // 2)

    def forward(self, x: Tensor) -> Tensor:
        half = self.first(x)
        return torch.cat((self.second(half), half), dim=1)


class CspStage(nn.Module):
    """Cross-stage-partial stage: doubles the channels, divides the resolution by `stride`."""

    def __init__(self, channels: int, blocks: int, stride: int) -> None:
        super().__init__()
        self.entry = ConvAct(channels, channels, stride)
        self.blocks = nn.Sequential(*(TinyResBlock(channels) for _ in range(blocks)))
        self.exit = ConvAct(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.entry(x)
        return torch.cat((self.exit(self.blocks(x)), x), dim=1)


class Backbone(nn.Module):
    """Image to feature maps of 128, 256 and 512 channels at strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, 2, padding=1)
        # The pad belongs to the pool: as a pad of its own it is -inf in the graph, and breaks any calibration. The
        # activation comes behind the pool, where there are a quarter of the values: it is monotone, so they commute.
        self.pool = nn.Sequential(nn.MaxPool2d(3, 2, padding=1), nn.LeakyReLU(0.1, inplace=True))
        self.stage1 = CspStage(32, blocks=1, stride=1)
        self.stage2 = CspStage(64, blocks=2, stride=2)
        self.stage3 = CspStage(128, blocks=2, stride=2)
        self.stage4 = CspStage(256, blocks=3, stride=2)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.stage1(self.pool(self.stem(image)))
        stride8 = self.stage2(x)
        stride16 = self.stage3(stride8)
        return stride8, stride16, self.stage4(stride16)


class PathAggregation(nn.Module):
    """1x1 lateral convolutions, then sums on the way down and up again (PAN, arXiv:1803.01534)."""

    def __init__(self, channels: int = 128) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(c, channels, 1) for c in (128, 256, 512))

    def forward(self, features: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        fine, middle, coarse = (conv(x) for conv, x in zip(self.lateral, features, strict=True))
        middle = middle + F.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
        fine = fine + F.interpolate(middle, scale_factor=2, mode="bilinear", align_corners=False)
        # Halving by bilinear sampling at half-pixel centres is the mean of 2x2 pixels.
        middle = middle + F.avg_pool2d(fine, 2)
        return fine, middle, coarse + F.avg_pool2d(middle, 2)


class NanoDet(nn.Module):
    """NanoDet-g: float32 [n, 3, h, w] (h, w multiples of 32) to raw head outputs.

    Returns class logits [n, points, classes] and distance logits [n, points, 4 * BINS] (left, top, right, bottom), the
    points row by row, stride 8 first. Sigmoid, softmax and the choice of boxes are `detect.decode`'s, on the few
    points that pass the threshold.
    """

    def __init__(self, classes: int = 80) -> None:
        super().__init__()
        self.classes = classes
        self.backbone = Backbone()
        self.neck = PathAggregation()
        self.heads = nn.ModuleList(
            nn.Sequential(ConvAct(128, 128), nn.Conv2d(128, classes + 4 * BINS, 1)) for _ in STRIDES
        )

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        features = self.neck(self.backbone(image))
        # Channels last before they are joined: integer convolutions work in that layout, and nothing is transposed.
        maps = [head(x).permute(0, 2, 3, 1).flatten(1, 2) for head, x in zip(self.heads, features, strict=True)]
        points = torch.cat(maps, dim=1)
        return points[..., : self.classes], points[..., self.classes :]
