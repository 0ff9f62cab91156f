"""The JSON router, errors turned into problems, and what the document says of them."""

from collections.abc import Iterator

from rest_framework import exceptions
from rest_framework.routers import SimpleRouter
from rest_framework.views import exception_handler

from boroughs.api import access, documents, tokens, trail
from boroughs.api import views as boroughs
from londonpsn.common.errors import BadInput, NotVisible, Refused
from londonpsn.common.problems import MEDIA_TYPE, problem
from londonpsn.home import api as home
from procurement.api import views as procurement
from services.api import contracts, offers, price_book, prices, radar, register
from services.api import views as services

router = SimpleRouter()
router.register("search", home.SearchViewSet, "api-search")
router.register("councils", boroughs.CouncilViewSet, "api-council")
router.register("bodies", boroughs.BodyViewSet, "api-body")
router.register("sites", boroughs.SiteViewSet, "api-site")
router.register("connections", boroughs.ConnectionViewSet, "api-connection")
router.register("suppliers", services.SupplierViewSet, "api-supplier")
router.register("jobs", boroughs.JobRunViewSet, "api-job")
router.register("access", access.AccessViewSet, "api-access")
router.register("delegations", access.DelegationViewSet, "api-delegation")
router.register("audit-events", trail.AuditEventViewSet, "api-audit-event")
router.register("trail-checks", trail.TrailCheckViewSet, "api-trail-check")
router.register("exceptions", trail.ExceptionViewSet, "api-exception")
router.register("documents", documents.DocumentViewSet, "api-document")
router.register("notes", documents.NoteViewSet, "api-note")
router.register("api-tokens", tokens.ApiTokenViewSet, "api-token")
router.register("contracts", contracts.ContractViewSet, "api-contract")
router.register("frameworks", services.FrameworkViewSet, "api-framework")
router.register("legal-rules", services.LegalRuleViewSet, "api-legal-rule")
router.register("catalogue-items", prices.CatalogueItemViewSet, "api-catalogue-item")
router.register("prices", prices.PriceViewSet, "api-price")
router.register("quotes", prices.QuoteViewSet, "api-quote")
router.register("price-book", price_book.PriceBookViewSet, "api-price-book")
router.register("compare", offers.CompareViewSet, "api-compare")
router.register("radar", radar.RadarViewSet, "api-radar")
router.register("radar/together", radar.TogetherViewSet, "api-radar-together")
router.register("register", register.RegisterViewSet, "api-register")
router.register("foi-answer", register.FoiAnswerViewSet, "api-foi-answer")
router.register("lines", services.LineViewSet, "api-line")
router.register("migration", procurement.MigrationViewSet, "api-migration")
router.register("savings", procurement.SavingsViewSet, "api-savings")
router.register("payments/summary", procurement.PaymentSummaryViewSet, "api-payments-summary")


ALWAYS = {
    "400": "What was sent cannot be read; the sentence says how to write it.",
    "401": "No token, or one that does not exist, has expired or was revoked.",
    "403": "You may not do this, or your role needs a second step at sign-in that you lack.",
    "404": "It does not exist for you.",
    "429": "Too many requests in this minute; Retry-After says how many seconds to wait.",
    "503": "The portal is starting, or this took too long; Retry-After says how long to wait.",
}
ON_WRITES = {
    "409": "A rule says no; the sentence says what to do.",
    "413": "What was sent is too large.",
    "415": "What was sent is in a form that is not taken.",
}
PROBLEM_SCHEMA = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "description": "about:blank: the status tells all"},
        "title": {"type": "string", "description": "The status in words"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people, with the remedy"},
        "errors": {
            "type": "array",
            "description": "The fields that cannot be read",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
                "required": ["field", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}


class Conflict(exceptions.APIException):
    status_code = 409


def answer(error, context):
    """Turn the portal's own refusals into answers; anything else is a defect, left to surface."""
    match error:
        case exceptions.Throttled():
            wait = f"Wait {error.wait} seconds, and ask less often."
            error.detail = f"Too many requests in this minute. {wait}"
        case NotVisible():
            error = exceptions.NotFound(str(error))
        case BadInput():
            error = exceptions.ParseError(str(error))
        case Refused():
            error = Conflict(str(error))
    response = exception_handler(error, context)
    if response is not None:
        errors = list(_fields(response.data))
        said = "; ".join(f"{one['field']}: {one['detail']}" for one in errors)
        detail = f"Some fields cannot be read. {said}" if errors else _sentence(response.data)
        response.data = problem(response.status_code, detail, errors)
        response.content_type = MEDIA_TYPE
    return response


def document_problems(result, generator, request, public):
    """Say in the OpenAPI document what each operation answers when something is wrong."""
    result["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
    reference = {"$ref": "#/components/schemas/Problem"}
    for path in result["paths"].values():
        for method, operation in path.items():
            problems = ALWAYS if method == "get" else ALWAYS | ON_WRITES
            for status, words in problems.items():
                content = {MEDIA_TYPE: {"schema": reference}}
                operation["responses"].setdefault(
                    status, {"description": words, "content": content}
                )
    return result


def _fields(data, before: str = "") -> Iterator[dict[str, str]]:
    """Yield the fields of a serializer's errors, nested ones by their path."""
    if not isinstance(data, dict) or "detail" in data:
        return
    for name, errors in data.items():
        field = f"{before}{name}"
        if isinstance(errors, dict):
            yield from _fields(errors, f"{field}.")
            continue
        for error in errors if isinstance(errors, list) else [errors]:
            yield {"field": field, "detail": str(error)}


def _sentence(data) -> str:
    if isinstance(data, dict):
        data = data.get("detail", data)
    return " ".join(map(str, data)) if isinstance(data, list) else str(data)
