"""Processes that run tests side by side share one PostgreSQL and one Valkey, and nothing in them.

Each has a database of its own there by pytest-django; this gives it its own part of the broker and
its own folder. Loaded before the settings are, which conftest.py is not.
"""

import os

if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    number = worker.removeprefix("gw")
    os.environ["REDIS_URL"] = os.environ["REDIS_URL"].replace("db=0", f"db={number}")
    os.environ["PORTAL_DATA"] += f"-{number}"
