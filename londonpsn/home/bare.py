"""Answers that need nothing of the portal: no database, no session, no menu.

What they speak of may be broken, or is not to be asked for it.
"""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.template import loader

from londonpsn.common.problems import API, problem_response


def bare_answer(
    request: HttpRequest,
    status: int,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return one sentence: as a page, or to programs as a problem."""
    if request.path_info.startswith(API):
        return problem_response(status, detail, headers)
    page = loader.get_template("bare.html").render({"title": title, "detail": detail})
    return HttpResponse(page, status=status, headers=headers)
