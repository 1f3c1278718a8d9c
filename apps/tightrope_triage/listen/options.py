"""How the listener is set: its name, its place, whom it lets in, how much it takes, where results go.

>>> Node.parse("PACS@10.0.0.7:104")
Node(aet='PACS', host='10.0.0.7', port=104)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tightrope.budget import Budget
from tightrope.errors import BadInputError
from tightrope_triage.app import APP

MIB = 1024 * 1024


def check_aet(title: str) -> str:
    r"""The AE title without outer spaces: 1 to 16 printable ASCII characters, no backslash (PS3.5, section 6.2, VR AE).

    Raises:
        BadInputError: it is not such a title.
    """
    title = title.strip()
    if not 1 <= len(title) <= 16 or "\\" in title or not (title.isascii() and title.isprintable()):
        raise BadInputError(f"{title!r} is no AE title: it takes 1 to 16 printable ASCII characters and no backslash")
    return title


@dataclass(frozen=True)
class Node:
    """A DICOM application on the network."""

    aet: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Node:
        """From `AET@host:port`; an IPv6 host in brackets. Raises BadInputError."""
        title, _, place = text.rpartition("@")
        host, _, port = place.rpartition(":")
        if not title or not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
            raise BadInputError(f"{text!r} is no DICOM node: write it as AET@host:port, such as PACS@127.0.0.1:104")
        return cls(check_aet(title), host.removeprefix("[").removesuffix("]"), int(port))

    def __str__(self) -> str:
        return f"{self.aet}@{self.host}:{self.port}"


@dataclass(frozen=True)
class Limits:
    """What a peer can cost at most.

    Attributes:
        object_bytes: length of one encoded data set; it goes to disk as it comes, so this is no memory.
        waiting: objects that wait to be judged; when so many do, the peer is asked to try again later.
        associations: at the same time.
        pdu_bytes: of one protocol data unit, which is held in memory.
        pdu_s: for one to arrive, from its first byte.
        idle_s: between two of them.
    """

    object_bytes: int = 256 * MIB
    waiting: int = 10_000
    associations: int = 8
    pdu_bytes: int = MIB
    pdu_s: float = 30.0
    idle_s: float = 60.0


@dataclass(frozen=True)
class Retry:
    """How often a result is sent, and how long it waits after each failure, doubling."""

    attempts: int = 12
    first_s: float = 2.0
    longest_s: float = 1800.0

    def wait_s(self, failures: int) -> float:
        """Seconds to wait after so many failures, 1 or more."""
        return float(min(self.first_s * 2.0 ** min(failures - 1, 60), self.longest_s))


@dataclass(frozen=True)
class ListenOptions:
    """The listener.

    Attributes:
        folder: of the worklist: its database and the objects that were received.
        aet: its own AE title; a peer must call it by this.
        port: 0 takes any that is free.
        callers: AE titles that are let in; empty lets in all.
        send_to: where results go; None keeps none.
        keep_days: finished cases older than this are removed with their objects; None keeps all.
        model: the judge's name, for the summary.
        budget: by its limit a result is in time, from arrival to commit.
        telemetry: folder for what the runner does, without a word of any patient; None: nothing is written.
    """

    folder: Path
    aet: str = "TIGHTROPE"
    host: str = "127.0.0.1"
    port: int = 11112
    callers: tuple[str, ...] = ()
    send_to: Node | None = None
    keep_days: float | None = None
    limits: Limits = field(default_factory=Limits)
    retry: Retry = field(default_factory=Retry)
    model: str = "judge"
    budget: Budget = field(default_factory=lambda: APP.budget().profile())
    telemetry: Path | None = None

    def __post_init__(self) -> None:
        for title in (self.aet, *self.callers):
            check_aet(title)
