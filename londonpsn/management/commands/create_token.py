"""Make an API token for a person, and print its secret once."""

from django.core.management.base import BaseCommand, CommandError

from boroughs.actions import create_token
from boroughs.models import User
from londonpsn.common import clock


class Command(BaseCommand):
    help = "Print a new API token of the person with this mail address."

    def add_arguments(self, parser):
        parser.add_argument("email")
        parser.add_argument("--name", default="command line", help="what the token is for")

    def handle(self, *, email, name, **options):
        user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody who may sign in has the mail address {email}.")
        self.stdout.write(create_token(user=user, name=name, at=clock.now()))
