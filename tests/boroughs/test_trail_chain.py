"""The trail only grows, in order, whoever writes at once; what is done to it shows, and where."""

import re
from collections import Counter
from contextlib import suppress
from contextvars import copy_context
from datetime import UTC, date, datetime, timedelta
from functools import partial
from threading import Barrier, Thread

import pgtrigger
import pytest
from django.apps import apps
from django.db import IntegrityError, InternalError, connection, connections, transaction
from django.test import Client

from boroughs import audit, trail
from boroughs.actions.roles import confirm_roles
from boroughs.authorization import resolve
from boroughs.models import AuditEvent, Council, Note, TrailCheck, TrailClosing, User, row_sql
from boroughs.models.audit import SECURITY
from boroughs.models.row_history import TrackedRow
from londonpsn.common import clock
from londonpsn.common.errors import Refused
from services.models import Charge, LineMove
from tests import factories as new
from tests.conftest import OURS, TRIGGERS_OFF, TRIGGERS_ON, sign_in
from tests.factories import AT, TODAY
from tests.londonpsn.test_pages import roles
from tests.two_councils import build

Type = AuditEvent.Type
WRITERS, EVENTS_EACH = 8, 25
CHAIN = "HCK"  # of a council of which the data set has nothing


@pytest.fixture
def hackney(db):
    return Council.objects.get(register_code=CHAIN)


@pytest.fixture
def five(hackney) -> list[AuditEvent]:
    """Five events of one council."""
    for number in range(1, 6):
        audit.record(
            Type.NOTE_ADDED,
            by=None,
            at=AT,
            council=hackney,
            before={"words": "before"},
            after={"words": "after"},
            note=f"event {number}",
        )
    return list(AuditEvent.objects.filter(chain=CHAIN).order_by("sequence"))


def as_owner(*statements: str, past_triggers: bool = True) -> None:
    """Do what only the database's owner can: past every trigger, if they go that far."""
    with connection.cursor() as cursor:
        if past_triggers:
            cursor.execute(TRIGGERS_OFF)
        for statement in statements:
            cursor.execute(statement)
        cursor.execute(TRIGGERS_ON)


def found() -> list[tuple[str, int, str]]:
    return [(one.chain, one.sequence, one.text) for one in trail.problems()]


# Written


def test_eight_writers_at_once_leave_one_chain_without_a_gap(committed):
    """Each also takes some of its writes back, which leave nothing."""
    hackney = Council.objects.get(register_code=CHAIN)
    together, errors = Barrier(WRITERS), []

    def write(number: int) -> None:
        try:
            together.wait()
            for nth in range(EVENTS_EACH):
                with transaction.atomic():
                    note = f"{number}/{nth}"
                    audit.record(Type.NOTE_ADDED, by=None, at=AT, council=hackney, note=note)
                if nth % 5 == 0:
                    with transaction.atomic():
                        audit.record(Type.NOTE_ADDED, by=None, at=AT, council=hackney, note="no")
                        transaction.set_rollback(True)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    writers = [Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert errors == []
    events = list(AuditEvent.objects.filter(chain=CHAIN).order_by("sequence"))
    assert [event.sequence for event in events] == list(range(1, WRITERS * EVENTS_EACH + 1))
    notes = {f"{writer}/{nth}" for writer in range(WRITERS) for nth in range(EVENTS_EACH)}
    assert {event.note for event in events} == notes
    assert [event.previous for event in events[1:]] == [event.hash for event in events[:-1]]
    assert len({event.transaction for event in events}) == len(events)
    assert trail.problems() == []


def at_once(*works) -> list[Exception]:
    """Do all works at the same moment, each on a connection of its own; return what went wrong."""
    together, errors = Barrier(len(works)), []

    def do(work) -> None:
        try:
            together.wait()
            work()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    doing = [Thread(target=do, args=(work,)) for work in works]
    for one in doing:
        one.start()
    for one in doing:
        one.join()
    return errors


@pytest.mark.parametrize("nth", range(2))
def test_leavers_of_many_councils_and_a_form_about_people_do_not_lock_each_other_out(
    committed, nth
):
    """Each writes to several chains, in another order; one that reviews them is in between."""
    councils = list(Council.objects.order_by("register_code"))
    here, there = councils[:10], councils[9::-1]
    leavers = [new.new_user(), new.new_user()]
    held = [
        [new.new_membership(user=user, council=place, role="BUYER") for place in places]
        for user, places in zip(leavers, (here, there), strict=True)
    ]
    administrators = [new.member(None, "ADMINISTRATOR") for _ in range(3)]
    browsers = [sign_in(Client(), one) for one in administrators]
    person = new.new_user()
    role = new.new_membership(user=person, council=there[0], role="AUDITOR")
    given = {"role": "VIEWER", "starts_on": "2014-07-01", "user": person.pk}
    form = {"email": person.email, "name": "Another name"} | roles(
        *(given | {"council": place.pk} for place in here),
        held=[{"id": role.pk, "user": person.pk, "ends_on": "2014-08-01"}],
    )

    def let_go(number: int) -> None:
        pages, key = browsers[number], leavers[number].pk
        done = {"action": "let_go", "_selected_action": [key]}
        assert pages.post("/admin/boroughs/user/", done).status_code == 302

    def save() -> None:
        page = f"/admin/boroughs/user/{person.pk}/change/"
        assert browsers[2].post(page, form).status_code == 302

    def review() -> None:
        reviewer = resolve(User.objects.get(pk=administrators[2].pk), TODAY)
        keys = [row.pk for rows in held for row in rows]
        with suppress(Refused):  # some of them have left already
            confirm_roles(membership_ids=keys, by=reviewer, on=TODAY, at=AT)

    errors = at_once(partial(let_go, 0), partial(let_go, 1), save, review)

    assert errors == []
    assert not User.objects.filter(pk__in=[user.pk for user in leavers], is_active=True).exists()
    assert person.memberships.count() == len(here) + 1
    told = AuditEvent.objects.values_list("type", flat=True)
    assert Counter(told) >= Counter(
        {Type.ROLE_GIVEN: 10, Type.ROLE_CHANGED: 21, Type.PERSON_LEFT: 2, Type.PERSON_CHANGED: 1}
    )
    assert trail.problems() == []


def test_actions_done_together_leave_no_event_when_the_last_is_refused(hackney):
    with pytest.raises(Refused), audit.together():
        audit.record(Type.NOTE_ADDED, by=None, at=AT, council=hackney)
        raise Refused("no")

    assert not AuditEvent.objects.filter(chain=CHAIN).exists()


def test_what_fails_within_is_undone_with_its_events_and_the_rest_stays(hackney):
    """Somebody may go on after one of several actions was refused."""

    def add(words: str) -> None:
        new.new_note(hackney, text=words)
        audit.record(Type.NOTE_ADDED, by=None, at=AT, council=hackney, note=words)

    with audit.together():
        add("before")
        with suppress(Refused), audit.together():
            add("refused")
            raise Refused("no")
        with audit.together():
            add("after")

    told = AuditEvent.objects.filter(chain=CHAIN).order_by("sequence")
    assert [event.note for event in told] == ["before", "after"]
    assert {note.text for note in Note.objects.filter(council=hackney)} == {"before", "after"}


def test_events_wait_on_the_connection_that_they_are_written_to(committed):
    """Another thread has another connection, and writes at once."""
    hackney = Council.objects.get(register_code=CHAIN)

    def write() -> None:
        audit.record(Type.NOTE_ADDED, by=None, at=AT, council=hackney, note="at once")

    with audit.together():
        context = copy_context()
        assert at_once(lambda: context.run(write)) == []
        assert [event.note for event in AuditEvent.objects.filter(chain=CHAIN)] == ["at once"]


def test_many_events_of_one_statement_follow_each_other(hackney):
    audit.record_each(Type.NOTE_ADDED, by=None, at=AT, of=[(hackney, None)] * 250)

    events = AuditEvent.objects.filter(chain=CHAIN).order_by("sequence")
    assert [event.sequence for event in events] == list(range(1, 251))
    assert trail.problems() == []


def test_whoever_inserts_cannot_choose_number_or_hash(hackney):
    event = new.new_audit_event(hackney, sequence=77, hash="f" * 64, previous="e" * 64)

    event.refresh_from_db()
    assert (event.sequence, event.previous) == (1, "0" * 64)
    assert event.hash != "f" * 64
    assert trail.problems() == []


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns", "UTC"])
def test_the_sessions_settings_change_no_digest(five, hackney, zone):
    as_owner(f"SET LOCAL TIME ZONE '{zone}'", "SET LOCAL datestyle = 'SQL, DMY'")

    assert trail.problems() == []
    audit.record(Type.NOTE_ADDED, by=None, at=AT, council=hackney)
    as_owner("SET LOCAL TIME ZONE 'Europe/London'", "SET LOCAL datestyle = 'ISO, MDY'")
    assert trail.problems() == []


# Refused by the database


ONLY_GROW = [
    AuditEvent,
    TrailCheck,
    TrailClosing,
    *(
        model
        for app in OURS
        for model in apps.get_app_config(app).get_models()
        if issubclass(model, TrackedRow)
    ),
]


@pytest.mark.parametrize("model", ONLY_GROW, ids=lambda model: model._meta.label_lower)
def test_what_is_kept_is_not_changed_removed_or_emptied(db, model):
    """Not by the owner of the table, a superuser, either; through the ORM or past it."""
    build()
    new.new_trail_check()
    new.new_trail_closing()
    table, rows = model._meta.db_table, model._base_manager
    key = model._meta.pk.column
    row = rows.latest("pk")
    a_field = next(f for f in model._meta.concrete_fields if not f.primary_key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (True,)
    before = rows.count()

    for change in (
        lambda: rows.filter(pk=row.pk).update(**{a_field.name: getattr(row, a_field.attname)}),
        lambda: rows.filter(pk=row.pk)._raw_delete("default"),
        lambda: rows.filter(pk=row.pk).delete(),
        lambda: row.save(force_update=True),
        lambda: as_owner(f'UPDATE "{table}" SET "{key}" = "{key}"', past_triggers=False),
        lambda: as_owner(f'DELETE FROM "{table}"', past_triggers=False),
        lambda: as_owner(f'TRUNCATE "{table}" CASCADE', past_triggers=False),
    ):
        with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
            change()
    assert rows.count() == before > 0


KEPT_ROWS = [model for model in ONLY_GROW if issubclass(model, TrackedRow)]


@pytest.mark.parametrize("model", KEPT_ROWS, ids=lambda model: model._meta.label_lower)
def test_nobody_adds_a_kept_row_but_the_triggers_that_keep_it(db, model):
    """A forged past is refused too, also to the owner of the table."""
    build()
    row, before = model.objects.latest("pk"), model.objects.count()
    row.pk = None

    for forgery in (
        lambda: row.save(force_insert=True),
        lambda: model.objects.bulk_create([row]),
        lambda: as_owner(
            f'INSERT INTO "{model._meta.db_table}" DEFAULT VALUES', past_triggers=False
        ),
    ):
        with pytest.raises(IntegrityError, match="only the database itself"), transaction.atomic():
            forgery()
    assert model.objects.count() == before


def test_no_setting_of_a_session_switches_row_history_off(council):
    """pgtrigger asks a setting that anybody can set whether a trigger is to do nothing."""
    line = new.new_line(new.new_body(council(CHAIN)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(DISTINCT tgname::text)::text FROM pg_trigger")
        [every_trigger] = cursor.fetchone()
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [every_trigger])

    charge = new.new_charge(line, amount=10)
    with pgtrigger.ignore():
        Charge.objects.filter(pk=charge.pk).update(amount=12)
        Charge.objects.filter(pk=charge.pk).delete()

    kept = (
        Charge._meta.get_field("rows")
        .related_model.objects.filter(pgh_obj_id=charge.pk)
        .order_by("pk")
    )
    assert [(row.pgh_label, row.amount) for row in kept] == [
        ("insert", 10),
        ("update", 12),
        ("delete", 12),
    ]
    move = new.new_line_move(line)
    with pytest.raises(InternalError, match="Cannot update or delete"), transaction.atomic():
        LineMove.objects.filter(pk=move.pk).update(reason="forged")


def test_not_even_as_a_replica_does_a_session_change_what_is_kept(five, council):
    """The database's owner can say that a session is one of replication, which skips triggers."""
    line = new.new_line(new.new_body(council(CHAIN)))
    charge = new.new_charge(line, amount=10)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")

    Charge.objects.filter(pk=charge.pk).update(amount=12)
    audit.record(Type.NOTE_ADDED, by=None, at=AT, council=council(CHAIN))

    assert charge.rows.latest("pk").amount == 12
    assert AuditEvent.objects.filter(chain=CHAIN).latest("sequence").sequence == 6
    assert trail.problems() == []
    for table in ("boroughs_auditevent", "services_chargerow"):
        with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
            as_owner(f"DELETE FROM {table}", past_triggers=False)


def test_every_trigger_of_ours_fires_always(db):
    """One that a migration makes by hand needs ENABLE ALWAYS (boroughs.models.row_sql)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT tgrelid::regclass::text, tgname FROM pg_trigger
            WHERE NOT tgisinternal AND tgenabled <> 'A'
                AND tgrelid::regclass::text NOT LIKE 'pghistory%'
            """
        )
        assert cursor.fetchall() == []


TRACKED = [model.pgh_tracked_model for model in KEPT_ROWS]


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model._meta.label_lower)
def test_the_key_by_which_kept_rows_are_found_stays(db, model):
    build()
    row = model._base_manager.latest("pk")

    with pytest.raises((IntegrityError, InternalError)) as refused, transaction.atomic():
        as_owner(
            f'UPDATE "{model._meta.db_table}" SET id = id + 1000000 WHERE id = {row.pk}',
            past_triggers=False,
        )

    assert re.search("Another key|append_only", str(refused.value))  # some are never changed at all


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model._meta.label_lower)
def test_what_was_there_before_its_keeping_began_gets_a_first_state(db, model):
    """So that the first change of it has its "before"."""
    build()
    row, kept = model._base_manager.latest("pk"), model._meta.get_field("rows").related_model
    table = kept._meta.db_table
    as_owner(f'DELETE FROM "{table}" WHERE pgh_obj_id = {row.pk}')
    others = kept.objects.count()

    for _ in range(2):
        as_owner(row_sql.first_states(model._meta.db_table, table), past_triggers=False)

    [first] = kept.objects.filter(pgh_obj_id=row.pk)
    assert first.pgh_label == "snapshot"
    for field in kept._meta.concrete_fields:
        if not field.name.startswith("pgh_"):
            assert getattr(first, field.attname) == getattr(row, field.attname)
    assert kept.objects.filter(pgh_label="snapshot").count() + others >= kept.objects.count()
    with pytest.raises(IntegrityError, match="only the database itself"), transaction.atomic():
        as_owner(f'INSERT INTO "{table}" DEFAULT VALUES', past_triggers=False)


def test_no_trigger_of_ours_asks_a_setting_whether_to_do_nothing(db):
    """Of whatever is decorated or protected later: use boroughs.models.row_history for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.tgrelid::regclass::text, t.tgname FROM pg_trigger t
            JOIN pg_proc p ON p.oid = t.tgfoid
            WHERE p.prosrc LIKE '%_should_ignore%'
                AND t.tgrelid::regclass::text NOT LIKE 'pghistory%'
            """
        )
        assert cursor.fetchall() == []


# Found, and where


def other_value(field) -> str:
    """Return SQL of another value that the column can have."""
    column = f'"{field.column}"'
    if field.name in ("before", "after"):
        return f'{column} || \'{{"words": "other"}}\'::jsonb'
    if field.name in ("previous", "hash"):
        return "repeat('f', 64)"
    if field.name == "type":
        return f"'{Type.LINE_MOVED}'"
    if field.get_internal_type() == "DateTimeField":
        return f"{column} + interval '1 microsecond'"
    if field.get_internal_type() == "CharField":
        return f"{column} || '.'"
    return f"COALESCE({column}, 0) + 1000"


COLUMNS = [pytest.param(field, id=field.name) for field in AuditEvent._meta.concrete_fields]


@pytest.mark.parametrize("at", [1, 3, 5])
@pytest.mark.parametrize("field", COLUMNS)
def test_another_value_in_any_one_column_of_any_row_is_found(five, field, at):
    event = five[at - 1]

    as_owner(
        f'UPDATE boroughs_auditevent SET "{field.column}" = {other_value(field)} '
        f"WHERE id = {event.pk}"
    )

    problems = trail.problems()
    assert any(
        one.event_id == event.pk or (one.chain, one.sequence) == (CHAIN, at) for one in problems
    ), problems
    assert {one.chain for one in problems} <= {CHAIN, f"{CHAIN}."}


@pytest.mark.parametrize("name", ["user_id", "council_id", "subject_id", "before", "after"])
def test_a_value_that_is_taken_away_is_found(hackney, name):
    facts = {"user_id": 7, "subject_id": 7, "before": {}, "after": {}}
    event = new.new_audit_event(hackney, **facts)

    as_owner(f'UPDATE boroughs_auditevent SET "{name}" = NULL WHERE id = {event.pk}')

    assert found() == [(CHAIN, 1, "its content is not what was written")]


def test_a_row_that_is_gone_from_the_middle_is_found(five):
    as_owner(f"DELETE FROM boroughs_auditevent WHERE id = {five[2].pk}")

    assert found() == [(CHAIN, 4, "the events from 3 to 3 are missing before it")]


def test_the_first_rows_being_gone_is_found(five):
    as_owner(f"DELETE FROM boroughs_auditevent WHERE chain = '{CHAIN}' AND sequence < 3")

    assert found() == [(CHAIN, 3, "the events from 1 to 2 are missing before it")]


def test_the_last_rows_being_gone_is_found_from_the_next_check_on(five, hackney):
    trail.check(at=AT)

    as_owner(f"DELETE FROM boroughs_auditevent WHERE chain = '{CHAIN}' AND sequence > 3")

    assert found() == [(CHAIN, 5, "it is missing; it was there on 30 June 2014")]
    for _ in range(2):  # what is written since takes the numbers of what is gone
        audit.record(Type.NOTE_ADDED, by=None, at=AT, council=hackney)
    assert found() == [(CHAIN, 5, "it is not the event that was checked on 30 June 2014")]


def test_a_whole_chain_being_gone_is_found(five):
    trail.check(at=AT)

    as_owner(f"DELETE FROM boroughs_auditevent WHERE chain = '{CHAIN}'")

    for _ in range(2):  # the check that finds it is kept, and hides nothing from the next
        trail.check(at=AT)
        assert found() == [(CHAIN, 5, "it is missing; it was there on 30 June 2014")]
    kept = TrailCheck.objects.filter(chain=CHAIN).latest("pk")
    assert kept.problems == [f"{CHAIN}, event 5: it is missing; it was there on 30 June 2014"]


def test_a_row_put_in_between_is_found(five):
    names = ", ".join(f'"{f.column}"' for f in AuditEvent._meta.concrete_fields if f.name != "id")
    copied = names.replace('"sequence"', "3").replace('"note"', "'put in'")
    as_owner(
        *(
            f"UPDATE boroughs_auditevent SET sequence = {number + 1} WHERE id = {event.pk}"
            for number, event in reversed(list(enumerate(five, start=1)))
            if number > 2
        ),
        f"INSERT INTO boroughs_auditevent ({names}) SELECT {copied} FROM boroughs_auditevent "
        f"WHERE id = {five[2].pk}",
    )

    assert (CHAIN, 3, "its content is not what was written") in found()


def test_two_rows_that_change_places_are_found(five):
    second, fourth = five[1].pk, five[3].pk
    as_owner(
        f"UPDATE boroughs_auditevent SET sequence = 99 WHERE id = {second}",
        f"UPDATE boroughs_auditevent SET sequence = 2 WHERE id = {fourth}",
        f"UPDATE boroughs_auditevent SET sequence = 4 WHERE id = {second}",
    )

    assert {(chain, number) for chain, number, _ in found()} >= {(CHAIN, 2), (CHAIN, 4)}


def rewrite(events: list[AuditEvent]) -> None:
    """Forge the second event, and make every hash after it fit."""
    as_owner(
        f"UPDATE boroughs_auditevent SET note = 'forged' WHERE id = {events[1].pk}",
        *(
            "UPDATE boroughs_auditevent e SET previous = COALESCE((SELECT hash FROM "
            "boroughs_auditevent b WHERE b.chain = e.chain AND b.sequence = e.sequence - 1), "
            f"repeat('0', 64)) WHERE id = {event.pk}; "
            "UPDATE boroughs_auditevent e SET hash = boroughs_trail_digest(e) "
            f"WHERE id = {event.pk}"
            for event in events
        ),
    )


def test_a_chain_that_is_rewritten_so_that_it_fits_is_found_by_its_checks(five):
    trail.check(at=AT)

    rewrite(five)

    assert found() == [(CHAIN, 5, "it is not the event that was checked on 30 June 2014")]


def test_a_rewritten_chain_stays_found_when_it_has_been_checked_since(five, hackney):
    """The check of the night after the forgery keeps the forged head: it must hide nothing."""
    trail.check(at=AT)
    rewrite(five)
    audit.record(Type.NOTE_ADDED, by=None, at=AT, council=hackney)

    trail.check(at=AT + timedelta(days=1))

    assert found() == [(CHAIN, 5, "it is not the event that was checked on 30 June 2014")]
    audit.record(Type.NOTE_ADDED, by=None, at=AT, council=hackney)
    assert [str(one) for one in trail.check(at=AT + timedelta(days=2))] == [
        f"{CHAIN}, event 5: it is not the event that was checked on 30 June 2014"
    ]


def test_who_has_a_head_written_down_sees_that_it_was_rewritten(five):
    """Also where the owner took the checks away: the head was mailed to auditors."""
    mailed = trail.heads()[CHAIN]
    trail.check(at=AT)

    rewrite(five)
    as_owner("DELETE FROM boroughs_trailcheck")

    assert trail.problems() == []
    head = trail.heads()[CHAIN]
    assert (head.sequence, head.hash != mailed.hash) == (mailed.sequence, True)


def test_a_councils_chain_cannot_be_closed(five):
    """Only the security log begins later than with its first event."""
    is_refused = pytest.raises(IntegrityError, match="trail_closing_is_of_the_security_log")

    with is_refused, transaction.atomic():
        new.new_trail_closing(chain=CHAIN, sequence=2, hash=five[1].hash)


# The security log


def signed_in(at: datetime) -> None:
    audit.record_security(Type.SIGNED_IN, at=at, user_id=1)


@pytest.fixture
def log(db) -> datetime:
    """A security log of 14, 13 and 7 months ago, and of now."""
    now = clock.now()
    for months in (14, 13, 7, 0):
        signed_in(now - timedelta(days=31 * months))
    return now


def test_what_expires_leaves_a_chain_that_follows_from_where_it_was_closed(log):
    gone = trail.forget_security_log(before=(log - timedelta(days=31 * 12)).date(), at=log)

    assert gone == 2
    held = AuditEvent.objects.filter(chain=SECURITY).order_by("sequence")
    closing = TrailClosing.objects.latest("sequence")
    assert [event.sequence for event in held] == [3, 4]
    assert (closing.sequence, closing.hash) == (2, held[0].previous)
    signed_in(log)
    assert held.last().sequence == 5
    assert trail.problems() == []


def test_a_log_that_was_closed_and_then_shortened_further_is_found(log):
    trail.forget_security_log(before=(log - timedelta(days=31 * 12)).date(), at=log)

    as_owner(f"DELETE FROM boroughs_auditevent WHERE chain = '{SECURITY}' AND sequence = 3")

    assert found() == [(SECURITY, 4, "the events from 3 to 3 are missing before it")]


def test_a_log_of_which_everything_expired_goes_on_where_it_was(db):
    signed_in(datetime(2014, 1, 1, tzinfo=UTC))
    trail.forget_security_log(before=date(2015, 1, 1), at=AT)

    signed_in(clock.now())

    event = AuditEvent.objects.get(chain=SECURITY)
    assert event.sequence == 2
    assert event.previous == TrailClosing.objects.get().hash
    assert trail.problems() == []


def test_what_is_younger_than_six_months_is_not_deleted(log):
    before = AuditEvent.objects.count()

    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        trail.forget_security_log(before=(log + timedelta(days=62)).date(), at=log)

    assert AuditEvent.objects.count() == before
    assert not TrailClosing.objects.exists()


def test_what_is_old_but_not_closed_is_not_deleted(log):
    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        AuditEvent.objects.filter(chain=SECURITY, sequence=1).delete()


def test_no_other_chain_expires(five):
    """However old it is, and whatever was closed."""
    new.new_trail_closing(sequence=1_000)

    for event in five:
        with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
            AuditEvent.objects.filter(pk=event.pk).delete()
    assert trail.forget_security_log(before=clock.real_day(), at=clock.now()) == 0
    assert AuditEvent.objects.filter(chain=CHAIN).count() == 5
