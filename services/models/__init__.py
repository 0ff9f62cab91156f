"""What runs, and how it moves from old to new."""

from services.models.contract import Contract, Milestone, Programme, ServiceType
from services.models.line import Charge, Line, LineFlag, LineMove, PlannedMove
from services.models.migration import Baseline, MigrationStatus, Replacement, ReplacementLine

__all__ = [
    "Baseline",
    "Charge",
    "Contract",
    "Line",
    "LineFlag",
    "LineMove",
    "MigrationStatus",
    "Milestone",
    "PlannedMove",
    "Programme",
    "Replacement",
    "ReplacementLine",
    "ServiceType",
]
