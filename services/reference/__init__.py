"""Reference data of what runs: kinds of service, frameworks, law, and LondonPSN's programmes."""

from datetime import date

from django.db import transaction

from boroughs.models import Body, Generation, Supplier
from boroughs.reference import add_missing, rows
from services.models import Framework, LegalRule, Milestone, Programme, ServiceType

FROZEN_ON = date(2013, 4, 1)
NETWORK = ("GW-PSN", "GW-NHS", "INT-ACCESS")  # and every WAN-*
MILESTONES = (50, 90, 100)  # per cent ceased (spec 5.3); the days are not set


@transaction.atomic
def load() -> None:
    """Load service types, rules of law, frameworks, and both programmes (decisions 1)."""
    add_missing(ServiceType, "code", rows(__file__, "service_types.csv"))
    _add_rules()
    _add_frameworks()
    _add_programme("PSN-NETWORK", "PSN network", in_network=True)
    _add_programme("SERVICES", "Other services", in_network=False)


def _add_rules() -> None:
    """Add the dated rules of law that are missing; what an administrator corrected stays."""
    held = set(LegalRule.objects.values_list("kind", "regime", "code", "starts_on"))
    for row in rows(__file__, "legal_rules.csv"):
        starts_on = date.fromisoformat(row.pop("starts_on"))
        if (row["kind"], row["regime"], row["code"], starts_on) not in held:
            ends_on = row.pop("ends_on") or None
            is_verified = row.pop("is_verified") == "1"
            LegalRule.objects.create(
                **row, starts_on=starts_on, ends_on=ends_on, is_verified=is_verified
            )


def _add_frameworks() -> None:
    """Add the frameworks that are missing, linked with those of their suppliers that are held."""
    held = set(Framework.objects.values_list("code", flat=True))
    suppliers = {supplier.name: supplier for supplier in Supplier.objects.all()}
    for row in rows(__file__, "frameworks.csv"):
        if row["code"] in held:
            continue
        names = [name.strip() for name in row.pop("suppliers").split(";")]
        days = {name: row.pop(name) or None for name in ("starts_on", "ends_on", "ceiling")}
        others = "; ".join(name for name in names if name not in suppliers)
        framework = Framework.objects.create(**row, **days, suppliers_text=others)
        framework.suppliers.set(suppliers[name] for name in names if name in suppliers)


def _add_programme(code: str, name: str, *, in_network: bool) -> None:
    if Programme.objects.filter(code=code).exists():
        return
    programme = Programme.objects.create(
        code=code,
        name=name,
        generation=Generation.objects.get(code="PSN"),
        body_kinds=[Body.Kind.COUNCIL],
        frozen_on=FROZEN_ON,
        is_default=in_network,
    )
    programme.service_types.set(
        kind
        for kind in ServiceType.objects.all()
        if (kind.code in NETWORK or kind.code.startswith("WAN-")) == in_network
    )
    Milestone.objects.bulk_create(
        Milestone(programme=programme, percent=percent) for percent in MILESTONES
    )
