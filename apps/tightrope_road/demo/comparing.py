"""The original beside the compressed one on the same picture: both drawn, both counted, both timed in one go."""

from __future__ import annotations

from functools import partial

from tightrope.demo.comparing import Pair
from tightrope_road.demo.seeing import Wanted, detector, drawn, sure_enough
from tightrope_road.preprocess import Picture


def compare(picture: Picture, pair: Pair, wanted: Wanted, threads: int) -> tuple[tuple[Picture, Picture], str]:
    """The picture as both see it (original first), and HTML that says how they differ."""
    both = [detector(str(one.path), wanted.classes, threads) for one in pair]
    ratio = pair.timed([partial(found, picture) for found in both])
    seen = [sure_enough(found(picture).result, wanted.score) for found in both]
    pictures = drawn(picture, seen[0], 1280), drawn(picture, seen[1], 1280)
    return pictures, pair.in_words([str(one) for one in seen], ratio)
