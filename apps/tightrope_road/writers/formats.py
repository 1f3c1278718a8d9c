"""The output formats that a person named, by commas."""

from __future__ import annotations

from collections.abc import Collection

from tightrope.errors import BadInputError, nearest


def parse_names(text: str, known: Collection[str]) -> tuple[str, ...]:
    """'image,coco' to names of `known`, each once. Raises BadInputError for an unknown one, or none."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in known:
            raise BadInputError(f"no output format {name!r}{nearest(name, list(known))}")
    if not names:
        raise BadInputError(f"no output format is named; there are {', '.join(known)}")
    return names
