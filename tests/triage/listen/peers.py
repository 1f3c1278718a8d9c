"""Listeners and their peers as processes: ours, dcmtk's, Orthanc."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[2]
STAND_IN = (sys.executable, "-m", "triage.listen.standin", "{folder}", "{port}")
# Without the folder of this interpreter, where pynetdicom's programs have the names of dcmtk's.
_FOLDERS = [each for each in os.environ.get("PATH", "").split(os.pathsep) if Path(each) != Path(sys.executable).parent]
_PATH = os.pathsep.join((*_FOLDERS, "/usr/sbin", "/usr/local/sbin"))


def program(name: str, package: str) -> str:
    """Its path; skips by name where it is not installed."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        pytest.skip(f"needs {name}: apt-get install {package}")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true value; fails after `seconds`, which is a bound for a hang and no expectation."""
    until = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)
    return value


class Listener:
    """`command` with {folder} and {port} put in, started until it says that it listens."""

    def __init__(self, folder: Path, port: int, *extra: str, command: Iterable[str] = STAND_IN) -> None:
        self.folder, self.port = folder, port
        self._command = [part.format(folder=folder, port=port) for part in command] + list(extra)
        self.lines: list[str] = []
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        said = len(self.lines)
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        wait_until(lambda: self._listens(said))

    def _listens(self, said: int) -> bool:
        ended = self.process.poll() is not None
        if ended:  # it may have listened and died since: what it said tells
            self._reader.join(10)
        heard = any("listening" in line for line in self.lines[said:])
        assert heard or not ended, self.lines
        return heard

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip())

    def kill(self) -> None:
        """SIGKILL."""
        self._end(signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code after a signal."""
        return self._end(number)

    def _end(self, number: signal.Signals) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(60)
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def storescu(port: int, files: Iterable[Path], *options: str) -> tuple[set[str], str]:
    """Names of the files that were answered with success, and all that dcmtk said."""
    command = [program("storescu", "dcmtk"), "-v", "--no-halt", "-aec", "TIGHTROPE", *options, "127.0.0.1", str(port)]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    acknowledged, sending = set(), ""
    for line in said.splitlines():
        if begun := re.match(r"I: Sending file: (.*)", line):
            sending = Path(begun[1]).name
        elif line == "I: Received Store Response (Success)":
            acknowledged.add(sending)
    return acknowledged, said


class Orthanc:
    """An Orthanc server on free ports that knows one modality, 'tightrope'."""

    def __init__(self, folder: Path, port: int) -> None:
        """`port` is the listener's."""
        binary = program("Orthanc", "orthanc")
        self.dicom, self.http = free_port(), free_port()
        config = {
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "index"),
            "DicomAet": "ORTHANC",
            "DicomPort": self.dicom,
            "HttpPort": self.http,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "SslEnabled": False,
            "DicomModalities": {"tightrope": ["TIGHTROPE", "127.0.0.1", port]},
        }
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "orthanc.json"
        path.write_text(json.dumps(config))
        self._log = (folder / "log").open("w")
        self._process = subprocess.Popen([binary, str(path)], stdout=self._log, stderr=subprocess.STDOUT)
        wait_until(self._answers)

    def _answers(self) -> bool:
        assert self._process.poll() is None, "Orthanc ended; see its log"
        try:
            return bool(self.get("/system"))
        except OSError:
            return False

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=60) as answer:
            return json.load(answer)

    def post(self, path: str, data: bytes) -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", data=data, method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(60)
        self._log.close()
