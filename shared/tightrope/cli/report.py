"""`tightrope report`: one HTML page about an app's artifacts, written from their evidence."""

from __future__ import annotations

from pathlib import Path

import typer

from tightrope.app import find_app
from tightrope.artifact import Artifact
from tightrope.cli.core import print_json
from tightrope.errors import ArtifactError
from tightrope.ladder import Ladder
from tightrope.models import artifact_names, open_artifact
from tightrope.report.facts import fits
from tightrope.report.page import write_page
from tightrope.writing import write_text


def report_command(app: str, artifact: str | None, out: Path, as_json: bool) -> None:
    """Write the page about all shipped artifacts of the app, or about one.

    Args:
        app: name of an installed app.
        artifact: shipped name or folder; None: all that are shipped.
        out: the HTML file; appears whole or not at all.
        as_json: print what was written as JSON.

    Raises:
        ArtifactError: there is none, or one does not verify.
        MissingExtraError: matplotlib is not installed.
        OutputError: the page cannot be written.
    """
    chosen = find_app(app)
    file = chosen.budget()
    budget = file.profile()
    artifacts = in_ladder_order(
        [open_artifact(app, name) for name in ([artifact] if artifact else artifact_names(app))]
    )
    if not artifacts:
        raise ArtifactError(f"no artifact of {app} is shipped; make one with `tightrope compress {app}`")
    write_text(out, write_page(app, chosen.summary, artifacts, file.default, budget))
    shown = [{"name": item.manifest.name, "fits": fits(item.manifest.evidence, budget)} for item in artifacts]
    if as_json:
        print_json({"out": str(out), "profile": file.default, "artifacts": shown})
    else:
        typer.echo(f"wrote {out}: {', '.join(str(row['name']) for row in shown)}")


def in_ladder_order(artifacts: list[Artifact]) -> list[Artifact]:
    """The cheapest rung first, as it is the one to ship; what is not on the ladder last."""
    ladder = Ladder.of(artifacts)

    def place(artifact: Artifact) -> tuple[int, str]:
        rung = ladder.position(artifact.manifest.name)
        return (len(ladder.rungs) if rung is None else -rung, artifact.manifest.name)

    return sorted(artifacts, key=place)
