"""The jobs: what was asked for, what waits, what failed, and the button that asks again."""

import uuid

from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from boroughs import jobs, queries
from boroughs.authorization import Permission
from boroughs.models import JobRun
from londonpsn.common import clock
from londonpsn.common.errors import NotVisible
from londonpsn.common.tables import Column, Kind, Table, file_asked

RUN_COLUMNS = (
    Column("kind", "What", value=lambda run: run.get_kind_display(), order_by="kind"),
    Column(
        "council",
        "Council",
        value=lambda run: run.council and run.council.short_name,
        order_by="council__short_name",
        unknown="All",
    ),
    Column("state", "State", template="boroughs/_state.html"),
    Column("requested_at", "Asked for", Kind.MOMENT, order_by="requested_at"),
    Column("finished_at", "Finished", Kind.MOMENT, order_by="finished_at", unknown="not yet"),
    Column("day", "For the day", Kind.DAY, unknown="", order_by="day"),
    Column("rows_changed", "Rows changed", Kind.COUNT, unknown="", order_by="rows_changed"),
    Column("attempts", "Attempts", Kind.COUNT, on_page=False),
    Column("error", "Error", on_page=False),
)


@require_http_methods(["GET", "HEAD", "POST"])
def jobs_page(request):
    """The latest job runs; a POST has the figures of the person's councils worked out again."""
    user = request.user
    if request.method == "POST":
        return redirect("job-batch", batch=_request_all(user))
    table = Table(
        name="jobs",
        columns=RUN_COLUMNS,
        rows=JobRun.objects.visible_to(user).select_related("council"),
        order=("-pk",),
        caption="Job runs, latest first",
        empty="No job has run for your councils yet.",
    )
    if file := file_asked(request, table):
        return file
    context = {
        "table": table.on_page(request),
        "counts": queries.job_counts(user),
        "may_request": user.access.allows_anywhere(Permission.JOB_REQUEST),
    }
    return render(request, "boroughs/jobs.html", context)


@require_safe
def job_batch(request, batch):
    """How far one press of the button has come; htmx asks for the moving part alone."""
    progress = queries.batch_progress(request.user, batch)
    if progress is None:
        raise NotVisible(f"There is no batch {batch}.")
    template = "boroughs/_progress.html" if request.htmx else "boroughs/job_batch.html"
    return render(request, template, {"progress": progress, "batch": batch})


def _request_all(user) -> uuid.UUID:
    """Ask for the figures of every council where the person may, and return the batch's name."""
    batch = uuid.uuid4()
    jobs.request_by_person(
        council_ids=queries.visible_councils(user).values_list("pk", flat=True),
        batch=batch,
        by=user,
        at=clock.now(),
    )
    return batch
