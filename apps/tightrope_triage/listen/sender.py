"""The thread that sends results to a node by C-STORE, and tries again while they are not taken.

Results are files with fixed SOP instance UIDs, so one that was sent twice, because the answer or the process was lost,
is one object at the peer.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE, build_context, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from tightrope_triage.listen import bounds
from tightrope_triage.listen.cases import Letter, Worklist
from tightrope_triage.listen.options import Node, Retry
from tightrope_triage.listen.spool import Spool

_IDLE_S, _NO_SPACE_S, _NETWORK_S, _CONNECT_S = 1.0, 2.0, 30.0, 10.0
_WARNINGS = range(0xB000, 0xC000)  # PS3.4, table B.2-1: stored, with a remark


class Sender(threading.Thread):
    """Sends until it is stopped; what is not sent then stays in the outbox."""

    def __init__(
        self, aet: str, node: Node, retry: Retry, outgoing: Spool, worklist: Worklist, say: Callable[[str], None]
    ) -> None:
        super().__init__(name="sender", daemon=True)
        self._node, self._retry, self._outgoing, self._worklist = node, retry, outgoing, worklist
        self._say = say
        self._entity = AE(aet)
        self._entity.connection_timeout, self._entity.network_timeout = _CONNECT_S, _NETWORK_S
        self._entity.acse_timeout = self._entity.dimse_timeout = _NETWORK_S
        self._wake, self._stopped = threading.Event(), threading.Event()
        self._failing = False

    def wake(self) -> None:
        """Something is to be sent."""
        self._wake.set()

    def stop(self) -> None:
        """Ask to end after the object in hand."""
        self._stopped.set()
        self._wake.set()

    def run(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                letters = self._worklist.due(self._retry.attempts)
                if letters:
                    self._send(letters)
                else:
                    self._wake.wait(_IDLE_S)
            except (sqlite3.Error, OSError) as error:
                self._say(f"the outbox cannot be used: {error}")
                self._stopped.wait(_NO_SPACE_S)

    def _send(self, letters: list[Letter]) -> None:
        """One association for them all; each is marked sent, or postponed with the reason."""
        results: list[tuple[Letter, Dataset]] = []
        for letter in letters:
            try:
                results.append((letter, dcmread(self._outgoing.path(letter.file))))
            except Exception as error:  # one that is damaged does not keep the others back
                self._postpone(letter, f"its file cannot be read: {error}")
        if not results:
            return
        kinds = {(str(r.SOPClassUID), str(r.file_meta.TransferSyntaxUID)) for _, r in results}
        contexts = [build_context(storage, syntax) for storage, syntax in sorted(kinds)][:128]
        association = self._associate(contexts)
        if association is None or not association.is_established:
            for letter, _ in results:
                self._postpone(letter, _refusal(association))
            return
        try:
            for letter, result in results:
                if self._stopped.is_set():
                    return
                self._send_one(association, letter, result)
        finally:
            if association.is_established:
                association.release()

    def _associate(self, contexts: list[PresentationContext]) -> Association | None:
        """None where the node's name has no address: that is the network's trouble, not the disk's."""
        try:
            return self._entity.associate(
                self._node.host,
                self._node.port,
                contexts,
                ae_title=self._node.aet,
                evt_handlers=[(evt.EVT_CONN_OPEN, lambda event: bounds.at_once(event.assoc))],
            )
        except (OSError, UnicodeError):
            return None

    def _send_one(self, association: Association, letter: Letter, result: Dataset) -> None:
        try:
            status = association.send_c_store(result).get("Status")
        except Exception as error:  # no association any more, no context for its class, or it cannot be encoded
            self._postpone(letter, str(error))
            return
        if status is None:
            self._postpone(letter, "no answer")
        elif status == 0x0000 or status in _WARNINGS:
            self._worklist.sent(letter.id)
            self._outgoing.remove(letter.file)
            self._failing = False
        else:
            self._postpone(letter, f"refused with status 0x{status:04X}")

    def _postpone(self, letter: Letter, trouble: str) -> None:
        failures = letter.failures + 1
        self._worklist.postpone(letter.id, trouble, self._retry.wait_s(failures))
        if failures >= self._retry.attempts:
            self._say(f"gave up sending a result to {self._node} after {failures} attempts: {trouble}")
        elif not self._failing:
            self._failing = True
            self._say(f"cannot send results to {self._node}: {trouble}; trying again")


def _refusal(association: Association | None) -> str:
    if association is None:
        return "the node's name cannot be resolved"
    if association.is_rejected:
        return "the node refused the association; does it know this AE title?"
    if association.is_aborted:
        return "the node cannot be reached"
    return "no association"


def forget_orphans(outgoing: Spool, wanted: set[str]) -> None:
    """At start: remove results of cases that were not finished, for those are judged again, and results sent before."""
    outgoing.clear_drafts()
    for name in set(outgoing.kept()) - wanted:
        outgoing.remove(name)
