"""The bundled drive with its LiDAR, through the page's own interface."""

from __future__ import annotations

import re
import time
from typing import Any


def test_it_shows_distances_beside_the_street_from_above(client: Any) -> None:
    job = client.submit(api_name="/road_fused")
    until = time.monotonic() + 60
    while len(job.outputs()) < 5 and time.monotonic() < until:
        time.sleep(0.05)
    job.cancel()
    picture, words, _ = job.outputs()[4]

    assert picture
    assert re.search(r"frame \d+, \d+ dropped: .* at \d+\.\d m", words)
