"""Check a rendered drive: `python -m tools.render_drive.check FOLDER [--pictures FOLDER]`. numpy and OpenCV only.

It knows nothing of Blender: it reads the files as any user of the KITTI layout would, and so proves calibration, sweeps
and labels against each other. With --pictures it also draws boxes and points on the frames, for a person to look at.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MARGIN = 0.05  # metres around a 3D box within which a point counts as inside; five times the range noise
SOLID = {"Car", "Truck", "Bus", "Pedestrian"}


@dataclass(frozen=True)
class Box:
    """One line of label_02.txt."""

    frame: int
    track: int
    kind: str
    truncated: int
    occluded: int
    box: Array  # left, top, right, bottom
    size: Array  # height, width, length
    location: Array
    rotation: float

    def corners(self) -> Array:
        """Return the eight corners in rect, (8, 3)."""
        height, width, length = self.size
        x, y, z = np.meshgrid([-length / 2, length / 2], [-height, 0], [-width / 2, width / 2], indexing="ij")
        c, s = np.cos(self.rotation), np.sin(self.rotation)
        turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        return np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1) @ turn.T + self.location

    def holds(self, points: Array, margin: float) -> NDArray[np.bool_]:
        """Return which of (n, 3) rect points lie in the box, (n,)."""
        c, s = np.cos(self.rotation), np.sin(self.rotation)
        local = (points - self.location) @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        height, width, length = self.size
        return (
            (np.abs(local[:, 0]) <= length / 2 + margin)
            & (np.abs(local[:, 2]) <= width / 2 + margin)
            & (local[:, 1] <= margin)
            & (local[:, 1] >= -height - margin)
        )


class Drive:
    """The files of a drive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        rows = (line.split(":", 1) for line in (folder / "calib.txt").read_text().splitlines() if line)
        calib = {key: np.array(values.split(), float) for key, values in rows}
        self.p2 = calib["P2"].reshape(3, 4)
        self.to_rect = np.eye(4)
        self.to_rect[:3] = calib["Tr_velo_to_cam"].reshape(3, 4)
        rectify = np.eye(4)
        rectify[:3, :3] = calib["R0_rect"].reshape(3, 3)
        self.to_rect = rectify @ self.to_rect
        self.frames = sorted(int(p.stem) for p in (folder / "velodyne").glob("*.bin"))
        self.boxes = [_parsed(line) for line in (folder / "label_02.txt").read_text().splitlines()]

    def sweep(self, frame: int) -> tuple[Array, Array]:
        """Return the points of a frame in rect (n, 3), and their reflectances (n,)."""
        raw = np.fromfile(self.folder / "velodyne" / f"{frame:06d}.bin", np.float32).reshape(-1, 4).astype(float)
        return raw[:, :3] @ self.to_rect[:3, :3].T + self.to_rect[:3, 3], raw[:, 3]

    def project(self, points: Array) -> Array:
        """Project (n, 3) rect points ahead of the camera to (n, 2) pixels."""
        image = points @ self.p2[:, :3].T + self.p2[:, 3]
        return image[:, :2] / image[:, 2:]

    def picture(self, frame: int) -> NDArray[np.uint8] | None:
        """Return a frame as BGR, or None if it cannot be read."""
        return cv2.imread(str(self.folder / "image_02" / f"{frame:06d}.jpg"))


def _parsed(line: str) -> Box:
    f = line.split()
    numbers = np.array(f[5:], float)
    return Box(int(f[0]), int(f[1]), f[2], int(f[3]), int(f[4]), numbers[1:5], numbers[5:8], numbers[8:11], numbers[11])


def check_files(drive: Drive) -> list[str]:
    """Every frame has a 640x360 picture, a sweep of finite points, a pose and a time; the drive is under 6 MB."""
    wrong = []
    for frame in drive.frames:
        picture = drive.picture(frame)
        if picture is None or picture.shape != (360, 640, 3):
            wrong.append(f"frame {frame}: no 640x360 picture")
        points, reflectance = drive.sweep(frame)
        if not (np.isfinite(points).all() and ((reflectance >= 0) & (reflectance <= 1)).all()):
            wrong.append(f"frame {frame}: bad points")
    for name, columns in (("poses.txt", 12), ("timestamps.txt", 1)):
        if np.loadtxt(drive.folder / name, ndmin=2).shape != (len(drive.frames), columns):
            wrong.append(f"{name}: not {len(drive.frames)} rows of {columns}")
    size = sum(p.stat().st_size for p in drive.folder.rglob("*") if p.is_file())
    print(f"{len(drive.frames)} frames, {size / 1e6:.2f} MB, {len(drive.boxes)} labels")
    return wrong + ([f"{size} bytes: over 6 MB"] if size >= 6e6 else [])


def check_boxes(drive: Drive) -> list[str]:
    """Every 2D box lies within the projection of its 3D box, and fills it well where nothing is cut off."""
    wrong, fills = [], []
    for b in drive.boxes:
        corners = b.corners()
        if corners[:, 2].min() < 0.3:
            continue  # reaches behind the image plane: its projection has no bounds
        outer = drive.project(corners)
        low, high = np.clip(outer.min(0), 0, [639, 359]), np.clip(outer.max(0), 0, [639, 359])
        if (b.box[:2] < low - 0.6).any() or (b.box[2:] > high + 0.6).any():
            wrong.append(f"frame {b.frame} track {b.track}: 2D box outside its 3D box")
        if b.kind in {"Car", "Truck", "Bus"} and not b.truncated:
            fills.append(np.prod(b.box[2:] - b.box[:2]) / np.prod(high - low))
    print(f"2D box / projected 3D box, untruncated vehicles: median {np.median(fills):.3f}, least {min(fills):.3f}")
    return wrong + (["a vehicle fills less than 0.7 of its projected 3D box"] if min(fills) < 0.7 else [])


def check_points(drive: Drive) -> list[str]:
    """Near unoccluded objects hold points; points in a 3D box project into its 2D box; the road is 1.65 m below."""
    wrong, held, strays, total, heights = [], [], 0, 0, []
    for frame in drive.frames:
        points, _ = drive.sweep(frame)
        heights.append(np.percentile(points[(np.abs(points[:, 0]) < 3) & (points[:, 1] > 1.5), 1], 50))
        ahead = points[points[:, 2] > 0.5]
        for b in (b for b in drive.boxes if b.frame == frame):
            inside = ahead[b.holds(ahead, MARGIN) & (ahead[:, 1] < b.location[1] - 0.1)]
            if b.kind in SOLID and not b.occluded and not b.truncated and b.location[2] < 25:
                held.append(len(inside))
                if len(inside) < 5:
                    wrong.append(f"frame {frame} track {b.track}: {len(inside)} points at {b.location[2]:.0f} m")
            if len(inside) and b.truncated == 0:
                uv, grow = drive.project(inside), 0.05 * drive.p2[0, 0] / b.location[2] + 0.5
                outside = (uv < b.box[:2] - grow).any(1) | (uv > b.box[2:] + grow).any(1)
                strays, total = strays + int(outside.sum()), total + len(inside)
    print(f"points in unoccluded objects nearer than 25 m: median {np.median(held):.0f}, least {min(held)}")
    print(f"points in 3D boxes that leave the 2D box: {strays} of {total}")
    print(f"road below the camera: {min(heights):.3f} to {max(heights):.3f} m (1.65 m)")
    if strays > 0.01 * total:
        wrong.append("more than 1% of the points in 3D boxes leave the 2D box")
    return wrong + (["the road is not 1.65 m below the camera"] if max(abs(np.array(heights) - 1.65)) > 0.02 else [])


def check_poses(drive: Drive) -> list[str]:
    """Objects that stand still in the world keep their place when labels are moved by the poses."""
    poses = np.loadtxt(drive.folder / "poses.txt", ndmin=2).reshape(-1, 3, 4)
    row = {frame: i for i, frame in enumerate(drive.frames)}
    standing: dict[int, list[Array]] = {}
    for b in drive.boxes:
        pose = poses[row[b.frame]]
        standing.setdefault(b.track, []).append(pose[:, :3] @ b.location + pose[:, 3])
    spread = {t: float(np.ptp(np.array(p), axis=0).max()) for t, p in standing.items() if 6 <= t <= 13 or t >= 30}
    print(f"standing objects: {len(spread)}, moved by the poses at most {max(spread.values()):.3f} m")
    return [f"track {t} moves {s:.3f} m though it stands" for t, s in spread.items() if s > 0.01]


def draw(drive: Drive, frame: int) -> NDArray[np.uint8]:
    """Return a frame with its LiDAR points (near red, far blue), 2D boxes and 3D boxes."""
    picture = drive.picture(frame)
    assert picture is not None, f"frame {frame} cannot be read"
    canvas = cv2.resize(picture, None, fx=2, fy=2)
    points, _ = drive.sweep(frame)
    points = points[points[:, 2] > 0.5]
    shades = cv2.applyColorMap(np.clip(255 - 5 * points[:, 2], 0, 255).astype(np.uint8), cv2.COLORMAP_JET)[:, 0]
    for (u, v), shade in zip(2 * drive.project(points) + 0.5, shades.tolist(), strict=True):
        if 0 <= u < 1280 and 0 <= v < 720:
            cv2.circle(canvas, (int(u), int(v)), 2, shade, -1)
    for b in (b for b in drive.boxes if b.frame == frame):
        left, top, right, bottom = (2 * b.box + 0.5).astype(int).tolist()
        cv2.rectangle(canvas, (left, top), (right, bottom), (0, 255, 255), 1)
        cv2.putText(canvas, f"{b.track} {b.kind} {b.occluded}", (left, top - 3), 0, 0.4, (0, 255, 255), 1, cv2.LINE_AA)
        corners = b.corners()
        if corners[:, 2].min() > 0.3:
            uv = (2 * drive.project(corners) + 0.5).astype(int).tolist()
            for i in range(8):
                for j in (i | 1, i | 2, i | 4):
                    if i != j:
                        cv2.line(canvas, uv[i], uv[j], (80, 255, 80), 1, cv2.LINE_AA)
    return canvas


def main() -> None:
    """Run all checks; exit 1 if one fails."""
    parser = argparse.ArgumentParser(description="Check a rendered drive.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=Path, help="draw annotated frames into this folder")
    arguments = parser.parse_args()
    drive = Drive(arguments.folder)
    if arguments.pictures:
        arguments.pictures.mkdir(parents=True, exist_ok=True)
        for frame in drive.frames:
            cv2.imwrite(str(arguments.pictures / f"{frame:06d}.png"), draw(drive, frame))
    wrong = [w for check in (check_files, check_boxes, check_points, check_poses) for w in check(drive)]
    print("\n".join(wrong) or "all checks passed")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
