"""A study goes from an Orthanc server to the listener, and the result comes back into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tightrope_triage.listen import worklist

from .objects import radiograph, result_uid, write
from .peers import Listener, Orthanc, free_port, program, wait_until


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Callable[[int], Orthanc]]:
    begun: list[Orthanc] = []

    def start(port: int) -> Orthanc:
        begun.append(Orthanc(tmp_path / "orthanc", port))
        return begun[-1]

    yield start
    for server in begun:
        server.end()


def test_from_orthanc_and_back(orthanc: Callable[[int], Orthanc], tmp_path: Path) -> None:
    program("Orthanc", "orthanc")
    port = free_port()
    server = orthanc(port)
    listener = Listener(
        tmp_path / "worklist", port, "--judge", "reports", "--send-to", f"ORTHANC@127.0.0.1:{server.dicom}"
    )
    try:
        study = ""
        datasets = [radiograph(n, patient="TEST1") for n in range(3)]
        for dataset in datasets:
            dataset.StudyInstanceUID = datasets[0].StudyInstanceUID
            made = server.post("/instances", write(dataset, tmp_path / "one.dcm").read_bytes())
            study = made["ParentStudy"]
        assert server.post("/modalities/tightrope/echo", b"{}") == {}
        sent = server.post("/modalities/tightrope/store", study.encode())
        assert (sent["InstancesCount"], sent["FailedInstancesCount"]) == (3, 0)
        wait_until(lambda: len(server.get(f"/studies/{study}/instances")) == 9)
        uids = {i["MainDicomTags"]["SOPInstanceUID"] for i in server.get(f"/studies/{study}/instances")}
        assert {result_uid(str(dataset.SOPInstanceUID)) for dataset in datasets} < uids

        def all_sent() -> bool:
            return [(row.sent, row.results) for row in worklist(listener.folder)] == [(2, 2)] * 3

        wait_until(all_sent)
        # Stored once more, with our own results in it: nothing is judged or sent again.
        assert server.post("/modalities/tightrope/store", study.encode())["FailedInstancesCount"] == 0
        assert [row.tries for row in worklist(listener.folder)] == [1] * 3
        assert all_sent()
        assert list((listener.folder / "outgoing").iterdir()) == []
    finally:
        listener.kill()
