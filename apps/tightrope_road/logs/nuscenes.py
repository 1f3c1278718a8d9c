"""A nuScenes sample as MMDetection3D's info files describe it: `info.json` beside pictures and a `.pcd.bin` sweep.

https://mmdetection3d.readthedocs.io/en/latest/advanced_guides/datasets/nuscenes.html: `cam2img` is the projection;
`lidar2cam` goes from the sweep at its moment to the camera at its own, the motion of the vehicle between them included.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tightrope.errors import BadInputError, nearest
from tightrope.reading import read_text
from tightrope_road.calibration import Camera, check_camera
from tightrope_road.lidar import read_points
from tightrope_road.logs.log import Broken, Event, Shot, Sweep
from tightrope_road.logs.trajectory import Trajectory
from tightrope_road.pictures import read_picture

FRONT = "CAM_FRONT"


@dataclass(frozen=True)
class NuscenesLog:
    """One sample, one camera; `logs.log.Log` says what its attributes are. Times are those of the unix clock."""

    name: str
    camera: Camera
    picture: Path
    picture_at: float
    sweep: Path
    sweep_at: float
    period_s: float = 0.5
    trajectory: Trajectory | None = None

    def __iter__(self) -> Iterator[Event]:
        events = sorted([(self.picture_at, 1), (self.sweep_at, 0)])
        for at, kind in events:
            try:
                if kind:
                    yield Shot(at, 0, self.picture.stem, read_picture(self.picture))
                else:
                    yield Sweep(at, read_points(self.sweep))
            except BadInputError as error:
                yield Broken(at, str(error))


def is_nuscenes(folder: Path) -> bool:
    """Whether a folder is such a sample."""
    return (folder / "info.json").is_file() and any(folder.glob("*.pcd.bin"))


def open_nuscenes(folder: Path, camera: str = FRONT) -> NuscenesLog:
    """Open a sample; raises BadInputError if it is malformed, or has no such camera."""
    path = folder / "info.json"
    text = read_text(path)
    try:
        sample = json.loads(text)["data_list"][0]
        images, lidar = sample["images"], sample["lidar_points"]
        if camera not in images:
            raise BadInputError(f"{path} has no camera {camera!r}{nearest(camera, list(images))}")
        image = images[camera]
        return NuscenesLog(
            f"{folder} {camera}",
            _camera(image, f"{path}, {camera}"),
            folder / image["img_path"],
            float(image["timestamp"]),
            folder / lidar["lidar_path"],
            float(sample["timestamp"]),
        )
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise BadInputError(f"{path} is no description of a nuScenes sample: {error!r}") from error


def _camera(image: dict[str, Any], name: str) -> Camera:
    projection = np.zeros((3, 4))
    projection[:, :3] = np.array(image["cam2img"], np.float64)[:3, :3]
    found = Camera(projection, np.array(image["lidar2cam"], np.float64).reshape(4, 4))
    check_camera(found, name)
    return found
