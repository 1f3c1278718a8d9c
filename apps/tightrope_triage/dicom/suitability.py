"""Which objects are turned away before the model is asked, by what their header says.

A header can only rule out: what is absent or unknown rejects nothing, and what passes here is still looked at by the
image gate.
"""

from __future__ import annotations

from tightrope_triage.radiograph import Header

_RADIOGRAPHS = ("CR", "DX")  # PS3.3 C.7.3.1.1.1: computed radiography, digital radiography
_FRONTAL = ("AP", "PA")
_CHEST = ("CHEST", "THORAX", "TORAX", "LUNG", "LUNGS", "BRUST")
_SAYS_NOTHING = ("", "NONE", "OTHER", "UNKNOWN", "UNSPECIFIED", "N/A", "NA")


def unsuitable(header: Header) -> str | None:
    """The first reason why this is no frontal chest radiograph for presentation, as a sentence; None without one."""
    if _names(header.modality) and header.modality not in _RADIOGRAPHS:
        return f"The modality is {header.modality}; only radiographs (CR, DX) can be judged."
    if _names(header.body_part) and not _is_chest(str(header.body_part)):
        return f"The body part is {header.body_part}; only the chest can be judged."
    if _names(header.view) and header.view not in _FRONTAL:
        return f"The view is {header.view}; only frontal views (PA, AP) can be judged."
    if header.intent == "FOR PROCESSING":
        return "The image is raw, for processing; only images for presentation can be judged."
    return None


def _names(value: str | None) -> bool:
    return value is not None and value not in _SAYS_NOTHING


def _is_chest(body_part: str) -> bool:
    """'CHEST', also with a view beside it: 'CHEST PA', 'THORAX_AP'."""
    return any(word in _CHEST for word in body_part.replace("_", " ").replace("-", " ").split())
