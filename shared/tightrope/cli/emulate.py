"""`tightrope emulate -- COMMAND`: a command on a device that is slower than this one, and labelled so."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def emulate(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="What to run.", show_default=False)],
    share: Annotated[float, typer.Option(min=0.01, max=1.0, help="Share of the cores' time.")] = 1.0,
    cores: Annotated[int | None, typer.Option(min=1, help="How many cores. [default: all]")] = None,
    hogs: Annotated[int, typer.Option(min=0, help="Programs that only count, on the first of them.")] = 0,
) -> None:
    """Run a command with less of this machine: a slower device.

    Fewer cores, a share of their time, other programs beside it.

    \b
      tightrope emulate --cores 1 --share 0.5 -- tightrope tour
      tightrope emulate --cores 1 --hogs 2 -- tightrope road predict rtsp://192.168.1.20/stream1

    The share is granted by a cgroup quota where one may be made, else by stopping and continuing the command; it is
    measured first, and what was asked, measured and how stands on standard error and in the run's telemetry. It slows
    time alone: no figure taken under it is one of another device. Linux only.

    Exit code: the command's.
    """
    from tightrope.runtime.device import Device, run_emulated

    status, label = run_emulated(command, Device(share, cores, hogs))
    print(f"emulated: {label}", file=sys.stderr)
    raise typer.Exit(status if status >= 0 else 128 - status)
