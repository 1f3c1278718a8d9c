"""Push and pull. Digests are compared before anything goes out, and again before anything that came in is kept."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tightrope.artifact import CARD, MANIFEST, Artifact
from tightrope.errors import ArtifactError, BadInputError, OutputError, TightropeError
from tightrope.hub.card import hub_card
from tightrope.writing import check_writable

_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


class HubError(TightropeError):
    """The hub refuses, or is not there."""


@dataclass(frozen=True)
class Parcel:
    """What would be pushed: the files, by their path in the repository, and what kind of repository that is."""

    repo: str
    folder: Path
    files: tuple[str, ...]
    bytes: int
    kind: Literal["model", "space"] = "model"


def check_repo(repo: str) -> None:
    """Raises BadInputError if it is not 'owner/name'."""
    if not _REPO.fullmatch(repo):
        raise BadInputError(f"a repository on the hub is OWNER/NAME, not {repo!r}")


@contextmanager
def parcel(repo: str, artifacts: Sequence[Artifact], task: str | None = None) -> Iterator[Parcel]:
    """A folder as the repository will be: an artifact a folder, and the page above them. Nothing is sent.

    Raises:
        BadInputError: no such name of a repository, or two artifacts of the same name.
    """
    check_repo(repo)
    names = [artifact.manifest.name for artifact in artifacts]
    if len(set(names)) < len(names):
        raise BadInputError("two of the artifacts have the same name; push them to repositories of their own")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for artifact in artifacts:
            place = folder / artifact.manifest.name
            place.mkdir()
            for name in _files(artifact):
                shutil.copyfile(artifact.path / name, place / name)
            Artifact.load(place)
        (folder / CARD).write_text(hub_card(repo, artifacts, task), encoding="utf-8")
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        listed = tuple(file.relative_to(folder).as_posix() for file in files)
        yield Parcel(repo, folder, listed, sum(file.stat().st_size for file in files))


def push(sent: Parcel, private: bool, endpoint: str | None = None) -> str:
    """Make the repository if it is not there, and upload the parcel in one commit; gives the page's address.

    Who one is, is huggingface_hub's matter: `hf auth login`, or HF_TOKEN.

    Raises:
        HubError: the hub refuses, or is not there.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi(endpoint=endpoint, library_name="tightrope")
    names = sorted({name.partition("/")[0] for name in sent.files} - {CARD})
    message = f"Upload {', '.join(names)}" if sent.kind == "model" else "The demo of Tightrope"
    files = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=sent.folder / name) for name in sent.files]
    with _told(api.endpoint, sent.repo):
        sdk = "gradio" if sent.kind == "space" else None
        api.create_repo(sent.repo, private=private, exist_ok=True, repo_type=sent.kind, space_sdk=sdk)
        # Not upload_folder: that may make several commits, and a ladder is right as a whole or not at all.
        api.create_commit(sent.repo, files, commit_message=message, repo_type=sent.kind)
    return f"{api.endpoint}/{'spaces/' if sent.kind == 'space' else ''}{sent.repo}"


def pull(repo: str, into: Path, revision: str | None = None, endpoint: str | None = None) -> list[Artifact]:
    """Fetch the artifacts of a repository to `into`/<artifact>; older ones of the same name are replaced.

    Raises:
        HubError: the hub refuses, or is not there.
        ArtifactError: there is no artifact in it, or one is not what its digests say; then nothing is kept.
        OutputError: `into` cannot be written.
    """
    from huggingface_hub import HfApi

    check_repo(repo)
    check_writable(into)
    api = HfApi(endpoint=endpoint, library_name="tightrope")
    with tempfile.TemporaryDirectory(dir=into, prefix=".pull.") as scratch:
        with _told(api.endpoint, repo):
            api.snapshot_download(repo, revision=revision, local_dir=scratch, repo_type="model")
        found = sorted(file.parent for file in Path(scratch).glob(f"*/{MANIFEST}"))
        if not found:
            raise ArtifactError(f"{repo} has no artifact of Tightrope in it")
        for folder in found:
            _check(folder, repo)
        return [_keep(folder, into / folder.name) for folder in found]


def _check(folder: Path, repo: str) -> None:
    try:
        artifact = Artifact.load(folder)
    except ArtifactError as error:
        said = str(error).replace(f"{folder.parent}/", "")
        raise ArtifactError(f"{repo}: {said}") from error
    if artifact.manifest.name != folder.name:
        raise ArtifactError(f"{repo}: the folder {folder.name} holds an artifact called {artifact.manifest.name}")
    for file in folder.iterdir():  # only what was verified is kept
        if file.name not in _files(artifact):
            file.unlink() if file.is_file() else shutil.rmtree(file)


def _keep(folder: Path, target: Path) -> Artifact:
    try:
        if target.exists():
            Artifact.load(target)  # anything else of that name is not ours to replace
            shutil.rmtree(target)
        folder.replace(target)
    except ArtifactError as error:
        raise OutputError(f"{target} is there already, and is no artifact; choose another --into") from error
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    return Artifact.load(target)


def _files(artifact: Artifact) -> list[str]:
    """What belongs to an artifact: the manifest, the card, and what the manifest names."""
    manifest = artifact.manifest
    named = [entry.file for entry in (*manifest.graphs.values(), *manifest.files.values())]
    return [MANIFEST, *([CARD] if (artifact.path / CARD).is_file() else []), *named]


@contextmanager
def _told(endpoint: str, repo: str) -> Iterator[None]:
    """What huggingface_hub raises, in one line."""
    from huggingface_hub import errors

    try:
        yield
    except errors.RepositoryNotFoundError as error:
        raise HubError(
            f"{endpoint} has no repository {repo} that you may see; `hf auth login` says who you are"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise HubError(f"{repo} has no such revision") from error
    except errors.HfHubHTTPError as error:
        raise HubError(f"{endpoint} refuses {repo}: {_first(error)}") from error
    except errors.HFValidationError as error:
        raise BadInputError(f"{repo}: {_first(error)}") from error
    except OSError as error:
        raise HubError(f"cannot reach {endpoint}: {_first(error)}") from error
    except Exception as error:
        # The HTTP library's own errors, whichever it is in this version of huggingface_hub.
        if type(error).__module__.startswith(("httpx", "httpcore", "requests", "urllib3")):
            raise HubError(f"cannot reach {endpoint}: {_first(error)}") from error
        raise


def _first(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
