"""The road tab through its API, as a program uses it."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import psutil
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError

from tightrope_road.commands import DEFAULT_MODEL
from tightrope_road.detector import Detector
from tightrope_road.pictures import read_picture

from .conftest import ROAD, Server, new_client

LINE, RECORD, BAR = 1, 3, 4


def text(html: str) -> str:
    """What a person reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"</?(b|strong)\b[^>]*>", "", html)).split())


def runs(bar: str) -> int:
    """How many runs the budget bar counts."""
    found = re.search(r"of (\d+) run", text(bar))
    assert found, text(bar)
    return int(found[1])


def test_every_function_has_a_name_and_nothing_more_is_there(client: Any) -> None:
    api = client.view_api(return_format="dict", print_info=False)
    assert not api["unnamed_endpoints"]
    assert {name.partition("_")[0] for name in api["named_endpoints"]} <= {"/road", "/triage", "/translate"}


def test_what_is_done_again_and_again_shows_no_progress_and_keeps_no_old_calls(client: Any) -> None:
    kinds = {component["id"]: component["type"] for component in client.config["components"]}
    looked_at = set()
    for event in client.config["dependencies"]:
        for target, kind in event["targets"]:
            if (kinds.get(target), kind) == ("image", "input") or kind not in ("change", "input", "stream", "tick"):
                continue  # an upload takes its time once
            looked_at.add(kind)
            if event["api_name"] != "photo":  # another direction for a photo, which takes seconds
                assert event["show_progress"] == "hidden", event["api_name"]
            if kind in ("change", "input"):
                assert event["trigger_mode"] == "always_last", event["api_name"]
    assert looked_at == {"change", "input", "stream", "tick"}


def test_a_picture_gives_what_the_detector_gives(client: Any, street: Path) -> None:
    answer = client.predict(handle_file(street), "road", 0.3, api_name="/road_picture")

    expected = Detector.load(DEFAULT_MODEL)(read_picture(street)).result
    assert answer[RECORD] == expected.to_dict()
    assert text(answer[LINE]) == str(expected)
    shown = cv2.imdecode(
        np.frombuffer(base64.b64decode(answer[0]["url"].partition(",")[2]), np.uint8), cv2.IMREAD_COLOR
    )
    assert shown.shape == (360, 640, 3)
    assert np.abs(shown.astype(int) - expected.draw(read_picture(street))).mean() < 5


def test_the_score_and_the_classes_decide_what_is_shown(client: Any, street: Path) -> None:
    client.predict(handle_file(street), "road", 0.3, api_name="/road_picture")
    few = client.predict("road", 0.6, api_name="/road_again")[RECORD]["detections"]
    assert few
    assert all(box["score"] >= 0.6 for box in few)


def test_a_rung_is_chosen_and_the_meter_begins_anew(client: Any) -> None:
    for count in (1, 2, 3):
        assert runs(client.predict(5, "road", 0.3, api_name="/road_frame")[BAR]) == count
    bar, plot, rung, evidence = client.predict(0, "vehicle-20hz", 0, api_name="/road_choose")

    assert "Nothing was run yet. The limit is 40 ms." in text(bar)
    assert "you are at nanodet-384x640-fp16" in plot
    assert "nanodet-384x640-fp16, fp16, the reference" in text(rung)
    assert "mAP50-95 road" in text(evidence)
    assert runs(client.predict(5, "road", 0.3, api_name="/road_frame")[BAR]) == 1


def test_each_session_has_its_own_state(server: Server) -> None:
    one, other = new_client(server), new_client(server)
    one.predict(0, "vehicle", 0, api_name="/road_choose")
    for _ in range(2):
        mine = one.predict(5, "road", 0.3, api_name="/road_frame")
    theirs = other.predict(5, "road", 0.3, api_name="/road_frame")
    assert (runs(mine[BAR]), runs(theirs[BAR])) == (2, 1)
    assert "you are at nanodet-384x640-fp16" in mine[BAR + 1]
    assert f"you are at {DEFAULT_MODEL}" in theirs[BAR + 1]


def test_the_original_is_compared_with_the_compressed(client: Any, street: Path) -> None:
    client.predict(handle_file(street), "road", 0.3, api_name="/road_picture")
    pictures, words = client.predict("road", 0.3, api_name="/road_compare")
    assert all(picture["url"].startswith("data:image/jpeg") for picture in pictures)
    assert re.search(r"nanodet-416-fp16 .* nanodet-416-int8 .* takes [\d.]+ \[[\d.]+, [\d.]+\] times", text(words))


def test_a_slowed_session_says_so(client: Any) -> None:
    client.predict(3, "vehicle", 1, api_name="/road_choose")
    bar = client.predict(5, "road", 0.3, api_name="/road_frame")[BAR]
    assert "Emulated: one other program on the same core." in text(bar)


def test_the_governor_chooses_when_it_is_let(client: Any) -> None:
    client.predict(0, "vehicle", 0, True, api_name="/road_choose")
    bar = client.predict(5, "road", 0.3, api_name="/road_frame")[BAR]
    assert re.search(r"The governor chooses: rung \d next\.", text(bar))
    client.predict(0, "vehicle", 0, False, api_name="/road_choose")
    assert "governor" not in text(client.predict(5, "road", 0.3, api_name="/road_frame")[BAR])


def test_a_video_is_played_to_its_end(client: Any, video: Path) -> None:
    job = client.submit(handle_file(video), "road", 0.3, api_name="/road_video")
    said = re.match(r"frame (\d+), (\d+) dropped: ", text(job.result(timeout=60)[LINE]))
    assert said
    index, dropped = map(int, said.groups())
    assert index <= 11
    assert len(job.outputs()) == index + 1 - dropped, "every frame is shown or dropped"


def test_the_bundled_drive_plays_until_it_is_stopped(client: Any) -> None:
    job = client.submit("road", 0.3, api_name="/road_drive")
    until = time.monotonic() + 30
    while len(job.outputs()) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    job.cancel()
    assert text(job.outputs()[0][1]).startswith("frame 0, 0 dropped: ")


def test_a_damaged_picture_is_told_of_in_one_line(client: Any, broken: Path) -> None:
    with pytest.raises(AppError, match=r"^broken\.jpg is truncated$"):
        client.predict(handle_file(broken), "road", 0.3, api_name="/road_picture")


@pytest.mark.parametrize(
    "content", [b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile /etc/passwd\n", b""]
)
def test_a_list_of_other_files_is_no_video(client: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "evil.mp4").write_bytes(content)
    with pytest.raises(AppError, match=r"evil\.mp4 is no video that can be read"):
        client.submit(handle_file(tmp_path / "evil.mp4"), "road", 0.3, api_name="/road_video").result(timeout=30)


@pytest.mark.parametrize("place", ["/etc/passwd", str(ROAD / "000000.jpg"), str(Path(__file__))])
def test_files_that_nobody_uploaded_are_neither_read_nor_served(server: Server, place: str) -> None:
    assert httpx.get(f"{server.url}/gradio_api/file={place}").status_code == 403
    assert '"path":' not in call(server, "road_picture", [as_file(place), "road", 0.3])
    assert call(server, "road_picture", [as_file(place), "road", 0.3]).startswith("event: error")


def test_an_address_is_not_opened(server: Server) -> None:
    said = call(server, "road_picture", [as_file("http://127.0.0.1:9/street.jpg"), "road", 0.3])
    assert "opens no address" in said
    assert httpx.get(f"{server.url}/gradio_api/file=http://127.0.0.1:9/").status_code == 403


def test_it_listens_on_this_computer_only_and_talks_to_nobody(server: Server) -> None:
    connections = psutil.Process(server.process.pid).net_connections("inet")
    assert {connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN} == {
        "127.0.0.1"
    }
    assert {connection.raddr.ip for connection in connections if connection.raddr} <= {"127.0.0.1"}


@pytest.mark.verify
def test_an_upload_beyond_the_limit_is_refused(server: Server) -> None:
    def endless() -> Any:
        for _ in range(300):
            yield b"0" * 2**20

    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="big.bin"\r\n\r\n'

    def body() -> Any:
        yield head
        yield from endless()
        yield b"\r\n--x--\r\n"

    answer = httpx.post(
        f"{server.url}/gradio_api/upload", content=body(), timeout=60,
        headers={"content-type": "multipart/form-data; boundary=x"},
    )  # fmt: skip
    assert answer.status_code == 413


def as_file(path: str) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def call(server: Server, name: str, data: list[Any]) -> str:
    """What the API says to a call that no client library has looked at."""
    event = httpx.post(f"{server.url}/gradio_api/call/{name}", json={"data": data}).json()["event_id"]
    return httpx.get(f"{server.url}/gradio_api/call/{name}/{event}", timeout=30).text
