"""What programs read of councils' pounds and contracts stands in the trail, as downloads do."""

from datetime import timedelta

from rest_framework.response import Response

from boroughs import audit
from boroughs.authorization import Permission
from boroughs.models import ApiToken, AuditEvent, Council
from boroughs.models.audit import PROGRAMME
from londonpsn.common import clock
from londonpsn.common.periods import end_of

THE_FIRST = "The first read of the day with this token; later ones are not written"


class ReadsAreWritten:
    """A view whose answers to a token are written down: once a day and route in each chain.

    Those are the chains of the councils that rows name in ``council``, null being London Grid's.
    What a view with ``has_sums`` adds up is of the council that is asked for, or of all that the
    person sees.
    """

    has_sums = False

    def finalize_response(self, request, response, *args, **kwargs) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        is_read = request.method == "GET" and response.status_code == 200
        if is_read and isinstance(request.auth, ApiToken):
            rows = response.data.get("results", [response.data])
            chains = {row.get("council") or PROGRAMME for row in rows}
            if self.has_sums and rows:
                chains = _chains_added_up(request)
            _record(request, chains)
        return response


def _chains_added_up(request) -> set[str]:
    access = request.user.access
    if code := request.query_params.get("council"):
        return {code}
    if access.all_councils:
        return {PROGRAMME}
    named = {held.council for held in access.roles} | {request.auth.council}
    return {one.register_code for one in named if one and one.pk in access.council_ids}


def _record(request, chains: set[str]) -> None:
    """Write an event in the chains that have none of this token, route and day of London yet.

    One statement on every other read.
    """
    now, route = clock.now(), request.resolver_match.view_name
    today = end_of(clock.real_day() - timedelta(days=1))
    told = AuditEvent.objects.filter(
        subject_type=ApiToken._meta.label_lower, subject_id=request.auth.pk, at__gte=today
    ).filter(type=AuditEvent.Type.LIST_DOWNLOADED, after__list=route)
    missing = chains - set(told.values_list("chain", flat=True))
    if not missing:
        return
    named = Council.objects.filter(register_code__in=missing)
    councils = {council.register_code: council for council in named}
    audit.record_each(
        AuditEvent.Type.LIST_DOWNLOADED,
        by=request.user,
        at=now,
        of=[(councils.get(chain), request.auth) for chain in missing],
        after={
            "list": route,
            "format": "json",
            "page": request.path,
            "query": request.GET.urlencode(),
        },
        note=THE_FIRST,
        needs=Permission.RECORD_VIEW,
    )
