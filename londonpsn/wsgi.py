"""What gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import get_resolver

from londonpsn.home.limits import limit_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "londonpsn.settings")

application = get_wsgi_application()
limit_statements(connections.settings)
get_resolver().url_patterns  # noqa: B018, loads the views, which the first request would wait for
# What is loaded by now stays for good: the collector would look through all of it, 90 ms each time,
# while a request waits.
gc.freeze()
