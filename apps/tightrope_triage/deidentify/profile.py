"""The basic profile as a table: what is to become of an attribute.

>>> action(Tag("PatientName"), "PN")                                               # doctest: +SKIP
<Action.EMPTY: 'Z'>
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from importlib import resources

from pydicom.datadict import keyword_for_tag
from pydicom.tag import BaseTag

EDITION = "2026c"


class Action(str, Enum):
    """PS3.15 E.1.1, the codes that are left once the choices are made."""

    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    REPLACE_UIDS = "U"
    KEEP = "K"


# Where the table leaves a choice that depends on whether the object's IOD asks for the attribute, it is made as if it
# did: an empty or dummy value is allowed everywhere and tells as little.
_CHOSEN = {"X/Z": "Z", "X/D": "D", "Z/D": "D", "X/Z/D": "D", "X/Z/U*": "U"}

# The table takes their data and comments; what would be left describes a plane that is not there.
_OVERLAYS = 0x6000

# Attributes that the table forgets, all the same identify by their kind: reviewers' names, dates of calibration.
_BY_KIND = {"PN": Action.EMPTY, "DA": Action.DUMMY, "DT": Action.DUMMY, "UI": Action.REPLACE_UIDS}


def action(tag: BaseTag, vr: str) -> Action:
    """What the profile does to a standard attribute; private and unknown ones are REMOVEd."""
    keyword = keyword_for_tag(tag)
    if tag.is_private or not keyword or tag.group & 0xFF00 == _OVERLAYS:
        return Action.REMOVE
    name = f"{tag.group:04X}{tag.element:04X}"
    listed = _table().get(name) or _table().get(f"{name[:2]}xx{name[4:]}") or _table().get(f"{name[:2]}xxxxxx")
    if listed is not None:
        return listed
    return Action.KEEP if _names_a_class(keyword) else _BY_KIND.get(vr, Action.KEEP)


def _names_a_class(keyword: str) -> bool:
    """UIDs that say what an object is, not which one."""
    return "SOPClass" in keyword or "TransferSyntax" in keyword


@cache
def _table() -> dict[str, Action]:
    text = resources.files(__package__).joinpath("basic_profile.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return {tag: Action(_CHOSEN.get(code, code)) for tag, code, _ in rows}
