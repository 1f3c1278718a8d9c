"""Which reader a LiDAR file needs: by its name, and by its first bytes where these say more."""

from __future__ import annotations

from pathlib import Path

from tightrope.errors import BadInputError
from tightrope.reading import readable
from tightrope_road.lidar.floats import read_floats
from tightrope_road.lidar.pcd import read_pcd
from tightrope_road.lidar.ply import read_ply
from tightrope_road.lidar.points import PointCloud

SUFFIXES = (".pcd.bin", ".bin", ".pcd", ".ply")
MAX_FILE_BYTES = 1_000_000_000


def read_points(path: Path) -> PointCloud:
    """Read one sweep.

    Args:
        path: KITTI `.bin`, nuScenes `.pcd.bin`, `.pcd` (ascii, binary or binary_compressed), or `.ply`.

    Raises:
        BadInputError: no such file, none of these formats, truncated, of an odd size, without one finite point, or
            with points so far away that the unit is wrong.
    """
    with readable(path):
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise BadInputError(f"{path} has {size // 10**6} MB, the limit is {MAX_FILE_BYTES // 10**6}")
        data = path.read_bytes()
    return decode_points(data, str(path))


def decode_points(data: bytes, name: str) -> PointCloud:
    """Decode the bytes of a file called `name`. Raises as `read_points` does."""
    lower = name.lower()
    if not data:
        raise BadInputError(f"{name} is empty")
    if lower.endswith(".pcd.bin"):
        return read_floats(data, 5, name)
    if lower.endswith(".bin"):
        return read_floats(data, 4, name)
    if lower.endswith(".pcd"):
        return read_pcd(data, name)
    if lower.endswith(".ply"):
        return read_ply(data, name)
    raise BadInputError(f"{name} is no LiDAR file that is known; there are {', '.join(SUFFIXES)}")
