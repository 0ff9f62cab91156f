"""Run a command against servers of its own that are gone afterwards.

    python -m londonpsn.embedded pytest

Uses DATABASE_URL and REDIS_URL where they are set; `make test` and `make bench` run this way.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from londonpsn.embedded import processes
from londonpsn.embedded.postgres import Postgres
from londonpsn.embedded.valkey import Valkey


def main() -> int:
    settings = {"SECRET_KEY": "only-for-tests", "SECURE": "0", "PORTAL_TODAY": "2014-06-30"}
    settings["API_REQUESTS_A_MINUTE"] = "1000000"  # tests and the bench ask faster than people
    environment = settings | os.environ | {"PATH": _with_own_tools(os.environ["PATH"])}
    started = []
    home = Path(tempfile.mkdtemp(prefix="londonpsn-test-"))
    home.chmod(0o755)
    try:
        sockets = processes.own_directory(home / "s")
        for name, server in (
            ("DATABASE_URL", Postgres(home / "postgres", sockets, durable=False)),
            ("REDIS_URL", Valkey(home / "valkey", sockets, durable=False)),
        ):
            if name not in os.environ:
                started.append((server, server.start()))
                environment[name] = server.url
        environment["PORTAL_DATA"] = str(home / "portal")
        with contextlib.suppress(KeyboardInterrupt):
            return subprocess.run(sys.argv[1:], env=environment, check=False).returncode
        return 130
    finally:
        for server, process in started:
            processes.end(process, server.end_with, time.monotonic() + 10)
        shutil.rmtree(home, ignore_errors=True)


def _with_own_tools(path: str) -> str:
    return f"{Path(sys.executable).parent}{os.pathsep}{path}"


if __name__ == "__main__":
    sys.exit(main())
