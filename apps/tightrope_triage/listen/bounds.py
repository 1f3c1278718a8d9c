"""pynetdicom's receiving side with bounds: one protocol data unit in memory, the object on disk as it comes.

pynetdicom 3 collects a whole data set in memory, believes any length that a PDU claims, and waits for its bytes
without end. `bind` gives an association that was just opened our receiver and a socket that reads within bounds.
"""

from __future__ import annotations

import socket as socket_module
import time
from collections.abc import Callable
from io import BytesIO
from socket import IPPROTO_TCP, TCP_NODELAY

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.transport import AssociationSocket

from tightrope_triage.listen.identity import is_uid
from tightrope_triage.listen.options import Limits
from tightrope_triage.listen.reception import Incoming
from tightrope_triage.listen.spool import Spool

# Where there is this, as on Linux: dcmtk and others hold the end of a small object back until its start is confirmed,
# which the system would put off by 40 ms. It does not last, so it is set with every read.
TCP_QUICKACK: int | None = getattr(socket_module, "TCP_QUICKACK", None)

_COMMAND_BYTES = 64 * 1024
_BREAK = "Evt19"  # PS3.8, table 9-10: invalid PDU; the state machine aborts the association


def bind(association: Association, spool: Spool, limits: Limits) -> None:
    """Put bounds on an association; to be called when its connection was opened, before it starts."""
    association.dimse = _Receiver(association, spool, limits)
    at_once(association)
    socket = association.dul.socket
    assert socket is not None
    socket.recv = _bounded_read(socket, limits)  # type: ignore[method-assign, assignment]


def at_once(association: Association) -> None:
    """Send each PDU when it is there: a message is two, and the second would wait for the first to be confirmed."""
    connection = association.dul.socket
    if connection is not None and connection.socket is not None:
        connection.socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)


def preamble(sop_class_uid: str, sop_instance_uid: str, syntax: str, caller: str) -> bytes:
    """What stands before the data set in a DICOM file (PS3.10, section 7.1)."""
    meta = FileMetaDataset()
    meta.FileMetaInformationGroupLength = 0
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = sop_class_uid
    meta.MediaStorageSOPInstanceUID = sop_instance_uid
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    meta.SourceApplicationEntityTitle = caller
    buffer = DicomBytesIO()
    write_file_meta_info(buffer, meta)
    return b"\0" * 128 + b"DICM" + bytes(buffer.getvalue())


class DataSet(BytesIO):
    """Where pynetdicom writes the fragments of a data set: into the spool, by way of `incoming`."""

    def __init__(self, start: Callable[[], Incoming | None]) -> None:
        super().__init__()
        self._start = start
        self.incoming: Incoming | None = None
        self.length = 0

    def write(self, fragment: bytes) -> int:  # type: ignore[override]
        if self.length == 0:
            self.incoming = self._start()
        self.length += len(fragment)
        if self.incoming is not None:
            self.incoming.add(fragment)
        return len(fragment)


class _Receiver(DIMSEServiceProvider):
    def __init__(self, association: Association, spool: Spool, limits: Limits) -> None:
        super().__init__(association)
        self._spool, self._limits = spool, limits

    def receive_primitive(self, primitive: P_DATA) -> None:
        if self.message is None:
            self.message = DIMSEMessage()
            self.message.data_set = DataSet(self._start)
        if self._is_too_much(self.message):
            self.dul.event_queue.put(_BREAK)
            return
        try:
            super().receive_primitive(primitive)
        except Exception:  # a command set that cannot be decoded would end this thread with the association left open
            self.dul.event_queue.put(_BREAK)

    def _start(self) -> Incoming | None:
        """The draft for the message that has begun; None if it stores nothing, or cannot."""
        message = self.message
        if not isinstance(message, C_STORE_RQ):
            return None
        command = message.command_set
        if not is_uid(str(command.get("AffectedSOPInstanceUID"))):
            return None
        contexts = {context.context_id: context for context in self.assoc.accepted_contexts}
        try:
            head = preamble(
                str(command.AffectedSOPClassUID),
                str(command.AffectedSOPInstanceUID),
                str(contexts[message.context_id].transfer_syntax[0]),
                self.assoc.requestor.ae_title.strip(),
            )
            return Incoming(self._spool.draft(), head, self._limits.object_bytes)
        except (OSError, KeyError, AttributeError, ValueError):
            return None

    def _is_too_much(self, message: DIMSEMessage) -> bool:
        """A peer that goes on long after its object was too large, endless commands, or messages sent ahead.

        Only one operation at a time was agreed on (PS3.7, annex D.3.3.3), so nothing may be queued behind another.
        """
        data = message.data_set
        return (
            (isinstance(data, DataSet) and data.length > 2 * self._limits.object_bytes)
            or message.encoded_command_set.tell() > _COMMAND_BYTES
            or self.msg_queue.qsize() > 1
        )


def _bounded_read(connection: AssociationSocket, limits: Limits) -> Callable[[int], bytearray]:
    """AssociationSocket.recv within a length and a time; an OSError ends the association."""

    def recv(count: int) -> bytearray:
        socket = connection.socket
        if socket is None:
            raise OSError("the connection was closed")
        if count > limits.pdu_bytes:
            raise OSError(f"the peer announced a PDU of {count} bytes")
        received, until = bytearray(count), time.monotonic() + limits.pdu_s
        view, done = memoryview(received), 0
        while done < count:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("the peer sent a PDU too slowly")
            socket.settimeout(left)
            if TCP_QUICKACK is not None:
                socket.setsockopt(IPPROTO_TCP, TCP_QUICKACK, 1)
            read = socket.recv_into(view[done:])
            if read == 0:
                break
            done += read
        socket.settimeout(limits.pdu_s)
        view.release()
        return received[:done]

    return recv
