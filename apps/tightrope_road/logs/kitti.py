"""Folders in KITTI's layouts: a drive of the raw recordings, the odometry or the object benchmark, or one frame.

    raw     image_02/data/*.png, velodyne_points/data/*.bin, timestamps.txt beside data/, oxts/; calibration above
    drive   image_02/*.jpg or image_2/*, velodyne/*.bin, calib.txt or calib/NAME.txt, timestamps.txt, poses.txt
    frame   image.jpg, velodyne.bin, calib.txt

Without a list of times the frames come at 10 Hz.

The frames of the object benchmark follow each other by number alone: tracks across them mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from tightrope.errors import BadInputError
from tightrope_road.calibration import Camera, read_calibration
from tightrope_road.calibration.kitti import read_rigid
from tightrope_road.lidar import SUFFIXES as CLOUDS
from tightrope_road.lidar import read_points
from tightrope_road.logs.log import Broken, Event, Shot, Sweep
from tightrope_road.logs.oxts import read_oxts
from tightrope_road.logs.trajectory import Trajectory, read_poses
from tightrope_road.pictures import SUFFIXES as PICTURES
from tightrope_road.pictures import read_picture

_PICTURES = ("image_02/data", "image_02", "image_2", "image_00/data", "image_00")
_SWEEPS = ("velodyne_points/data", "velodyne_points", "velodyne")
_USUAL_PERIOD_S = 0.1
_MOST_THINNED = 1000


@dataclass(frozen=True)
class KittiLog:
    """A drive in a folder; `logs.log.Log` says what its attributes are.

    Attributes:
        items: (seconds, order among what is at the same time, picture or sweep, its file), sorted.
    """

    name: str
    period_s: float
    camera: Camera | None
    trajectory: Trajectory | None
    items: tuple[tuple[float, int, str, Path], ...] = field(repr=False)
    calibrations: Path | None = None
    """A folder with a calibration for each picture, where they differ."""

    def __iter__(self) -> Iterator[Event]:
        number = 0
        for at, _, kind, path in self.items:
            try:
                if kind == "sweep":
                    yield Sweep(at, read_points(path))
                else:
                    own = self.calibrations and read_calibration(self.calibrations / f"{path.stem}.txt")
                    yield Shot(at, number, path.stem, read_picture(path), own)
            except BadInputError as error:
                yield Broken(at, str(error))
            number += kind == "shot"


def is_kitti(folder: Path) -> bool:
    """Whether a folder has one of the layouts."""
    return _first(folder, _PICTURES) is not None or _single(folder) is not None


def open_kitti(folder: Path) -> KittiLog:
    """Open a folder in one of KITTI's layouts.

    Raises:
        BadInputError: no pictures; a calibration, a list of times or poses that is malformed or does not fit.
    """
    if (single := _single(folder)) is not None:
        one = [(0.0, 0, "sweep", folder / "velodyne.bin"), (0.0, 1, "shot", single)]
        items = [item for item in one if item[3].exists()]
        return KittiLog(str(folder), _USUAL_PERIOD_S, _camera(folder, None), None, tuple(items))
    pictures = _first(folder, _PICTURES)
    if pictures is None:
        raise BadInputError(f"{folder} has no pictures in {', '.join(_PICTURES)}")
    shots = _files(pictures, tuple(PICTURES))
    if not shots:
        raise BadInputError(f"{pictures} has no pictures")
    found = _first(folder, _SWEEPS)
    sweeps_by_name = {} if found is None else _files(found, CLOUDS)
    times = _times(pictures, folder, shots)
    sweep_times = _sweep_times(found, folder, sweeps_by_name, times)
    items = [(sweep_times[name], 0, "sweep", path) for name, path in sweeps_by_name.items() if name in sweep_times]
    items += [(times[name], 1, "shot", path) for name, path in shots.items()]
    steps = np.diff(sorted(times.values()))
    period = float(np.median(steps)) if len(steps) else _USUAL_PERIOD_S
    camera = _camera(folder, next(iter(shots)))
    own = folder / "calib" if _calibrations_differ(folder / "calib", shots) else None
    return KittiLog(str(folder), period, camera, _trajectory(folder, times), tuple(sorted(items)), own)


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_dir()), None)


def _single(folder: Path) -> Path | None:
    return next(
        (folder / f"image{suffix}" for suffix in sorted(PICTURES) if (folder / f"image{suffix}").is_file()), None
    )


def _files(folder: Path, suffixes: tuple[str, ...]) -> Mapping[str, Path]:
    """Name without suffix -> file, sorted."""
    found = sorted(path for path in folder.iterdir() if path.name.lower().endswith(suffixes) and path.is_file())
    longest = sorted(suffixes, key=len, reverse=True)
    return {
        path.name[: -len(next(suffix for suffix in longest if path.name.lower().endswith(suffix)))]: path
        for path in found
    }


def _times(data: Path, folder: Path, files: Mapping[str, Path]) -> Mapping[str, float]:
    """Name -> seconds since the first picture; of what has no times the frames come at 10 Hz, by their numbers."""
    listed = next((p for p in (data.parent / "timestamps.txt", folder / "timestamps.txt") if p.is_file()), None)
    if listed is None:
        # A recording may have been thinned out; numbers that leap are no frames, but times in some unit.
        named = [int(name) for name in files if name.isdecimal()]
        frames = len(named) == len(files) and max(np.diff(named), default=1) <= _MOST_THINNED
        numbers = named if frames else range(len(files))
        return {name: number * _USUAL_PERIOD_S for name, number in zip(files, numbers, strict=True)}
    stamps = read_times(listed)
    # A recording may have been thinned out: then the number of a frame is its line.
    rows = range(len(files)) if len(stamps) == len(files) else [int(n) if n.isdigit() else -1 for n in files]
    if not all(0 <= row < len(stamps) for row in rows):
        raise BadInputError(f"{listed} has {len(stamps)} times for {len(files)} files")
    return {name: stamps[row] for name, row in zip(files, rows, strict=True)}


def _sweep_times(
    data: Path | None, folder: Path, files: Mapping[str, Path], pictures: Mapping[str, float]
) -> Mapping[str, float]:
    """Sweeps with a list of their own have its times, the others those of the picture of the same name."""
    if data is None or not (data.parent / "timestamps.txt").is_file() or data.parent == folder:
        return {name: pictures[name] for name in files if name in pictures}
    return _times(data, folder, files)


def read_times(path: Path) -> list[float]:
    """Seconds, or dates ('2011-09-26 13:02:25.964389445') as in raw recordings, a line each. Raises BadInputError."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        times = [_seconds(line) for line in lines]
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise BadInputError(f"{path} is no list of times: {error}") from error
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise BadInputError(f"{path}: its times do not ascend")
    return times


def _seconds(line: str) -> float:
    if ":" not in line:
        return float(line)
    whole, _, fraction = line.partition(".")
    date = datetime.fromisoformat(whole + "+00:00")
    return date.timestamp() + float(f"0.{fraction or 0}")


def _calibrations_differ(folder: Path, shots: Mapping[str, Path]) -> bool:
    """Whether pictures have calibrations of their own, as those of the object benchmark, which are of many drives."""
    files = [folder / f"{name}.txt" for name in shots]
    return all(file.is_file() for file in files) and len({file.read_bytes() for file in files}) > 1


def _camera(folder: Path, first: str | None) -> Camera | None:
    """The calibration of this layout; None where there is none."""
    if (folder / "calib.txt").is_file():
        return read_calibration(folder / "calib.txt")
    if first is not None and (folder / "calib" / f"{first}.txt").is_file():
        return read_calibration(folder / "calib" / f"{first}.txt")
    for parent in (folder, folder.parent):
        if (parent / "calib_cam_to_cam.txt").is_file():
            return read_calibration(parent)
    return None


def _trajectory(folder: Path, times: Mapping[str, float]) -> Trajectory | None:
    if (folder / "poses.txt").is_file():
        poses = read_poses(folder / "poses.txt")
        return Trajectory.of(np.array(sorted(times.values()))[: len(poses)], poses, str(folder / "poses.txt"))
    calibration = next((p for p in (folder, folder.parent) if (p / "calib_imu_to_velo.txt").is_file()), None)
    if not (folder / "oxts" / "data").is_dir() or calibration is None:
        return None
    to_lidar = read_rigid(calibration / "calib_imu_to_velo.txt")
    to_camera = read_calibration(calibration).lidar_to_camera @ to_lidar
    poses = read_oxts(folder / "oxts" / "data") @ np.linalg.inv(to_camera)
    stamps = np.array(read_times(folder / "oxts" / "timestamps.txt"))
    return Trajectory.of(stamps, poses, str(folder / "oxts"))
