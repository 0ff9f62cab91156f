"""What the API says when something is wrong: RFC 9457, ``application/problem+json``.

``detail`` is the sentence for people. ``type`` is about:blank: the status alone tells the problem.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from django.http import JsonResponse

MEDIA_TYPE = "application/problem+json"
API = "/api/"


def problem(status: int, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> dict:
    """Return the body; ``errors`` name the fields that cannot be read, each with its sentence."""
    said = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return said | ({"errors": list(errors)} if errors else {})


def problem_response(
    status: int, detail: str, headers: Mapping[str, str] | None = None
) -> JsonResponse:
    body = problem(status, detail)
    return JsonResponse(body, status=status, headers=headers, content_type=MEDIA_TYPE)
