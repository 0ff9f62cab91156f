"""What the law wants of a call-off: regime, threshold, notices. Pure; rules are dated rows.

Where no rule is held for a day, nothing is worked out: None, "not held". A call-off never calls for
a tender or transparency notice (UK4, UK5), and its standstill is voluntary (decisions 30).
Source of every rule: regulation 6.4.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

AWARD, DETAILS, CHANGE = "UK6", "UK7", "UK10"
NOTICES = {  # by code: what it is, and when it has to be published
    AWARD: ("contract award notice", "before it is signed"),
    DETAILS: ("contract details notice", "after it is signed"),
    CHANGE: ("contract change notice", "before it is changed"),
}
BUYER = "SUB_CENTRAL"  # a borough buys goods and services as a sub-central authority


@dataclass(frozen=True, slots=True)
class Rule:
    """One figure over a half-open period; ``value`` is pounds, days or per cent by its kind."""

    kind: str
    regime: str
    code: str
    value: Decimal
    starts_on: date
    ends_on: date | None
    is_verified: bool = True

    def holds_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


def regime_of(rules: Iterable[Rule], commenced_on: date) -> str | None:
    """Return the regime of a procurement that commenced on a day, None where none is held."""
    held = (rule for rule in rules if rule.kind == "REGIME" and rule.holds_on(commenced_on))
    return next((rule.regime for rule in held), None)


def figure(rules: Iterable[Rule], kind: str, regime: str, day: date, code: str = "") -> Rule | None:
    """Return the rule of a kind in force on a day, None where none is held."""
    for rule in rules:
        if (rule.kind, rule.regime, rule.code) == (kind, regime, code) and rule.holds_on(day):
            return rule
    return None


def is_above_threshold(
    rules: Iterable[Rule], *, regime: str, day: date, value_with_vat: Decimal
) -> bool | None:
    """Answer whether a value with VAT, options and extensions reaches the threshold of the day.

    None where no threshold is held for it.
    """
    threshold = figure(rules, "THRESHOLD", regime, day, BUYER)
    return None if threshold is None else value_with_vat >= threshold.value


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that is due: its code, and by when; None until the day that it follows is known."""

    code: str
    due_on: date | None


def notices_due(
    rules: Iterable[Rule],
    *,
    regime: str,
    commenced_on: date,
    value_with_vat: Decimal,
    signed_on: date | None,
    before: date,
) -> list[Due]:
    """Return the notices that an award calls for, with their days.

    Above the threshold the award notice, which comes before the contract is entered into and begins
    a standstill, on the day ``before``; and the details notice within its days after it is signed.
    Below the threshold, or where none is held, none.
    """
    rules = list(rules)
    if not is_above_threshold(
        rules, regime=regime, day=commenced_on, value_with_vat=value_with_vat
    ):
        return []
    due = []
    for code, trigger in ((AWARD, before), (DETAILS, signed_on)):
        rule = figure(rules, "NOTICE", regime, signed_on or commenced_on, code)
        if rule is not None:
            due.append(Due(code, trigger and trigger + timedelta(days=int(rule.value))))
    return due


def change_notice_due(
    rules: Iterable[Rule], *, regime: str, commenced_on: date, value_with_vat: Decimal, on: date
) -> Due | None:
    """Return the notice that a change on a day calls for, before it is made.

    None below the threshold, and where the law of the day is not held or has none.
    """
    rules = list(rules)
    rule = figure(rules, "NOTICE", regime, on, CHANGE)
    if rule is None or not is_above_threshold(
        rules, regime=regime, day=commenced_on, value_with_vat=value_with_vat
    ):
        return None
    return Due(CHANGE, on + timedelta(days=int(rule.value)))


@dataclass(frozen=True, slots=True)
class Drift:
    """What the changes of a call-off come to, in per cent of what was first signed, cut to 0.1.

    None where it was not known at first.
    """

    value: Decimal | None
    term: Decimal | None


def drift(
    *, value: Decimal | None, days: int | None, changes: Iterable[tuple[Decimal, int]]
) -> Drift:
    """Return the drift after changes of (pounds, days)."""
    changes = list(changes)
    pounds = sum((change for change, _ in changes), Decimal(0))
    total_days = sum(change for _, change in changes)
    return Drift(_share(pounds, value), _share(Decimal(total_days), days))


def _share(part: Decimal, whole: Decimal | int | None) -> Decimal | None:
    if not whole:
        return None
    return (part * 100 / whole).quantize(Decimal("0.1"), rounding="ROUND_DOWN")
