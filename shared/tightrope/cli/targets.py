"""`tightrope targets`: what would run where on a device that is not here, as its documentation says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tightrope.cli.core import AsJson, print_json
from tightrope.errors import ArtifactError, BudgetNotMetError, ConfigError

if TYPE_CHECKING:
    import onnx

    from tightrope.targets.check import Aim, Report

app = typer.Typer(no_args_is_help=True, help="What would run where on a device that is not here.")


@app.command("list")
def targets_list(as_json: AsJson = False) -> None:
    """The targets that `check` knows, and what each is."""
    from tightrope.targets.check import aim, aim_names

    found = {name: _what(aim(name)) for name in aim_names()}
    if as_json:
        print_json(found)
        return
    for name, text in found.items():
        typer.echo(f"{name.ljust(max(map(len, found)))}  {text}")


@app.command("check")
def targets_check(
    artifact: Annotated[
        str, typer.Argument(metavar="ARTIFACT", help="Folder of an artifact, APP/NAME of a shipped one, or MODEL.onnx.")
    ],
    target: Annotated[str, typer.Option("--target", "-t", help="One of `tightrope targets list`.")],
    each: Annotated[bool, typer.Option("--each", help="A line an operator, not only one a kind.")] = False,
    strict: Annotated[
        bool, typer.Option("--check", help="Exit 3 if an operator falls back or wants another form.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say operator by operator what would run where on a target, what falls back, and which int8 form it wants.

    It is what the documentation of the target's runtime says, with its source. Nothing is run, and nothing measured.

    \b
      tightrope targets check road/nanodet-416-int8 --target qnn
    """
    from tightrope.targets.check import aim, check

    where = aim(target)
    reports = {name: check(graph, where) for name, graph in _graphs(artifact).items()}
    if as_json:
        said = {name: report.to_dict() for name, report in reports.items()}
        print_json({"target": target, "what": _what(where), "graphs": said, "sources": list(where.runtime.sources)})
    else:
        for line in _lines(reports, where, each):
            typer.echo(line)
    bad = [name for name, report in reports.items() if not report.good]
    if strict and bad:
        raise BudgetNotMetError(f"{artifact} is not made for {target}: see {', '.join(bad)}")


def _what(where: Aim) -> str:
    if where.target is None:
        return where.runtime.title
    form = f"{where.target.activation} activations, {where.target.weight} weights"
    return f"{where.runtime.title}: {form}{' in 7 bits' if where.target.reduce_range else ''}"


def _graphs(place: str) -> dict[str, Any]:
    """The graphs of an artifact, or of a file, by name."""
    import onnx

    from tightrope.artifact import Artifact
    from tightrope.models import open_artifact

    path = Path(place)
    if path.suffix == ".onnx":
        if not path.is_file():
            raise ConfigError(f"no file {path}")
        try:
            return {path.stem: onnx.load(path)}
        except Exception as error:  # protobuf's error is no class of onnx
            raise ArtifactError(f"{path} is not an ONNX graph") from error
    app_name, slash, name = place.partition("/")
    found = Artifact.load(path) if path.is_dir() or not slash else open_artifact(app_name, name)
    graphs = {name: onnx.load_from_string(found.graph(name)) for name in found.manifest.graphs}
    return {name: _of_its_size(graph, found.manifest.preprocess) for name, graph in graphs.items()}


def _of_its_size(graph: onnx.ModelProto, preprocess: Mapping[str, Any]) -> onnx.ModelProto:
    """With the sides that its pre-processing names at most, where the graph takes pictures of any."""
    from tightrope.compress.own.graph import fix_shapes

    picture = graph.graph.input[0]
    shape = [axis.dim_value for axis in picture.type.tensor_type.shape.dim]
    if len(shape) != 4 or shape[2:] != [0, 0] or not {"width", "height"} <= preprocess.keys():
        return graph
    return fix_shapes(graph, {picture.name: (*shape[:2], int(preprocess["height"]), int(preprocess["width"]))})


def _lines(reports: dict[str, Report], where: Aim, each: bool) -> Iterator[str]:
    yield f"target {where.name}: {_what(where)}"
    for name, report in reports.items():
        yield f"\n{name}"
        if report.refusal:
            yield f"  REFUSED  {report.refusal}"
        yield from _each(report) if each else _kinds(report, where)
        parts = ", ".join(f"{share:.1%} {place}" for place, share in sorted(report.shares().items()))
        yield f"  of the multiply-accumulates: {parts}"
        if report.crossings:
            yield f"  {report.crossings} tensors cross between what the target takes and what falls back"
        for want, count in report.wants().items():
            yield f"  {count} operator(s) want {want}"
    yield "\nas documented, not measured:"
    yield from (f"  {source}" for source in where.runtime.sources)


def _kinds(report: Report, where: Aim) -> Iterator[str]:
    """A line for each kind of operator in each place."""
    counted: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for row in report.rows:
        counted[row.place, row.operator, row.computed_in, row.condition] += 1
    for (place, operator, computed_in, condition), count in sorted(counted.items()):
        detail = f"in {computed_in}" if computed_in else f"to {where.runtime.falls_back}"
        yield f"  {place:10}  {count:4} x {operator:22} {detail}{f' ({condition})' if condition else ''}"


def _each(report: Report) -> Iterator[str]:
    for row in report.rows:
        wants = f"; wants {row.wants}" if row.wants else ""
        condition = f" ({row.condition})" if row.condition else ""
        yield f"  {row.place:10}  {row.operator:22} {row.name or '-'}  {row.computed_in}{condition}{wants}"
