"""How much one request may send, and how long the database may take over it."""

from django.conf import settings
from django.db import OperationalError
from psycopg2.errors import QueryCanceled

from londonpsn.home.bare import bare_answer

CHUNK = 1 << 20
MOST_DROPPED = 100 << 20


class RequestSizeMiddleware:
    """Turns a request away that says it is larger than anything the portal takes.

    One that does not say how large it is has no body for Django. What was sent is read and dropped,
    up to a point: a browser that is cut off while it sends shows nobody our answer.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        said = request.META.get("CONTENT_LENGTH") or ""
        if said.isdecimal() and int(said) > settings.MOST_BYTES_A_REQUEST:
            self._drop(request)
            most = settings.MOST_BYTES_A_REQUEST >> 20
            detail = (
                f"What was sent is larger than {most} MB, and nothing of it was kept. Files can "
                "have up to 20 MB: send this one in parts, or with smaller pictures."
            )
            return bare_answer(request, 413, "This is too large", detail, {"Connection": "close"})
        return self.get_response(request)

    def _drop(self, request) -> None:
        dropped = 0
        while dropped < MOST_DROPPED and (chunk := request.read(CHUNK)):
            dropped += len(chunk)


def limit_statements(databases: dict) -> None:
    """Have the database give up on a web request's statement after a while (wsgi.py).

    Jobs and commands may take longer: they do not come here.
    """
    milliseconds = settings.WEB_STATEMENT_SECONDS * 1000
    databases["default"]["OPTIONS"]["options"] += f" -c statement_timeout={milliseconds}"


def took_too_long(error: BaseException | None) -> bool:
    """Answer whether the database gave up on a statement for the time that it took."""
    return isinstance(error, OperationalError) and isinstance(error.__cause__, QueryCanceled)
