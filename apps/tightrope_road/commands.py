"""`tightrope road`: predict, drive and val."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

# OpenCV and FFmpeg print warnings of their own; ours say the same in one line. Read when cv2 is first imported.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

DEFAULT_MODEL = "nanodet-416-int8"
WIDE_MODEL = "nanodet-384x640-int8"  # for cameras that look at a street


class Policy(str, Enum):
    """Which rung answers."""

    fixed = "fixed"
    governor = "governor"


class Classes(str, Enum):
    """Which classes are reported."""

    road = "road"
    all = "all"


Model = Annotated[str, typer.Option("--model", "-m", help="Name of a shipped artifact, or a folder.")]
Profile = Annotated[str | None, typer.Option(help="Device profile of the budget to judge by.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Cores for the model. [default: those of --profile, or 1]")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Detect road users in pictures, videos and live cameras, inside a latency budget.

\b
  tightrope road predict street.jpg
  tightrope road drive sample --out driven
  tightrope road val path/to/coco
""",
)


@app.command()
def predict(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="What to look at.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for results; made if need be.")] = None,
    formats: Annotated[
        str | None,
        typer.Option(
            "--format", "-f", help="What to write: image, jsonl, coco, kitti, yolo; several by commas. [default: image]"
        ),
    ] = None,
    model: Model = DEFAULT_MODEL,
    classes: Annotated[Classes, typer.Option(help="The nine road classes, or all 80 of COCO.")] = Classes.road,
    score: Annotated[float, typer.Option(min=0.0, max=1.0, help="Smallest score reported.")] = 0.3,
    profile: Profile = None,
    threads: Threads = None,
    view: Annotated[bool, typer.Option("--view", help="Show a window; q or Escape ends.")] = False,
    max_frames: Annotated[int | None, typer.Option(min=1, help="End after so many frames.")] = None,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No line a frame, only the summary.")] = False,
    govern: Annotated[
        bool, typer.Option("--govern", help="Live: the best model that answers within the profile's period.")
    ] = False,
    telemetry: Annotated[
        Path | None, typer.Option(help="With --govern: folder for JSON lines and a Perfetto trace of what happened.")
    ] = None,
) -> None:
    """Detect in pictures, videos, cameras and streams.

    A SOURCE is a picture, a folder, a quoted glob, a video file, the number of a camera, or an address (rtsp://,
    http://). Camera and stream are always at the newest frame; what came in between is dropped and counted. Nothing
    but an address opens a network connection.

    \b
      tightrope road predict street.jpg
      tightrope road predict drive/ "more/*.png" --out found --format image,jsonl
      tightrope road predict rain.mp4 --out found --classes all --score 0.5
      tightrope road predict 0 --view
      tightrope road predict rtsp://192.168.1.20/stream1 --out found --max-frames 600
      tightrope road predict 0 --govern --profile vehicle-20hz --telemetry runs

    Results in --out: image is NAME.jpg or NAME.mp4 with the boxes drawn on; jsonl is detections.jsonl, a frame a
    line; coco is detections.coco.json; kitti and yolo are a text file a frame in folders of that name. Every file
    appears whole or not at all. Ctrl-C ends after the frame being done, and completes what was begun.

    With --govern a live source is held to the period of --profile: each frame is done by the most accurate shipped
    model that will answer before the next one comes, on this machine, as busy as it is now (--model is for the other
    sources). An answer that comes too late to be current is not given.

    With --json standard output has one JSON object a frame and at last one with the key "summary".

    Exit codes: 0 done; 2 a source could not be used (the others are done, and it is listed at the end); 130 ended
    by Ctrl-C.
    """
    from tightrope_road.predict_command import PredictOptions, predict_command

    predict_command(
        PredictOptions(
            tuple(sources),
            out,
            formats,
            model,
            classes.value,
            score,
            profile,
            threads,
            view,
            max_frames,
            as_json,
            quiet,
            govern,
            telemetry,
        )
    )


@app.command()
def drive(
    log: Annotated[str, typer.Argument(metavar="LOG", help="A recorded drive, or 'sample'.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for results; made if need be.")] = None,
    formats: Annotated[
        str, typer.Option("--format", "-f", help="What to write: jsonl, video, image, mcap; several by commas.")
    ] = "jsonl,video",
    points: Annotated[
        bool, typer.Option("--points", help="Draw LiDAR points into video and pictures: near yellow, far violet.")
    ] = False,
    fast: Annotated[
        bool, typer.Option("--as-fast-as-possible", help="Answer every picture; else at the log's own speed.")
    ] = False,
    policy: Annotated[Policy, typer.Option(help="Always --model, or the best shipped one in time.")] = Policy.fixed,
    model: Model = WIDE_MODEL,
    profile: Profile = None,
    threads: Threads = None,
    camera: Annotated[str | None, typer.Option(help="Which one: nuScenes' name, or MCAP's topic.")] = None,
    tolerance: Annotated[float, typer.Option(min=0.0, help="Largest ms between a picture and its sweep.")] = 50.0,
    fault: Annotated[
        str, typer.Option(help="What is to go wrong, such as drop-camera=0.1,lidar-stale=200ms; 'list' lists all.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of what goes wrong at random.")] = 0,
    max_frames: Annotated[int | None, typer.Option(min=1, help="End after so many pictures.")] = None,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No line a picture, only the summary.")] = False,
    telemetry: Annotated[
        Path | None, typer.Option(help="Folder for JSON lines and a Perfetto trace of what the runner did.")
    ] = None,
) -> None:
    """Replay a recorded drive: camera and LiDAR fused and tracked, under the profile's deadline.

    A LOG is a folder in one of KITTI's layouts (raw, odometry, object), a nuScenes sample with its info.json, an MCAP
    file (Foxglove or ROS 2 messages), a video with its times in NAME.csv, or 'sample', the drive that comes along.

    \b
      tightrope road drive sample
      tightrope road drive 2011_09_26/2011_09_26_drive_0052_sync --as-fast-as-possible --out driven
      tightrope road drive log.mcap --camera /camera/front --policy governor --profile vehicle-20hz
      tightrope road drive sample --fault "lidar-stale=200ms,stall=300ms" --json

    Each picture is paired with the sweep of its moment; where none is within --tolerance, the answer is the camera's
    alone, and says so. Each thing has an identity, a distance with its error, a speed, and a time to collision: numbers
    for an engineer to look at, never a driving decision.

    States: OK; DEGRADED (late, from a lower rung, or a sensor is missing); STALE (no current answer: nothing is shown);
    FAILED. Results in --out: drive.jsonl, drive.mp4, pictures/NAME.png, drive.mcap (opens in Foxglove). With --json
    standard output has one object a picture or change of state, at last one with "event": "summary".

    Exit codes: 0 done; 2 the log or an option cannot be used; 130 ended by Ctrl-C.
    """
    if fault == "list":
        from tightrope_road.drive.faults import KINDS

        for name, kind in KINDS.items():
            typer.echo(f"{name:14} {kind.unit:7} {kind.what}")
        return
    from tightrope_road.drive.command import DriveOptions, drive_command

    drive_command(
        DriveOptions(
            log,
            camera,
            out,
            formats,
            model,
            policy is Policy.governor,
            profile,
            threads,
            fast,
            tolerance,
            fault,
            seed,
            max_frames,
            as_json,
            quiet,
            telemetry,
            points,
        )
    )


@app.command()
def val(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Labelled set: a folder, or a COCO JSON file.")],
    split: Annotated[str | None, typer.Option(help="Which part. [default: the only one, else val]")] = None,
    model: Model = DEFAULT_MODEL,
    threads: Annotated[int, typer.Option(min=1, help="Cores for the model.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Score a model on labelled pictures by COCO's protocol.

    The layout tells the format:

    \b
      COCO   a .json file, or annotations/instances_SPLIT.json; pictures beside it or in images/SPLIT
      YOLO   images/SPLIT/*.jpg with labels/SPLIT/*.txt; class names in a .yaml file
      KITTI  image_2/ (or image_02/) with label_2/; only pictures that have labels

    Prints mAP50-95 and mAP50 over all classes that have labels and over those of the road, AP of each road class,
    and the latency of the pipeline. Boxes count from confidence 0.001, at most 100 a picture; crowds are ignored.
    In KITTI, vans are cars, cyclists are bicycles (with their riders, so AP is lower), DontCare and Misc are ignored.

    \b
      tightrope road val path/to/coco --split val2017
      tightrope road val instances_val2017.json --model nanodet-416-fp32 --json

    Exit codes: 0 done; 2 the set, or a picture of it, could not be read.
    """
    from tightrope_road.val_command import val_command

    val_command(data, split, model, threads, as_json)
