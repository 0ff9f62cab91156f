#!/usr/bin/env python
"""Django's command line, for the running portal or for the database that DATABASE_URL names."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "londonpsn.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    except OperationalError as error:
        if "DATABASE_URL" in os.environ:
            raise
        sys.exit(f"The database does not answer. Start the portal with make run.\n({error})")


if __name__ == "__main__":
    main()
