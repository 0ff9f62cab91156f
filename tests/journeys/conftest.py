"""A real worker on the real broker, and a real browser."""

import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection, connections
from playwright.sync_api import sync_playwright

from londonpsn.celery import app
from londonpsn.embedded import processes
from tests.journeys.browser import ARGUMENTS, find_chromium

WIDE = {"width": 1440, "height": 900}
# A council's own sign-in, so that its button and its page are there; it leads nowhere.
NOBODYS_PROVIDER = {
    "OIDC_SERVER_URL": "http://localhost:9",
    "OIDC_NAME": "Made-up Council",
    "OIDC_CLIENT_ID": "portal",
    "OIDC_CLIENT_SECRET": "none",
}
NARROW = {"width": 320, "height": 800}


def test_database_url() -> str:
    """The address of the database that the tests use, for processes beside them."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    folder = parts.path.rsplit("/", 1)[0]
    return urlunsplit(parts._replace(path=f"{folder}/{connection.settings_dict['NAME']}"))


test_database_url.__test__ = False


def environment(**changes) -> dict:
    return os.environ | {"DATABASE_URL": test_database_url()} | changes


def wait_for(condition, patience: float = 30):
    """Wait until ``condition()`` is true, and return what it gave."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {patience} s: {condition}")


class Worker:
    """A Celery worker as `make run` starts it, in a session of its own."""

    def __init__(self):
        self.process = processes.spawn(
            [
                *(sys.executable, "-m", "celery", "-A", "londonpsn", "worker"),
                *("--concurrency", "1", "--loglevel", "warning", "--without-mingle"),
            ],
            end_with=signal.SIGTERM,
            cwd=settings.BASE_DIR,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda: app.control.broadcast("ping", reply=True, timeout=1, limit=1))

    def kill(self) -> None:
        """Kill the worker and all its processes with -9."""
        processes.kill_session(self.process.pid)
        self.process.wait()

    def stop(self) -> None:
        processes.end(self.process, signal.SIGTERM, time.monotonic() + 10)


@pytest.fixture
def start_worker(committed):
    """Start real workers on an empty queue; they are gone afterwards."""
    app.control.purge()
    started: list[Worker] = []

    def start() -> Worker:
        started.append(Worker())
        return started[-1]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.stop()


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium; where there is none the test fails and says what to install."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        connections.close_all()  # while Playwright's loop runs, Django keeps a set of its own
        browser.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_open(address: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(address) == 0


@pytest.fixture
def web(committed):
    """The portal's address, served by gunicorn as `make run` serves it."""
    port = free_port()
    address = ("127.0.0.1", port)
    server = processes.spawn(
        [
            *(sys.executable, "-m", "gunicorn", "londonpsn.wsgi", "--bind", f"127.0.0.1:{port}"),
            *("--threads", "2", "--no-control-socket", "--log-level", "error"),
        ],
        end_with=signal.SIGTERM,
        cwd=settings.BASE_DIR,
        env=environment(**NOBODYS_PROVIDER),
    )
    wait_for(lambda: is_open(address))
    yield f"http://localhost:{port}"
    processes.end(server, signal.SIGTERM, time.monotonic() + 10)


@pytest.fixture
def page(chromium, web):
    """A page of the portal. It notes what goes wrong in it, and who is asked for what."""
    context = chromium.new_context(base_url=web, viewport=WIDE)
    page = context.new_page()
    page.complaints, page.hosts = [], set()
    page.on("console", lambda said: page.complaints.append(said.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.hosts.add(urlsplit(request.url).netloc))
    yield page
    context.close()
