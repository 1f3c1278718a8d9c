"""MCAP: what is written is read again; Foxglove's and ROS 2's messages; files that are cut off or wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("mcap")

from mcap.reader import make_reader

from tightrope.errors import BadInputError
from tightrope.runtime import State
from tightrope_road.calibration.camera import rigid
from tightrope_road.drive.moment import Moment
from tightrope_road.drive.scene import Notice, Scene
from tightrope_road.drive.writers import foxglove
from tightrope_road.drive.writers.mcap import McapWriter
from tightrope_road.drive.writers.writer import Manner
from tightrope_road.fusion.collision import Collision
from tightrope_road.fusion.observation import Place, Seen
from tightrope_road.lidar import read_points
from tightrope_road.logs import Broken, Shot, Sweep, open_log
from tightrope_road.logs.mcap.frames import Frames
from tightrope_road.logs.mcap.lens import lens_of
from tightrope_road.logs.mcap.reading import Message
from tightrope_road.logs.mcap.sensors import rotation
from tightrope_road.pictures import read_picture
from tightrope_road.tracking import Obstacle, Status
from tightrope_road.workload import SAMPLE

from .conftest import make_picture

LOG = open_log("sample")


def moment(frame: int) -> Moment:
    picture = read_picture(SAMPLE / f"{frame:06d}.jpg")
    points = read_points(SAMPLE.parent / f"velodyne/{frame:06d}.bin")
    return Moment(Shot(frame * 0.1, frame, f"{frame:06d}", picture), points, LOG.camera)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    with McapWriter(tmp_path, LOG) as writer:
        for frame in range(4):
            writer.write(Scene(moment(frame), (), State.OK, "", frame * 0.1, "model", True, {}))
        writer.write(Notice(0.35, State.STALE, "nothing has come"))
    return tmp_path / "drive.mcap"


def test_what_is_written_is_read_again(recording: Path) -> None:
    log = open_log(str(recording))
    events = list(log)
    points = [event.points for event in events if isinstance(event, Sweep)]
    pictures = [event.picture for event in events if isinstance(event, Shot)]

    assert len(points) == len(pictures) == 4
    assert log.period_s == pytest.approx(0.1)
    assert np.array_equal(points[2].xyz, moment(2).points.xyz)  # type: ignore[union-attr]
    assert np.abs(pictures[2].astype(int) - moment(2).shot.picture).mean() < 3
    assert log.camera is not None
    assert LOG.camera is not None
    assert log.camera.projection == pytest.approx(LOG.camera.projection)
    assert log.camera.lidar_to_camera == pytest.approx(LOG.camera.lidar_to_camera, abs=1e-9)
    assert log.trajectory is not None
    assert LOG.trajectory is not None
    assert log.trajectory.ego(0.15).place == pytest.approx(LOG.trajectory.ego(0.15).place, abs=1e-6)


def test_foxglove_finds_what_it_needs(recording: Path) -> None:
    with recording.open("rb") as file:
        summary = make_reader(file).get_summary()
        scene = [json.loads(m.data) for _, c, m in make_reader(file).iter_messages() if c.topic == "/scene"]
    assert summary is not None
    schemas = {schema.name: json.loads(schema.data) for schema in summary.schemas.values()}
    points = schemas["foxglove.PointCloud"]["properties"]

    assert points["data"] == {"type": "string", "contentEncoding": "base64"}
    assert {schema.encoding for schema in summary.schemas.values()} == {"jsonschema"}
    assert [one["state"] for one in scene] == ["OK"] * 4 + ["STALE"]


def car() -> Obstacle:
    place = Place(np.array([1.0, 20.0]), 1.0, 18.0, 0.1, None, 40)
    box = np.array([300.0, 150, 340, 180])
    closing = Collision(2.14, 0.38)
    return Obstacle(2, "car", Status.tracked, 0.8, box, Seen.both, 1.0, 0.0, place, collision=closing)


def told(file: Path, topic: str) -> list[tuple[int, Any]]:
    """Times of logging, ms, and messages."""
    with file.open("rb") as opened:
        found = [
            (m.log_time, json.loads(m.data)) for _, c, m in make_reader(opened).iter_messages() if c.topic == topic
        ]
    return [(round(at / 1e6), message) for at, message in found]


@pytest.mark.parametrize(("manner", "lives_ms"), [(Manner(0.15), 150), (Manner(), 300)])
def test_boxes_are_logged_when_they_were_shown_and_live_as_long_as_they_are_current(
    manner: Manner, lives_ms: int, tmp_path: Path
) -> None:
    with McapWriter(tmp_path, LOG, manner) as writer:
        writer.write(Scene(moment(1), (car(),), State.OK, "", 0.1, "model", True, {}))
        writer.write(Scene(moment(2), (car(),), State.DEGRADED, "late", 0.287, "model", False, {}))
    file = tmp_path / "drive.mcap"
    cubes = told(file, "/obstacles")
    entities = [message["entities"][0] for _, message in cubes]

    assert [at for at, _ in cubes] == [at for at, _ in told(file, "/camera/obstacles")] == [100, 287]
    assert [at for at, _ in told(file, "/scene")] == [100, 287]
    assert [at for at, _ in told(file, "/camera/image")] == [at for at, _ in told(file, "/lidar/points")] == [100, 200]
    assert [entity["lifetime"] for entity in entities] == [{"sec": 0, "nsec": lives_ms * 1_000_000}] * 2
    assert [entity["timestamp"]["nsec"] for entity in entities] == [100_000_000, 200_000_000]


@pytest.mark.parametrize(("state", "gone"), [(State.STALE, True), (State.FAILED, True), (State.DEGRADED, False)])
def test_what_is_shown_goes_when_nothing_is_current(state: State, gone: bool, tmp_path: Path) -> None:
    with McapWriter(tmp_path, LOG) as writer:
        writer.write(Scene(moment(1), (car(),), State.OK, "", 0.12, "model", True, {}))
        writer.write(Notice(0.401, state, "the newest answer is 0.30 s old"))
    cubes, boxes = (told(tmp_path / "drive.mcap", topic) for topic in ("/obstacles", "/camera/obstacles"))

    assert len(cubes) == len(boxes) == 1 + gone
    if gone:
        at, message = cubes[-1]
        assert at == boxes[-1][0] == 401
        assert message == {
            "deletions": [{"timestamp": {"sec": 0, "nsec": 401_000_000}, "type": 1, "id": ""}],
            "entities": [],
        }
        assert boxes[-1][1] == {"circles": [], "points": [], "texts": []}


def test_a_time_to_collision_has_its_error_wherever_it_is_told(tmp_path: Path) -> None:
    scene = Scene(moment(1), (car(),), State.OK, "", 0.1, "model", True, {})
    coasting = replace(scene, obstacles=(replace(car(), status=Status.coasting),))
    still = replace(scene, obstacles=(replace(car(), collision=None),))
    with McapWriter(tmp_path, LOG) as writer:
        writer.write(scene)
    (_, cubes), (_, boxes) = (told(tmp_path / "drive.mcap", topic)[0] for topic in ("/obstacles", "/camera/obstacles"))

    assert str(scene) == "000001: OK, camera+lidar: car 2 at 20.0 m, TTC 2.1 +- 0.4 s"
    assert str(coasting).endswith("car 2 at 20.0 m, TTC 2.1 +- 0.4 s, coasting")
    assert str(still).endswith("car 2 at 20.0 m")
    assert cubes["entities"][0]["texts"][0]["text"] == boxes["texts"][0]["text"] == "2 car 20.0 m, TTC 2.1 +- 0.4 s"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_recording_that_was_cut_off_is_read_until_there(share: float, recording: Path) -> None:
    data = recording.read_bytes()
    cut = recording.with_name("cut.mcap")
    cut.write_bytes(data[: int(len(data) * share)])
    try:
        *events, last = open_log(str(cut))
    except BadInputError as error:
        assert "cut.mcap" in str(error)  # noqa: PT017
    else:
        assert isinstance(last, Broken) or share > 0.9
        assert all(isinstance(event, Shot | Sweep) for event in events)


@pytest.mark.parametrize("data", [b"", b"no mcap at all", b"\x89MCAP0\r\n", b"\x89MCAP0\r\n" + b"\xff" * 90])
def test_what_is_no_mcap_is_named(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mcap").write_bytes(data)
    with pytest.raises(BadInputError, match=r"a\.mcap"):
        open_log(str(tmp_path / "a.mcap"))


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_a_rotation_goes_there_and_back(turn: list[float]) -> None:
    matrix = rotation(*turn)
    back = foxglove.quaternion(matrix)

    assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-9)
    assert rotation(**back) == pytest.approx(matrix, abs=1e-9)


STAMP = "builtin_interfaces/Time stamp\nstring frame_id\n"
HEADER = f"{'=' * 80}\nMSG: std_msgs/Header\n{STAMP}"
TIME = f"{'=' * 80}\nMSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec\n"
ROS = {
    "sensor_msgs/msg/Image": "std_msgs/Header header\nuint32 height\nuint32 width\nstring encoding\n"
    f"uint8 is_bigendian\nuint32 step\nuint8[] data\n{HEADER}{TIME}",
    "sensor_msgs/msg/PointCloud2": "std_msgs/Header header\nuint32 height\nuint32 width\nPointField[] fields\n"
    f"bool is_bigendian\nuint32 point_step\nuint32 row_step\nuint8[] data\nbool is_dense\n{HEADER}{TIME}"
    f"{'=' * 80}\nMSG: sensor_msgs/PointField\nstring name\nuint32 offset\nuint8 datatype\nuint32 count\n",
    "sensor_msgs/msg/CameraInfo": "std_msgs/Header header\nuint32 height\nuint32 width\nstring distortion_model\n"
    f"float64[] d\nfloat64[9] k\nfloat64[9] r\nfloat64[12] p\n{HEADER}{TIME}",
    "tf2_msgs/msg/TFMessage": f"geometry_msgs/TransformStamped[] transforms\n{HEADER}{TIME}"
    f"{'=' * 80}\nMSG: geometry_msgs/TransformStamped\nstd_msgs/Header header\nstring child_frame_id\n"
    f"Transform transform\n{'=' * 80}\nMSG: geometry_msgs/Transform\nVector3 translation\nQuaternion rotation\n"
    f"{'=' * 80}\nMSG: geometry_msgs/Vector3\nfloat64 x\nfloat64 y\nfloat64 z\n"
    f"{'=' * 80}\nMSG: geometry_msgs/Quaternion\nfloat64 x\nfloat64 y\nfloat64 z\nfloat64 w\n",
}


def header(seconds: float, frame: str) -> Any:
    nanoseconds = round(seconds * 1e9)
    return SimpleNamespace(stamp=SimpleNamespace(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9), frame_id=frame)


def test_a_recording_of_ros_2_is_read_without_ros(tmp_path: Path) -> None:
    ros2 = pytest.importorskip("mcap_ros2.writer")
    assert LOG.camera is not None
    picture, cloud = make_picture(640, 360), moment(0).points
    assert cloud is not None
    data = np.column_stack([cloud.xyz, cloud.intensity]).astype("<f4").tobytes()
    fields = [
        SimpleNamespace(name=n, offset=4 * k, datatype=7, count=1) for k, n in enumerate(("x", "y", "z", "intensity"))
    ]
    matrix = LOG.camera.lidar_to_camera
    transform = SimpleNamespace(
        translation=SimpleNamespace(**foxglove.vector(matrix[:3, 3])),
        rotation=SimpleNamespace(**foxglove.quaternion(matrix[:3, :3])),
    )
    edge = SimpleNamespace(header=header(0, "camera_optical"), child_frame_id="velodyne", transform=transform)
    info = SimpleNamespace(
        header=header(0, "camera_optical"),
        height=360,
        width=640,
        distortion_model="plumb_bob",
        d=[],
        k=LOG.camera.projection[:, :3].ravel().tolist(),
        r=np.eye(3).ravel().tolist(),
        p=LOG.camera.projection.ravel().tolist(),
    )
    with (tmp_path / "ros.mcap").open("wb") as file:
        writer = ros2.Writer(file)
        schema = {name: writer.register_msgdef(name, text) for name, text in ROS.items()}
        writer.write_message("/tf_static", schema["tf2_msgs/msg/TFMessage"], SimpleNamespace(transforms=[edge]), 0)
        writer.write_message("/camera/camera_info", schema["sensor_msgs/msg/CameraInfo"], info, 0)
        for k in range(3):
            at = 10 + k * 0.1
            sweep = SimpleNamespace(
                header=header(at, "velodyne"),
                height=1,
                width=len(cloud),
                fields=fields,
                is_bigendian=False,
                point_step=16,
                row_step=len(data),
                data=data,
                is_dense=True,
            )
            image = SimpleNamespace(
                header=header(at + 0.01, "camera_optical"),
                height=360,
                width=640,
                encoding="rgb8",
                is_bigendian=0,
                step=1920,
                data=np.ascontiguousarray(picture[..., ::-1]).tobytes(),
            )
            writer.write_message("/points", schema["sensor_msgs/msg/PointCloud2"], sweep, round(at * 1e9))
            writer.write_message("/camera/image", schema["sensor_msgs/msg/Image"], image, round((at + 0.01) * 1e9))
        writer.finish()
    log = open_log(str(tmp_path / "ros.mcap"))
    events = list(log)

    assert [type(event) for event in events] == [Sweep, Shot] * 3
    assert events[1].captured_at == pytest.approx(10.01)
    assert isinstance(events[1], Shot)
    assert np.array_equal(events[1].picture, picture)
    assert isinstance(events[0], Sweep)
    assert np.array_equal(events[0].points.xyz, cloud.xyz)
    assert log.camera is not None
    assert log.camera.lidar_to_camera == pytest.approx(matrix, abs=1e-9)


def test_a_recording_of_protobuf_messages_is_read(tmp_path: Path) -> None:
    writers = pytest.importorskip("mcap_protobuf.writer")
    pytest.importorskip("foxglove_schemas_protobuf")
    from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
    from foxglove_schemas_protobuf.PointCloud_pb2 import PointCloud

    jpeg = (SAMPLE / "000000.jpg").read_bytes()
    rows = np.abs(np.random.default_rng(0).normal(0, 9, (50, 3))).astype("<f4")
    with (tmp_path / "a.mcap").open("wb") as file, writers.Writer(file) as writer:
        cloud = PointCloud(frame_id="lidar", point_stride=12, data=rows.tobytes())
        cloud.timestamp.FromNanoseconds(5_000_000_000)
        for k, name in enumerate("xyz"):
            cloud.fields.add(name=name, offset=4 * k, type=7)
        image = CompressedImage(frame_id="camera", data=jpeg, format="jpeg")
        image.timestamp.FromNanoseconds(5_010_000_000)
        writer.write_message("/points", cloud, 5_000_000_000, 5_000_000_000)
        writer.write_message("/image", image, 5_010_000_000, 5_010_000_000)
    log = open_log(str(tmp_path / "a.mcap"))
    (shot,) = log

    assert log.camera is None  # no calibration: the camera alone
    assert isinstance(shot, Shot)
    assert shot.captured_at == pytest.approx(5.01)
    assert shot.picture.shape == (360, 640, 3)


def test_a_lens_that_bends_is_straightened() -> None:
    camera = {"K": [500.0, 0, 320, 0, 500, 180, 0, 0, 1], "R": np.eye(3).ravel().tolist(), "D": [-0.3, 0.1, 0, 0, 0]}
    message = Message("/camera", "foxglove.CameraCalibration", 0.0, {**camera, "distortion_model": "plumb_bob"})
    lens = lens_of(message, np.hstack([np.reshape(camera["K"], (3, 3)), np.zeros((3, 1))]), "a test")
    assert lens is not None
    straight = np.array([[[0.4, 0.2, 1.0]]])
    bent, _ = cv2.projectPoints(straight, np.zeros(3), np.zeros(3), lens.camera, lens.bends)
    picture = np.zeros((360, 640, 3), np.uint8)
    cv2.circle(picture, tuple(int(v) for v in np.round(bent.ravel())), 4, (255, 255, 255), -1)
    moved = np.argwhere(lens.straight(picture)[..., 0] > 128).mean(axis=0)

    assert moved[::-1] == pytest.approx([320 + 500 * 0.4, 180 + 500 * 0.2], abs=1)


def test_a_mount_that_is_told_again_and_again_is_no_motion() -> None:
    frames = Frames()
    for step in range(4):
        for child, parent, ahead in (("camera", "base", 1.5), ("base", "map", 10.0 * step)):
            _, times, matrices = frames.edges.setdefault(child, (parent, [], []))
            times.append(float(step))
            matrices.append(rigid(np.eye(3), np.array([0.0, 0.0, ahead])))

    trajectory = frames.trajectory("camera", "log")

    assert trajectory is not None
    assert trajectory.ego(1.5).velocity == pytest.approx([0, 10])


def test_a_lens_that_is_not_known_is_named() -> None:
    values = {"K": [1.0] * 9, "R": [], "D": [0.1, 0.2, 0.3], "distortion_model": "mystery"}
    with pytest.raises(BadInputError, match="mystery"):
        lens_of(Message("/camera", "foxglove.CameraCalibration", 0.0, values), np.eye(3, 4), "a test")
