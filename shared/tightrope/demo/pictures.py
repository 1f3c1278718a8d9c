"""Pictures on their way in and out of the page, without a file for each.

>>> shown = picture_output(label="What was found")                 # doctest: +SKIP
>>> given = picture_input(label="Your picture")                    # doctest: +SKIP

Gradio would write every picture that it shows into a temporary file, ten a second while a camera runs. Here a picture
goes out as JPEG inside the answer. On the way in the app gets the file's bytes as they are, for its own reader, which
judges their size and format before it decodes them.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import gradio as gr
import numpy as np
from gradio.components.imageslider import SliderData
from gradio.data_classes import ImageData
from numpy.typing import NDArray

from tightrope.demo.told import told
from tightrope.errors import BadInputError

Picture = NDArray[np.uint8]

MAX_BYTES = 64 * 10**6
LONG_SIDE = 1280
_QUALITY = 88


@dataclass(frozen=True)
class Upload:
    """A picture file as it came: its name, and its bytes undecoded."""

    name: str
    data: bytes

    @classmethod
    def read(cls, path: Path) -> Upload:
        """Raises BadInputError if it cannot be read or has more than MAX_BYTES."""
        try:
            if path.stat().st_size > MAX_BYTES:
                raise BadInputError(
                    f"{path.name} has {path.stat().st_size // 10**6} MB, the limit is {MAX_BYTES // 10**6}"
                )
            return cls(path.name, path.read_bytes())
        except OSError as error:
            raise BadInputError(f"cannot read {path.name}: {error.strerror}") from error


def picture_input(**options: Any) -> Any:
    """A gr.Image for uploads and cameras that gives its function an Upload, or None."""
    image = gr.Image(type="filepath", image_mode=None, **options)
    image.preprocess = told(_received)
    return image


def picture_output(**options: Any) -> Any:
    """A gr.Image that shows a BGR picture, uint8 [h, w, 3], or one that is `as_jpeg` already."""
    image = gr.Image(format="jpeg", interactive=False, buttons=["fullscreen"], elem_classes="tr-picture", **options)
    image.postprocess = _sent
    return image


def picture_slider(**options: Any) -> Any:
    """A gr.ImageSlider over two BGR pictures, uint8 [h, w, 3]."""
    slider = gr.ImageSlider(format="jpeg", interactive=False, buttons=["fullscreen"], **options)
    slider.postprocess = _sent_both
    return slider


def as_jpeg(picture: Picture) -> str:
    """A BGR picture, uint8 [h, w, 3], as a data: address of at most LONG_SIDE pixels."""
    scale = LONG_SIDE / max(picture.shape[:2])
    if scale < 1:
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()


def _sent(picture: Picture | str | None) -> Any:
    return None if picture is None else ImageData(url=picture if isinstance(picture, str) else as_jpeg(picture))


def _sent_both(pictures: tuple[Picture, Picture] | None) -> Any:
    return None if pictures is None else SliderData(root=(_sent(pictures[0]), _sent(pictures[1])))


def _received(payload: Any) -> Upload | None:
    """What the page sent: a file in the upload folder, or the frame of a camera in a data: address."""
    if payload is None:
        return None
    if payload.url and payload.url.startswith("data:"):
        try:
            data = base64.b64decode(payload.url.partition(",")[2], validate=True)
        except binascii.Error:
            data = b""
        return Upload("the camera's frame", data)
    return Upload.read(Path(payload.path))
