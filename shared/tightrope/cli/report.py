"""`tightrope report`: one HTML page about an app's artifacts, written from their evidence."""

from __future__ import annotations

from pathlib import Path

import typer

from tightrope.app import find_app
from tightrope.artifact import Artifact
from tightrope.cli.core import print_json
from tightrope.cli.place import app_of, artifacts_at, only_folder, own_budget
from tightrope.errors import ArtifactError
from tightrope.ladder import Ladder
from tightrope.models import artifact_names, open_artifact
from tightrope.report.facts import fits
from tightrope.report.page import write_page
from tightrope.writing import write_text


def report_command(app: str, artifact: str | None, out: Path, as_json: bool) -> None:
    """Write the page about all shipped artifacts of the app, or about one.

    Args:
        app: name of an installed app, or a folder that is an artifact or has some in it.
        artifact: shipped name or folder; None: all that are shipped.
        out: the HTML file; appears whole or not at all.
        as_json: print what was written as JSON.

    Raises:
        ArtifactError: there is none, or one does not verify.
        MissingExtraError: matplotlib is not installed.
        OutputError: the page cannot be written.
    """
    only_folder(app)
    if found := artifacts_at(app):
        chosen = app_of(found[0])
        name, summary = found[0].manifest.app, "A model of one's own." if chosen is None else chosen.summary
        profile, budget = "its own budget", own_budget(found[0])
        artifacts = in_ladder_order(found)
    else:
        chosen = find_app(app)
        file = chosen.budget()
        name, summary, profile, budget = app, chosen.summary, file.default, file.profile()
        names = [artifact] if artifact else artifact_names(app)
        artifacts = in_ladder_order([open_artifact(app, one) for one in names])
    if not artifacts:
        raise ArtifactError(f"no artifact of {app} is shipped; make one with `tightrope compress {app}`")
    write_text(out, write_page(name, summary, artifacts, profile, budget))
    shown = [{"name": item.manifest.name, "fits": fits(item.manifest.evidence, budget)} for item in artifacts]
    if as_json:
        print_json({"out": str(out), "profile": profile, "artifacts": shown})
    else:
        typer.echo(f"wrote {out}: {', '.join(str(row['name']) for row in shown)}")


def in_ladder_order(artifacts: list[Artifact]) -> list[Artifact]:
    """The cheapest rung first, as it is the one to ship; what is not on the ladder last."""
    ladder = Ladder.of(artifacts)

    def place(artifact: Artifact) -> tuple[int, str]:
        rung = ladder.position(artifact.manifest.name)
        return (len(ladder.rungs) if rung is None else -rung, artifact.manifest.name)

    return sorted(artifacts, key=place)
