"""What is read through the API of councils' pounds, contracts, rights and trail is in the trail.

As downloads are, by programs and in a browser.
"""

from datetime import timedelta

from rest_framework.response import Response

from boroughs import audit
from boroughs.authorization import Permission
from boroughs.models import ApiToken, AuditEvent, Council
from boroughs.models.audit import PROGRAMME, SECURITY
from boroughs.queries import visible_councils
from londonpsn.common import clock
from londonpsn.common.periods import end_of

THE_FIRST = "The first read of the day with this token; later ones are not written"
IN_A_BROWSER = "The first read of the day in a browser; later ones are not written"


class ReadsAreWritten:
    """A view whose answers are written down: once a day, token and route in each chain.

    Without a token it is once a day and person. Those are the chains of the councils that rows name
    by ``names_council``, null being London Grid's. What a view with ``has_sums`` adds up is of the
    council that is asked for, or of all that the person sees. ``reads_by`` is the right to read it.
    """

    has_sums = False
    names_council = "council"
    reads_by = Permission.RECORD_VIEW

    def finalize_response(self, request, response, *args, **kwargs) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        is_read = request.method == "GET" and response.status_code == 200
        is_file = not isinstance(response, Response)  # told as what is downloaded from a page
        if is_read and not is_file and request.user.is_authenticated:
            rows = response.data.get("results", [response.data])
            chains = {row.get(self.names_council) or PROGRAMME for row in rows}
            if self.has_sums and rows:
                chains = _chains_added_up(request)
            _record(request, {PROGRAMME if one == SECURITY else one for one in chains}, self)
        return response


def _chains_added_up(request) -> set[str]:
    if code := request.query_params.get("council"):
        return {code}
    return set(visible_councils(request.user).values_list("register_code", flat=True))


def _record(request, chains: set[str], view: ReadsAreWritten) -> None:
    """Write an event in the chains that have none of this reader, route and day of London yet.

    One statement on every other read.
    """
    now, route = clock.now(), request.resolver_match.view_name
    by_token = isinstance(request.auth, ApiToken)
    reader = request.auth if by_token else request.user
    today = end_of(clock.real_day() - timedelta(days=1))
    told = AuditEvent.objects.about(reader).filter(
        type=AuditEvent.Type.LIST_DOWNLOADED, at__gte=today, after__list=route
    )
    missing = chains - set(told.values_list("chain", flat=True))
    if not missing:
        return
    named = Council.objects.filter(register_code__in=missing)
    councils = {council.register_code: council for council in named}
    audit.record_each(
        AuditEvent.Type.LIST_DOWNLOADED,
        by=request.user,
        at=now,
        of=[(councils.get(chain), reader) for chain in missing],
        after={
            "list": route,
            "format": "json",
            "page": request.path,
            "query": request.GET.urlencode(),
        },
        note=THE_FIRST if by_token else IN_A_BROWSER,
        needs=view.reads_by,
    )
