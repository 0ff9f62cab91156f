"""The JSON router, and errors turned into status codes."""

from rest_framework import exceptions
from rest_framework.routers import SimpleRouter
from rest_framework.views import exception_handler

from boroughs.api import views as boroughs
from londonpsn.common.errors import BadInput, NotVisible, Refused
from londonpsn.home import api as home
from procurement.api import views as procurement
from services.api import views as services

router = SimpleRouter()
router.register("search", home.SearchViewSet, "api-search")
router.register("councils", boroughs.CouncilViewSet, "api-council")
router.register("bodies", boroughs.BodyViewSet, "api-body")
router.register("sites", boroughs.SiteViewSet, "api-site")
router.register("connections", boroughs.ConnectionViewSet, "api-connection")
router.register("suppliers", services.SupplierViewSet, "api-supplier")
router.register("jobs", boroughs.JobRunViewSet, "api-job")
router.register("contracts", services.ContractViewSet, "api-contract")
router.register("frameworks", services.FrameworkViewSet, "api-framework")
router.register("legal-rules", services.LegalRuleViewSet, "api-legal-rule")
router.register("lines", services.LineViewSet, "api-line")
router.register("migration", services.MigrationViewSet, "api-migration")
router.register("savings", procurement.SavingsViewSet, "api-savings")
router.register("payments/summary", procurement.PaymentSummaryViewSet, "api-payments-summary")


class Conflict(exceptions.APIException):
    status_code = 409


def answer(error, context):
    """Turn the portal's own refusals into answers; anything else is a defect, left to surface."""
    match error:
        case NotVisible():
            error = exceptions.NotFound(str(error))
        case BadInput():
            error = exceptions.ParseError(str(error))
        case Refused():
            error = Conflict(str(error))
    return exception_handler(error, context)
