"""Print the code that the authenticator app of one of the demo's people shows now."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from londonpsn.home.signing_in.second_factor import code_now


class Command(BaseCommand):
    help = "Print the second step's code of one of the demo's people. The demo only."

    def add_arguments(self, parser):
        parser.add_argument("email")

    def handle(self, *, email, **options):
        email = email.strip().lower()
        if settings.DEMO not in ("small", "london") or not email.endswith(".demo.example"):
            raise CommandError("Codes are printed for the people of the demo only.")
        app = Authenticator.objects.filter(user__email=email, type=Authenticator.Type.TOTP).first()
        if app is None:
            raise CommandError(f"Nobody with the mail address {email} has an authenticator app.")
        self.stdout.write(code_now(app))
