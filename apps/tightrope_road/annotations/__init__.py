"""Labelled pictures: one reader a format (COCO JSON, YOLO txt, KITTI), all to the same `LabelledSet`."""

from __future__ import annotations

from tightrope_road.annotations.detect import read_labels
from tightrope_road.annotations.labelled import LabelledPicture, LabelledSet, Labels

__all__ = ["LabelledPicture", "LabelledSet", "Labels", "read_labels"]
