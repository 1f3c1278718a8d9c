"""Whatever is acknowledged has exactly one result, however often the listener is killed.

With the shipped network as the judge the studies are real radiographs, so that all that it says comes up.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pynetdicom import AE, AllStoragePresentationContexts, evt

from tightrope.errors import TightropeError
from tightrope_triage.data import read_nih
from tightrope_triage.listen import worklist

from ..tools import as_dx
from .objects import result_uid, write, write_many
from .peers import STAND_IN, Listener, program, storescu, wait_until

STUDIES, KILLS = 200, 3
REAL = (str(Path(sys.executable).with_name("tightrope")), "triage", "listen", "{folder}", "--port", "{port}")
COMMANDS = {"stand-in": STAND_IN, "tightrope": REAL}
PATIENCE_S = 900.0  # a bound for a hang: the real judge writes 400 results


class Archive:
    """A node that keeps what it gets."""

    def __init__(self) -> None:
        self.got: Counter[str] = Counter()
        entity = AE("ARCHIVE")
        entity.supported_contexts = AllStoragePresentationContexts
        self.server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, self._store)])
        self.node = f"ARCHIVE@127.0.0.1:{self.server.server_address[1]}"

    def _store(self, event: evt.Event) -> int:
        self.got[str(event.request.AffectedSOPInstanceUID)] += 1
        return 0x0000


@pytest.fixture
def archive() -> Iterator[Archive]:
    archive = Archive()
    yield archive
    archive.server.shutdown()


def push_by_dcmtk(port: int, files: list[Path], acknowledged: set[str]) -> None:
    """Until each is acknowledged."""
    while left := [path for path in files if path.name not in acknowledged]:
        acknowledged |= storescu(port, left)[0]
        time.sleep(0.05)


def push_by_pynetdicom(port: int, files: list[Path], acknowledged: set[str]) -> None:
    """Until each is acknowledged, a new association after each that broke."""
    entity = AE("SCU")
    entity.dimse_timeout = 2.0  # pynetdicom waits this long for an answer on a connection that is gone
    entity.requested_contexts = AllStoragePresentationContexts[:20]
    while left := [path for path in files if path.name not in acknowledged]:
        association = entity.associate("127.0.0.1", port, ae_title="TIGHTROPE")
        with contextlib.suppress(RuntimeError):  # the association broke
            for path in left:
                if association.send_c_store(dcmread(path)).get("Status") == 0x0000:
                    acknowledged.add(path.name)
        if association.is_established:
            association.release()
        time.sleep(0.05)


def radiographs(data: Path, folder: Path) -> list[Path]:
    """Adults as DX objects of 512 x 512 pixels, as many suspicious ones as others."""
    folder.mkdir()
    cases = read_nih(data, fold=0)
    chosen = [case for label in (0, 1) for case in [each for each in cases if each.label == label][: STUDIES // 2]]
    return [write(as_dx(case), folder / f"{number:04d}.dcm") for number, case in enumerate(chosen)]


def finished(folder: Path) -> int:
    try:
        return sum(row.result_s is not None for row in worklist(folder))
    except TightropeError:
        return 0


@pytest.mark.verify
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_three_times_while_200_studies_come_in(
    name: str, tmp_path: Path, process: Callable[..., Listener], archive: Archive, request: pytest.FixtureRequest
) -> None:
    program("storescu", "dcmtk")
    folder = tmp_path / "studies"
    if name == "tightrope":
        files = radiographs(request.getfixturevalue("shared_data"), folder)
    else:
        files = write_many(folder, STUDIES, side=256)
    uids = {path.name: str(dcmread(path).SOPInstanceUID) for path in files}
    listener = process("--send-to", archive.node, command=COMMANDS[name])
    acknowledged: set[str] = set()
    halves = files[::2], files[1::2]
    pushers = [
        threading.Thread(target=push, args=(listener.port, half, acknowledged), daemon=True)
        for push, half in zip((push_by_dcmtk, push_by_pynetdicom), halves, strict=True)
    ]
    for pusher in pushers:
        pusher.start()
    received = listener.folder / "received"
    for kill in range(1, KILLS + 1):
        enough = kill * STUDIES // (KILLS + 1)
        wait_until(lambda enough=enough: len(list(received.glob("*.dcm"))) >= enough, PATIENCE_S)
        assert len(acknowledged) < STUDIES, "killed too late to matter"
        listener.kill()
        listener.start()
    for pusher in pushers:
        pusher.join()

    assert acknowledged == set(uids)
    wait_until(lambda: finished(listener.folder) == STUDIES, PATIENCE_S)
    rows = worklist(listener.folder)
    assert Counter(row.sop_instance_uid for row in rows) == Counter(uids.values())
    assert {row.state for row in rows} <= {"PRIORITY", "ROUTINE", "CANNOT JUDGE"}
    wait_until(lambda: all(row.sent == row.results for row in worklist(listener.folder)), PATIENCE_S)
    assert len(archive.got) == sum(row.results for row in worklist(listener.folder))
    if name == "tightrope":
        assert {row.results for row in worklist(listener.folder)} == {2}  # a report and a picture
        states = Counter(row.state for row in rows)
        assert min(states["PRIORITY"], states["ROUTINE"]) > STUDIES // 10, states
    else:
        assert set(archive.got) == {result_uid(uid) for uid in uids.values()}
        assert [row.reasons for row in rows if row.reasons] == []
    assert listener.end() == 0
    assert not list(received.glob("*.part"))
