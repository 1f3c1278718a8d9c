"""The listener: DICOM radiographs in by C-STORE, a worklist that survives a crash, results out by C-STORE.

>>> listen(ListenOptions(Path("worklist"), send_to=Node.parse("PACS@10.0.0.7:104")), judge, print, stop)
>>> for row in worklist(Path("worklist")):
...     print(row.state, row.study_instance_uid)         # doctest: +SKIP
"""

from tightrope_triage.listen.isolated import IsolatedJudge
from tightrope_triage.listen.judged import Judge, Judged
from tightrope_triage.listen.options import Limits, ListenOptions, Node, Retry
from tightrope_triage.listen.rows import Row, summarize, to_json, worklist
from tightrope_triage.listen.service import listen
from tightrope_triage.listen.table import to_table

__all__ = [
    "IsolatedJudge",
    "Judge",
    "Judged",
    "Limits",
    "ListenOptions",
    "Node",
    "Retry",
    "Row",
    "listen",
    "summarize",
    "to_json",
    "to_table",
    "worklist",
]
