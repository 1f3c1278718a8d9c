"""How much the server takes on: of one request, of all that wait, and of one client in a minute.

admission = Admission(Limits())
with admission.enter(len(text)):   # raises TooBusy when too much waits already
    ...
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tightrope.errors import TightropeError

# A character takes up to twelve bytes: six as \uXXXX in JSON, twelve of a four-byte one in a form.
BYTES_A_CHARACTER = 12
CLIENTS = 4096  # addresses that are remembered
FIRST_GUESS = 2000.0  # characters a second, until some were translated


@dataclass(frozen=True)
class Limits:
    """Bounds; a request beyond them is answered at once, with what to do instead."""

    characters: int = 50_000
    """Of all texts of one request, and of one live session."""
    texts: int = 1000
    """Of one request."""
    requests: int = 128
    """That wait or are at work at the same time."""
    waiting_characters: int = 200_000
    """Of all those together."""
    sessions: int = 32
    """Of live typing, at the same time."""
    per_minute: int = 0
    """Requests of one address in any minute; 0: no limit."""

    @property
    def body_bytes(self) -> int:
        return self.characters * BYTES_A_CHARACTER + 65_536


class TooBusy(TightropeError):  # noqa: N818 - the answer's name
    """Not now: try again after `retry_s` seconds. `status` is HTTP's, 429 (the client asks too often) or 503."""

    def __init__(self, message: str, retry_s: int, status: int) -> None:
        super().__init__(f"{message}; try again in {retry_s} s")
        self.retry_s, self.status = retry_s, status


class Admission:
    """Lets requests in while not too much waits. Used by any thread."""

    def __init__(self, limits: Limits, now: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._now = limits, now
        self._lock = threading.Lock()
        self._requests = self._characters = 0
        self._done, self._since, self._busy_s = 0, 0.0, 0.0

    @contextmanager
    def enter(self, characters: int) -> Iterator[None]:
        """A request of so many characters is in hand. Raises TooBusy."""
        with self._lock:
            full = self._requests >= self._limits.requests
            # A request that is alone may be as long as one request may be.
            if full or (self._requests and self._characters + characters > self._limits.waiting_characters):
                raise TooBusy(f"{self._requests} requests are waiting", self._wait_s(), 503)
            if not self._requests:
                self._since = self._now()
            self._requests += 1
            self._characters += characters
        try:
            yield
        finally:
            with self._lock:
                self._requests -= 1
                self._characters -= characters
                self._done += characters
                if not self._requests:
                    self._busy_s += self._now() - self._since

    def _wait_s(self) -> int:
        """When what waits will be done, at the speed so far."""
        busy = self._busy_s + self._now() - self._since
        speed = self._done / busy if self._done and busy > 0 else FIRST_GUESS
        return min(60, max(1, math.ceil(self._characters / speed)))


class Rate:
    """Requests of each client in a minute, by a bucket that refills steadily."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._now = per_minute, now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> None:
        """One request of `client`. Raises TooBusy when its minute is used up."""
        if not self._per_minute:
            return
        now = self._now()
        left, before = self._buckets.pop(client, (float(self._per_minute), now))
        left = min(self._per_minute, left + (now - before) * self._per_minute / 60)
        self._buckets[client] = max(0.0, left - 1) if left >= 1 else left, now
        if len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)
        if left < 1:
            wait = math.ceil((1 - left) * 60 / self._per_minute)
            raise TooBusy(f"more than {self._per_minute} requests in a minute", wait, 429)
