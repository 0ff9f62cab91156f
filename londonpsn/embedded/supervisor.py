"""One process that starts the portal's servers, sets the database up, and ends all it started.

Ends within ten seconds on Ctrl-C or SIGTERM. When it is killed outright its children get a
parent-death signal, and the next start ends what still lives, which it finds in ``run.json``.
"""

import contextlib
import errno
import fcntl
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from londonpsn.embedded import data_directory, processes
from londonpsn.embedded.postgres import Postgres, ServerFailed
from londonpsn.embedded.valkey import Valkey

PATIENCE = {"web": 4, "worker": 4, "beat": 4, "valkey": 6, "postgres": 8}  # seconds to end in


class CannotStart(Exception):
    """One sentence that says why, and what to do."""


class Stopped(Exception):
    """Ctrl-C or SIGTERM came while something was being waited for."""


@dataclass
class Child:
    """A process we keep running: started again, later and later, when it ends by itself."""

    name: str
    argv: list
    end_with: signal.Signals = signal.SIGTERM
    process: subprocess.Popen | None = None
    started: float = 0
    failures: int = 0
    again_at: float = 0
    rest: bytes = field(default=b"", repr=False)


class Supervisor:
    """Keeps one portal of one data directory running at ``host``:``port``."""

    def __init__(self, *, host: str, port: int, demo: str, today: str, started: float):
        self.host, self.port, self.demo, self.today, self.started = host, port, demo, today, started
        self.home = data_directory.make()
        self.binding = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.address = f"http://localhost:{port}" if host in LOCAL else f"http://{self.binding}"
        self.servers: list[Postgres | Valkey] = []
        self.running: dict[str, Child] = {}
        self.selector = selectors.DefaultSelector()
        self.stopping = False
        self.sockets: Path | None = None

    def run(self) -> None:
        """Start everything and stay until told to end. Raises CannotStart."""
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._asked_to_stop)
        with self._only_one():
            try:
                self._end_left_over()
                self._check_port()
                self._start_servers()
                self._set_up()
                self._start_portal()
                self._wait_until_ready()
                self._announce()
                while not self.stopping:
                    self._attend(0.5)
            except Stopped:
                pass
            except ServerFailed as error:
                if not self.stopping:
                    raise CannotStart(str(error)) from error
            finally:
                self._end_all()

    # Starting

    def _check_port(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    why = f"Port {self.port} is in use."
                else:
                    why = f"Port {self.port} of {self.host} cannot be used ({error.strerror})."
                raise CannotStart(
                    f"{why} Choose another, for example: PORT=8001 make run"
                ) from None

    @contextlib.contextmanager
    def _only_one(self):
        with (self.home / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                address = data_directory.read_run().get("address", "another port")
                raise CannotStart(
                    f"The portal of this checkout is already running at {address}. "
                    "Stop that one first, or give this one its own PORTAL_DATA."
                ) from None
            yield

    def _end_left_over(self) -> None:
        """End what an earlier start of this data directory left when it was killed."""
        run = data_directory.read_run()
        for name, facts in run.get("children", {}).items():
            how = signal.Signals(facts["end_with"])
            if processes.end_left_over(facts, how):
                self._say("serve", f"ended {name} of an earlier start")
        if sockets := run.get("sockets"):
            shutil.rmtree(sockets, ignore_errors=True)

    def _start_servers(self) -> None:
        database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
        # A socket's path holds 107 bytes, so it cannot stand in the data directory.
        self.sockets = processes.own_directory(Path(tempfile.mkdtemp(prefix="londonpsn-")))
        if not database_url:
            self.servers.append(Postgres(self.home / "postgres", self.sockets))
            database_url = self.servers[-1].url
        if not redis_url:
            self.servers.append(Valkey(self.home / "valkey", self.sockets))
            redis_url = self.servers[-1].url
        for server in self.servers:
            child = Child(server.name, [], server.end_with)
            child.process = server.start(is_stopping=self._is_stopping)
            self.running[server.name] = child
        self.run_facts = {
            "address": self.address,
            "database_url": database_url,
            "redis_url": redis_url,
            "demo": self.demo,
            "portal_today": self.today,
            "sockets": str(self.sockets),
        }
        self._write_run()

    def _write_run(self) -> None:
        children = {
            child.name: processes.facts_of(child.process) | {"end_with": int(child.end_with)}
            for child in self.running.values()
            if child.process and child.process.poll() is None
        }
        data_directory.write_run(self.run_facts | {"children": children})

    def _set_up(self) -> None:
        """Migrate and load in a process of its own, which may use the whole terminal."""
        process = processes.spawn(
            [sys.executable, data_directory.CHECKOUT / "manage.py", "set_up"],
            end_with=signal.SIGTERM,
            env=os.environ | {"DEMO": self.demo},
        )
        self.running["set_up"] = Child("set_up", [], process=process)
        while process.poll() is None:
            self._attend(0.1)
        del self.running["set_up"]
        if process.returncode:
            raise CannotStart("The database could not be set up; what went wrong stands above.")
        # What the database holds decides what it is: a later start may name another DEMO.
        self.demo = self.run_facts["demo"] = read_kept(self.home, "demo")

    def _start_portal(self) -> None:
        python, celery = sys.executable, [sys.executable, "-m", "celery", "-A", "londonpsn"]
        web = [python, "-m", "gunicorn", "londonpsn.wsgi", "--bind", self.binding]
        web += ["--workers", os.environ.get("WEB_CONCURRENCY", "2"), "--threads", "2", "--preload"]
        web += ["--no-control-socket", "--graceful-timeout", "3", "--timeout", "60"]
        if os.path.isdir("/dev/shm"):  # noqa: S108, gunicorn's heartbeat should not wait for a disk
            web += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108
        worker = [*celery, "worker", "--concurrency", "2", "--loglevel", "info", "--without-mingle"]
        beat = [*celery, "beat", "--loglevel", "warning"]
        for name, argv in (("web", web), ("worker", worker), ("beat", beat)):
            self.running[name] = Child(name, argv)
            self._start(self.running[name])
        self._write_run()

    def _start(self, child: Child) -> None:
        child.process = processes.spawn(
            child.argv,
            end_with=child.end_with,
            cwd=data_directory.CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"DEMO": self.demo, "PYTHONUNBUFFERED": "1"},
        )
        child.started = time.monotonic()
        os.set_blocking(child.process.stdout.fileno(), False)
        self.selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _wait_until_ready(self, patience: float = 120) -> None:
        end = time.monotonic() + patience
        while time.monotonic() < end:
            asked = time.monotonic()
            if self._is_ready():
                return
            while time.monotonic() < asked + 0.4:
                self._attend(0.2)
        raise CannotStart(
            f"The portal did not become ready in {patience:.0f} s; see the log above."
        )

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=5) as answer:  # noqa: S310
                return answer.status == 200
        except OSError:
            return False

    def _announce(self) -> None:
        seconds = time.time() - self.started
        lines = ["", f"The portal is ready at {self.address} (after {seconds:.0f} s)."]
        if self.demo in ("small", "london"):
            password = read_kept(self.home, "demo_password")
            lines += [
                "It holds the synthetic data set; load real payments beside it if you like.",
                "",
                f"Sign in with any of these addresses; the password of all is  {password}",
                "  programme@london-grid.demo.example       programme officer, all councils",
                "  administrator@london-grid.demo.example   administrator, with /admin/",
                "  auditor@ and viewer@london-grid.demo.example",
                "  network@ buyer@ approver@ finance@ viewer@camden.demo.example",
                "           and the same five at every council, for example sutton.demo.example",
                "  agent1@ to agent5@virgin-media-business.demo.example   supplier agents",
                "programme, administrator, approver and finance are asked for a code too:",
                "  .venv/bin/python manage.py demo_code programme@london-grid.demo.example",
            ]
        print("\n".join([*lines, "", "Ctrl-C ends it."]), flush=True)

    # Running

    def _attend(self, seconds: float) -> None:
        """Pass on what children say for a while, and start again what has ended."""
        for key, _ in self.selector.select(seconds):
            self._pass_on(key.data, key.fileobj)
        if self.stopping:
            raise Stopped
        for child in list(self.running.values()):
            ended = child.process is None or child.process.poll() is not None
            if ended and child.name != "set_up":
                self._revive(child)

    def _pass_on(self, child: Child, stream) -> None:
        text = stream.read()
        if not text:
            self.selector.unregister(stream)
            stream.close()
            return
        *lines, child.rest = (child.rest + text).split(b"\n")
        for line in lines:
            self._say(child.name, line.decode(errors="replace"))

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if not child.again_at:
            if child.process:
                processes.kill_session(child.process.pid)
            child.failures = 1 if now - child.started > 60 else child.failures + 1
            wait = min(30, 2 ** min(child.failures - 1, 5) - 1)
            child.again_at = now + wait
            code = f" ({child.process.returncode})" if child.process else ""
            self._say("serve", f"{child.name} ended{code}; starting it again in {wait} s")
        if now < child.again_at:
            return
        child.again_at = 0
        server = next((server for server in self.servers if server.name == child.name), None)
        if server:
            child.process, child.started = None, now
            try:
                child.process = server.start(patience=20, is_stopping=self._is_stopping)
            except ServerFailed as error:
                self._say("serve", str(error))
        else:
            self._start(child)
        self._write_run()

    def _say(self, name: str, line: str) -> None:
        print(f"{name:8} | {line}", flush=True)

    # Ending

    def _asked_to_stop(self, *_) -> None:
        self.stopping = True

    def _is_stopping(self) -> bool:
        return self.stopping

    def _end_all(self) -> None:
        for name in ("set_up", "web", "worker", "beat"):
            child = self.running.get(name)
            if child and child.process and child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        for name in ("set_up", "web", "worker", "beat", "valkey", "postgres"):
            child = self.running.get(name)
            if child and child.process:
                processes.end(child.process, child.end_with, asked + PATIENCE.get(name, 4))
        if self.sockets:
            shutil.rmtree(self.sockets, ignore_errors=True)
        data_directory.forget_run()


LOCAL = ("127.0.0.1", "0.0.0.0", "::1", "::")  # noqa: S104, only compared with


def read_kept(home: Path, name: str) -> str:
    """Return a word that setting up has kept in the data directory."""
    path = home / name
    return path.read_text().strip() if path.exists() else ""
