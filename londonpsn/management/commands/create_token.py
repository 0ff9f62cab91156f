"""Make an API token for a person, and print its secret once."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError

from boroughs.actions.tokens import create_token
from boroughs.models import ApiToken, User
from londonpsn.common import clock
from londonpsn.common.errors import Refused


class Command(BaseCommand):
    help = "Print a new API token of the person with this mail address."

    def add_arguments(self, parser):
        parser.add_argument("email")
        parser.add_argument("--name", default="command line", help="what the token is for")
        parser.add_argument("--days", type=int, default=90, help="how long it holds")
        parser.add_argument("--write", action="store_true", help="it may change things too")

    def handle(self, *, email, name, days, write, **options):
        user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody who may sign in has the mail address {email}.")
        now = clock.now()
        try:
            secret = create_token(
                user=user,
                name=name,
                at=now,
                expires_at=now + timedelta(days=days),
                scope=ApiToken.Scope.WRITE if write else ApiToken.Scope.READ,
            )
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(secret)
