"""Rates and status of a council: spec/orders-and-migration.md 5.3, 5.4, 5.7, 5.8."""

from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from django.core.exceptions import PermissionDenied

from boroughs.models import JobRun
from londonpsn.common.errors import BadInput, Refused
from londonpsn.common.stages import IllegalMove
from services import queries
from services.actions.migration import move_line, recompute
from services.migration import (
    LineGroup,
    Status,
    ceased_percent,
    connected_percent,
    retired_percent,
    standing,
)
from services.models import MigrationStatus, PlannedMove, Programme
from services.stages import MOVES, Stage
from tests import factories as new
from tests.factories import AT, TODAY

S = Stage


def group(stage: Stage, lines: int = 1, **facts) -> LineGroup:
    return LineGroup(stage, lines, **facts)


@pytest.mark.parametrize(
    ("groups", "missing", "was_full", "status"),
    [
        ([], (), False, Status.NO_DATA),
        ([group(S.IDENTIFIED, 5)], (), False, Status.NO_DATA),
        ([group(S.VALIDATED)], (), False, Status.NOT_STARTED),
        ([group(S.VALIDATED), group(S.QUALIFIED)], (), False, Status.PLANNING),
        ([group(S.VALIDATED), group(S.ORDERED)], (), False, Status.IN_PROGRESS),
        ([group(S.CUTOVER), group(S.ACCEPTED)], (), False, Status.IN_PROGRESS),
        ([group(S.CUTOVER), group(S.CLOSED)], (), False, Status.CONNECTED),
        ([group(S.CUTOVER)], ("DWP",), False, Status.IN_PROGRESS),
        ([group(S.CLOSED, 3)], (), False, Status.FULLY_MIGRATED),
        ([group(S.CLOSED)], ("N3",), False, Status.IN_PROGRESS),
        # a legacy charge in the last two billing cycles
        ([group(S.CLOSED, was_billed_lately=True)], (), False, Status.CONNECTED),
        # it was fully migrated once, and the rule is false now
        ([group(S.CLOSED), group(S.IDENTIFIED)], (), True, Status.REGRESSED),
        ([group(S.CLOSED)], (), True, Status.FULLY_MIGRATED),
        # exempt lines are out of scope; when every one is, the council is exempt, never migrated
        ([group(S.CLOSED), group(S.VALIDATED, is_exempt=True)], (), False, Status.FULLY_MIGRATED),
        ([group(S.VALIDATED, 2, is_exempt=True)], (), False, Status.EXEMPT),
        ([group(S.VALIDATED, is_exempt=True)], (), True, Status.EXEMPT),
        # a retired service needs no replacement, but has to be ceased and closed
        ([group(S.CEASED, is_required=False)], (), False, Status.IN_PROGRESS),
        ([group(S.CUTOVER), group(S.VALIDATED, is_required=False)], (), False, Status.CONNECTED),
        ([group(S.CLOSED, is_required=False)], (), False, Status.FULLY_MIGRATED),
        ([group(S.VALIDATED, is_duplicate=True)], (), False, Status.NO_DATA),
    ],
)
def test_5_4_the_first_rule_that_matches_gives_the_status(groups, missing, was_full, status):
    assert standing(groups, missing, was_fully_migrated=was_full).status == status


def test_5_3_three_rates_and_what_they_count():
    found = standing(
        [
            group(S.VALIDATED, 2, mrc=Decimal(200), lines_with_mrc=2),
            group(S.CUTOVER, 3, mrc=Decimal(300), lines_with_mrc=3),
            group(S.CEASED, 4, mrc=Decimal(500), lines_with_mrc=4),
            group(S.CEASE_ORDERED, 1, is_required=False, lines_with_mrc=1),
            group(S.CLOSED, 7, is_duplicate=True, mrc=Decimal(900), lines_with_mrc=7),
            group(S.VALIDATED, 5, is_exempt=True),
        ]
    )

    assert (found.lines_in_scope, found.lines_to_replace) == (10, 9)
    assert connected_percent(found) == Decimal("77.7")  # 7 of 9, NOT_REQUIRED left out
    assert ceased_percent(found) == Decimal("40.0")  # 4 of 10, NOT_REQUIRED included
    assert retired_percent(found) == Decimal("50.0")


def test_5_3_zero_lines_are_no_data_and_never_100_per_cent():
    nothing = standing([])

    assert nothing.status == Status.NO_DATA
    assert connected_percent(nothing) is None
    assert ceased_percent(nothing) is None
    assert retired_percent(nothing) is None


@pytest.mark.parametrize(("known", "share"), [(8, Decimal("100.0")), (7, None)])
def test_5_3_retired_is_na_below_80_per_cent_of_coverage(known, share):
    found = standing([group(S.CEASED, 10, mrc=Decimal(100), lines_with_mrc=known)])

    assert retired_percent(found) == share


def test_reasons_are_in_general_words():
    found = standing(
        [
            group(S.CUTOVER, 4, is_paid_twice=True, mrc=Decimal("973.18")),
            group(S.CEASED, 35),
        ],
        ("N3",),
    )

    assert [(reason["code"], reason["text"]) for reason in found.reasons] == [
        ("PAID_TWICE", "4 old lines still billed beside the new one"),
        ("BILLS_TO_CHECK", "35 old lines ceased, last bills to check"),
        ("GATEWAY_NOT_VERIFIED", "N3 not verified on the new service"),
    ]
    assert not any("£" in reason["text"] for reason in found.reasons)


# As at any past day, from dated facts in the database.


@pytest.fixture
def programme(db):
    """One council with one old line in a programme of its own, billed to 31 October 2013."""
    generation, kind = new.new_generation(), new.new_service_type()
    made = new.new_programme([kind], generation=generation)
    council = new.new_council()
    body = new.new_body(council, kind="COUNCIL")
    old = new.new_line(body, service_type=kind, billed_until=date(2013, 11, 1))
    new.new_charge(old, amount=Decimal(100), ends_on=date(2013, 11, 1))
    fresh = new.new_line(body, service_type=kind, generation=generation)
    new.new_charge(fresh, amount=Decimal(60), starts_on=date(2013, 9, 1))
    new.new_replacement([old], [fresh])
    made.council, made.body, made.old, made.kind = council, body, old, kind
    return made


def moved(line, *moves) -> None:
    for stage, on in moves:
        new.new_line_move(line, to_stage=stage, on=on)


JOURNEY = (
    (S.IDENTIFIED, date(2013, 1, 1)),
    (S.VALIDATED, date(2013, 1, 1)),
    (S.QUALIFIED, date(2013, 5, 1)),
    (S.ORDERED, date(2013, 6, 1)),
    (S.CUTOVER, date(2013, 9, 1)),
    (S.CEASED, date(2013, 11, 1)),
    (S.CLOSED, date(2014, 1, 1)),
)


def status_on(programme, day):
    council = programme.council.pk
    first_on = queries.fully_migrated_first_on(programme, [council], TODAY)
    return queries.standings(programme, [council], day, first_on)[council]


@pytest.mark.parametrize(
    ("day", "status"),
    [
        (date(2012, 12, 31), Status.NO_DATA),
        (date(2013, 4, 30), Status.NOT_STARTED),
        (date(2013, 5, 1), Status.PLANNING),
        (date(2013, 8, 31), Status.IN_PROGRESS),
        (date(2013, 9, 1), Status.CONNECTED),
        (date(2013, 12, 31), Status.CONNECTED),
        (date(2014, 1, 1), Status.FULLY_MIGRATED),
    ],
)
def test_status_as_at_any_past_day(programme, day, status):
    moved(programme.old, *JOURNEY)

    assert status_on(programme, day).status == status


def test_decision_26_what_is_still_paid_and_what_is_paid_twice(programme):
    moved(programme.old, *JOURNEY)

    before, during, after = (
        status_on(programme, day)
        for day in (date(2013, 8, 31), date(2013, 10, 31), date(2013, 11, 1))
    )

    assert (before.lines_billed, before.lines_paid_twice) == (1, 0)
    assert (during.lines_paid_twice, during.mrc_paid_twice) == (1, 100)
    assert (after.lines_billed, after.lines_paid_twice) == (0, 0)


def test_decision_24_two_clean_months_have_to_have_ended(programme):
    """Closed too early: the rule becomes true on the first of month end + 2 by itself."""
    moved(programme.old, *JOURNEY[:-1], (S.CLOSED, date(2013, 12, 1)))

    assert status_on(programme, date(2013, 12, 31)).status == Status.CONNECTED
    assert status_on(programme, date(2014, 1, 1)).status == Status.FULLY_MIGRATED
    first = queries.fully_migrated_first_on(programme, [programme.council.pk], TODAY)
    assert first == {programme.council.pk: date(2014, 1, 1)}


def test_story_1_a_late_found_line_makes_a_council_slip_back_from_the_day_it_was_found(programme):
    moved(programme.old, *JOURNEY)
    late = new.new_line(programme.body, service_type=programme.kind, found_on=date(2014, 5, 10))
    moved(late, (S.IDENTIFIED, date(2014, 5, 10)))

    assert status_on(programme, date(2014, 5, 9)).status == Status.FULLY_MIGRATED
    slipped = status_on(programme, date(2014, 5, 10))
    assert slipped.status == Status.REGRESSED
    assert ceased_percent(slipped) == Decimal("50.0")


def test_5_8_an_exemption_that_expires_overnight_flips_the_status(programme):
    moved(programme.old, *JOURNEY)
    exempt = new.new_line(programme.body, service_type=programme.kind)
    moved(exempt, (S.VALIDATED, date(2013, 1, 1)))
    new.new_line_flag(exempt, starts_on=date(2013, 1, 1), ends_on=date(2014, 3, 1))

    assert status_on(programme, date(2014, 2, 28)).status == Status.FULLY_MIGRATED
    assert status_on(programme, date(2014, 3, 1)).status == Status.REGRESSED


def test_5_8_all_lines_exempt_is_exempt_and_never_fully_migrated(programme):
    moved(programme.old, *JOURNEY[:2])
    new.new_line_flag(programme.old, starts_on=date(2013, 1, 1))

    found = status_on(programme, TODAY)

    assert found.status == Status.EXEMPT
    assert ceased_percent(found) is None


def test_5_7_a_rollback_takes_the_council_back_to_in_progress(programme):
    moved(
        programme.old,
        *JOURNEY[:5],
        (S.ACCEPTED, date(2013, 9, 20)),
        (S.CUTOVER, date(2013, 10, 20)),
    )

    assert status_on(programme, date(2013, 9, 19)).status == Status.CONNECTED
    back = status_on(programme, date(2013, 9, 20))
    assert back.status == Status.IN_PROGRESS
    assert connected_percent(back) == 0
    assert back.reasons[0]["code"] == "ROLLED_BACK"
    assert status_on(programme, date(2013, 10, 20)).status == Status.CONNECTED


def test_decision_25_a_gateway_check_counts_on_its_day_and_for_its_generation(programme):
    moved(programme.old, *JOURNEY)
    council, gateway = programme.council, new.new_gateway()
    new.new_gateway_requirement(council, gateway=gateway)
    new.new_gateway_check(council, gateway=gateway, verified_on=date(2013, 9, 5))

    assert status_on(programme, date(2013, 10, 1)).status == Status.IN_PROGRESS

    generation = programme.generation
    fields = {"gateway": gateway, "generation": generation, "verified_on": date(2013, 10, 2)}
    new.new_gateway_check(council, **fields)

    assert status_on(programme, date(2013, 10, 1)).status == Status.IN_PROGRESS
    assert status_on(programme, date(2013, 10, 2)).status == Status.CONNECTED


def test_lines_of_other_bodies_services_and_the_new_generation_are_not_in_scope(programme):
    school = new.new_body(programme.council, kind="SCHOOL")
    new.new_line(school, service_type=programme.kind)
    new.new_line(programme.body)
    new.new_line(programme.body, service_type=programme.kind, ends_on=date(2013, 3, 1))

    assert status_on(programme, TODAY).lines_in_scope == 1


def test_a_later_generation_is_never_old(programme):
    """A new line of this programme is an old one of the next, and not the other way round."""
    following = new.new_programme([programme.kind])  # a generation after the programme's
    later = new.new_line(
        programme.body, service_type=programme.kind, generation=following.generation
    )
    moved(later, (S.VALIDATED, date(2013, 1, 1)))

    assert status_on(programme, TODAY).lines_in_scope == 1
    following.council = programme.council
    assert status_on(following, TODAY).lines_in_scope == 2  # the first and the second


def test_a_line_let_go_for_another_replacement_is_not_paid_twice_in_this_one(programme):
    moved(programme.old, *JOURNEY[:5])
    assert status_on(programme, date(2013, 10, 1)).lines_paid_twice == 1

    programme.old.replacements.update(let_go_on=date(2013, 9, 15))

    assert status_on(programme, date(2013, 9, 14)).lines_paid_twice == 1
    assert status_on(programme, date(2013, 10, 1)).lines_paid_twice == 0


def test_what_is_billed_only_later_is_not_billed_yet(programme):
    moved(programme.old, *JOURNEY[:5])
    type(programme.old).objects.filter(pk=programme.old.pk).update(billed_from=date(2013, 9, 20))

    assert status_on(programme, date(2013, 9, 19)).lines_billed == 0
    assert status_on(programme, date(2013, 9, 20)).lines_billed == 1


def test_decision_24_retired_uses_the_price_of_the_last_billed_day(programme):
    programme.old.charges.update(ends_on=date(2013, 10, 1))
    fields = {"starts_on": date(2013, 10, 1), "ends_on": date(2013, 11, 1)}
    new.new_charge(programme.old, amount=Decimal(120), **fields)

    assert status_on(programme, date(2013, 9, 30)).mrc_in_scope == 100
    assert status_on(programme, TODAY).mrc_in_scope == 120


def test_decision_20_statuses_are_written_once(programme):
    moved(programme.old, *JOURNEY)
    council = programme.council.pk

    first = recompute([council], TODAY)[council]
    second = recompute([council], TODAY)[council]

    assert first.rows_changed == Programme.objects.count()
    assert second.rows_changed == 0
    held = MigrationStatus.objects.get(council=council, programme=programme)
    assert (held.status, held.fully_migrated_first_on) == ("FULLY_MIGRATED", date(2014, 1, 1))


# The demo's councils, month by month (demo specification, section 6).

CONNECTED = "2013-07 2, 2013-08 5, 2013-09 8, 2013-10 12, 2013-11 16, 2013-12 20, "
CONNECTED += "2014-01 24, 2014-02 28, 2014-03 31, 2014-04 33"


def test_section_6_small_councils_connected_at_each_months_end(db):
    programme = queries.find_programme("PSN-NETWORK")
    dates = {"CMD": date(2013, 7, 1), "KTT": date(2013, 7, 1), "STN": date(2013, 8, 1)}

    for code, connected_on in dates.items():
        before = date.fromordinal(connected_on.toordinal() - 1)
        for day, connected in ((before, False), (connected_on, True)):
            rows = queries.summaries(programme, today=TODAY, now=AT, as_at=day)
            row = next(row for row in rows if row.council.register_code == code)
            reached = row.status in (Status.CONNECTED, Status.FULLY_MIGRATED)
            assert reached == connected, (code, day)


def test_a_day_that_has_not_come_is_refused(db):
    programme = queries.find_programme(None)

    with pytest.raises(BadInput, match="1 July 2014 has not come yet"):
        queries.summaries(programme, today=TODAY, now=AT, as_at=date(2014, 7, 1))


def test_past_days_equal_what_was_kept_when_the_day_is_today(db):
    programme = queries.find_programme("PSN-NETWORK")
    kept = queries.summaries(programme, today=TODAY, now=AT)
    councils = [row.council.pk for row in kept]
    first_on = queries.fully_migrated_first_on(programme, councils, TODAY)

    worked_out = queries.standings(programme, councils, TODAY, first_on)

    for row in kept:
        assert worked_out[row.council.pk].status == row.status
        assert worked_out[row.council.pk].reasons == row.reasons
        assert worked_out[row.council.pk].mrc_ceased == row.standing.mrc_ceased


# Moves: what is not in the table cannot happen.


@pytest.fixture
def line(db):
    body = new.new_body(kind="COUNCIL")
    return new.new_line(body)


def move(line, to, **overrides):
    by = overrides.pop("by", None)
    fields = {"line_id": line.pk, "to": to, "on": TODAY, "by": by, "at": AT, "today": TODAY}
    return move_line(**fields | overrides)


def test_a_move_is_recorded_and_the_council_is_stale_from_the_same_moment(line):
    officer = new.member(line.body.council, "NETWORK_OFFICER")
    moved(line, (S.VALIDATED, date(2014, 1, 1)))

    recorded = move(line, S.QUALIFIED, by=officer, proof="survey 12")

    assert (recorded.from_stage, recorded.to_stage, recorded.by) == (
        "VALIDATED",
        "QUALIFIED",
        officer,
    )
    waiting = JobRun.objects.waiting().get(council=line.body.council)
    assert waiting.kind == "MIGRATION_STATUS"


ALLOWED = {(each.source, each.target) for each in MOVES}


@pytest.mark.parametrize(
    ("source", "target"), [pair for pair in product(Stage, Stage) if pair not in ALLOWED]
)
def test_a_move_that_is_not_in_the_table_is_refused(line, source, target):
    moved(line, (source, date(2014, 1, 1)))

    with pytest.raises(IllegalMove, match="It can go to"):
        move(line, target)

    assert line.moves.count() == 1
    assert not JobRun.objects.filter(council=line.body.council).exists()


@pytest.mark.parametrize(("source", "target"), sorted(ALLOWED))
def test_a_move_that_is_in_the_table_is_recorded(line, source, target):
    moved(line, (source, date(2014, 1, 1)))
    new.new_line_flag(line, kind="NOT_REQUIRED")

    assert move(line, target).to_stage == target


def test_decision_23_only_a_line_that_is_not_required_skips_its_replacement(line):
    moved(line, (S.VALIDATED, date(2014, 1, 1)))
    new.new_line_flag(line, kind="NOT_REQUIRED", ends_on=TODAY)  # over on the day of the move
    new.new_line_flag(line, kind="EXEMPT")

    with pytest.raises(Refused, match="not required any more"):
        move(line, S.CEASE_ORDERED)

    new.new_line_flag(line, kind="NOT_REQUIRED", starts_on=TODAY)
    assert move(line, S.CEASE_ORDERED).to_stage == "CEASE_ORDERED"


@pytest.mark.parametrize("on", [date(2014, 7, 1), date(2013, 12, 31)])
def test_a_move_is_dated_neither_in_the_future_nor_before_the_last(line, on):
    moved(line, (S.VALIDATED, date(2014, 1, 1)))

    with pytest.raises(Refused):
        move(line, S.QUALIFIED, on=on)

    assert line.moves.count() == 1


def test_a_move_needs_the_right_at_the_lines_council(line):
    stranger = new.member(new.new_council(), "NETWORK_OFFICER")
    viewer = new.member(line.body.council, "VIEWER")

    for person in (stranger, viewer):
        with pytest.raises(PermissionDenied, match="move a line"):
            move(line, S.VALIDATED, by=person)

    assert not line.moves.exists()


def test_planned_moves_do_not_count_as_moves(programme):
    PlannedMove.objects.create(line=programme.old, to_stage="CUTOVER", on=date(2013, 9, 1))

    assert status_on(programme, TODAY).status == Status.NO_DATA
