"""What was paid, and what it saves."""

from procurement.models.payment import Payment, PaymentFile, Series
from procurement.models.savings import SavingsByMonth, SavingsCoverage, SavingsMonth

__all__ = ["Payment", "PaymentFile", "SavingsByMonth", "SavingsCoverage", "SavingsMonth", "Series"]
