"""The worklist on the terminal.

>>> Console().print(to_table(worklist(folder)))             # doctest: +SKIP
"""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from tightrope_triage.listen.rows import WAITING, Row, printable
from tightrope_triage.reading import NOTICE, State

COLUMNS = ("State", "Probability", "Patient", "Study", "Age", "To result", "Sent", "Why")
_SHORT_UID = 8  # characters; --json has all of them
_STYLES = {
    State.PRIORITY.value: "bold red",
    State.CANNOT_JUDGE.value: "yellow",
    WAITING: "cyan",
    State.ROUTINE.value: "green",
}


def to_table(rows: list[Row]) -> Table:
    """A row for each case, in the order given; a column that would be empty is left out."""
    cells = [_cells(row) for row in rows]
    kept = [name for name in COLUMNS if not rows or any(row[name] for row in cells)]
    shown = Table(caption=NOTICE)
    for name in kept:
        right = name in {"Probability", "Age", "To result"}
        folds = name in {"Patient", "Why"}
        shown.add_column(name, justify="right" if right else "left", overflow="fold", no_wrap=not folds)
    for row in cells:
        shown.add_row(*(row[name] for name in kept))
    return shown


def _cells(row: Row) -> dict[str, str]:
    """The text of each column; of the study's UID its end, which is where UIDs differ."""
    study = row.study_instance_uid
    texts = (
        f"[{_STYLES[row.state]}]{row.state}[/]",
        "" if row.probability is None else f"{row.probability:.3f}",
        escape(printable(row.patient_id)),
        escape(study if len(study) <= _SHORT_UID else f"..{study[-_SHORT_UID:]}"),
        duration(row.age_s),
        "" if row.result_s is None else duration(row.result_s),
        _sent(row),
        escape(printable(" ".join(row.reasons) or row.trouble or row.urgent)),
    )
    return dict(zip(COLUMNS, texts, strict=True))


def duration(seconds: float) -> str:
    """To two places that matter: 0.42 s, 12 s, 3 min 05 s, 2 h 10 min, 3 d 4 h."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    for unit, smaller, size, part in (("d", "h", 86_400, 3600), ("h", "min", 3600, 60), ("min", "s", 60, 1)):
        if whole >= size:
            rest = whole % size // part
            return (
                f"{whole // size} {unit} {rest:02d} {smaller}"
                if part < 3600
                else f"{whole // size} {unit} {rest} {smaller}"
            )
    return f"{whole} s"


def _sent(row: Row) -> str:
    if row.results == 0:
        return ""
    text = f"{row.sent} of {row.results}"
    return f"[red]{text}, {row.failures} failed[/]" if row.failures else text
