"""What runs, and how it moves from old to new."""

from services.models.catalogue import CatalogueItem, IndexationRun, Price, Quote, RegisterEdition
from services.models.contract import (
    Contract,
    ContractChange,
    ContractExtension,
    ContractNotice,
    Milestone,
    Programme,
    ServiceType,
)
from services.models.framework import Framework, LegalRegime, LegalRule
from services.models.line import Charge, Line, LineFlag, LineMove, PlannedMove
from services.models.migration import Baseline, MigrationStatus, Replacement, ReplacementLine

__all__ = [
    "Baseline",
    "CatalogueItem",
    "Charge",
    "Contract",
    "ContractChange",
    "ContractExtension",
    "ContractNotice",
    "Framework",
    "IndexationRun",
    "LegalRegime",
    "LegalRule",
    "Line",
    "LineFlag",
    "LineMove",
    "MigrationStatus",
    "Milestone",
    "PlannedMove",
    "Price",
    "Programme",
    "Quote",
    "RegisterEdition",
    "Replacement",
    "ReplacementLine",
    "ServiceType",
]
