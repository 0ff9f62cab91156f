"""What lines, their plans and the ends of contracts ask of a council's people."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from boroughs.authorization import Role
from boroughs.models import Body
from londonpsn.common.template_filters import last_day
from londonpsn.common.work import A_SOURCE, Band, Item, More
from services.models import Contract, Line
from services.queries import MoveToMake, ToDo, lines_paid_twice, moves_due
from services.queries.radar import Standing, notices_asked
from services.queries.work import A_WEEK
from services.stages import Stage

# Pounds of councils, schools and others are never one sum, so each is a kind of its own.
PAID_TWICE = {
    Body.Kind.COUNCIL: "Lines paid twice",
    Body.Kind.SCHOOL: "School lines paid twice",
    Body.Kind.OTHER: "Lines of other bodies paid twice",
}
MOVES = {
    Body.Kind.COUNCIL: "Planned moves",
    Body.Kind.SCHOOL: "Planned moves of schools",
    Body.Kind.OTHER: "Planned moves of other bodies",
}
TO_DO = {
    Stage.IDENTIFIED: "Find",
    Stage.VALIDATED: "Confirm",
    Stage.QUALIFIED: "Choose the solution",
    Stage.ORDERED: "Order",
    Stage.COMMITTED: "Have a date promised",
    Stage.BUILD: "Have it built",
    Stage.INSTALLED: "Take the delivery",
    Stage.ACCEPTED: "Accept",
    Stage.CUTOVER: "Bring into use",
    Stage.CEASE_ORDERED: "Order the cease",
    Stage.CEASED: "Have it ceased",
    Stage.CLOSED: "Close",
}


def paid_twice(user, today: date) -> Iterator[Item | More]:
    """Yield the old lines that are still billed beside their new ones, the dearest first."""
    councils = user.access.councils_as(Role.NETWORK_OFFICER, Role.FINANCE)
    if not councils:
        return
    lines = Line.objects.visible_to(user).filter(body__council__in=councils)
    unlisted: Counter[str] = Counter()
    for line in lines_paid_twice(lines, today, at_most=A_SOURCE):
        kind = PAID_TWICE[Body.Kind(line.body.kind)]
        unlisted[kind] = line.in_all - A_SOURCE
        yield Item(
            kind=kind,
            band=Band.LATE,
            what="Stop paying for the old line",
            why=f"Its new line {line.new_reference} is billed too",
            place=line.site.name if line.site else line.body.name,
            reference=line.reference,
            address=reverse("line", args=[line.pk]),
            action="Look at the line",
            for_whom="Network officers and finance",
            monthly=line.monthly,
        )
    yield from _more(Band.LATE, unlisted, ToDo.PAID_TWICE)


def moves_to_make(user, today: date) -> Iterator[Item | More]:
    """Yield each place's next planned moves: those whose day has passed, and this week's."""
    councils = user.access.councils_as(Role.NETWORK_OFFICER)
    if not councils:
        return
    lines = Line.objects.visible_to(user).filter(body__council__in=councils)
    moves = moves_due(lines, before=today + A_WEEK, day=today)
    for band, ours in (
        (Band.LATE, [move for move in moves if move.on < today]),
        (Band.DUE, [move for move in moves if move.on >= today]),
    ):
        yield from (_item(move, band) for move in ours[:A_SOURCE])
        unlisted = Counter(MOVES[move.body_kind] for move in ours[A_SOURCE:])
        yield from _more(band, unlisted, ToDo.MOVE)


def _item(move: MoveToMake, band: Band) -> Item:
    is_one = move.lines == 1
    if is_one:
        address = reverse("line", args=[move.line])
    else:
        address = reverse("lines", args=[move.council])
        address += f"?q={move.site_code}" if move.site_code else f"?who={move.body_kind}"
    return Item(
        kind=MOVES[move.body_kind],
        band=band,
        what=TO_DO[move.to_stage],
        why=f"{'Old line' if is_one else f'{move.lines:,} old lines'}: "
        f"planned to be “{move.to_stage.label}”",
        place=move.site or move.body,
        reference=move.reference if is_one else f"{move.lines:,} lines",
        address=address,
        action="Look at the line" if is_one else "Look at the lines",
        for_whom="Network officers",
        due=move.on,
        monthly=move.monthly,
    )


def _more(band: Band, unlisted: Counter[str], what: ToDo) -> Iterator[More]:
    address = f"{reverse('lines', args=['all'])}?{urlencode({'todo': what})}"
    for kind, count in unlisted.items():
        if count > 0:
            yield More(kind=kind, band=band, count=count, address=address)


NOTICES = "Notice on contracts"
NOTICE_AHEAD = timedelta(days=14)  # a letter has to be written, signed and delivered by its day


def notices_to_give(user, today: date) -> Iterator[Item | More]:
    """Yield the contracts of which notice is late, or due within a fortnight, the oldest first."""
    councils = user.access.councils_as(Role.BUYER, Role.NETWORK_OFFICER)
    if not councils:
        return
    contracts = Contract.objects.visible_to(user).filter(council__in=councils)
    asked = list(notices_asked(contracts, today + NOTICE_AHEAD, today))
    for band, ours in (
        (Band.LATE, [one for one in asked if one.is_late]),
        (Band.DUE, [one for one in asked if not one.is_late]),
    ):
        yield from (_notice(one, band) for one in ours[:A_SOURCE])
        if len(ours) > A_SOURCE:
            address = reverse("radar", args=["all"])
            left = len(ours) - A_SOURCE
            where = "What ends when"
            yield More(kind=NOTICES, band=band, count=left, address=address, where=where)


def _notice(one: Standing, band: Band) -> Item:
    contract = one.contract
    radar = reverse("radar", args=[contract.council_slug])
    query = urlencode({"supplier": contract.supplier_code})
    return Item(
        kind=NOTICES,
        band=band,
        what="Extend it or let it end" if one.options else "Give notice, or keep it",
        why=_unless_notice(one),
        place=contract.council_name,
        reference=contract.reference,
        address=f"{radar}?{query}#contract-{contract.pk}",
        action="See what ends when",
        for_whom="Buyers and network officers",
        due=one.notice_by,
    )


def _unless_notice(one: Standing) -> str:
    """Say what comes of it when nobody acts."""
    contract, ends = one.contract, f"Ends on {last_day(one.ending.ends_on)}"
    if contract.renewal == Contract.Renewal.ROLLS_ON:
        months = contract.roll_on_months
        return f"{ends} and rolls on for {months} month{'' if months == 1 else 's'} without notice"
    if contract.renewal == Contract.Renewal.ENDS:
        return f"{ends} by itself unless it is extended"
    return f"{ends}; whether it rolls on is not known"
