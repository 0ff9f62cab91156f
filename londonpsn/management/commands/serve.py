"""`make run`: the portal with all its servers, until Ctrl-C."""

import os
import time

from django.core.management.base import BaseCommand, CommandError

from londonpsn.embedded.supervisor import CannotStart, Supervisor


class Command(BaseCommand):
    help = "Start the portal with its database, broker, web server, worker and scheduler."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--port", default=os.environ.get("PORT") or "8000")

    def handle(self, *, host, port, **options):
        if not (port.isdecimal() and 0 < int(port) < 65_536):
            raise CommandError(f"PORT is “{port}”. It is a number from 1 to 65535.")
        own_database = "DATABASE_URL" in os.environ
        demo = os.environ.get("DEMO") or ("none" if own_database else "london")
        if demo not in ("small", "london", "none"):
            raise CommandError(f"DEMO is “{demo}”. It can be small, london or none.")
        today = os.environ.get("PORTAL_TODAY", "")
        started = float(os.environ.get("STARTED_AT") or time.time())
        try:
            Supervisor(host=host, port=int(port), demo=demo, today=today, started=started).run()
        except CannotStart as error:
            raise CommandError(str(error)) from error
