"""A person's API tokens, without their secrets."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from boroughs.actions.tokens import USUAL_DAYS, create_token, revoke_token, works_until
from boroughs.api.authentication import council_of_token, refuse_token
from boroughs.api.views import NarrowedViewSet
from boroughs.models import ApiToken
from boroughs.queries import find_council, visible_councils
from londonpsn.common import clock


class ApiTokenSerializer(serializers.ModelSerializer):
    """A token. ``council`` null is all that its person sees; ``state`` is IN_FORCE or why not."""

    council = serializers.CharField(source="council.register_code", default=None, allow_null=True)
    state = serializers.SerializerMethodField()

    class Meta:
        model = ApiToken
        fields = [
            *("id", "user", "name", "scope", "council", "created_at", "expires_at"),
            *("last_used_at", "revoked_at", "state"),
        ]

    def get_state(self, token) -> str:
        return token.state_at(clock.now()).name


class MadeTokenSerializer(ApiTokenSerializer):
    """A token that was just made, with its secret: this answer alone has it."""

    secret = serializers.CharField()

    class Meta(ApiTokenSerializer.Meta):
        fields = [*ApiTokenSerializer.Meta.fields, "secret"]


class NewTokenSerializer(serializers.Serializer):
    """What a token is for, what it may do, and until when; 90 days unless it is said."""

    name = serializers.CharField(max_length=80)
    scope = serializers.ChoiceField(ApiToken.Scope.choices, default=ApiToken.Scope.READ)
    council = serializers.CharField(
        required=False, help_text="Register code of one of your councils; all of them without"
    )
    expires_on = serializers.DateField(
        required=False, help_text="The last day on which it works, at most a year from now"
    )


class ApiTokenViewSet(NarrowedViewSet):
    """Your tokens; whoever keeps people sees everybody's. None shows its secret.

    A token for one council knows those for that council alone.
    """

    queryset = ApiToken.objects.select_related("council").order_by("pk")
    serializer_class = ApiTokenSerializer
    filter_backends = []

    def get_queryset(self):
        rows, council_id = super().get_queryset(), council_of_token(self.request)
        return rows if council_id is None else rows.filter(council=council_id)

    @extend_schema(request=NewTokenSerializer, responses={201: MadeTokenSerializer})
    def create(self, request):
        """Make a token in your name; signed in by yourself, because no token makes another."""
        refuse_token(
            request, "A token cannot make a token. Sign in to the portal and make it there."
        )
        asked = NewTokenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        chosen, code = asked.validated_data, asked.validated_data.get("council")
        today = clock.real_day()
        made = create_token(
            user=request.user,
            name=chosen["name"],
            at=clock.now(),
            expires_at=works_until(chosen.get("expires_on", today + USUAL_DAYS), today),
            scope=chosen["scope"],
            council=find_council(visible_councils(request.user), register_code=code)
            if code
            else None,
            by=request.user,
        )
        token = ApiToken.objects.with_secret(made).select_related("council").get()
        token.secret = made
        return Response(MadeTokenSerializer(token).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=ApiTokenSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request, pk):
        """End a token for good."""
        token = revoke_token(token_id=self.get_object().pk, by=request.user, at=clock.now())
        return Response(self.get_serializer(token).data)
