"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.db import connections

from londonpsn.home.limits import limit_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "londonpsn.settings")

application = get_wsgi_application()
limit_statements(connections.settings)
