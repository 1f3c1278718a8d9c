"""Readers of LiDAR files: what is written comes back, and nothing but a BadInputError comes of anything else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tightrope.errors import BadInputError
from tightrope_road.lidar import PointCloud, read_points
from tightrope_road.lidar.files import decode_points
from tightrope_road.lidar.lzf import decompress
from tightrope_road.workload import SAMPLE

metres = st.floats(-200, 200, width=32)
clouds = st.integers(1, 30).flatmap(lambda count: arrays(np.float32, (count, 4), elements=metres))


def as_pcd(rows: np.ndarray, kind: str, kinds: str = "F F F F", sizes: str = "4 4 4 4") -> bytes:
    head = (
        f"# .PCD v0.7\nVERSION 0.7\nFIELDS x y z intensity\nSIZE {sizes}\nTYPE {kinds}\nCOUNT 1 1 1 1\n"
        f"WIDTH {len(rows)}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {len(rows)}\nDATA {kind}\n"
    ).encode()
    if kind == "ascii":
        return head + "".join(" ".join(repr(float(v)) for v in row) + "\n" for row in rows).encode()
    if kind == "binary":
        return head + rows.astype("<f4").tobytes()
    plain = rows.astype("<f4").T.tobytes()
    packed = literal(plain)
    return head + np.array([len(packed), len(plain)], "<u4").tobytes() + packed


def literal(plain: bytes) -> bytes:
    """LZF without a single reference."""
    return b"".join(bytes([len(plain[k : k + 32]) - 1]) + plain[k : k + 32] for k in range(0, len(plain), 32))


def as_ply(rows: np.ndarray, kind: str) -> bytes:
    head = (
        f"ply\nformat {kind} 1.0\ncomment of a test\nelement vertex {len(rows)}\nproperty float x\nproperty float y\n"
        "property float z\nproperty float intensity\nend_header\n"
    ).encode()
    if kind == "ascii":
        return head + "".join(" ".join(repr(float(v)) for v in row) + "\n" for row in rows).encode()
    return head + rows.astype(">f4" if "big" in kind else "<f4").tobytes()


def as_floats(rows: np.ndarray) -> bytes:
    return rows.astype("<f4").tobytes()


def same(cloud: PointCloud, rows: np.ndarray) -> None:
    assert np.array_equal(cloud.xyz, rows[:, :3])
    assert np.array_equal(cloud.intensity, rows[:, 3])
    assert cloud.dropped == 0


@given(clouds, st.sampled_from(["ascii", "binary", "binary_compressed"]))
def test_pcd_comes_back(rows: np.ndarray, kind: str) -> None:
    same(decode_points(as_pcd(rows, kind), "a.pcd"), rows)


@given(clouds, st.sampled_from(["ascii", "binary_little_endian", "binary_big_endian"]))
def test_ply_comes_back(rows: np.ndarray, kind: str) -> None:
    same(decode_points(as_ply(rows, kind), "a.ply"), rows)


@given(clouds)
def test_bare_floats_come_back(rows: np.ndarray) -> None:
    rows = np.abs(rows)
    same(decode_points(as_floats(rows), "a.bin"), rows)
    with_ring = np.column_stack([rows, np.zeros(len(rows), np.float32)])
    same(decode_points(as_floats(with_ring), "a.pcd.bin"), rows)


def test_lzf_repeats_what_overlaps() -> None:
    assert decompress(bytes([1, ord("a"), ord("b"), 0b010_00000, 1]), 6) == b"ababab"
    assert decompress(bytes([0, 7, 0b111_00000, 11, 0]), 21) == bytes([7]) * 21


@pytest.mark.parametrize("packed", [b"\x05a", b"\x20\x00", b"\xe0", b"\x00a\x40\x05", b"\x00a"])
def test_lzf_that_is_broken_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match=r"it "):
        decompress(packed, 9)


_SEEDS = [as_pcd(np.ones((3, 4)), kind) for kind in ("ascii", "binary", "binary_compressed")]
_SEEDS += [as_ply(np.ones((3, 4)), kind) for kind in ("ascii", "binary_little_endian")]
_SEEDS += [as_floats(np.ones((5, 4)))]


@settings(max_examples=400)
@given(
    st.sampled_from(_SEEDS),
    st.sampled_from(["a.bin", "a.pcd.bin", "a.pcd", "a.ply"]),
    st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=6)), max_size=5),
    st.integers(0, 400),
)
def test_whatever_the_bytes_are_they_are_points_or_a_typed_error(
    seed: bytes, name: str, edits: list[tuple[int, bytes]], end: int
) -> None:
    data = bytearray(seed)
    for at, piece in edits:
        data[at : at + len(piece)] = piece
    complaint = f"{name}: nothing"
    cloud = PointCloud(np.empty((0, 3), np.float32), np.empty(0, np.float32))
    try:
        cloud = decode_points(bytes(data[: end if end % 3 else None]), name)
    except BadInputError as error:
        complaint = str(error)

    assert complaint.startswith(name)
    assert "\n" not in complaint
    assert np.isfinite(cloud.xyz).all()
    assert np.isfinite(cloud.intensity).all()
    assert cloud.xyz.shape == (len(cloud), 3)


@pytest.mark.parametrize(
    ("data", "name", "complaint"),
    [
        (b"", "a.bin", "is empty"),
        (b"\0" * 17, "a.bin", "truncated"),
        (b"\0" * 20, "a.bin", "nuScenes"),
        (b"\0" * 16, "a.pcd.bin", "KITTI"),
        (np.full((4, 4), np.nan, "<f4").tobytes(), "a.bin", "100% of its points are not finite"),
        (np.full((4, 4), -1, "<f4").tobytes(), "a.bin", "negative strengths"),
        (np.full((4, 4), 5e4, "<f4").tobytes(), "a.bin", "not the metre"),
        (as_floats(3 * np.ones((400, 4)) / 1e3), "a.bin", "not the metre, but likely the kilometre"),
        (as_pcd(np.ones((3, 4)), "binary")[:-1], "a.pcd", "truncated"),
        (as_ply(np.ones((3, 4)), "binary_big_endian")[:-1], "a.ply", "truncated"),
        (as_ply(np.ones((3, 4)), "ascii").replace(b" x", b" u"), "a.ply", "have no x"),
        (as_pcd(np.ones((3, 4)), "ascii").replace(b"POINTS 3", b"POINTS 30000000"), "a.pcd", "the limit"),
        (b"\0", "a.las", "no LiDAR file"),
    ],
)
def test_a_file_that_is_wrong_is_named(data: bytes, name: str, complaint: str) -> None:
    with pytest.raises(BadInputError, match=complaint):
        decode_points(data, name)


WRONG = {
    0.001: "within .* m; .*its unit is not the metre, but likely the kilometre",
    0.01: "within .* m; .*its unit is not the metre, or it was divided by 100",
    100.0: "beyond .* m; its unit is not the metre, but likely the centimetre",
    1000.0: "beyond .* m; its unit is not the metre, but likely the millimetre",
}


def bundled() -> list[Path]:
    return sorted((SAMPLE.parent / "velodyne").glob("*.bin"))


def in_unit(cloud: PointCloud, scale: float) -> PointCloud:
    return PointCloud.of(cloud.xyz * np.float32(scale), cloud.intensity, "a sweep")


@pytest.mark.parametrize(("scale", "complaint"), WRONG.items())
def test_a_wrong_unit_is_named_on_every_bundled_sweep(scale: float, complaint: str) -> None:
    for file in bundled():
        cloud = read_points(file)
        with pytest.raises(BadInputError, match=complaint):
            in_unit(cloud, scale)


def test_a_wrong_unit_is_named_on_real_sweeps(shared_data: Path) -> None:
    """Whole turns and what lies ahead; nuScenes' have the roof that carries the sensor in them."""
    files = [
        *sorted((shared_data / "kitti-drive-0052/velodyne").glob("*.bin")),
        shared_data / "kitti-000008/velodyne.bin",
    ]
    files += sorted((shared_data / "nuscenes-sample").glob("*.pcd.bin"))
    assert len(files) > 40
    for file in files:
        cloud = read_points(file)
        for scale, complaint in WRONG.items():
            with pytest.raises(BadInputError, match=complaint):
                in_unit(cloud, scale)


@given(st.floats(1.7, 20), st.floats(0.05, 0.45), st.integers(100, 1000), st.integers(0, 9), st.sampled_from([*WRONG]))
def test_scenes_near_and_far_pass_in_metres_and_in_no_other_unit(
    median: float, spread: float, count: int, seed: int, scale: float
) -> None:
    """From a garage's walls to an open field; ranges are spread as those of real sweeps are, by their logarithm."""
    random = np.random.default_rng(seed)
    away = random.normal(0, 1, (count, 3))
    away *= (median * np.exp(spread * random.normal(0, 1, count)) / np.linalg.norm(away, axis=1))[:, None]
    away *= median / np.median(np.linalg.norm(away, axis=1))
    cloud = PointCloud.of(away, None, "a sweep")

    assert len(cloud) == count
    with pytest.raises(BadInputError, match="not the metre"):
        in_unit(cloud, scale)


@given(st.integers(1, 99), st.floats(0.001, 300))
def test_a_few_points_are_never_refused(count: int, far: float) -> None:
    """Nearly all beams may find nothing, as in rain or under an open sky."""
    assert len(PointCloud.of(np.full((count, 3), far / 3**0.5), None, "a sweep")) == count


def test_the_origin_in_place_of_no_return_says_nothing_of_the_unit() -> None:
    cloud = read_points(bundled()[0])
    rows = np.concatenate([cloud.xyz, np.zeros((50 * len(cloud), 3), np.float32)])

    assert len(PointCloud.of(rows, None, "a sweep")) == len(rows)
    with pytest.raises(BadInputError, match="likely the centimetre"):
        PointCloud.of(rows * np.float32(100), None, "a sweep")


def test_points_without_a_return_are_left_out_and_counted() -> None:
    rows = np.ones((5, 4), np.float32)
    rows[2, 1] = np.nan
    rows[4] = np.inf
    cloud = decode_points(as_pcd(rows, "binary"), "a.pcd")

    assert (len(cloud), cloud.dropped) == (3, 2)


def test_the_bundled_sweeps_are_read() -> None:
    sweeps = [read_points(file) for file in bundled()]

    assert len(sweeps) == 48
    assert min(len(sweep) for sweep in sweeps) > 3000


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="does not exist"):
        read_points(tmp_path / "none.bin")
