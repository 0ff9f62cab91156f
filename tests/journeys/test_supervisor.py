"""`make run`: starts from nothing, survives what is killed, ends what it started."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from tests.journeys.conftest import free_port, wait_for

LEFT_OUT = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PORTAL_TODAY", "SECURE", "STARTED_AT"}
PASSWORD = "a demo password"


class Portal:
    """`manage.py serve` on a data directory of its own."""

    def __init__(self, home, port: int | None = None):
        self.home, self.port, self.said = home, port or free_port(), []
        self.environment = {k: v for k, v in os.environ.items() if k not in LEFT_OUT}
        self.environment |= {"PORTAL_DATA": str(home), "PORT": str(self.port), "DEMO": "small"}
        self.environment |= {"DEMO_PASSWORD": PASSWORD}
        self.process = self.command("serve")
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self):
        for line in self.process.stdout:
            self.said.append(line)

    def command(self, *words, **changes) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=settings.BASE_DIR,
            env=self.environment | changes,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words, **changes) -> tuple[int, str]:
        process = self.command(*words, **changes)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said

    @property
    def text(self) -> str:
        return "".join(self.said)

    def is_ready(self) -> bool:
        try:
            address = f"http://127.0.0.1:{self.port}/readyz"
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def wait_until_ready(self) -> None:
        wait_for(lambda: "The portal is ready" in self.text or self.process.poll(), 120)
        assert self.process.poll() is None, self.text

    def children(self) -> dict[str, psutil.Process]:
        """Return the portal's own processes by what they are."""
        named = {}
        for child in psutil.Process(self.process.pid).children():
            try:
                words = " ".join(child.cmdline())
            except psutil.Error:  # it ended just now
                continue
            for name in ("postgres", "valkey", "gunicorn", "worker", "beat"):
                if name in words and name not in named:
                    named[name] = child
        return named

    def ends(self) -> None:
        """Leave nothing behind, whatever happened."""
        self.process.kill()
        self.process.wait()
        self.listener.join(10)
        self.process.stdout.close()

    def stop(self) -> float:
        """Ask it to end, and return the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        return time.monotonic() - started


@pytest.fixture
def home(tmp_path_factory):
    """A data directory that the servers' own account can reach."""
    path = tmp_path_factory.mktemp("portal")
    for folder in (path, *path.parents):
        if Path(tempfile.gettempdir()) in folder.parents:  # pytest's own, made for us alone
            folder.chmod(0o755)
    return path


def family(process: subprocess.Popen) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_a_start_from_nothing_survives_what_is_killed_and_ends_clean(home):
    portal = Portal(home)
    try:
        portal.wait_until_ready()

        # It says where it is and who can sign in; another shell finds it.
        assert f"http://localhost:{portal.port}" in portal.text
        assert PASSWORD in portal.text
        assert "manage.py demo_code programme@london-grid.demo.example" in portal.text
        assert "Loading demo data" in portal.text
        code, digits = portal.run("demo_code", "programme@london-grid.demo.example")
        assert (code, len(digits.strip())) == (0, 6), digits
        code, token = portal.run("create_token", "programme@london-grid.demo.example")
        assert code == 0, token
        answer = urllib.request.Request(
            f"http://127.0.0.1:{portal.port}/api/v1/lines/?limit=1",
            headers={"Authorization": f"Token {token.strip()}"},
        )
        with urllib.request.urlopen(answer, timeout=10) as response:
            assert b'"count":406' in response.read()

        # A second start of the same data and a busy port get one sentence each.
        for port in (portal.port, free_port()):
            code, said = portal.run("serve", "--port", str(port))
            assert (code, "already running at" in said, "Traceback" in said) == (1, True, False)
        other_data = {"PORTAL_DATA": str(home / "other")}
        code, said = portal.run("serve", **other_data)
        assert (code, "in use" in said, "Traceback" in said) == (1, True, False)

        # Whatever is killed comes back.
        for name in ("worker", "gunicorn", "valkey", "postgres", "beat"):
            victim = portal.children()[name]
            os.killpg(victim.pid, signal.SIGKILL) if name != "gunicorn" else victim.kill()
            wait_for(lambda pid=victim.pid: not psutil.pid_exists(pid) or _is_zombie(pid))
            wait_for(portal.is_ready, 40)
            assert wait_for(lambda name=name: portal.children().get(name), 40).pid != victim.pid

        started = family(portal.process)
        assert portal.stop() < 10
        wait_for(lambda: not [p for p in started if p.is_running() and not _is_zombie(p.pid)])
        assert portal.process.returncode == 0
        code, said = portal.run("create_token", "x@y.example")
        assert (code, "Start the portal with make run" in said) == (1, True)
    finally:
        portal.ends()


def test_after_kill_9_of_the_supervisor_the_next_start_is_clean_and_nothing_is_lost(home):
    portal = Portal(home)
    try:
        portal.wait_until_ready()
        code, _ = portal.run("create_token", "buyer@camden.demo.example", "--name", "kept")
        assert code == 0
        left = family(portal.process)

        portal.process.kill()
        portal.process.wait()

        second = Portal(home, portal.port)
        try:
            second.wait_until_ready()
            assert "Loading demo data" not in second.text  # a second start keeps the data
            assert not [p for p in left if p.is_running() and not _is_zombie(p.pid)]
            names = "from boroughs.models import ApiToken; print(ApiToken.objects.get().name)"
            code, said = second.run("shell", "-c", names)
            assert (code, said.strip().split("\n")[-1]) == (0, "kept")
            assert second.stop() < 10
        finally:
            second.ends()
    finally:
        portal.ends()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"DATABASE_URL": "postgres://localhost/x"}, "SECRET_KEY is not set"),
        ({"PORT": "abc"}, "It is a number from 1 to 65535"),
        ({"DEMO": "tiny"}, "small, london or none"),
        ({"PORTAL_TODAY": "30/06/2014"}, "Write a day as 2014-06-30"),
    ],
)
def test_what_is_set_wrongly_is_refused_in_a_sentence(home, changes, sentence):
    environment = {k: v for k, v in os.environ.items() if k not in LEFT_OUT}
    done = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=settings.BASE_DIR,
        env=environment | {"PORTAL_DATA": str(home), "PORT": str(free_port())} | changes,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(re.findall(r"\n", done.stderr.strip())) <= 1


def _is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
