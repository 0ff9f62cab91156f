"""Contracts, and the verbs of call-offs; each write names itself by an Idempotency-Key."""

from django.db.models import Prefetch
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser
from rest_framework.response import Response

from boroughs.api.filters import CouncilFilterBackend
from boroughs.api.idempotency import idempotent
from boroughs.api.reads import ReadsAreWritten
from boroughs.api.views import NarrowedViewSet
from boroughs.models import Body
from boroughs.queries import find_council, find_row, served_councils, visible_councils
from londonpsn.common import clock
from services.actions import calloffs as actions
from services.actions.publish import keep_register_facts
from services.api import calloffs as shapes
from services.api.filters import ContractFilters
from services.models import Contract, ContractChange, ContractExtension, ContractNotice

RELATED = ("council", "supplier", "framework")
FACTS = (
    Prefetch("extensions", ContractExtension.objects.order_by("number")),
    Prefetch("notices", ContractNotice.objects.order_by("pk")),
    Prefetch("changes", ContractChange.objects.order_by("on", "pk")),
)


class ContractViewSet(ReadsAreWritten, NarrowedViewSet):
    """What councils have signed with suppliers, call-offs among it. A null day is not known."""

    councils_named = staticmethod(served_councils)
    queryset = Contract.objects.select_related(*RELATED).prefetch_related(*FACTS).order_by("pk")
    serializer_class = shapes.ContractDetailSerializer
    filter_backends = [CouncilFilterBackend, DjangoFilterBackend]
    filterset_class = ContractFilters
    parser_classes = [JSONParser]
    lookup_value_regex = r"\d+"

    def get_serializer_class(self):
        return shapes.ContractSerializer if self.action == "list" else self.serializer_class

    @extend_schema(request=shapes.DraftSerializer, responses={201: serializer_class})
    @idempotent
    def create(self, request):
        """Draft a call-off, with as many of its facts as are known."""
        sent = self._read(shapes.DraftSerializer)
        council = find_council(visible_councils(request.user), register_code=sent.pop("council"))
        supplier, extensions = sent.pop("supplier"), sent.pop("extensions", None)
        body = self._body(sent, council)
        draft = actions.draft(
            council=council,
            supplier=supplier,
            answers=sent | body,
            extensions=extensions,
            **self._who(),
        )
        return self._answer(draft.pk, 201)

    @extend_schema(request=shapes.AnswersSerializer, responses=serializer_class)
    @action(detail=True, methods=["post"])
    @idempotent
    def answer(self, request, pk):
        """Keep some facts of a draft; those that are not sent stay."""
        sent = self._read(shapes.AnswersSerializer, partial=True)
        council = find_row(self.get_queryset(), pk=pk).council
        body, extensions = self._body(sent, council), sent.pop("extensions", None)
        actions.answer(
            call_off_id=self._key(pk), answers=sent | body, extensions=extensions, **self._who()
        )
        return self._answer(pk)

    @extend_schema(request=shapes.NothingSerializer, responses=serializer_class)
    @action(detail=True, methods=["post"])
    @idempotent
    def award(self, request, pk):
        """Award a draft; 409 says everything that stands in the way."""
        return self._do(pk, actions.award, on=clock.today())

    @extend_schema(request=shapes.NothingSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    @idempotent
    def drop(self, request, pk):
        """Drop a draft."""
        actions.drop(call_off_id=self._key(pk), **self._who())
        return Response(status=204)

    @extend_schema(request=shapes.SignSerializer, responses=serializer_class)
    @action(detail=True, methods=["post"])
    @idempotent
    def sign(self, request, pk):
        """Say when an awarded call-off was signed, or correct that with a reason."""
        return self._do(pk, actions.sign, shapes.SignSerializer, on=clock.today())

    @extend_schema(request=shapes.ExtendSerializer, responses=serializer_class)
    @action(detail=True, methods=["post"])
    @idempotent
    def extend(self, request, pk):
        """Take the next option to extend it."""
        return self._do(pk, actions.take_extension, shapes.ExtendSerializer, on=clock.today())

    @extend_schema(request=shapes.ChangeSerializer, responses=serializer_class)
    @action(detail=True, methods=["post"])
    @idempotent
    def change(self, request, pk):
        """Change its value or ceiling by pounds, or its term by days; each may be negative."""
        return self._do(pk, actions.change, shapes.ChangeSerializer, on=clock.today())

    @extend_schema(request=shapes.PriceTermsSerializer, responses=serializer_class)
    @action(detail=True, methods=["post"], url_path="price-terms")
    @idempotent
    def price_terms(self, request, pk):
        """Say how prices of an awarded call-off rise, and what leaving early costs."""
        terms = self._read(shapes.PriceTermsSerializer, partial=True)
        reason = terms.pop("reason", "")
        actions.keep_price_terms(
            call_off_id=self._key(pk), terms=terms, reason=reason, **self._who()
        )
        return self._answer(pk)

    @extend_schema(request=shapes.GiveNoticeSerializer, responses=serializer_class)
    @action(detail=True, methods=["post"], url_path="give-notice")
    @idempotent
    def give_notice(self, request, pk):
        """Say that notice was given to the supplier, of a contract of either kind."""
        sent = self._read(shapes.GiveNoticeSerializer)
        contract = self._key(pk)
        actions.give_notice(contract_id=contract, on=clock.today(), **sent, **self._who())
        return self._answer(pk)

    @extend_schema(request=shapes.PublishNoticeSerializer, responses=serializer_class)
    @action(detail=True, methods=["post"], url_path="publish-notice")
    @idempotent
    def publish_notice(self, request, pk):
        """Say where and when a notice of the law was published."""
        sent = shapes.PublishNoticeSerializer
        return self._do(pk, actions.publish_notice, sent, on=clock.today())

    @extend_schema(request=shapes.WaiveNoticeSerializer, responses=serializer_class)
    @action(detail=True, methods=["post"], url_path="waive-notice")
    @idempotent
    def waive_notice(self, request, pk):
        """Say why a notice of the law is not needed."""
        return self._do(pk, actions.waive_notice, shapes.WaiveNoticeSerializer)

    @extend_schema(request=shapes.OverrideSerializer, responses=serializer_class)
    @action(detail=True, methods=["post"], url_path="override-ceiling")
    @idempotent
    def override_ceiling(self, request, pk):
        """Let orders go past a ceiling that is reached."""
        return self._do(pk, actions.override_ceiling, shapes.OverrideSerializer, on=clock.today())

    @extend_schema(request=shapes.RegisterFactsSerializer, responses=serializer_class)
    @action(detail=True, methods=["post"], url_path="register-facts")
    @idempotent
    def register_facts(self, request, pk):
        """Keep what the register of contracts wants of a signed contract, call-off or not."""
        facts = self._read(shapes.RegisterFactsSerializer, partial=True)
        keep_register_facts(contract_id=self._key(pk), facts=facts, **self._who())
        return self._answer(pk)

    def _do(self, pk, act, shape=shapes.NothingSerializer, **more):
        act(call_off_id=self._key(pk), **self._read(shape), **more, **self._who())
        return self._answer(pk)

    def _key(self, pk) -> int:
        return find_row(self.get_queryset(), pk=pk).pk

    def _who(self) -> dict:
        return {"by": self.request.user, "at": clock.now()}

    def _read(self, shape, *, partial=False) -> dict:
        sent = shape(data=self.request.data, partial=partial)
        sent.is_valid(raise_exception=True)
        return dict(sent.validated_data)

    def _body(self, sent: dict, council) -> dict:
        """Return the body that was sent, by its id, as the row among those the person sees."""
        if "body" not in sent:
            return {}
        bodies = Body.objects.visible_to(self.request.user).of_council(council)
        return {"body": find_row(bodies, pk=sent.pop("body"))}

    def _answer(self, pk, status=200):
        contract = find_row(self.get_queryset(), pk=pk)
        return Response(self.get_serializer(contract).data, status)
