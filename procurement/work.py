"""What published payments ask of those who load them."""

from collections.abc import Iterator
from datetime import date

from boroughs.authorization import Permission
from londonpsn.common.work import A_SOURCE, Band, Item, address_of
from procurement.models import PaymentFile


def refused_rows(user, today: date) -> Iterator[Item]:
    """Yield the files of which rows were refused, latest first."""
    if not user.access.allows_anywhere(Permission.PAYMENTS_LOAD):
        return
    files = PaymentFile.objects.visible_to(user).filter(rows_refused__gt=0)
    files = files.select_related("council").order_by("-loaded_at", "-pk")
    for file in files[:A_SOURCE]:
        if not user.access.allows(Permission.PAYMENTS_LOAD, file.council_id):
            continue
        were = "row was" if file.rows_refused == 1 else "rows were"
        yield Item(
            kind="Payment files with refused rows",
            band=Band.DUE,
            what=f"{file.rows_refused:,} {were} refused",
            why=f"of {file.rows_read:,} in {file.get_series_display().lower()}",
            place=file.council.short_name,
            reference=file.name,
            address=address_of("spend", file.council.slug),
            action="See what was refused",
            for_whom="Finance",
        )
