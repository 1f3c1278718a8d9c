"""Peers that break the protocol lose their association; the listener goes on."""

from __future__ import annotations

import gc
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pynetdicom import build_context
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification, MaximumLengthNotification
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from tightrope_triage.listen import Limits

from .conftest import Here
from .objects import radiograph
from .peers import wait_until
from .test_store import associate, send

Start = Callable[..., Here]
LIMITS = Limits(associations=3, pdu_s=1.0, idle_s=2.0)


@pytest.fixture
def here(listening: Start) -> Iterator[Here]:
    here = listening(limits=LIMITS)
    yield here
    # Whatever was done to it, it takes an object.
    wait_until(lambda: _takes(here))


def _takes(here: Here) -> bool:
    association = associate(here.port)
    if not association.is_established:
        return False
    association.release()
    return send(here.port, radiograph(1)) == [0x0000]


def connect(here: Here) -> socket.socket:
    return socket.create_connection(("127.0.0.1", here.port), timeout=20)


def request(called: str = "TIGHTROPE") -> bytes:
    """An A-ASSOCIATE-RQ for verification and DX."""
    asked = A_ASSOCIATE()
    asked.application_context_name = "1.2.840.10008.3.1.1.1"
    asked.calling_ae_title, asked.called_ae_title = "RAW", called
    contexts = [build_context(Verification), build_context(radiograph(0).SOPClassUID, "1.2.840.10008.1.2.1")]
    for number, context in enumerate(contexts):
        context.context_id = 2 * number + 1
    asked.presentation_context_definition_list = contexts
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received = 16382
    implementation.implementation_class_uid = "1.2.3.4"
    asked.user_information = [length, implementation]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(asked)
    return bytes(pdu.encode())


def established(here: Here) -> socket.socket:
    peer = connect(here)
    peer.sendall(request())
    assert peer.recv(1) == b"\x02"  # A-ASSOCIATE-AC
    peer.setblocking(True)
    peer.settimeout(20)
    peer.recv(100_000)
    return peer


def is_closed(peer: socket.socket) -> bool:
    """Whether the other side ended the connection, having read whatever it still said."""
    try:
        while peer.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def test_a_pdu_that_claims_four_gigabytes(here: Here) -> None:
    with established(here) as peer:
        peer.sendall(struct.pack(">BBL", 4, 0, 0xFFFFFFFF) + bytes(1000))
        assert is_closed(peer)
    with connect(here) as peer:  # before it associates, too
        peer.sendall(struct.pack(">BBL", 1, 0, 0xFFFFFFF0))
        assert is_closed(peer)


def test_silence_and_slowness_end(here: Here) -> None:
    with ExitStack() as stack:
        silent = stack.enter_context(connect(here))
        idle = stack.enter_context(established(here))
        slow = stack.enter_context(established(here))
        slow.sendall(struct.pack(">BBL", 4, 0, 10_000))

        def drip() -> None:
            try:
                while True:
                    slow.sendall(b"\0")
                    time.sleep(0.05)
            except OSError:
                pass

        threading.Thread(target=drip, daemon=True).start()
        for peer in (silent, idle, slow):
            assert is_closed(peer)


def test_a_flood_of_connections_is_turned_away(here: Here) -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(connect(here)) for _ in range(40)]
        before = threading.active_count()
        assert before < 40
        for peer in peers:
            assert is_closed(peer)


@pytest.mark.parametrize(
    "pdu",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        struct.pack(">BBL", 4, 0, 0),
        struct.pack(">BBL", 4, 0, 6) + struct.pack(">LBB", 2, 1, 3),
        struct.pack(">BBL", 4, 0, 10) + struct.pack(">LBB", 6, 3, 3) + b"\xff\xff\xff\xff",
        struct.pack(">BBL", 4, 0, 10) + struct.pack(">LBB", 6, 99, 2) + b"\0\0\0\0",
        struct.pack(">BBL", 4, 0, 10) + struct.pack(">LBB", 0xFFFFFFF0, 1, 2) + b"\0\0\0\0",
        (struct.pack(">BBL", 4, 0, 10_006) + struct.pack(">LBB", 10_002, 3, 1) + bytes(10_000)) * 10,
    ],
)
def test_pdus_that_make_no_sense(here: Here, pdu: bytes) -> None:
    with established(here) as peer:
        peer.sendall(pdu)
        assert is_closed(peer)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), flips=st.integers(1, 12))
def test_changed_requests(here: Here, seed: int, flips: int) -> None:
    chance = random.Random(seed)
    sent = bytearray(request())
    for _ in range(flips):
        sent[chance.randrange(len(sent))] = chance.randrange(256)
    with connect(here) as peer:
        try:
            peer.sendall(sent)
            peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        assert is_closed(peer)


def test_a_broken_transfer_leaves_no_file(here: Here) -> None:
    association = associate(here.port)
    folder = here.options.folder / "received"
    dataset = radiograph(2, side=1500)
    thread = threading.Thread(target=lambda: _try(lambda: association.send_c_store(dataset)))
    thread.start()
    wait_until(lambda: list(folder.glob("*.part")) or not thread.is_alive())
    association.dul.socket.socket.close()  # type: ignore[union-attr]
    thread.join()
    wait_until(lambda: gc.collect() >= 0 and not list(folder.glob("*.part")))


def _try(action: Callable[[], object]) -> None:
    with suppress(Exception):  # the association was cut under it
        action()
