"""`tightrope triage`: run, listen, worklist and val."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_MODEL = "lite0-256-int8"

Model = Annotated[str, typer.Option("--model", "-m", help="Name of a shipped artifact, or a folder.")]
Profile = Annotated[str | None, typer.Option("--profile", help="Device profile of the budget.")]
Point = Annotated[str, typer.Option(help="Operating point: sensitivity-95 or sensitivity-90.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Sort chest radiographs so that suspicious ones are read first. For prioritization only.

\b
  tightrope triage run inbox/ --out results
  tightrope triage listen worklist/ --send-to PACS@127.0.0.1:4242
  tightrope triage worklist worklist/
""",
)


@app.command()
def run(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="DICOM files or folders.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for SR, Secondary Capture, JSON.")] = None,
    model: Model = DEFAULT_MODEL,
    point: Point = "sensitivity-95",
    frame: Annotated[int | None, typer.Option(min=1, help="Frame of multi-frame objects.")] = None,
    heat: Annotated[bool, typer.Option("--heat", help="Put a heat map into the Secondary Capture.")] = False,
    deidentify: Annotated[bool, typer.Option("--deidentify", help="Results by the PS3.15 basic profile.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="Cores for the model.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Judge radiographs; a table sorted by urgency.

    Each is PRIORITY, ROUTINE or CANNOT JUDGE, with the reason. Nothing leaves this machine, and no case leaves the
    queue. In folders what is not DICOM is skipped. A file that cannot be used is listed at the end; the rest is done.

    \b
      tightrope triage run chest.dcm
      tightrope triage run inbox/ --out results --heat
      tightrope triage run inbox/ --out results --deidentify --json

    Into --out go readings.jsonl and, for each object, UID.sr.dcm (Comprehensive 3D SR) and UID.sc.dcm (Secondary
    Capture). Ctrl-C ends after the object in hand, and what is done is kept.

    Exit codes: 0 done; 2 something could not be used; 130 ended by Ctrl-C.
    """
    from tightrope_triage.run_command import RunOptions, run_command

    run_command(RunOptions(tuple(paths), out, model, point, frame, heat, deidentify, threads, as_json))


@app.command()
def listen(
    folder: Annotated[Path, typer.Argument(help="Folder of the worklist; made if need be.")],
    aet: Annotated[str, typer.Option(help="AE title of this listener.")] = "TIGHTROPE",
    host: Annotated[str, typer.Option(help="Address to bind to.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes any free one.")] = 11112,
    caller: Annotated[list[str] | None, typer.Option(help="AE title to let in; several times. [default: all]")] = None,
    send_to: Annotated[str | None, typer.Option(help="Node for results: AET@host:port.")] = None,
    keep_days: Annotated[float | None, typer.Option(min=0, help="Remove finished cases older than this.")] = None,
    max_mb: Annotated[int, typer.Option(min=1, help="Largest object, MB (2^20).")] = 256,
    max_associations: Annotated[int, typer.Option(min=1, help="Associations at the same time.")] = 8,
    model: Model = DEFAULT_MODEL,
    point: Point = "sensitivity-95",
    heat: Annotated[bool, typer.Option("--heat", help="Put a heat map into the Secondary Capture.")] = False,
    profile: Profile = None,
    telemetry: Annotated[
        Path | None, typer.Option(help="Folder for JSON lines and a Perfetto trace of what happened.")
    ] = None,
) -> None:
    """Receive radiographs by DICOM C-STORE, judge them, and send the results on.

    An object is acknowledged when it is safely on disk: after a crash nothing that was acknowledged is lost.

    What is urgent is judged first: a request of priority STAT or HIGH, and a patient who had a PRIORITY case before.
    Nothing waits for ever: what came ten minutes earlier goes before it. At the end one line says how long results
    took, from arrival to commit, and how many took longer than the limit of --profile.

    Exit codes: 0 ended by Ctrl-C or SIGTERM; 2 the port, the folder or the worklist cannot be used.
    """
    from tightrope_triage.app import APP
    from tightrope_triage.listen import Limits, ListenOptions, Node
    from tightrope_triage.listen_command import listen_command

    limits = Limits(object_bytes=max_mb * 2**20, associations=max_associations)
    node = Node.parse(send_to) if send_to else None
    options = ListenOptions(
        folder,
        aet,
        host,
        port,
        tuple(caller or ()),
        node,
        keep_days,
        limits,
        model=Path(model).name,
        budget=APP.budget().profile(profile),
        telemetry=telemetry,
    )
    listen_command(options, model, point, heat)


@app.command()
def worklist(
    folder: Annotated[Path, typer.Argument(help="Folder of the worklist.")],
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show a listener's cases in order of urgency, with age and time to result.

    Under them stands how long the results took, and how many took longer than the limit of --profile.
    """
    from rich.console import Console

    from tightrope.runtime import Limits
    from tightrope_triage.app import APP
    from tightrope_triage.listen import summarize, to_json, to_table
    from tightrope_triage.listen import worklist as rows_of

    rows = rows_of(folder)
    summary = summarize(rows, Limits.of(APP.budget().profile(profile)))
    if as_json:
        typer.echo(to_json(rows, summary))
    else:
        Console().print(to_table(rows))
        typer.echo(str(summary))


@app.command()
def val(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder of labelled radiographs.")],
    model: Model = DEFAULT_MODEL,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="HTML page. [default: triage-val.html]")] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate a model: one HTML page with intervals and plots.

    DATA is a folder with cxr-nih and cxr-kermany, or one of your own with a manifest.csv: file and label (1 suspicious,
    0 not), and person, view, age and sex where they are known.

    Exit codes: 0 done; 2 the data, or a row of it, could not be read.
    """
    from tightrope_triage.val_command import val_command

    val_command(data, model, out, as_json)
