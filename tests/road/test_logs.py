"""Logs: what each layout is read as, and what is wrong with those that cannot be."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tightrope.errors import BadInputError, OutputError
from tightrope_road.drive.writers import open_writers
from tightrope_road.logs import Broken, Log, Shot, Sweep, open_log
from tightrope_road.logs.kitti import read_times
from tightrope_road.logs.trajectory import Trajectory
from tightrope_road.logs.video import read_csv
from tightrope_road.workload import SAMPLE
from tightrope_road.writers.video import VideoFile

from .conftest import make_picture

DRIVE = SAMPLE.parent


def copy_drive(folder: Path, frames: int = 4) -> Path:
    """The first frames of the bundled drive."""
    for kind, suffix in (("image_02", "jpg"), ("velodyne", "bin")):
        (folder / kind).mkdir(parents=True)
        for frame in range(frames):
            shutil.copy(DRIVE / kind / f"{frame:06d}.{suffix}", folder / kind)
    for name in ("calib.txt", "poses.txt", "timestamps.txt"):
        lines = (DRIVE / name).read_text().splitlines(keepends=True)
        (folder / name).write_text("".join(lines if name == "calib.txt" else lines[:frames]))
    return folder


def kinds(log: Log) -> str:
    return "".join({Shot: "p", Sweep: "s", Broken: "b"}[type(event)] for event in log)


def test_the_bundled_drive_is_known_by_its_name() -> None:
    log = open_log("sample")
    events = list(log)

    assert [type(event) for event in events[:4]] == [Sweep, Shot, Sweep, Shot]
    assert len(events) == 96
    assert log.period_s == pytest.approx(0.1)
    assert log.camera is not None
    assert log.trajectory is not None
    assert np.hypot(*log.trajectory.ego(1.0).velocity) == pytest.approx(10, abs=1)  # type: ignore[misc]


def test_poses_compensate_the_motion_between_picture_and_sweep() -> None:
    trajectory = open_log("sample").trajectory
    assert trajectory is not None
    moved = trajectory.between(0.45, 0.5)

    assert moved is not None
    assert moved[2, 3] == pytest.approx(-0.5, abs=0.02)  # 10 m/s: what stands comes half a metre nearer
    assert trajectory.pose(100.0) is None


def test_a_recording_in_the_raw_layout_has_the_times_and_poses_of_its_own(tmp_path: Path) -> None:
    date = tmp_path / "2011_09_26"
    drive = copy_drive(tmp_path / "plain", 3)
    raw = date / "2011_09_26_drive_0001_sync"
    for source, target in (("image_02", "image_02/data"), ("velodyne", "velodyne_points/data")):
        shutil.copytree(drive / source, raw / target)
    for sensor, millis in (("image_02", 0), ("velodyne_points", 20)):
        stamps = [f"2011-09-26 13:02:25.{100 * k + millis:03d}000000" for k in range(3)]
        (raw / sensor / "timestamps.txt").write_text("\n".join(stamps))
    values = dict(line.split(":", 1) for line in (drive / "calib.txt").read_text().splitlines())
    lidar = np.array(values["Tr_velo_to_cam"].split(), float).reshape(3, 4)
    turn, shift = (" ".join(map(str, part.ravel())) for part in (lidar[:, :3], lidar[:, 3]))
    (date / "calib_cam_to_cam.txt").write_text(f"P_rect_02:{values['P2']}\nR_rect_00:{values['R0_rect']}\n")
    (date / "calib_velo_to_cam.txt").write_text(f"R: {turn}\nT: {shift}\n")
    (date / "calib_imu_to_velo.txt").write_text("R: 1 0 0 0 1 0 0 0 1\nT: -0.8 0.3 -0.8\n")
    (raw / "oxts/data").mkdir(parents=True)
    shutil.copy(raw / "image_02/timestamps.txt", raw / "oxts")
    for k in range(3):  # one metre to the east every tenth of a second, looking east
        degrees = np.degrees(k / (6378137.0 * np.cos(np.radians(49.0))))
        (raw / f"oxts/data/{k:010d}.txt").write_text(f"49.0 {8.4 + degrees:.12f} 112.0 0 0 0 " + "0 " * 24)
    log = open_log(str(raw))

    assert kinds(log) == "pspsps"
    first, second = list(log)[:2]
    assert second.captured_at - first.captured_at == pytest.approx(0.02, abs=1e-5)
    assert log.trajectory is not None
    assert np.hypot(*log.trajectory.ego(first.captured_at + 0.1).velocity) == pytest.approx(10, abs=0.1)  # type: ignore[misc]


def test_one_damaged_file_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    drive = copy_drive(tmp_path / "drive")
    (drive / "velodyne/000001.bin").write_bytes(b"\0" * 7)
    (drive / "image_02/000002.jpg").write_bytes((drive / "image_02/000002.jpg").read_bytes()[:900])
    events = list(open_log(str(drive)))

    assert "".join(type(event).__name__[0] + type(event).__name__[1] for event in events) == "SwShBrShSwBrSwSh"
    assert [event.number for event in events if isinstance(event, Shot)] == [0, 1, 3]


def test_a_video_has_the_times_beside_it(tmp_path: Path) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "a.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 20, (64, 48))
    for seed in range(4):
        writer.write(make_picture(seed=seed))
    writer.release()
    (tmp_path / "a.csv").write_text("seconds,what\n5.0,a\n5.1,b\n5.2,c\n5.35,d\n")
    log = open_log(str(tmp_path / "a.mp4"))

    assert [event.captured_at for event in log] == [5.0, 5.1, 5.2, 5.35]
    assert log.camera is None
    assert log.period_s == pytest.approx(0.1)

    (tmp_path / "a.csv").write_text("5.0\n5.1\n")
    *shots, last = open_log(str(tmp_path / "a.mp4"))
    assert len(shots) == 2
    assert isinstance(last, Broken)
    assert "more frames" in last.why


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("timestamps.txt", "0.0\n0.1\n0.1\n0.3\n", "do not ascend"),
        ("timestamps.txt", "0.0\nnoon\n", "no list of times"),
        ("timestamps.txt", "0.0\n0.1\n", "2 times for 4 files"),
        ("poses.txt", "1 0 0\n", "3 numbers in a row"),
        ("poses.txt", "nan " * 12 + "\n" + "1 " * 12 + "\n" + "1 " * 12 + "\n" + "1 " * 12, "not finite"),
        ("calib.txt", "P2: 1 2 3\n", "3 numbers instead of 12"),
    ],
)
def test_what_is_wrong_with_a_drive_is_named(name: str, content: str, complaint: str, tmp_path: Path) -> None:
    drive = copy_drive(tmp_path / "drive")
    (drive / name).write_text(content)
    with pytest.raises(BadInputError, match=complaint):
        open_log(str(drive))


@pytest.mark.parametrize(
    "listed", ["0.000e+00\n1.000e-01\n2.000e-01\n", "\ufeff0.0\n0.1\n0.2\n", "t\n 0.0\n0.1\n0.2\n"]
)
def test_no_time_of_a_video_is_taken_for_a_heading(listed: str, tmp_path: Path) -> None:
    (tmp_path / "clip.csv").write_text(listed, encoding="utf-8")
    assert read_csv(tmp_path / "clip.csv") == (0.0, 0.1, 0.2)


def test_a_video_without_times_has_the_pace_of_its_file(tmp_path: Path) -> None:
    with VideoFile(tmp_path / "slow.mp4", 8.0, (64, 48)) as video:
        video.write(make_picture(), 4)
    assert open_log(tmp_path / "slow.mp4").period_s == pytest.approx(1 / 8)


@pytest.mark.parametrize(
    ("names", "times"),
    [
        (["1531883530.41", "1531883530.51", "1531883530.61"], [0.0, 0.1, 0.2]),
        (["1531883530412470000", "1531883530512470000", "1531883530612470000"], [0.0, 0.1, 0.2]),
        (["000007", "000009", "000010"], [0.7, 0.9, 1.0]),
    ],
)
def test_frames_are_told_apart_by_their_whole_names(names: list[str], times: list[float], tmp_path: Path) -> None:
    (tmp_path / "image_02").mkdir()
    for number, name in enumerate(names):
        shutil.copy(DRIVE / "image_02" / f"{number:06d}.jpg", tmp_path / "image_02" / f"{name}.jpg")
    shots = list(open_log(tmp_path))
    assert [shot.name for shot in shots if isinstance(shot, Shot)] == names
    assert [shot.captured_at for shot in shots] == pytest.approx(times)


def test_pictures_with_calibrations_of_their_own_are_seen_by_them(tmp_path: Path) -> None:
    drive = copy_drive(tmp_path, 2)
    told = (drive / "calib.txt").read_text()
    (drive / "calib.txt").unlink()
    (drive / "calib").mkdir()
    (drive / "calib" / "000000.txt").write_text(told)
    line = next(line for line in told.splitlines() if line.startswith("P2"))
    values = line.split()
    wider = " ".join([values[0], str(float(values[1]) * 0.98), *values[2:]])
    (drive / "calib" / "000001.txt").write_text(told.replace(line, wider))

    cameras = [shot.camera for shot in open_log(drive) if isinstance(shot, Shot)]

    assert [camera.focal[0] / float(values[1]) for camera in cameras if camera] == pytest.approx([1.0, 0.98])


def test_where_poses_end_the_vehicle_stays_where_it_was() -> None:
    trajectory = open_log("sample").trajectory
    assert trajectory is not None
    last, beyond = trajectory.ego(trajectory.times[-1]), trajectory.ego(trajectory.times[-1] + 10)
    assert beyond.place == pytest.approx(last.place)
    assert beyond.velocity is None


@pytest.mark.parametrize("kind", ["video", "mcap"])
def test_no_recording_is_written_over(kind: str, tmp_path: Path) -> None:
    name = {"video": "drive.mp4", "mcap": "drive.mcap"}[kind]
    (tmp_path / name).write_bytes(b"the user's own")
    log = replace(open_log("sample"), name=str(tmp_path / name))  # type: ignore[type-var]
    with pytest.raises(OutputError, match="would replace the recording"), open_writers(tmp_path, [kind], log):
        pass


def test_what_is_no_log_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    for name, complaint in (("none", "does not exist"), (str(tmp_path), "no log that is known"), ("a.txt", "no log")):
        with pytest.raises(BadInputError, match=complaint):
            open_log(str(tmp_path / name) if name != str(tmp_path) else name)


def test_times_of_the_raw_recordings_are_read(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("2011-09-26 13:02:25.964389445\n2011-09-26 13:02:26.064000000\n")
    first, second = read_times(tmp_path / "t.txt")

    assert second - first == pytest.approx(0.099610555, abs=1e-6)


def test_poses_out_of_order_are_refused() -> None:
    with pytest.raises(BadInputError, match="do not ascend"):
        Trajectory.of(np.array([0.0, 0.0]), np.tile(np.eye(4), (2, 1, 1)), "poses")


def test_the_logs_of_the_real_sets_are_opened(shared_data: Path) -> None:
    for name, wanted in (("kitti-drive-0052", "sp" * 48), ("kitti-000008", "sp"), ("nuscenes-sample", "ps")):
        log = open_log(str(shared_data / name))
        assert kinds(log) == wanted
        assert log.camera is not None


def test_a_nuscenes_sample_has_six_cameras(shared_data: Path) -> None:
    folder = str(shared_data / "nuscenes-sample")
    assert kinds(open_log(folder, "CAM_BACK")) == "ps"
    with pytest.raises(BadInputError, match="CAM_FRONT"):
        open_log(folder, "CAM_FRNT")
