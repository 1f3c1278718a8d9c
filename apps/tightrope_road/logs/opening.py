"""Which reader a log needs."""

from __future__ import annotations

from pathlib import Path

from tightrope.errors import BadInputError
from tightrope_road.logs.kitti import is_kitti, open_kitti
from tightrope_road.logs.log import Log
from tightrope_road.logs.nuscenes import FRONT, is_nuscenes, open_nuscenes
from tightrope_road.workload import SAMPLE

BUNDLED = "sample"


def open_log(name: str, camera: str | None = None) -> Log:
    """Open a recorded drive.

    Args:
        name: a folder in one of KITTI's layouts, or with a nuScenes sample; an MCAP file; a video with a list of times
            beside it (NAME.csv); or 'sample' for the drive that comes with the app.
        camera: which one, where a log has several; nuScenes' name or MCAP's topic.

    Raises:
        BadInputError: none of these, or malformed.
    """
    path = SAMPLE.parent if name == BUNDLED and not Path(name).exists() else Path(name)
    if not path.exists():
        raise BadInputError(f"{name} does not exist")
    if path.is_dir():
        if is_nuscenes(path):
            return open_nuscenes(path, camera or FRONT)
        if is_kitti(path):
            return open_kitti(path)
        raise BadInputError(f"{name} is no log that is known: neither KITTI's folders nor a nuScenes sample are in it")
    if path.suffix.lower() == ".mcap":
        from tightrope_road.logs.mcap import open_mcap

        return open_mcap(path, camera)
    from tightrope_road.logs.video import open_video

    return open_video(path)
