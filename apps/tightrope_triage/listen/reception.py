"""What is answered to a peer that stores an object, and what has happened by then.

The order is the guarantee: the file is synced and renamed, its folder synced, the row committed; only then is success
answered. A process killed anywhere in between leaves no answer, or a durable case.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from tightrope.errors import BadInputError
from tightrope_triage.listen.cases import Admission, Arrival, Case, Worklist
from tightrope_triage.listen.identity import Identity, digest, is_uid
from tightrope_triage.listen.spool import Draft, Spool
from tightrope_triage.listen.storage import IMAGES


@dataclass(frozen=True)
class Answer:
    """A C-STORE status (PS3.4, table B.2-1; PS3.7, annex C) and a comment of at most 64 characters."""

    status: int
    comment: str = ""


SUCCESS = Answer(0x0000)
QUEUE_FULL = Answer(0xA700, "too many objects wait; try again later")
NO_SPACE = Answer(0xA700, "the object cannot be written; try again later")
TOO_LONG = Answer(0xC010, "the object is larger than is accepted")
UNREADABLE = Answer(0xC000, "the data set cannot be read")
NO_IMAGE = Answer(0x0122, "only images are taken")
MISMATCH = Answer(0xA900, "the data set's UIDs are not those of the request")
BAD_UID = Answer(0x0117, "invalid SOP instance UID")
TAKEN = Answer(0x0111, "another object has this SOP instance UID")


class Incoming:
    """One object as it comes in: a draft, its length so far and its digest."""

    def __init__(self, draft: Draft, head: bytes, most: int) -> None:
        """`head` is preamble and file meta information; `most` bytes of data set are taken. Raises OSError."""
        self.draft = draft
        self.refusal: Answer | None = None
        self.length = 0
        self._most = most
        self._sha = hashlib.sha256()
        draft.write(head)

    def add(self, fragment: bytes) -> None:
        """Take a fragment of the encoded data set; after a refusal they are counted only."""
        self.length += len(fragment)
        if self.refusal is not None:
            return
        if self.length > self._most:
            self.refuse(TOO_LONG)
            return
        self._sha.update(fragment)
        try:
            self.draft.write(fragment)
        except OSError:
            self.refuse(NO_SPACE)

    def refuse(self, answer: Answer) -> None:
        """Give up the object; its file goes at once."""
        self.refusal = answer
        self.draft.drop()

    @property
    def digest(self) -> str:
        return self._sha.hexdigest()


def accept(
    incoming: Incoming,
    sop_class_uid: str,
    sop_instance_uid: str,
    spool: Spool,
    worklist: Worklist,
    limit: int,
    arrived: Callable[[Case], object],
) -> Answer:
    """Take in a complete object that was announced by these UIDs, with at most `limit` waiting.

    `arrived` is called with each new case when it is durable.
    """
    if incoming.refusal is not None:
        return incoming.refusal
    try:
        admitted = _accept(incoming, sop_class_uid, sop_instance_uid, spool, worklist, limit)
    except (OSError, sqlite3.Error):
        return NO_SPACE
    finally:
        incoming.draft.drop()
    if isinstance(admitted, Answer):
        return admitted
    arrived(admitted)
    return SUCCESS


def _accept(
    incoming: Incoming, sop_class_uid: str, sop_instance_uid: str, spool: Spool, worklist: Worklist, limit: int
) -> Answer | Case:
    if not is_uid(sop_instance_uid):
        return BAD_UID
    incoming.draft.flush()
    try:
        identity = Identity.read(incoming.draft.path)
    except BadInputError:
        return UNREADABLE
    if (identity.sop_class_uid, identity.sop_instance_uid) != (sop_class_uid, sop_instance_uid):
        return MISMATCH
    # Asked first, so that what is known or does not fit costs no sync; asked again with the insertion, which decides.
    admission = worklist.look(identity, incoming.digest, limit)
    refusal = NO_IMAGE if admission is Admission.NEW and sop_class_uid not in IMAGES else _ANSWERS.get(admission)
    if refusal is not None:
        return refusal
    name = incoming.draft.keep()
    try:
        admitted = worklist.admit(Arrival(identity, incoming.digest, name), limit)
    except BaseException:
        spool.remove(name)
        raise
    if isinstance(admitted, Case):
        return admitted
    spool.remove(name)
    return _ANSWERS[admitted]


_ANSWERS = {
    Admission.SAME: SUCCESS,
    Admission.OWN: SUCCESS,
    Admission.OTHER: TAKEN,
    Admission.FULL: QUEUE_FULL,
}


def adopt(spool: Spool, worklist: Worklist) -> tuple[int, int]:
    """At start: what a killed listener left behind.

    Drafts go: none was acknowledged. A kept file without a row becomes a case if it can be read and is not known, for
    it may be all that is left of a worklist that was lost; otherwise it goes.

    Returns:
        how many files became cases, how many were removed.

    Raises:
        OSError, sqlite3.Error: the folder or the worklist cannot be used.
    """
    spool.clear_drafts()
    known, _ = worklist.files()
    adopted = removed = 0
    for name in sorted(set(spool.kept()) - known):
        path = spool.path(name)
        try:
            arrival = Arrival(Identity.read(path), digest(path), name)
            taken = isinstance(worklist.admit(arrival, limit=1 << 62), Case)
        except BadInputError:
            taken = False
        if taken:
            adopted += 1
        else:
            spool.remove(name)
            removed += 1
    return adopted, removed
