"""Peers store objects: what is taken, what is refused and how, and that nothing is judged twice."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless
from pynetdicom import AE, build_context
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE

from tightrope_triage.listen import Judged, Limits, worklist
from tightrope_triage.listen.storage import IMAGES, PLAIN_SYNTAXES, REPORTS, SYNTAXES

from .conftest import Here
from .objects import radiograph, uid, write, write_many
from .peers import Listener, program, storescu, wait_until

Start = Callable[..., Here]


def associate(port: int, called: str = "TIGHTROPE", calling: str = "SCU", contexts: Any = None) -> Association:
    entity = AE(calling)
    dataset = radiograph(0)
    contexts = contexts or [build_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)]
    return entity.associate("127.0.0.1", port, contexts, ae_title=called)


def send(port: int, *datasets: Dataset) -> list[int]:
    """The statuses of storing them in one association."""
    association = associate(port)
    assert association.is_established
    statuses = [association.send_c_store(dataset).Status for dataset in datasets]
    association.release()
    return statuses


def send_raw(port: int, encoded: bytes, instance: str, storage: str | None = None) -> int | None:
    """The status of storing bytes under a name; None if the association was aborted."""
    association = associate(port)
    request = C_STORE()
    request.MessageID = 1
    request.Priority = 2
    request.AffectedSOPClassUID = storage or radiograph(0).SOPClassUID
    request.AffectedSOPInstanceUID = instance
    request.DataSet = BytesIO(encoded)
    association._reactor_checkpoint.clear()
    association.dimse.send_msg(request, association.accepted_contexts[0].context_id)
    _, answer = association.dimse.get_msg(block=True)
    association._reactor_checkpoint.set()
    association.release()
    return None if answer is None else int(answer.Status)  # type: ignore[union-attr, arg-type]


def encoded(dataset: Dataset) -> bytes:
    from pynetdicom.dsutils import encode

    done = encode(dataset, is_implicit_vr=False, is_little_endian=True)
    assert done is not None
    return done


def files(here: Here | Listener) -> list[str]:
    folder = here.options.folder if isinstance(here, Here) else here.folder
    return sorted(path.name for path in (folder / "received").iterdir())


def rows_when_done(folder: Path, count: int) -> list[Any]:
    def done() -> list[Any] | None:
        rows = worklist(folder)
        return rows if len(rows) == count and all(row.result_s is not None for row in rows) else None

    found: list[Any] = wait_until(done)
    return found


def test_echo(listening: Start) -> None:
    echo = program("echoscu", "dcmtk")
    port = str(listening(callers=("MODALITY",)).port)
    base = [echo, "-aec", "TIGHTROPE", "-aet", "MODALITY", "127.0.0.1", port]
    assert subprocess.run(base, check=False, capture_output=True).returncode == 0
    for option, title in (("-aec", "OTHER"), ("-aet", "STRANGER")):
        assert subprocess.run([*base, option, title], check=False, capture_output=True).returncode != 0


def test_stored_by_dcmtk_judged_and_in_order(listening: Start, tmp_path: Path) -> None:
    here = listening()
    paths = write_many(tmp_path / "in", 10)
    acknowledged, said = storescu(here.port, paths)
    assert acknowledged == {path.name for path in paths}, said
    rows = rows_when_done(here.options.folder, 10)
    assert [row.probability for row in rows] == [n / 10 for n in range(9, -1, -1)]
    assert [row.state for row in rows] == ["PRIORITY"] * 5 + ["ROUTINE"] * 5
    assert all(0 <= row.result_s <= row.age_s for row in rows)
    assert {row.caller for row in rows} == {"STORESCU"}
    # The file is the object, as it was sent.
    kept = {str(d.SOPInstanceUID): d for d in map(dcmread, (here.options.folder / "received").iterdir())}
    for path in paths:
        original = dcmread(path)
        assert kept[str(original.SOPInstanceUID)] == original


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("JPEG2000.dcm", "-xw"),
        ("MR_small_RLE.dcm", "-xr"),
        ("JPEG-LL.dcm", "-xs"),
        ("MR_small_jp2klossless.dcm", "-xv"),
    ],
)
def test_compressed_objects_of_other_kinds(listening: Start, name: str, option: str) -> None:
    here = listening(judge=lambda path: Judged.refused(f"{dcmread(path).file_meta.TransferSyntaxUID.name}"))
    path = Path(str(get_testdata_file(name, download=False)))
    acknowledged, said = storescu(here.port, [path], option)
    assert acknowledged == {name}, said
    (row,) = rows_when_done(here.options.folder, 1)
    assert row.state == "CANNOT JUDGE"
    assert row.reasons == (dcmread(path).file_meta.TransferSyntaxUID.name,)


def test_every_class_and_syntax_is_negotiated(listening: Start) -> None:
    port = listening().port
    asked = [build_context(storage, syntax) for storage in IMAGES for syntax in SYNTAXES]
    asked += [build_context(storage, syntax) for storage in REPORTS for syntax in PLAIN_SYNTAXES]
    for first in range(0, len(asked), 128):
        association = associate(port, contexts=asked[first : first + 128])
        assert len(association.accepted_contexts) == len(asked[first : first + 128])
        association.release()


def test_reports_are_refused_one_by_one(listening: Start) -> None:
    here = listening()
    report = radiograph(1)
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = REPORTS[0]
    contexts = [build_context(str(d.SOPClassUID), PLAIN_SYNTAXES) for d in (report, radiograph(2))]
    association = associate(here.port, contexts=contexts)
    assert [association.send_c_store(d).Status for d in (report, radiograph(2))] == [0x0122, 0x0000]
    association.release()
    assert len(files(here)) == 1


def test_the_same_object_again_is_one_case(listening: Start) -> None:
    here = listening()
    one, other = radiograph(1), radiograph(1)
    other.PixelData = bytes(len(one.PixelData))
    assert send(here.port, one, one, other) == [0x0000, 0x0000, 0x0111]
    assert send(here.port, one, other) == [0x0000, 0x0111]
    rows_when_done(here.options.folder, 1)
    assert send(here.port, one) == [0x0000]
    assert len(files(here)) == 1
    assert worklist(here.options.folder)[0].tries == 1


def test_the_same_object_in_another_syntax_is_one_case(listening: Start, tmp_path: Path) -> None:
    here = listening()
    assert send(here.port, radiograph(1)) == [0x0000]
    packed = radiograph(1)
    packed.compress(RLELossless, generate_instance_uid=False)
    assert storescu(here.port, [write(packed, tmp_path / "rle.dcm")], "-xr")[0] == {"rle.dcm"}
    stranger = radiograph(1, patient="ELSE1")
    stranger.compress(RLELossless, generate_instance_uid=False)
    assert storescu(here.port, [write(stranger, tmp_path / "else.dcm")], "-xr")[0] == set()
    rows_when_done(here.options.folder, 1)


def test_too_large_is_refused_and_leaves_nothing(listening: Start) -> None:
    here = listening(limits=Limits(object_bytes=20_000))
    assert send(here.port, radiograph(1, side=120), radiograph(2)) == [0xC010, 0x0000]
    # One that never ends is cut off.
    association = associate(here.port)
    with pytest.raises((RuntimeError, AttributeError)):
        association.send_c_store(radiograph(3, side=1000)).Status  # noqa: B018
    assert send(here.port, radiograph(4)) == [0x0000]
    assert len(files(here)) == 2


def test_large_objects_are_not_held_in_memory(process: Callable[..., Listener], tmp_path: Path) -> None:
    listener = process()
    small, large = write(radiograph(1), tmp_path / "1.dcm"), write(radiograph(2, side=8000), tmp_path / "2.dcm")
    program("storescu", "dcmtk")
    assert storescu(listener.port, [small])[0]
    before = _peak_mib(listener.process.pid)
    # Refused after all bytes, by a judge-free path: only what receives them can need memory.
    listener.end()
    listener = process("--object-bytes", str(120 * 1024 * 1024))
    assert storescu(listener.port, [large])[0] == set()
    assert _peak_mib(listener.process.pid) < before + 30


def _peak_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def test_full_queue_asks_to_try_again(process: Callable[..., Listener], tmp_path: Path) -> None:
    listener = process("--judge", "held", "--waiting", "2")
    paths = write_many(tmp_path / "in", 8)
    acknowledged, said = storescu(listener.port, paths)
    assert len(acknowledged) == 2
    assert said.count("Refused: OutOfResources") == 6
    (tmp_path / "go").touch()
    while left := [path for path in paths if path.name not in acknowledged]:
        acknowledged |= storescu(listener.port, left)[0]
        time.sleep(0.1)
    rows_when_done(listener.folder, 8)


@pytest.mark.parametrize("hostile", ["../../../tmp/x", "/etc/passwd", "1.2.3\x00.4", "1.2.<b>", "a" * 64])
def test_hostile_uids_name_no_file(listening: Start, hostile: str, tmp_path: Path) -> None:
    here = listening()
    dataset = radiograph(1)
    dataset.add_new("SOPInstanceUID", "UI", hostile)
    status = send_raw(here.port, encoded(dataset), hostile)
    assert status in {0x0117, 0xC000, 0xA900, None}
    assert files(here) == []
    assert {path.name for path in tmp_path.iterdir()} == {"worklist"}
    assert send(here.port, radiograph(2)) == [0x0000]


def test_data_sets_that_are_not_what_they_should_be(listening: Start) -> None:
    here = listening()
    good = radiograph(1)
    instance = str(good.SOPInstanceUID)
    assert send_raw(here.port, b"\xff" * 1000, instance) == 0xC000
    assert send_raw(here.port, encoded(radiograph(2)), instance) == 0xA900
    assert send_raw(here.port, encoded(good)[:60], instance) in {0xC000, 0xA900}
    nested = b"".join(b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" for _ in range(20_000))
    assert send_raw(here.port, nested, instance) in {0xC000, 0xA900}
    assert files(here) == []
    assert send(here.port, good) == [0x0000]


def test_disk_full_is_refused_and_leaves_nothing(process: Callable[..., Listener], tmp_path: Path) -> None:
    listener = process()
    # No file of the process may grow past this: writing fails as on a full disk.
    resource.prlimit(listener.process.pid, resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    large, small = write(radiograph(1, side=1000), tmp_path / "1.dcm"), write(radiograph(2), tmp_path / "2.dcm")
    acknowledged, said = storescu(listener.port, [large, small])
    assert acknowledged == {"2.dcm"}
    assert "Refused: OutOfResources" in said
    rows_when_done(listener.folder, 1)
    assert len(files(listener)) == 1


def test_database_full_is_refused_and_leaves_nothing(listening: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    from tightrope_triage.listen.cases import Worklist

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    here = listening()
    with monkeypatch.context() as patch:
        patch.setattr(Worklist, "admit", full)
        assert send(here.port, radiograph(1)) == [0xA700]
        assert files(here) == []
    assert send(here.port, radiograph(1)) == [0x0000]


def test_too_many_associations_are_told_so(listening: Start) -> None:
    here = listening(limits=Limits(associations=2))
    held = [associate(here.port) for _ in range(2)]
    assert all(association.is_established for association in held)
    assert associate(here.port).is_rejected
    for association in held:
        association.release()
    assert wait_until(lambda: associate(here.port).is_established)


def test_many_at_once(listening: Start) -> None:
    """Two associations race for the same objects."""
    import threading

    here = listening(limits=replace(Limits(), associations=6))
    datasets = [radiograph(n) for n in range(15)]
    statuses: list[list[int]] = []
    threads = [threading.Thread(target=lambda: statuses.append(send(here.port, *datasets))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [[0x0000] * 15] * 4
    rows = rows_when_done(here.options.folder, 15)
    assert [row.tries for row in rows] == [1] * 15
    assert len(files(here)) == 15
    assert uid("image", 0) in {row.sop_instance_uid for row in rows}
