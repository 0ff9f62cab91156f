"""What call-offs ask of buyers: drafts to award, notices to publish, ceilings that come near."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse

from boroughs.authorization import Permission
from londonpsn.common.periods import in_words
from londonpsn.common.template_filters import pounds
from londonpsn.common.work import A_SOURCE, Band, Item, More
from services.law import NOTICES as NOTICES_OF_LAW
from services.models import Contract
from services.queries.calloffs import Burn, burn_down, call_offs_of, open_notices
from services.queries.work import A_WEEK

BUYERS = "Buyers"
DRAFTS, NOTICES, CEILINGS = "Drafts of call-offs", "Notices to publish", "Ceilings"


def drafts_waiting(user, today: date) -> Iterator[Item | More]:
    """Yield the drafts that somebody began and nobody awarded; late once they should have begun."""
    councils = _councils(user)
    if not councils:
        return
    drafts = call_offs_of(councils).filter(stage=Contract.Stage.DRAFT)
    drafts = list(drafts.select_related("council", "supplier").order_by("starts_on", "pk"))
    for draft in drafts[:A_SOURCE]:
        is_late = draft.starts_on is not None and draft.starts_on <= today
        yield _item(
            draft,
            kind=DRAFTS,
            band=Band.LATE if is_late else Band.DUE,
            what="Go on with the award, or drop it",
            why=f"With {draft.supplier.name}"
            + (f", to start on {in_words(draft.starts_on)}" if draft.starts_on else ""),
            action="Go on",
            due=draft.starts_on,
        )
    yield from _more(DRAFTS, Band.DUE, len(drafts))


def notices_to_publish(user, today: date) -> Iterator[Item | More]:
    """Yield the notices that the law wanted by now, or wants within a week."""
    councils = _councils(user)
    if not councils:
        return
    notices = list(open_notices(councils, before=today + A_WEEK))
    for notice in notices[:A_SOURCE]:
        is_late = notice.due_on is not None and notice.due_on < today
        yield _item(
            notice.contract,
            kind=NOTICES,
            band=Band.LATE if is_late else Band.DUE,
            what=f"Publish {notice.code}",
            why=f"To be published {_when(notice.code)}, or waived with a reason",
            action="Look at the call-off",
            due=notice.due_on,
        )
    yield from _more(NOTICES, Band.DUE, len(notices))


def ceilings_near(user, today: date) -> Iterator[Item | More]:
    """Yield the call-offs of which nearly all, or all, that may be ordered is ordered.

    Those that are reached are work of London Grid too, which may let orders go past them.
    """
    councils = _councils(user)
    overrides = user.access.councils_with(Permission.CEILING_OVERRIDE) is None
    if not (councils or overrides):
        return
    call_offs = Contract.objects.call_offs() if overrides else call_offs_of(councils)
    awarded = call_offs.awarded().exclude(ceiling=None)
    awarded = awarded.select_related("council").prefetch_related("extensions").order_by("pk")
    call_offs = list(awarded)
    burnt = burn_down(call_offs, today)
    near = [
        one
        for one in call_offs
        if burnt[one.pk].is_blocked
        or (burnt[one.pk].state == Burn.NEAR and one.council_id in councils)
    ]
    near.sort(key=lambda one: -burnt[one.pk].percent if burnt[one.pk].percent else 0)
    for one in near[:A_SOURCE]:
        burn = burnt[one.pk]
        yield _item(
            one,
            kind=CEILINGS,
            band=Band.LATE if burn.is_blocked else Band.DUE,
            what=_about_ceiling(burn.is_blocked, is_buyer=one.council_id in councils),
            why=f"{burn.percent}% of {pounds(burn.ceiling)} is ordered",
            action="Look at the call-off",
            for_whom=BUYERS if one.council_id in councils else "London Grid",
        )
    yield from _more(CEILINGS, Band.DUE, len(near))


def _about_ceiling(is_blocked: bool, *, is_buyer: bool) -> str:
    if not is_blocked:
        return "Plan the next call-off"
    if is_buyer:
        return "Nothing more can be ordered: ask London Grid, or award another"
    return "Nothing more can be ordered: let orders go past the ceiling, or say no"


def _when(code: str) -> str:
    return NOTICES_OF_LAW.get(code, ("", "by law"))[1]


def _councils(user) -> frozenset[int]:
    return user.access.councils_named(Permission.CALL_OFF_AWARD)


def _item(call_off: Contract, **facts) -> Item:
    return Item(
        place=call_off.council.short_name,
        reference=call_off.reference,
        address=reverse("calloff", args=[call_off.pk]),
        **{"for_whom": BUYERS} | facts,
    )


def _more(kind: str, band: Band, count: int) -> Iterator[More]:
    if count > A_SOURCE:
        address = reverse("calloffs", args=["all"])
        yield More(kind=kind, band=band, count=count - A_SOURCE, address=address, where="Call-offs")
