"""Reports: folders with figures and numbers, a summary beside what was published, and papers to hand in."""

from ._reproduce import reproduce, runs_of
from ._table import Table
from ._terminal import print_tables
from ._writer import Summary
from .paper.needed import missing
from .paper.publish import Published
from .paper.sensitivity import Sensitivity, sensitivity
from .paper.surrogate_report import report_surrogate
from .paper.write import write_report

__all__ = [
    "Published",
    "Sensitivity",
    "Summary",
    "Table",
    "missing",
    "print_tables",
    "report_surrogate",
    "reproduce",
    "runs_of",
    "sensitivity",
    "write_report",
]
