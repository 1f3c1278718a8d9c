"""`tightrope doctor`: what this machine accelerates, and what stands in the way of measuring on it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tightrope.errors import ConfigError, pip
from tightrope.measure.cpu import detect_cpu
from tightrope.measure.environment import Environment, Watch
from tightrope.targets import Target, detect

# pip extra -> the modules that it brings; looked for, never imported: torch alone takes seconds.
EXTRAS: Mapping[str, tuple[str, ...]] = {
    "measure": ("mlperf_loadgen",),
    "compress": (
        "torch",
        "torchvision",
        "onnx",
        "onnxscript",
        "matplotlib",
        "optuna",
        "safetensors",
        "scipy",
        "torch_pruning",
    ),
    "val": ("faster_coco_eval",),
    "demo": ("gradio",),
    "camera": ("rapidocr",),
    "speech": ("pocketsphinx",),
    "server": ("fastapi", "uvicorn", "websockets"),
    "drive": ("mcap", "mcap_protobuf", "mcap_ros2"),
    "hub": ("huggingface_hub",),
    "openvino": ("openvino",),
    "ray": ("ray",),
    "triage": ("highdicom", "pynetdicom", "gdcm", "jpeg_ls", "openjpeg"),
}
_LISTEN_S = 0.5


def report() -> dict[str, Any]:
    """Environment, target profile, extras (name -> modules that are missing) and warnings, as JSON values.

    Takes half a second: that long it listens how busy the machine is.
    """
    with Watch() as watch:
        time.sleep(_LISTEN_S)
    target = _target()
    return {
        "environment": watch.record.to_dict(),
        "int8_instructions": detect_cpu().accelerates_int8,
        "target": target.model_dump(mode="json") if target else None,
        "extras": {extra: [name for name in names if find_spec(name) is None] for extra, names in EXTRAS.items()},
        "warnings": warnings(watch.record, target),
    }


def warnings(environment: Environment, target: Target | None) -> list[str]:
    """What would spoil speed or a measurement here, a sentence each; empty: nothing found."""
    found = []
    if target is None:
        found.append("no target profile for this CPU: int8 may be slower here, measure before believing")
    elif target.warning:
        found.append(f"int8 may be slower here, measure before believing. {target.warning}")
    if not environment.quiet:
        found.append(
            f"the machine is busy: others use {environment.foreign_load:.0%} of its CPU time; "
            f"measurements count as undisturbed below {environment.quiet_below:.0%}"
        )
    if environment.cpu_quota is not None and environment.cpu_quota < environment.usable:
        found.append(
            f"the container may use {environment.cpu_quota:g} of {environment.usable} CPUs: more threads than that "
            "are stopped in every period, which shows as a long tail"
        )
    if environment.governor not in (None, "performance"):
        found.append(f"the CPU governor is {environment.governor!r}: the clock follows the load, so warm up longer")
    return found


def render(console: Console, found: Mapping[str, Any] | None = None) -> None:
    """Print `found`, or a report made now."""
    found = found or report()
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _rows(found):
        table.add_row(name, escape(text))
    console.print(table)
    for warning in found["warnings"]:
        console.print(f"warning: {warning}", style="yellow", highlight=False, markup=False)


def _rows(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    here, target = found["environment"], found["target"]
    quota = f", container quota {here['cpu_quota']:g}" if here["cpu_quota"] is not None else ""
    rows = [
        ("CPU", here["cpu"]),
        ("instruction set", f"{here['instruction_set']} ({', '.join(here['flags']) or 'no flags known'})"),
        ("int8 instructions", "yes" if found["int8_instructions"] else "no (neither VNNI, AMX, dotprod nor i8mm)"),
        ("cores", f"{here['cores']} ({here['logical']} logical, {here['usable']} usable{quota})"),
        ("load by others", f"{here['foreign_load']:.0%} of all CPU time"),
        (
            "software",
            f"onnxruntime {here['onnxruntime']}, numpy {here['numpy']}, Python {here['python']}, {here['os']}",
        ),
        ("providers", ", ".join(here["providers"])),
    ]
    if target:
        form = f"{target['activation']} activations, {target['weight']} weights"
        scale = "per channel" if target["per_channel"] else "per tensor"
        bits = "7 bits (reduce_range)" if target["reduce_range"] else "8 bits"
        rows += [("target", target["name"]), ("int8 form", f"{form} {scale} in {bits}")]
        rows += [("int8 expectation", target["expectation"]), ("because", target["reason"])]
    for extra, missing in found["extras"].items():
        hint = f"missing {', '.join(missing)}: {pip()} install 'tightrope[{extra}]'"
        rows.append((f"extra {extra}", hint if missing else "installed"))
    return rows


def _target() -> Target | None:
    try:
        return detect()
    except ConfigError:
        return None
