"""The classes: COCO's 80 as the model knows them, and the nine that matter on a road.

A class keeps its COCO index everywhere (in artifacts, results and files); road classes are a selection of indices.
"""

from __future__ import annotations

COCO = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone",
    "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear",
    "hair drier", "toothbrush",
)  # fmt: skip

ROAD = tuple(
    COCO.index(name)
    for name in (
        "person",
        "bicycle",
        "motorcycle",
        "car",
        "bus",
        "truck",
        "train",
        "traffic light",
        "stop sign",
    )
)

# One object is often reported as car, truck and bus at once: inside this group only the best box survives.
VEHICLES = tuple(COCO.index(name) for name in ("car", "bus", "truck", "train"))
