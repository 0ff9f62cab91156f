"""Whom a change of prices concerns, and by how much a month."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from boroughs.models import Body
from londonpsn.common.template_filters import pounds

# A line is on a price when it comes under the contract, is of the item's kind of service, and is
# billed what the price comes to for its quantity. A line of several such is counted once, at the
# price of most quantity.
AFFECTED = """
SELECT council.short_name, council.slug, body.kind, moved.by IS NULL, count(*), sum(moved.by)
FROM (
    SELECT DISTINCT ON (l.id) l.body_id, (p.new_amount - p.old_amount) * l.quantity AS by
    FROM ({changed}) p
    JOIN services_catalogueitem i ON i.id = p.item_id
    JOIN services_line l
      ON l.contract_id = p.contract_id AND l.service_type_id = i.service_type_id
     AND l.quantity >= p.from_quantity
    JOIN services_charge c
      ON c.line_id = l.id AND c.kind = 'RECURRING' AND c.amount = p.old_amount * l.quantity
     AND c.starts_on <= %(day)s AND (c.ends_on IS NULL OR c.ends_on > %(day)s)
    WHERE p.new_amount IS DISTINCT FROM p.old_amount
      AND (l.billed_from IS NULL OR l.billed_from <= %(day)s)
      AND (l.billed_until IS NULL OR l.billed_until > %(day)s)
    ORDER BY l.id, p.from_quantity DESC, p.item_id
) moved
JOIN boroughs_body body ON body.id = moved.body_id
JOIN boroughs_council council ON council.id = body.council_id
GROUP BY council.id, body.kind, moved.by IS NULL
ORDER BY council.short_name, body.kind, moved.by IS NULL
"""


@dataclass(frozen=True, slots=True)
class Affected:
    """The lines of one council's bodies of one kind that are on prices that change, or end.

    ``monthly`` is pounds a month more, below zero for less; None where the price ``ends`` and none
    follows it. Kinds are never added (decisions 17).
    """

    council: str
    slug: str
    body_kind: str
    ends: bool
    lines: int
    monthly: Decimal | None

    @property
    def who(self) -> str:
        return Body.Kind(self.body_kind).label

    @property
    def what(self) -> str:
        return "Its price ends, and none follows" if self.ends else "Its price changes"

    @property
    def difference(self) -> str:
        """Say what it comes to a month: more, or less."""
        return "not known" if self.monthly is None else more_or_less(self.monthly)

    def __str__(self):
        lines = f"{self.lines:,} line{'' if self.lines == 1 else 's'}"
        what = "the price ends and none follows" if self.ends else f"{self.difference} a month"
        return f"{self.council}, {self.who}: {lines}, {what}"


def more_or_less(difference: Decimal) -> str:
    """Write a difference in pounds without a judgement: what is less is no loss here."""
    return f"{pounds(abs(difference))} {'less' if difference < 0 else 'more'}"


def affected_by(changed: str, params: dict, day: date) -> list[Affected]:
    """Return whom changed prices concern, by council and kind of body.

    ``changed`` is SQL of ours for rows of contract_id, item_id, from_quantity, old_amount and
    new_amount (pounds a month for one; NULL where none follows), with ``params``.
    """
    with connection.cursor() as cursor:
        cursor.execute(AFFECTED.format(changed=changed), params | {"day": day})
        return [Affected(*row) for row in cursor.fetchall()]
