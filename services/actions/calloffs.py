"""Every write of call-offs: drafted, awarded, extended, changed, and what the law wants of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from boroughs import audit, authorization
from boroughs.authorization import Permission
from boroughs.models import AuditEvent, Council, Supplier
from boroughs.queries import find_row, visible_councils
from londonpsn.common.errors import CHANGED_SINCE, BadInput, Refused
from londonpsn.common.money import ZERO, to_the_penny
from londonpsn.common.periods import check_day, in_words, last_day
from services import awarding, law
from services.awarding import INDEX_TERMS, PRICE_TERMS, STEP_OF
from services.models import Contract, ContractChange, ContractExtension, ContractNotice, Framework
from services.models.contract import NOTICE_IS_OPEN
from services.queries.calloffs import burn_down, is_entitled, is_open, legal_rules

Type = AuditEvent.Type
AWARD, OVERRIDE = Permission.CALL_OFF_AWARD, Permission.CEILING_OVERRIDE
# What may name people stands in the record and not in the trail.
NOT_IN_TRAIL = {"conflict", "route_reason", "description"}
POUNDS = ("value", "vat", "irrecoverable_vat", "ceiling")
BELOW = Decimal(10**12)  # pounds that a contract can hold
FIRST_DAYS_WITHOUT = {"ends_on", "minimum_term_ends_on"}
# What is counted, from and to; the forms ask for the same.
COUNTS = {
    "notice_days": (0, 1000, "Give up to 1,000 days of notice."),
    "index_lag_months": (0, 36, "Take the index of at most 36 months before."),
    "exit_percent": (0, 100, "Write what leaving early costs as 0 to 100 per cent."),
    "roll_on_months": (1, 120, "Let it roll on by 1 to 120 months."),
    "standstill_days": (1, 60, "Give a standstill of 1 to 60 working days."),
}
MOST_OPTIONS, MOST_MONTHS = 10, 120


@transaction.atomic
def draft(
    *,
    council: Council,
    supplier: Supplier,
    by,
    at: datetime,
    answers: Mapping | None = None,
    extensions: Sequence[int] | None = None,
) -> Contract:
    """Begin a call-off of a council with a supplier, and return the draft.

    It is given a reference that can be changed. ``answers`` and ``extensions`` are as in
    ``answer``. Raises NotVisible, PermissionDenied or BadInput.
    """
    if by is not None:
        find_row(visible_councils(by), pk=council.pk)
    authorization.check(by, AWARD, council)
    Council.objects.select_for_update(no_key=True).get(pk=council.pk)
    call_off = Contract.objects.create(
        council=council,
        supplier=supplier,
        kind=Contract.Kind.CALL_OFF,
        stage=Contract.Stage.DRAFT,
        reference=_next_reference(council),
        drafted_by=by,
    )
    after = {"supplier": supplier.code} | _keep(call_off, answers or {})[1]
    after["reference"] = call_off.reference
    if extensions is not None:
        _replace_options(call_off, extensions)
        after["extensions"] = list(extensions)
    _record(Type.CALL_OFF_DRAFTED, call_off, by, at, after=after)
    return call_off


@transaction.atomic
def answer(
    *,
    call_off_id: int,
    answers: Mapping,
    by,
    at: datetime,
    extensions: Sequence[int] | None = None,
) -> Contract:
    """Keep some answers of a draft, by the names of the fields of Contract; a blank one empties.

    ``extensions`` are the months of its options, in order; None leaves them. Raises NotVisible,
    PermissionDenied, Refused where it is awarded, or BadInput with what is wrong.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.DRAFT)
    before, after = _keep(call_off, answers)
    if extensions is not None:
        before["extensions"] = list(_options(call_off).values_list("months", flat=True))
        _replace_options(call_off, extensions)
        after["extensions"] = list(extensions)
    if before != after:
        _record(Type.CALL_OFF_DRAFTED, call_off, by, at, before=before, after=after)
    return call_off


@transaction.atomic
def award(*, call_off_id: int, by, on: date, at: datetime, seen: str | None = None) -> Contract:
    """Award a draft on a day: its law is settled, and the notices that it calls for are due.

    ``seen`` is the digest of the answers that were looked over, None where nobody did. Raises
    Refused with everything that stands in the way, or where the answers are others now; NotVisible
    or PermissionDenied.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.DRAFT)
    _lock_framework(call_off)
    options = _options(call_off).values_list("months", flat=True)
    if seen is not None and seen != awarding.digest(call_off, options):
        raise Refused(CHANGED_SINCE)
    rules = legal_rules()
    obstacles = awarding.obstacles(call_off, rules=rules, is_entitled=is_entitled(call_off), on=on)
    if obstacles:
        raise Refused(" ".join(one.text for one in obstacles))
    call_off.regime = awarding.regime_of(call_off, rules)
    call_off.stage = Contract.Stage.AWARDED
    call_off.awarded_by, call_off.awarded_at = by, at
    call_off.save(update_fields=["regime", "stage", "awarded_by", "awarded_at"])
    due = awarding.law_of(call_off, rules, on=on).notices
    ContractNotice.objects.bulk_create(
        ContractNotice(contract=call_off, code=one.code, due_on=one.due_on) for one in due
    )
    after = {name: getattr(call_off, name) for name in ("regime", "route", "value", "signed_on")}
    after |= {"starts_on": call_off.starts_on, "ends_on": call_off.ends_on}
    after["notices"] = [one.code for one in due]
    _record(Type.CALL_OFF_AWARDED, call_off, by, at, after=after)
    return call_off


@transaction.atomic
def drop(*, call_off_id: int, by, at: datetime) -> None:
    """Drop a draft that will not be awarded. Raises Refused where it is awarded."""
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.DRAFT)
    _options(call_off).delete()
    call_off.documents.clear()
    call_off.notes.clear()
    # Not delete(): it would first try to delete from the views that upper apps have of contracts.
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM services_contract WHERE id = %s", [call_off.pk])
    before = {"reference": call_off.reference}
    _record(Type.CALL_OFF_DROPPED, call_off, by, at, before=before)


@transaction.atomic
def sign(
    *,
    call_off_id: int,
    signed_on: date,
    supplier_signed_on: date | None,
    by,
    on: date,
    at: datetime,
    reason: str = "",
) -> Contract:
    """Keep when an awarded call-off was signed; open notices get their days by it.

    A day that is known already is corrected with a reason; ``supplier_signed_on`` of None leaves
    what is held. Raises Refused without the reason, and BadInput for a day after today, ``on``.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.AWARDED)
    before = {name: getattr(call_off, name) for name in ("signed_on", "supplier_signed_on")}
    after = {
        "signed_on": signed_on,
        "supplier_signed_on": supplier_signed_on or call_off.supplier_signed_on,
    }
    _check_signatures(call_off, after, on)
    if before == after:
        raise BadInput("Nothing changes. Write another day.")
    if not reason.strip() and any(held and held != after[name] for name, held in before.items()):
        day = in_words(call_off.signed_on or call_off.supplier_signed_on)
        raise Refused(f"It was signed on {day}. Say why that is corrected.")
    for name, day in after.items():
        setattr(call_off, name, day)
    call_off.save(update_fields=list(after))
    for due in awarding.law_of(call_off, legal_rules(), on=on).notices:
        call_off.notices.filter(NOTICE_IS_OPEN, code=due.code).update(due_on=due.due_on)
    note = reason.strip()[:300]
    _record(Type.CALL_OFF_CHANGED, call_off, by, at, before=before, after=after, note=note)
    return call_off


@transaction.atomic
def take_extension(*, call_off_id: int, number: int, by, on: date, at: datetime) -> Contract:
    """Take the next option to extend a call-off.

    Raises Refused where it is over or has rolled on, notice was given, or ``number`` is not the
    next option: then somebody else was first, or an earlier one has to be taken.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.AWARDED)
    before = _still_running(call_off, on)
    if call_off.notice_given_on:
        raise Refused(
            f"Notice was given on {in_words(call_off.notice_given_on)}: it cannot be extended."
        )
    if call_off.ending(on).has_rolled:
        raise Refused("It has rolled on: its options ended with its first term.")
    option = _options(call_off).filter(taken_on=None).first()
    if option is None:
        raise Refused("No option to extend it is left.")
    if option.number != number:
        raise Refused(f"The option to be taken next is number {option.number}. Look at it again.")
    option.taken_on, option.taken_by = on, by
    option.save(update_fields=["taken_on", "taken_by"])
    after = {"ends_on": call_off.ending(on).ends_on, "extension": number}
    _record(Type.CALL_OFF_EXTENDED, call_off, by, at, before={"ends_on": before}, after=after)
    return call_off


@transaction.atomic
def change(
    *,
    call_off_id: int,
    value_change: Decimal,
    days_change: int,
    reason: str,
    by,
    on: date,
    at: datetime,
    ceiling_change: Decimal = ZERO,
    changes_so_far: int | None = None,
) -> Contract:
    """Change the value, the term or the ceiling of an awarded call-off, for a reason that is kept.

    VAT changes at the same rate; the first ceiling is a change from nothing. Where the law wants
    notice of a change, that is due on the day. ``changes_so_far`` is how many there were when it
    was looked at, None where nobody did. Raises Refused where the call-off is over or has been
    changed since, and BadInput where nothing changes or nothing would be left.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.AWARDED)
    _still_running(call_off, on)
    if changes_so_far is not None and changes_so_far != call_off.changes.count():
        raise Refused(CHANGED_SINCE)
    if not reason.strip():
        raise BadInput("Say why it is changed.")
    if not (value_change or days_change or ceiling_change):
        raise BadInput("Nothing changes. Give another value, ceiling or last day.")
    before = {name: getattr(call_off, name) for name in ("value", "vat", "ceiling", "ends_on")}
    _change_value(call_off, value_change)
    _change_ceiling(call_off, ceiling_change)
    _change_term(call_off, days_change, on)
    call_off.save(update_fields=list(before))
    ContractChange.objects.create(
        contract=call_off,
        on=on,
        value_change=value_change,
        days_change=days_change,
        ceiling_change=ceiling_change,
        reason=reason.strip()[:300],
        by=by,
        at=at,
    )
    _notice_of_a_change(call_off, on)
    after = {name: getattr(call_off, name) for name in before}
    _record(Type.CALL_OFF_CHANGED, call_off, by, at, before=before, after=after)
    return call_off


@transaction.atomic
def keep_price_terms(
    *, call_off_id: int, terms: Mapping, reason: str, by, at: datetime
) -> Contract:
    """Keep how prices of an awarded call-off rise, and what leaving early costs.

    ``terms`` are as its contract has them, by the names of PRICE_TERMS. Raises BadInput where they
    contradict themselves, nothing changes or no ``reason`` is given.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.AWARDED)
    if not reason.strip():
        raise BadInput("Say why: where the contract has it.")
    if others := terms.keys() - set(PRICE_TERMS):
        raise BadInput(f"{', '.join(sorted(others))}: this is not said of prices.")
    before, after = _keep(call_off, terms)
    if not after:
        raise BadInput("Nothing changes. Say something else of its prices.")
    note = reason.strip()[:300]
    _record(Type.CALL_OFF_CHANGED, call_off, by, at, before=before, after=after, note=note)
    return call_off


@transaction.atomic
def give_notice(*, contract_id: int, given_on: date, by, on: date, at: datetime) -> Contract:
    """Keep that a supplier was given notice on a day that is not after today, ``on``.

    For contracts of either kind. Raises Refused where it is over, ends by itself, or notice was
    given before.
    """
    contract = _lock(contract_id, by, AWARD, Contract.Stage.AWARDED, of=Contract.objects.all())
    end = _still_running(contract, on)
    if contract.notice_given_on:
        raise Refused(f"Notice was given on {in_words(contract.notice_given_on)} already.")
    if contract.renewal == Contract.Renewal.ENDS:
        when = f" on {in_words(last_day(end))}" if end else ""
        raise Refused(f"It ends by itself{when}: no notice is needed.")
    _has_come(given_on, on, "notice was given")
    contract.notice_given_on = given_on
    contract.save(update_fields=["notice_given_on"])
    after = {"notice_given_on": given_on, "ends_on": contract.ending(on).ends_on}
    _record(Type.NOTICE_GIVEN, contract, by, at, after=after)
    return contract


@transaction.atomic
def publish_notice(
    *,
    call_off_id: int,
    code: str,
    link: str,
    published_on: date,
    by,
    on: date,
    at: datetime,
    standstill_days: int | None = None,
) -> ContractNotice:
    """Keep where and when a notice was published.

    With the award notice may begin a standstill of ``standstill_days`` working days, on the day of
    publication. Raises NotVisible for one that is not due, BadInput for a day that has not come or
    a standstill that cannot be, and Refused where it is published or waived.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.AWARDED)
    notice = _open_notice(call_off, code)
    _has_come(published_on, on, "it was published")
    if not link.startswith(("https://", "http://")):
        raise BadInput("Give the address at which it can be read, beginning with https://.")
    notice.published_on, notice.link = published_on, link
    notice.save(update_fields=["published_on", "link"])
    after = {"notice": code, "published_on": published_on, "link": link}
    if standstill_days is not None:
        after |= _begin_standstill(call_off, code, published_on, standstill_days)
    _record(Type.NOTICE_PUBLISHED, call_off, by, at, after=after)
    return notice


@transaction.atomic
def waive_notice(*, call_off_id: int, code: str, reason: str, by, at: datetime) -> ContractNotice:
    """Keep why a notice is not needed after all. Raises as ``publish_notice`` does."""
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.AWARDED)
    notice = _open_notice(call_off, code)
    if not reason.strip():
        raise BadInput("Say why it is not needed.")
    notice.waived_reason = reason.strip()[:200]
    notice.save(update_fields=["waived_reason"])
    waived = {"after": {"notice": code}, "note": notice.waived_reason}
    _record(Type.NOTICE_WAIVED, call_off, by, at, **waived)
    return notice


@transaction.atomic
def override_ceiling(*, call_off_id: int, reason: str, by, on: date, at: datetime) -> Contract:
    """Let orders go past a ceiling that is reached, until the ceiling is another.

    It is an exception, and the trail is where it is kept. Raises Refused where nothing is blocked.
    """
    call_off = _lock(call_off_id, by, OVERRIDE, Contract.Stage.AWARDED)
    if not reason.strip():
        raise BadInput("Say why orders may go past the ceiling.")
    burn = burn_down([call_off], on).get(call_off.pk)
    if burn is None or not burn.is_blocked:
        raise Refused("Its ceiling blocks nothing now, so there is nothing to override.")
    after = {"ceiling": call_off.ceiling, "committed": burn.committed}
    _record(
        Type.CEILING_OVERRIDDEN, call_off, by, at, after=after, note=reason.strip(), needs=OVERRIDE
    )
    return call_off


def _lock(call_off_id: int, by, permission: Permission, stage: Contract.Stage, of=None) -> Contract:
    """Return the call-off, or one ``of`` other contracts, locked, where the person may do this."""
    found = Contract.objects.call_offs() if of is None else of
    visible = found if by is None else found.visible_to(by)
    related = ("council", "supplier", "framework", "body")
    visible = visible.select_related(*related).select_for_update(of=["self"])
    call_off = find_row(visible, pk=call_off_id)
    authorization.check(by, permission, call_off.council)
    if call_off.stage != stage:
        is_draft = call_off.stage == Contract.Stage.DRAFT
        raise Refused(
            "It is a draft still. Award it first."
            if is_draft
            else "It is awarded already, and its answers stand. Change it from its own page."
        )
    return call_off


def _lock_framework(call_off: Contract) -> None:
    """Read the draft's framework again, and hold it: its end may be moved at the same time."""
    if call_off.framework_id:
        frameworks = Framework.objects.select_for_update(no_key=True)
        call_off.framework = frameworks.get(pk=call_off.framework_id)


def _has_come(day: date, on: date, what: str) -> None:
    """Raise BadInput for a day that nobody means, and for one after today, ``on``."""
    if check_day(day) > on:
        raise BadInput(f"This day has not come yet. Write the day on which {what}.")


def _check_signatures(call_off: Contract, days: Mapping, on: date) -> None:
    for day in filter(None, days.values()):
        _has_come(day, on, "it was signed")
    commenced_on = call_off.commenced_on
    if commenced_on and days["signed_on"] < commenced_on:
        raise BadInput(
            f"Its procurement commenced on {in_words(commenced_on)}: it was not signed before."
        )


def _still_running(call_off: Contract, on: date) -> date | None:
    """Return the first day without, None where no end is known. Raises Refused where it is over."""
    end = call_off.ending(on).ends_on
    if end is not None and end <= on:
        raise Refused(f"It ended on {in_words(last_day(end))}: nothing of it can be changed now.")
    return end


def _keep(call_off: Contract, answers: Mapping) -> tuple[dict, dict]:
    """Keep answers on a draft; returns what changed, before and after, as the trail tells it."""
    before, after, changed = {}, {}, []
    for name, value in answers.items():
        if name not in STEP_OF:
            raise BadInput(f"“{name}” is no fact of a call-off.")
        held = getattr(call_off, name)
        if held != value:
            changed.append(name)
            before[name], after[name] = _in_trail(name, held), _in_trail(name, value)
            setattr(call_off, name, value)
    _check_answers(call_off, changed)
    if changed:
        call_off.save(update_fields=changed)
    return before, after


def _check_answers(call_off: Contract, changed: Sequence[str]) -> None:
    """Raise BadInput where the answers contradict themselves or each other."""
    if call_off.supplier_id is None:
        raise BadInput("Choose the supplier.")
    _check_limits(call_off, changed)
    answered = {name for name in changed if getattr(call_off, name) not in (None, "")}
    others = {field.name for field in Contract._meta.fields} - answered
    related = {field.name for field in Contract._meta.fields if field.is_relation}
    try:
        call_off.clean_fields(exclude=others | related)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None
    if any((getattr(call_off, name) or 0) < 0 for name in POUNDS):
        raise BadInput("Pounds cannot be below nothing here.")
    starts, ends = call_off.starts_on, call_off.ends_on
    if starts and ends and ends <= starts:
        raise BadInput("The last day has to lie after the first.")
    _check_index(call_off)
    if call_off.body and call_off.body.council_id != call_off.council_id:
        raise BadInput("Choose a body of this council.")
    rolls_on = call_off.renewal == Contract.Renewal.ROLLS_ON
    if rolls_on and not call_off.roll_on_months:
        raise BadInput("Say by how many months it rolls on.")
    if "reference" in changed:
        # Two that are given one at once wait for each other here.
        Council.objects.select_for_update(no_key=True).get(pk=call_off.council_id)
        same = Contract.objects.filter(council=call_off.council, reference=call_off.reference)
        if not call_off.reference or same.exclude(pk=call_off.pk).exists():
            raise BadInput("Give a reference that no other contract of the council has.")


def _check_index(call_off: Contract) -> None:
    """Raise BadInput where what is said of a rise by an index contradicts itself."""
    said = [name for name in INDEX_TERMS if getattr(call_off, name) not in (None, "")]
    if said and not call_off.index_base:
        raise BadInput(
            "Say on which price rises by an index are worked out, or leave empty what is said of "
            "them: lag, least, most and rounding."
        )
    least, most = call_off.index_floor, call_off.index_cap
    if least is not None and most is not None and least > most:
        raise BadInput("The least by which prices rise cannot be more than the most.")


def _check_limits(call_off: Contract, changed: Sequence[str]) -> None:
    """Raise BadInput for days and counts that nobody means."""
    for name in changed:
        value = getattr(call_off, name)
        if isinstance(value, date):
            has_day_before = name in FIRST_DAYS_WITHOUT and value > date.min
            check_day(last_day(value) if has_day_before else value)
        if value is not None and name in COUNTS:
            least, most, words = COUNTS[name]
            if not least <= value <= most:
                raise BadInput(words)


def _in_trail(name: str, value):
    if name in NOT_IN_TRAIL:
        return "given" if value else ""
    return getattr(value, "pk", value)


def _options(call_off: Contract):
    return ContractExtension.objects.filter(contract=call_off).order_by("number")


def _replace_options(call_off: Contract, months: Sequence[int]) -> None:
    if len(months) > MOST_OPTIONS or not all(1 <= some <= MOST_MONTHS for some in months):
        raise BadInput(f"Give at most {MOST_OPTIONS} options, each of 1 to {MOST_MONTHS} months.")
    _options(call_off).delete()
    ContractExtension.objects.bulk_create(
        ContractExtension(contract=call_off, number=number, months=some)
        for number, some in enumerate(months, 1)
    )


def _next_reference(council: Council) -> str:
    """Return the next free reference of a call-off; the council's row is locked."""
    held = set(Contract.objects.of_council(council).values_list("reference", flat=True))
    number = 1
    while (reference := f"{council.register_code}/CO/{number:03d}") in held:
        number += 1
    return reference


def _change_value(call_off: Contract, by_pounds: Decimal) -> None:
    if not by_pounds:
        return
    if call_off.value is None or call_off.value + by_pounds < 0:
        raise BadInput("Its value would fall below nothing. Give a smaller change.")
    if call_off.vat is not None and call_off.value:
        call_off.vat = to_the_penny(call_off.vat * (call_off.value + by_pounds) / call_off.value)
    call_off.value += by_pounds
    if call_off.value >= BELOW or (call_off.vat or 0) >= BELOW:
        raise BadInput("This is more than any contract is worth. Give a smaller change.")


def _change_ceiling(call_off: Contract, by_pounds: Decimal) -> None:
    if not by_pounds:
        return
    call_off.ceiling = (call_off.ceiling or ZERO) + by_pounds
    if not 0 <= call_off.ceiling < BELOW:
        raise BadInput(
            "Its ceiling would fall below nothing, or is more than any contract is worth."
        )


def _change_term(call_off: Contract, by_days: int, on: date) -> None:
    try:
        call_off.ends_on += timedelta(days=by_days)
        last = last_day(call_off.ends_on)
    except OverflowError:
        raise BadInput("No contract runs to such a day. Give a smaller change.") from None
    check_day(last)
    if call_off.ends_on <= call_off.starts_on or call_off.ending(on).ends_on <= on:
        raise BadInput("It would be over already. Choose a later last day.")


def _notice_of_a_change(call_off: Contract, on: date) -> None:
    """Add the notice that the law wants of a change, where none is open already."""
    if None in (call_off.value, call_off.vat, call_off.commenced_on):
        return
    due = law.change_notice_due(
        legal_rules(),
        regime=call_off.regime,
        commenced_on=call_off.commenced_on,
        value_with_vat=call_off.value + call_off.vat,
        on=on,
    )
    if due and not call_off.notices.filter(NOTICE_IS_OPEN, code=due.code).exists():
        ContractNotice.objects.create(contract=call_off, code=due.code, due_on=due.due_on)


def _begin_standstill(call_off: Contract, code: str, begins: date, days: int) -> dict:
    """Let a standstill begin with the award notice; returns what the trail tells of it."""
    if code != law.AWARD or call_off.standstill_from or call_off.signed_on:
        raise BadInput("A standstill begins with the award notice, once, before it is signed.")
    call_off.standstill_from, call_off.standstill_days = begins, days
    begun = {"standstill_from": begins, "standstill_days": days}
    _check_limits(call_off, list(begun))
    call_off.save(update_fields=list(begun))
    return begun


def _open_notice(call_off: Contract, code: str) -> ContractNotice:
    """Return the one of the code that is open. Raises Refused where the last one is not."""
    notice = find_row(call_off.notices.order_by("-pk"), code=code)
    if not is_open(notice):
        done = f"published on {in_words(notice.published_on)}" if notice.published_on else "waived"
        raise Refused(f"{code} was {done} already.")
    return notice


def _record(type, call_off: Contract, by, at: datetime, *, needs=AWARD, **said) -> None:
    audit.record(
        type, by=by, at=at, council=call_off.council, subject=call_off, needs=needs, **said
    )
