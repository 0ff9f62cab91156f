"""Writes that name themselves by an ``Idempotency-Key``, so that sending one again is safe."""

import hashlib
import json
from functools import wraps

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from boroughs.actions import calls
from londonpsn.common import clock
from londonpsn.common.errors import BadInput
from londonpsn.common.kept_files import digest

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
LONGEST = 80
KEY = OpenApiParameter(
    HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description=(
        "A text of your own that names this request, for example a UUID. Sent again with the same "
        "key within a day, the same request is answered the same, and nothing is done twice."
    ),
)


def idempotent(method):
    """Decorate a method of a view set that writes; the work and its answer are one transaction.

    Answers 400 without a key, 409 for a key that is at work, was given to another request or is
    used with other rights than at first. What was refused is not remembered, as nothing was done:
    it may be sent again.
    """

    @extend_schema(parameters=[KEY])
    @wraps(method)
    def once(view, request, *args, **kwargs):
        key, digest = _key_of(request), _digest_of(request)
        with transaction.atomic():
            call = calls.remember(user=request.user, key=key, digest=digest, at=clock.now())
            if call.status is not None:
                return Response(call.body, call.status, headers={REPLAYED: "true"})
            response = method(view, request, *args, **kwargs)
            body = json.loads(JSONRenderer().render(response.data) or "null")
            calls.answered(call=call, status=response.status_code, body=body)
        return response

    return once


def _key_of(request) -> str:
    key = request.headers.get(HEADER, "").strip()
    if not key:
        raise BadInput(
            f"Name this request with a header {HEADER}, for example a UUID, so that sending it "
            "again does nothing twice."
        )
    if len(key) > LONGEST or not key.isprintable():
        raise BadInput(f"An {HEADER} has at most {LONGEST} letters, digits and signs.")
    return key


def _digest_of(request) -> str:
    """Return the SHA-256 of method, address, body, and by which rights it was sent.

    An answer holds what the sender saw then: with other rights, or by another token, it is not
    given out again.
    """
    access = request.user.access
    rights = [
        sorted((held.role, held.council_id or 0, held.supplier_id or 0) for held in access.roles),
        sorted((str(granted), council or 0) for granted, council in access.grants),
        sorted(access.supplier_ids),
    ]
    sender = access.token_id or "session"
    asked = f"{request.method} {request.get_full_path()}\n{sender} {json.dumps(rights)}\n"
    return hashlib.sha256(asked.encode() + _body_of(request)).hexdigest()


def _body_of(request) -> bytes:
    """Return what tells a body from any other: of a form with files each field, and each content.

    Such a form is written with other marks between its fields each time, and is read as it comes.
    """
    if not request.content_type.startswith("multipart/"):
        return request._request.body
    told = [
        [name, *([one.name, digest(one).sha256] if isinstance(one, UploadedFile) else [one])]
        for name, sent in sorted(request.data.lists())
        if name != "csrfmiddlewaretoken"  # another each time
        for one in sent
    ]
    return json.dumps(told).encode()
