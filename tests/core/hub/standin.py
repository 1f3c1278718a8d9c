"""A hub on this computer: as much of the Hugging Face hub's HTTP API as huggingface_hub calls to push and pull models,
and to push Spaces, whose names begin with 'spaces/' here as in their addresses.

Large files go through git-LFS's batch API, as on the real one; small ones stand in the commit itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlparse

import yaml

LARGE = 2000  # bytes; larger files are uploaded by themselves
_APIS = (["api", "models"], ["api", "spaces"])


@dataclass
class Repository:
    """Files by path, a commit a push, whether it is private, and what starts it if it is a Space."""

    private: bool
    sdk: str | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)

    @property
    def sha(self) -> str:
        return hashlib.sha1("".join(self.commits).encode()).hexdigest()


@dataclass
class Hub:
    """What the stand-in holds and what it was asked: (method, path) of each request."""

    url: str = ""
    token: str = "hf_standin"
    repositories: dict[str, Repository] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def serve() -> Iterator[Hub]:
    """A hub at hub.url until the block ends."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Silent."""

    def do_POST(self) -> None:
        parts, body = self._begin()
        if parts == ["api", "repos", "create"]:
            self._create(json.loads(body))
        elif parts == ["api", "validate-yaml"]:
            front = json.loads(body)["content"].split("---\n")[1]
            read = yaml.safe_load(front)
            missing = [
                key for result in read.get("model-index", []) for key in ("name", "results") if key not in result
            ]
            self._answer({"warnings": [], "errors": [{"message": f"{key} is missing"} for key in missing]})
        elif parts[:2] in _APIS and parts[4:5] == ["preupload"]:
            files = [
                {"path": f["path"], "shouldIgnore": False, "uploadMode": _mode(f)} for f in json.loads(body)["files"]
            ]
            self._answer({"files": files})
        elif parts[:2] in _APIS and parts[4:5] == ["commit"]:
            self._commit("/".join(parts[1 if parts[1] == "spaces" else 2 : 4]), body)
        elif parts[-2:] == ["objects", "batch"]:
            objects = [
                {**entry, "actions": {"upload": {"href": f"{self.hub.url}/blobs/{entry['oid']}"}}}
                for entry in json.loads(body)["objects"]
            ]
            self._answer({"transfer": "basic", "objects": objects})
        else:
            self._refuse(404, "EntryNotFound")

    def do_PUT(self) -> None:
        parts, body = self._begin()
        assert hashlib.sha256(body).hexdigest() == parts[-1], "what arrives is what was announced"
        self.hub.blobs[parts[-1]] = body
        self._answer({})

    def do_GET(self) -> None:
        parts, _ = self._begin()
        if parts[:2] == ["api", "models"]:
            self._about("/".join(parts[2:4]), parts[4:])
        elif parts[2:3] == ["resolve"]:
            self._file("/".join(parts[:2]), "/".join(parts[4:]))
        else:
            self._refuse(404, "EntryNotFound")

    do_HEAD = do_GET  # noqa: N815  (http.server's name)

    def _begin(self) -> tuple[list[str], bytes]:
        path = urlparse(self.path).path
        self.hub.asked.append((self.command, path))
        length = int(self.headers.get("Content-Length") or 0)
        return [unquote(part) for part in path.strip("/").split("/")], self.rfile.read(length)

    def _create(self, said: dict[str, Any]) -> None:
        if not self._known():
            self._refuse(401, "")
            return
        name = f"{said['organization']}/{said['name']}"
        if said.get("type") == "space":
            name = f"spaces/{name}"
        if name in self.hub.repositories:
            self._answer({"url": f"{self.hub.url}/{name}"}, 409)
            return
        private = bool(said.get("private")) or said.get("visibility") == "private"
        self.hub.repositories[name] = Repository(private, said.get("sdk"))
        self._answer({"url": f"{self.hub.url}/{name}"})

    def _commit(self, name: str, body: bytes) -> None:
        repository = self.hub.repositories[name]
        for line in body.decode().splitlines():
            entry = json.loads(line)
            if entry["key"] == "header":
                repository.commits.append(entry["value"]["summary"])
            if entry["key"] == "file":
                repository.files[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
            if entry["key"] == "lfsFile":
                repository.files[entry["value"]["path"]] = self.hub.blobs[entry["value"]["oid"]]
        page = f"{self.hub.url}/{name}/commit/{repository.sha}"
        self._answer({"success": True, "commitOid": repository.sha, "commitUrl": page, "hookOutput": ""})

    def _about(self, name: str, rest: list[str]) -> None:
        repository = self._seen(name)
        if repository is None:
            return
        if rest[:1] == ["tree"]:
            inside = "/".join(rest[2:])
            chosen = {path: data for path, data in repository.files.items() if path.startswith(inside)}
            self._answer([_entry(path, data) for path, data in sorted(chosen.items())])
            return
        if rest[:1] == ["revision"] and rest[1] not in ("main", repository.sha):
            self._refuse(404, "RevisionNotFound")
            return
        siblings = [{"rfilename": path} for path in sorted(repository.files)]
        about = {"_id": "1", "id": name, "sha": repository.sha, "private": repository.private, "siblings": siblings}
        self._answer({**about, "tags": [], "downloads": 0, "likes": 0})

    def _file(self, name: str, path: str) -> None:
        repository = self._seen(name)
        if repository is None:
            return
        if path not in repository.files:
            self._refuse(404, "EntryNotFound")
            return
        data = repository.files[path]
        tag = hashlib.sha256(data).hexdigest()
        self._send(200, data, {"ETag": f'"{tag}"', "X-Repo-Commit": repository.sha})

    def _seen(self, name: str) -> Repository | None:
        """The repository, if there is one that may be seen; else this is answered already."""
        repository = self.hub.repositories.get(name)
        if repository is None or (repository.private and not self._known()):
            self._refuse(404, "RepoNotFound")
            return None
        return repository

    def _known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {self.hub.token}"

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, json.dumps({"error": code or "no"}).encode(), {"X-Error-Code": code} if code else {})

    def _answer(self, value: Any, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _mode(file: dict[str, Any]) -> str:
    return "lfs" if file["size"] > LARGE else "regular"


def _entry(path: str, data: bytes) -> dict[str, Any]:
    oid = hashlib.sha1(data).hexdigest()
    return {"type": "file", "path": path, "size": len(data), "oid": oid}
