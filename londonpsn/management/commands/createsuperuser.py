"""Add the first administrator of a portal. In place of Django's own, which writes no event."""

import os
from getpass import getpass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from boroughs.actions.people import set_up_administrator
from boroughs.models import User
from londonpsn.common import clock
from londonpsn.common.errors import Refused

READ_FROM = "DJANGO_SUPERUSER_PASSWORD"


class Command(BaseCommand):
    help = f"Add an administrator. The password is asked for, or read from {READ_FROM}."

    def add_arguments(self, parser):
        parser.add_argument("email", help="the mail address to sign in with")
        parser.add_argument("name", help="what the portal calls the person")

    def handle(self, *, email, name, **options):
        password = os.environ.get(READ_FROM) or getpass("Password: ")
        person = User(email=email.strip().lower(), name=name.strip())
        try:
            person.clean_fields(exclude=["password"])
            validate_password(password, person)
            set_up_administrator(
                email=email, name=name, password=password, at=clock.now(), today=clock.today()
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{person.name} is an administrator from today on.")
