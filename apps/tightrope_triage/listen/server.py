"""The DICOM side: C-ECHO and C-STORE for images, by pynetdicom.

>>> with Server(options, spool, worklist, arrived=push) as server:
...     print(server.port)                               # doctest: +SKIP
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from pydicom.dataset import Dataset
from pynetdicom import AE, _config, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event, EventHandlerType
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]
from pynetdicom.transport import ThreadedAssociationServer

from tightrope.errors import OutputError
from tightrope_triage.listen import bounds
from tightrope_triage.listen.cases import Case, Worklist
from tightrope_triage.listen.identity import is_uid
from tightrope_triage.listen.options import ListenOptions
from tightrope_triage.listen.reception import BAD_UID, NO_SPACE, Answer, accept
from tightrope_triage.listen.spool import Spool
from tightrope_triage.listen.storage import IMAGES, PLAIN_SYNTAXES, REPORTS, SYNTAXES


class Server:
    """Listens from entering to leaving the context; each association has its threads."""

    def __init__(
        self, options: ListenOptions, spool: Spool, worklist: Worklist, arrived: Callable[[Case], object]
    ) -> None:
        """Take the port; `arrived` is called with each case that was taken in, from the thread of its association.

        Raises:
            OutputError: the port is taken, or the address is not this machine's.
        """
        self._options, self._spool, self._worklist, self._arrived = options, spool, worklist, arrived
        # Its log handlers would render every PDU as text, whether or not anyone reads the log.
        _config.LOG_HANDLER_LEVEL = "none"
        entity = AE(options.aet)
        entity.require_called_aet = True
        entity.require_calling_aet = list(options.callers)
        entity.maximum_associations = options.limits.associations
        entity.maximum_pdu_size = min(options.limits.pdu_bytes, 128 * 1024)
        entity.network_timeout = options.limits.idle_s
        entity.acse_timeout = entity.dimse_timeout = options.limits.pdu_s
        entity.add_supported_context(Verification)
        for storage in IMAGES:
            entity.add_supported_context(storage, SYNTAXES)
        for storage in REPORTS:
            entity.add_supported_context(storage, PLAIN_SYNTAXES)
        handlers: list[EventHandlerType] = [
            (evt.EVT_CONN_OPEN, self._opened),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, _echo),
        ]
        try:
            server = entity.make_server((options.host, options.port), evt_handlers=handlers, server_class=_Server)
        except OSError as error:
            raise OutputError(
                f"cannot listen on {options.host}:{options.port}: {error.strerror or error};"
                " check the host, or choose another port"
            ) from error
        assert isinstance(server, _Server)
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def _opened(self, event: Event) -> None:
        bounds.bind(event.assoc, self._spool, self._options.limits)

    def _store(self, event: Event) -> Dataset:
        request = event.request
        assert isinstance(request, C_STORE)
        data = request.DataSet
        incoming = data.incoming if isinstance(data, bounds.DataSet) else None
        if incoming is None:
            return _status(NO_SPACE if is_uid(str(request.AffectedSOPInstanceUID)) else BAD_UID)
        answer = accept(
            incoming,
            str(request.AffectedSOPClassUID),
            str(request.AffectedSOPInstanceUID),
            self._spool,
            self._worklist,
            self._options.limits.waiting,
            self._arrived,
        )
        return _status(answer)


class _Server(ThreadedAssociationServer):
    """Turns connections away before they cost a thread; pynetdicom itself counts only when one asks to associate."""

    def verify_request(self, request: object, client_address: object) -> bool:
        # Up to twice the limit is answered in DICOM's words, so that a peer learns why.
        return len(self.active_associations) < 2 * self.ae.maximum_associations

    def stop(self) -> None:
        """Take no more connections, abort those that are open: what they have not been answered, they send again."""
        self.ae._servers.append(self)  # from where shutdown() removes it
        self.shutdown()
        for association in self.active_associations:
            association.abort()


def _echo(event: Event) -> int:
    return 0x0000


def _status(answer: Answer) -> Dataset:
    status = Dataset()
    status.Status = answer.status
    if answer.comment:
        status.ErrorComment = answer.comment
    return status
