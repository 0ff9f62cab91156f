"""Reference data of who and where, from the small tables beside this file (see SOURCES.md)."""

import csv
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from boroughs.models import Body, Council, Gateway, Generation, Supplier, SupplierAlias
from londonpsn.common.text import fold

GENERATIONS = [("LEGACY", "Before the PSN", 1), ("PSN", "Public Services Network", 2)]


def rows(folder: str, table: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one table, which lies in the folder of the module file given."""
    with (Path(folder).parent / table).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def add_missing(model, key: str, facts) -> None:
    """Add the rows whose ``key`` is not held yet; what an administrator has changed stays."""
    held = set(model.objects.values_list(key, flat=True))
    model.objects.bulk_create(model(**row) for row in facts if row[key] not in held)


@transaction.atomic
def load() -> None:
    """Load councils, each with its own body, generations, gateways, and suppliers with aliases."""
    add_missing(Council, "gss_code", rows(__file__, "councils.csv"))
    with_body = set(Body.objects.filter(kind="COUNCIL").values_list("council_id", flat=True))
    Body.objects.bulk_create(
        Body(council=council, kind=Body.Kind.COUNCIL, name=council.official_name)
        for council in Council.objects.exclude(pk__in=with_body).order_by("gss_code")
    )
    names = ("code", "name", "sequence")
    add_missing(Generation, "code", (dict(zip(names, facts, strict=True)) for facts in GENERATIONS))
    add_missing(Gateway, "code", rows(__file__, "gateways.csv"))
    _load_suppliers()


def _load_suppliers() -> None:
    """Add missing suppliers with their aliases; those of a held supplier are kept in the admin."""
    known = set(Supplier.objects.values_list("code", flat=True))
    suppliers = [row for row in rows(__file__, "suppliers.csv") if row["code"] not in known]
    aliases = {row["code"]: [row["name"], *row.pop("aliases").split(";")] for row in suppliers}
    add_missing(Supplier, "code", suppliers)
    added = {supplier.code: supplier for supplier in Supplier.objects.filter(code__in=aliases)}
    # A supplier goes by its own name too; one spelling is held once however often it is listed.
    by_folded = {
        fold(name): {"supplier": added[code], "name": name.strip(), "folded": fold(name)}
        for code, names in aliases.items()
        for name in names
        if name.strip()
    }
    add_missing(SupplierAlias, "folded", by_folded.values())
