"""`tightrope push` and `tightrope pull`: artifacts to and from a hub, only when they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from tightrope.app import find_apps
from tightrope.artifact import Artifact
from tightrope.cli.core import print_json
from tightrope.cli.place import artifacts_at
from tightrope.cli.progress import Progress
from tightrope.errors import ArtifactError, ConfigError
from tightrope.hub.client import parcel, pull, push
from tightrope.hub.space import APP_FILE, space_parcel, write_space
from tightrope.models import artifact_names, open_artifact


def push_command(
    place: str,
    repo: str,
    task: str | None,
    private: bool,
    yes: bool,
    dry_run: bool,
    endpoint: str | None,
    as_json: bool,
    a_space: bool = False,
    quiet: bool = False,
) -> None:
    """Show what would be sent, ask, send.

    Raises:
        ArtifactError: there is no artifact at `place`.
        ConfigError: nobody can be asked, and --yes was not said; or `place` is no Space.
        HubError: the hub refuses.
    """
    with space_parcel(repo, Path(place)) if a_space else parcel(repo, _artifacts(place), task) as sent:
        kind = "private" if private else "public"
        if not as_json:
            typer.echo(f"to {repo} ({kind}): {len(sent.files)} files, {sent.bytes / 1e6:.2f} MB")
            for name in sent.files:
                typer.echo(f"  {name}")
        url = None
        if not dry_run:
            _ask(yes, f"Send them to {repo}, {kind}?")
            with Progress(quiet) as progress:
                progress(f"sending {sent.bytes / 1e6:.2f} MB")
                url = push(sent, private, endpoint)
        if as_json:
            print_json({"repo": repo, "url": url, "files": list(sent.files), "bytes": sent.bytes})
        else:
            typer.echo(f"pushed: {url}" if url else "nothing was sent")


def pull_command(
    repo: str, into: Path | None, revision: str | None, endpoint: str | None, as_json: bool, quiet: bool = False
) -> None:
    """Fetch, compare digests, keep.

    Raises:
        HubError, ArtifactError, OutputError: as `pull` does.
    """
    with Progress(quiet) as progress:
        progress(f"fetching {repo}")
        kept = pull(repo, into or Path(repo.rpartition("/")[2] or repo), revision, endpoint)
    if as_json:
        print_json([{"name": one.manifest.name, "path": str(one.path), "bytes": one.size} for one in kept])
        return
    for one in kept:
        typer.echo(f"pulled {one.path}: digests match, {one.size / 1e6:.2f} MB")


def space_command(names: Sequence[str], out: Path, title: str, models: Sequence[str], as_json: bool) -> None:
    """Write the folder of a Space, and say how to try it and how to send it.

    Raises:
        ConfigError, BadInputError, MissingExtraError, OutputError: as `write_space` does.
    """
    files = write_space(out, names or [app.name for app in find_apps().values() if app.demo], title, models)
    size = sum(file.stat().st_size for file in files)
    if as_json:
        print_json({"folder": str(out), "files": [str(file) for file in files], "bytes": size})
        return
    typer.echo(f"made {out}: {len(files)} files, {size / 1e6:.1f} MB; nothing was sent")
    typer.echo("what next:")
    typer.echo(f"  python {out / APP_FILE}                             try it, for this computer only")
    typer.echo(f"  tightrope push {out} OWNER/NAME --space   list the files, ask, send")


def _artifacts(place: str) -> list[Artifact]:
    """Those of a folder, or all that an app ships."""
    found = artifacts_at(place) or [open_artifact(place, name) for name in artifact_names(place)]
    if not found:
        raise ArtifactError(f"no artifact in {place}: name an app, an artifact's folder, or a folder of artifacts")
    return found


def _ask(yes: bool, question: str) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError("nothing is sent without being asked for: say --yes, or --dry-run to see what would be")
    if not typer.confirm(question):
        raise typer.Exit()
