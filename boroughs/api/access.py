"""Who could do what, and deputies, as JSON."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from boroughs.actions.deputies import delegate, end_delegation
from boroughs.api.authentication import council_of_token, refuse_token
from boroughs.api.filters import COUNCIL
from boroughs.api.reads import ReadsAreWritten
from boroughs.api.serializers import Pounds
from boroughs.api.views import NarrowedViewSet
from boroughs.authorization import Permission, Role
from boroughs.models import Council, Delegation, Membership
from boroughs.queries import (
    Only,
    SecondFactor,
    access_councils,
    find_council,
    find_deputy,
    find_row,
    held_rows,
    narrowed,
)
from londonpsn.common import clock
from londonpsn.common.errors import BadInput
from londonpsn.common.periods import parse_day


class DeputyDaysSerializer(serializers.Serializer):
    deputy = serializers.CharField()
    ends_on = serializers.DateField(help_text="The first day without")


class HeldSerializer(serializers.Serializer):
    """A role that a person holds on the day: their own, or as the deputy of another.

    ``council`` is null for a role at a supplier or in the whole programme. ``limit`` is the most
    pounds to approve, null for none. ``conflicts`` are pairs of roles that one person holds there.
    One whose two days are the same was ended on the day it began.
    """

    membership = serializers.IntegerField(source="membership_id")
    delegation = serializers.IntegerField(source="delegation_id", allow_null=True)
    user = serializers.IntegerField(source="user_id")
    person = serializers.CharField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(Role.choices)
    council = serializers.CharField(source="council_code", allow_null=True)
    place = serializers.CharField()
    limit = Pounds(allow_null=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    given_by = serializers.CharField(allow_null=True)
    deputy_of = serializers.CharField(help_text="Empty where the role is the person’s own")
    deputies = serializers.SerializerMethodField()
    last_sign_in = serializers.DateTimeField(allow_null=True)
    second_factor = serializers.ChoiceField(SecondFactor.choices)
    conflicts = serializers.ListField(
        child=serializers.ListField(child=serializers.ChoiceField(Role.choices))
    )
    confirmed_on = serializers.DateField(allow_null=True)
    confirmed_by = serializers.CharField(allow_null=True)
    is_due = serializers.BooleanField(help_text="Nobody has confirmed it for a year")

    @extend_schema_field(DeputyDaysSerializer(many=True))
    def get_deputies(self, row) -> list[dict]:
        days = [{"deputy": name, "ends_on": ends_on} for name, ends_on in row.deputies]
        return DeputyDaysSerializer(days, many=True).data


class AccessViewSet(ReadsAreWritten, GenericViewSet):
    """Who could do what on a day, at the councils where you may see it."""

    serializer_class = HeldSerializer
    filter_backends = []
    reads_by = Permission.ACCESS_VIEW

    @extend_schema(
        parameters=[
            COUNCIL,
            OpenApiParameter("on", OpenApiTypes.DATE, description="A day; the portal’s day"),
            OpenApiParameter("role", enum=Role.values),
            OpenApiParameter("only", enum=Only.values),
            OpenApiParameter("person", OpenApiTypes.STR, description="Part of a name or address"),
        ],
        responses=HeldSerializer(many=True),
    )
    def list(self, request):
        if not request.user.access.allows_anywhere(Permission.ACCESS_VIEW):
            raise PermissionDenied(f"You need the right to {Permission.ACCESS_VIEW.label}.")
        asked, today = request.query_params, clock.today()
        on = parse_day(asked["on"]) if asked.get("on") else today
        council = _council_named(request)
        rows = narrowed(
            held_rows(request.user, on, today=today, council=council),
            role=_chosen(asked, "role", Role.values),
            only=_chosen(asked, "only", Only.values),
            person=asked.get("person", ""),
        )
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class DelegationSerializer(serializers.ModelSerializer):
    """``ends_on`` is the first day without."""

    role = serializers.ChoiceField(Role.choices, source="membership.role")
    council = serializers.CharField(
        source="membership.council.register_code", default=None, allow_null=True
    )
    place = serializers.CharField(source="membership.place")
    person = serializers.CharField(source="membership.user.name", help_text="Whose role it is")
    deputy = serializers.CharField(source="deputy.name")

    class Meta:
        model = Delegation
        fields = ["id", "membership", "role", "council", "place", "person", "deputy"]
        fields += ["starts_on", "ends_on", "reason"]


class NewDelegationSerializer(serializers.Serializer):
    """One of your own roles, passed on to somebody with a role at the same place."""

    membership = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    deputy = serializers.EmailField(help_text="The deputy’s mail address")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(help_text="The first day without")
    reason = serializers.CharField(max_length=200)


class DelegationViewSet(NarrowedViewSet):
    """Roles passed on to deputies: yours, those that you hold, and those you may see."""

    queryset = Delegation.objects.select_related(
        "membership__council", "membership__supplier", "membership__user", "deputy"
    ).order_by("-pk")
    serializer_class = DelegationSerializer
    council_path = "membership__council"

    def get_queryset(self):
        rows, council_id = super().get_queryset(), council_of_token(self.request)
        return rows if council_id is None else rows.filter(membership__council=council_id)

    @extend_schema(request=NewDelegationSerializer, responses={201: DelegationSerializer})
    def create(self, request):
        """Pass a role on; signed in by yourself, because no token gives rights away."""
        refuse_token(
            request, "A token cannot pass a role on. Sign in to the portal and do it there."
        )
        asked = NewDelegationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        chosen, today = asked.validated_data, clock.today()
        membership = find_row(_roles_to_pass(request), pk=chosen["membership"])
        passed = delegate(
            membership_id=membership.pk,
            deputy=find_deputy(membership, chosen["deputy"], today),
            starts_on=chosen["starts_on"],
            ends_on=chosen["ends_on"],
            reason=chosen["reason"],
            by=request.user,
            at=clock.now(),
            today=today,
        )
        answer = self.get_serializer(self.get_queryset().get(pk=passed.pk))
        return Response(answer.data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def end(self, request, pk):
        """End it: from the portal’s day on, or before it has begun."""
        passed = self.get_object()
        end_delegation(
            delegation_id=passed.pk, by=request.user, at=clock.now(), today=clock.today()
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


def _roles_to_pass(request):
    """Return the roles that the person may pass on."""
    roles = Membership.objects.select_related("council", "supplier")
    keeps_people = request.user.access.allows(Permission.ADMIN_USE)
    return roles if keeps_people else roles.filter(user=request.user)


def _council_named(request) -> Council | None:
    code = request.query_params.get("council")
    return find_council(access_councils(request.user), register_code=code) if code else None


def _chosen(asked, name: str, choices) -> str:
    value = asked.get(name, "")
    if value and value not in choices:
        raise BadInput(f"“{name}” is “{value}”. It can be {', '.join(choices)}.")
    return value
