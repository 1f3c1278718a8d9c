"""The commands that send artifacts elsewhere or fetch them: `push`, `pull` and `space`.

Each imports what it needs when it runs, as `core`'s do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tightrope.cli.core import AsJson, Quiet, known_apps


def push(
    place: Annotated[str, typer.Argument(metavar="APP|FOLDER", help="An app's artifacts, one by its folder, or many.")],
    repo: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="Repository; made if it is not there.")],
    task: Annotated[str | None, typer.Option(help="The hub's name of what it does, e.g. object-detection.")] = None,
    private: Annotated[bool, typer.Option("--private", help="Only for you and your organization.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be sent.")] = False,
    endpoint: Annotated[str | None, typer.Option(help="Another hub. [default: HF_ENDPOINT]")] = None,
    quiet: Quiet = False,
    a_space: Annotated[bool, typer.Option("--space", help="The folder is a Space: `tightrope space` made it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send artifacts to a Hugging Face hub, with a card.

    Lists the files, and asks before it sends. The manifest travels with them: it names the command that made the
    artifact. Needs the extra `hub`, and `hf auth login` or HF_TOKEN.

    \b
      tightrope push out/model-int8 somebody/model --dry-run
      tightrope push road somebody/road --private
      tightrope push space somebody/demo --space
    """
    from tightrope.cli.hub import push_command

    push_command(place, repo, task, private, yes, dry_run, endpoint, as_json, a_space, quiet)


def pull(
    repo: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="Repository.")],
    into: Annotated[Path | None, typer.Option(help="Folder for the artifacts. [default: NAME]")] = None,
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Another hub. [default: HF_ENDPOINT]")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Fetch artifacts from a hub; kept only if every digest matches.

    Needs the extra `hub`.

    \b
      tightrope pull somebody/model
      tightrope pull somebody/model --into models --revision v2
    """
    from tightrope.cli.hub import pull_command

    pull_command(repo, into, revision, endpoint, as_json, quiet)


def space(
    apps: Annotated[
        list[str] | None,
        typer.Argument(metavar="APP", help="Only these apps. [default: all]", autocompletion=known_apps),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to make.")] = Path("space"),
    title: Annotated[str, typer.Option(help="Of its page.")] = "Tightrope",
    model: Annotated[
        list[str] | None, typer.Option(metavar="OWNER/NAME", help="Repository to be linked with; more than once.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the demo as a Hugging Face Space, ready to be sent.

    A folder with app.py and all that it runs on, the artifacts too; nothing is sent. A Space is a server that everybody
    may use; its page says so. Needs the extras `demo` and `hub`.

    \b
      tightrope space road --out space
      python space/app.py                          (try it: for this computer only)
      tightrope push space somebody/demo --space   (lists the files, and asks)
    """
    from tightrope.cli.hub import space_command

    space_command(apps or [], out, title, model or [], as_json)
