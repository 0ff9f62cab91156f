"""Processes that run tests side by side share one PostgreSQL and one Valkey, and nothing in them.

Each has a database of its own there by pytest-django; this gives it its own part of the broker and
its own folder, before the settings are loaded, and hands out the tests.
"""

import os
import re
from collections import Counter

import pytest

if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    number = worker.removeprefix("gw")
    url, found = re.subn(r"(?<=[?&]db=)\d+|(?<=\w/)\d+$", number, os.environ["REDIS_URL"])
    if not found:
        raise SystemExit("Name a database in REDIS_URL, for example redis://localhost:6379/0.")
    os.environ["REDIS_URL"] = url
    os.environ["PORTAL_DATA"] += f"-{number}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hand out the tests of a file together, and those that commit after all that do not.

    They leave an empty database, while the others want the data set that stands in it. What is long
    begins early: the journeys, then the files with the most tests.
    """
    parts = {item: (item.path, "transactional_db" in item.fixturenames) for item in items}
    sizes = Counter(parts.values())

    def order(item: pytest.Item) -> tuple:
        path, commits = parts[item]
        is_journey = path.parent.name == "journeys"
        return (commits, not is_journey, 0 if is_journey else -sizes[parts[item]], path)

    items.sort(key=order)
    for item in items:
        path, commits = parts[item]
        group = f"{path.relative_to(item.config.rootpath)}{' commits' * commits}"
        item.add_marker(pytest.mark.xdist_group(group))
