"""What published payments ask of those who load them."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Exists, OuterRef
from django.urls import reverse

from boroughs.authorization import Permission
from londonpsn.common.work import A_SOURCE, Band, Item
from procurement.models import PaymentFile


def refused_rows(user, today: date) -> Iterator[Item]:
    """Yield the files of which rows were refused, latest first."""
    if not user.access.allows_anywhere(Permission.PAYMENTS_LOAD):
        return
    files = PaymentFile.objects.visible_to(user).filter(rows_refused__gt=0)
    councils = user.access.councils_with(Permission.PAYMENTS_LOAD)
    if councils is not None:
        files = files.filter(council__in=councils)
    # Whoever has loaded a corrected list since has done it.
    corrected = PaymentFile.objects.filter(
        council=OuterRef("council"),
        series=OuterRef("series"),
        rows_refused=0,
        loaded_at__gt=OuterRef("loaded_at"),
    )
    files = files.exclude(Exists(corrected))
    for file in files.select_related("council").order_by("-loaded_at", "-pk")[:A_SOURCE]:
        were = "row was" if file.rows_refused == 1 else "rows were"
        yield Item(
            kind="Payment files with refused rows",
            band=Band.DUE,
            what=f"{file.rows_refused:,} {were} refused",
            why=f"of {file.rows_read:,} in {file.get_series_display().lower()}",
            place=file.council.short_name,
            reference=file.name,
            address=f"{reverse('spend', args=[file.council.slug])}?series={file.series}",
            action="Load the corrected file",
            for_whom="Finance",
        )
