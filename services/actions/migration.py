"""Every write of how lines move: the moves themselves, and the status that follows from them."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction

from boroughs import audit, authorization, jobs
from boroughs.jobs import Done
from boroughs.models import AuditEvent, JobRun
from londonpsn.common.errors import Refused
from londonpsn.common.stages import find_move
from services import queries
from services.models import Line, LineFlag, LineMove, MigrationStatus, Programme
from services.stages import MOVES, RETIRED, Stage

NOT_REQUIRED = LineFlag.Kind.NOT_REQUIRED
STATUS_FIELDS = [
    "status",
    "reasons",
    "lines_in_scope",
    "lines_to_replace",
    "lines_connected",
    "lines_ceased",
    "lines_with_mrc",
    "mrc_in_scope",
    "mrc_ceased",
    "lines_billed",
    "mrc_billed",
    "lines_paid_twice",
    "mrc_paid_twice",
]


@transaction.atomic
def move_line(
    *, line_id: int, to: Stage, on: date, by, at: datetime, today: date, proof="", reason=""
) -> LineMove:
    """Record that a line reached another stage on the day ``on``, and have its status recomputed.

    Raises Line.DoesNotExist, PermissionDenied, IllegalMove, or Refused when the day lies after
    ``today`` or before the line's last move, or when a line that has to be replaced would skip
    that; on any of them nothing has changed.
    """
    line = (
        Line.objects.select_for_update(of=["self"]).select_related("body__council").get(pk=line_id)
    )
    council = line.body.council
    last = line.moves.order_by("-on", "-pk").first()
    stage = Stage(last.to_stage) if last else Stage.IDENTIFIED
    move = find_move(MOVES, stage, to)
    authorization.check(by, move.needs, council)
    if on > today:
        raise Refused(f"{on:%-d %B %Y} has not come yet. Record the move on the day or later.")
    if last and on < last.on:
        raise Refused(
            f"The line went to “{stage.label}” on {last.on:%-d %B %Y}. "
            "A move cannot be dated before the one it follows."
        )
    if move in RETIRED and not line.flags.in_force_on(on).filter(kind=NOT_REQUIRED).exists():
        raise Refused(
            "Only a line that is not required any more can be ceased without a replacement. "
            "Flag it as not required, with the reason, or choose its solution first."
        )
    recorded = LineMove.objects.create(
        line=line,
        from_stage=stage,
        to_stage=to,
        on=on,
        recorded_at=at,
        by=by,
        proof=proof,
        reason=reason,
    )
    jobs.request(kinds=[JobRun.Kind.MIGRATION_STATUS], council_ids=[council.pk], at=at, by=by)
    audit.record(
        AuditEvent.Type.LINE_MOVED,
        by=by,
        at=at,
        council=council,
        subject=line,
        before={"stage": stage},
        after={"stage": to, "on": on, "proof": proof},
        note=reason,
        needs=move.needs,
    )
    return recorded


def recompute(council_ids: Collection[int], today: date) -> dict[int, Done]:
    """Bring the statuses of these councils up to date, in every programme; writes what differs.

    Call it inside a transaction and under the councils' locks; boroughs.jobs does.
    """
    changed = dict.fromkeys(council_ids, 0)
    held = {
        (status.council_id, status.programme_id): status
        for status in MigrationStatus.objects.filter(council__in=council_ids)
    }
    for programme in Programme.objects.order_by("pk"):
        first_on = queries.fully_migrated_first_on(programme, council_ids, today)
        standings = queries.standings(programme, council_ids, today, first_on)
        for council, standing in standings.items():
            values = {name: getattr(standing, name) for name in STATUS_FIELDS}
            values["fully_migrated_first_on"] = first_on.get(council)
            status = held.pop((council, programme.pk), None)
            if status is None:
                MigrationStatus.objects.create(council_id=council, programme=programme, **values)
            elif any(getattr(status, name) != value for name, value in values.items()):
                MigrationStatus.objects.filter(pk=status.pk).update(**values)
            else:
                continue
            changed[council] += 1
    return {council: Done(rows) for council, rows in changed.items()}
