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
from londonpsn.common.errors import BadInput, Refused
from londonpsn.common.money import to_the_penny
from londonpsn.common.periods import in_words, last_day
from services import awarding, law
from services.awarding import STEP_OF
from services.models import Contract, ContractChange, ContractExtension, ContractNotice
from services.queries.calloffs import burn_down, is_open, legal_rules

Type = AuditEvent.Type
AWARD, OVERRIDE = Permission.CALL_OFF_AWARD, Permission.CEILING_OVERRIDE
# What may name people stands in the record and not in the trail.
NOT_IN_TRAIL = {"conflict", "route_reason", "description"}
POUNDS = ("value", "vat", "irrecoverable_vat", "ceiling")
MOST_OPTIONS = 10


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
def award(*, call_off_id: int, by, on: date, at: datetime) -> Contract:
    """Award a draft on a day: its law is settled, and the notices that it calls for are due.

    Raises Refused with everything that stands in the way; NotVisible or PermissionDenied.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.DRAFT)
    rules = legal_rules()
    framework, body = call_off.framework, call_off.body
    obstacles = awarding.obstacles(
        call_off,
        rules=rules,
        is_entitled=bool(framework and body and framework.may_be_used_by(body)),
        on=on,
        is_own_draft=by is not None and call_off.drafted_by_id == by.pk,
    )
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
    *, call_off_id: int, signed_on: date, supplier_signed_on: date | None, by, at: datetime
) -> Contract:
    """Keep when an awarded call-off was signed; notices that waited for it get their days.

    Raises Refused where that is known already.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.AWARDED)
    if call_off.signed_on:
        raise Refused(f"It was signed on {in_words(call_off.signed_on)}: that stands.")
    call_off.signed_on, call_off.supplier_signed_on = signed_on, supplier_signed_on
    call_off.save(update_fields=["signed_on", "supplier_signed_on"])
    for due in awarding.law_of(call_off, legal_rules(), on=signed_on).notices:
        call_off.notices.filter(code=due.code, due_on=None).update(due_on=due.due_on)
    after = {"signed_on": signed_on, "supplier_signed_on": supplier_signed_on}
    _record(Type.CALL_OFF_CHANGED, call_off, by, at, after=after)
    return call_off


@transaction.atomic
def take_extension(*, call_off_id: int, number: int, by, on: date, at: datetime) -> Contract:
    """Take the next option to extend a call-off.

    Raises Refused where it is over, notice was given, or ``number`` is not the next option: then
    somebody else was first, or an earlier one has to be taken.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.AWARDED)
    before = _still_running(call_off, on)
    if call_off.notice_given_on:
        raise Refused(
            f"Notice was given on {in_words(call_off.notice_given_on)}: it cannot be extended."
        )
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
) -> Contract:
    """Change the value or the term of an awarded call-off, for a reason that is kept.

    VAT changes at the same rate. Where the value comes to reach the threshold, the notices of an
    award are due as if it had been signed on the day of the change. Raises Refused where the
    call-off is over, and BadInput where nothing changes or nothing would be left.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.AWARDED)
    _still_running(call_off, on)
    if not reason.strip():
        raise BadInput("Say why it is changed.")
    if not value_change and not days_change:
        raise BadInput("Nothing changes. Give another value, or another last day.")
    before = {name: getattr(call_off, name) for name in ("value", "vat", "ends_on")}
    _change_value(call_off, value_change)
    call_off.ends_on += timedelta(days=days_change)
    is_over = call_off.ending(on).ends_on <= on
    if is_over or call_off.ends_on <= call_off.starts_on:
        raise BadInput("It would be over already. Choose a later last day.")
    call_off.save(update_fields=["value", "vat", "ends_on"])
    ContractChange.objects.create(
        contract=call_off,
        on=on,
        value_change=value_change,
        days_change=days_change,
        reason=reason.strip()[:300],
        by=by,
        at=at,
    )
    _notices_after_a_change(call_off, on)
    after = {name: getattr(call_off, name) for name in before}
    _record(Type.CALL_OFF_CHANGED, call_off, by, at, before=before, after=after)
    return call_off


@transaction.atomic
def give_notice(*, call_off_id: int, given_on: date, by, on: date, at: datetime) -> Contract:
    """Keep that the supplier was given notice on a day that is not after today, ``on``.

    Raises Refused where it is over, ends by itself, or notice was given before.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.AWARDED)
    end = _still_running(call_off, on)
    if call_off.notice_given_on:
        raise Refused(f"Notice was given on {in_words(call_off.notice_given_on)} already.")
    if call_off.renewal == Contract.Renewal.ENDS:
        raise Refused(f"It ends by itself on {in_words(last_day(end))}: no notice is needed.")
    if given_on > on:
        raise BadInput("This day has not come yet. Write the day on which notice was given.")
    call_off.notice_given_on = given_on
    call_off.save(update_fields=["notice_given_on"])
    after = {"notice_given_on": given_on, "ends_on": call_off.ending(on).ends_on}
    _record(Type.NOTICE_GIVEN, call_off, by, at, after=after)
    return call_off


@transaction.atomic
def publish_notice(
    *, call_off_id: int, code: str, link: str, published_on: date, by, on: date, at: datetime
) -> ContractNotice:
    """Keep where and when a notice was published.

    Raises NotVisible for one that is not due, BadInput for a day that has not come, and Refused
    where it is published or waived.
    """
    call_off = _lock(call_off_id, by, AWARD, Contract.Stage.AWARDED)
    notice = _open_notice(call_off, code)
    if published_on > on:
        raise BadInput("This day has not come yet. Write the day on which it was published.")
    if not link.startswith(("https://", "http://")):
        raise BadInput("Give the address at which it can be read, beginning with https://.")
    notice.published_on, notice.link = published_on, link
    notice.save(update_fields=["published_on", "link"])
    after = {"notice": code, "published_on": published_on, "link": link}
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
    _record(Type.NOTICE_WAIVED, call_off, by, at, after={"notice": code}, note=reason)
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


def _lock(call_off_id: int, by, permission: Permission, stage: Contract.Stage) -> Contract:
    """Return the call-off, locked, where the person may do this to it as it stands."""
    found = Contract.objects.call_offs()
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


def _still_running(call_off: Contract, on: date) -> date:
    """Return the first day without. Raises Refused where that has come."""
    end = call_off.ending(on).ends_on
    if end <= on:
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
    if call_off.body and call_off.body.council_id != call_off.council_id:
        raise BadInput("Choose a body of this council.")
    rolls_on = call_off.renewal == Contract.Renewal.ROLLS_ON
    if rolls_on and not call_off.roll_on_months:
        raise BadInput("Say by how many months it rolls on.")
    if "reference" in changed:
        same = Contract.objects.filter(council=call_off.council, reference=call_off.reference)
        if not call_off.reference or same.exclude(pk=call_off.pk).exists():
            raise BadInput("Give a reference that no other contract of the council has.")


def _in_trail(name: str, value):
    if name in NOT_IN_TRAIL:
        return "given" if value else ""
    return getattr(value, "pk", value)


def _options(call_off: Contract):
    return ContractExtension.objects.filter(contract=call_off).order_by("number")


def _replace_options(call_off: Contract, months: Sequence[int]) -> None:
    if len(months) > MOST_OPTIONS or any(some < 1 for some in months):
        raise BadInput(f"Give at most {MOST_OPTIONS} options, each of one month or more.")
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


def _notices_after_a_change(call_off: Contract, on: date) -> None:
    """Add the notices of an award that the value calls for now and did not before."""
    if None in (call_off.value, call_off.vat, call_off.commenced_on):
        return
    held = set(call_off.notices.values_list("code", flat=True))
    due = law.notices_due(
        legal_rules(),
        regime=call_off.regime,
        commenced_on=call_off.commenced_on,
        value_with_vat=call_off.value + call_off.vat,
        signed_on=on,
    )
    ContractNotice.objects.bulk_create(
        ContractNotice(contract=call_off, code=one.code, due_on=one.due_on)
        for one in due
        if one.code not in held
    )


def _open_notice(call_off: Contract, code: str) -> ContractNotice:
    notice = find_row(call_off.notices.all(), code=code)
    if not is_open(notice):
        done = f"published on {in_words(notice.published_on)}" if notice.published_on else "waived"
        raise Refused(f"{code} was {done} already.")
    return notice


def _record(type, call_off: Contract, by, at: datetime, *, needs=AWARD, **said) -> None:
    audit.record(
        type, by=by, at=at, council=call_off.council, subject=call_off, needs=needs, **said
    )
