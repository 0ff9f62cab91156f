"""Where one checkout keeps its data, and how another shell finds the running portal.

``PORTAL_DATA``, else ``.data/`` in the checkout; as root ``/var/lib/londonpsn/<hash of the
checkout's path>``, because the database server refuses root and its own account has to be able to
reach its files (decisions 37).
"""

import hashlib
import json
import os
import secrets
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def data_directory() -> Path:
    if chosen := os.environ.get("PORTAL_DATA"):
        return Path(chosen).resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/londonpsn") / hashlib.sha256(bytes(CHECKOUT)).hexdigest()[:12]
    return CHECKOUT / ".data"


def make() -> Path:
    """Make the data directory where there is none, and return it.

    As root the servers' own account has to pass through to its folders, whatever the umask.
    """
    path = data_directory()
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        for folder in {path, *missing}:
            folder.chmod(0o755)
    return path


def read_run() -> dict:
    """Return what the last start wrote in ``run.json``; empty where there is none."""
    try:
        return json.loads((data_directory() / "run.json").read_text())
    except (OSError, ValueError):
        return {}


def write_run(facts: dict) -> None:
    write_private(data_directory() / "run.json", json.dumps(facts, indent=1))


def forget_run() -> None:
    (data_directory() / "run.json").unlink(missing_ok=True)


def secret_key() -> str:
    """Return the demo's secret key, made once and kept beside its data."""
    path = data_directory() / "secret_key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(50))
    return path.read_text()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    side = path.with_name(f".{path.name}.{os.getpid()}")
    side.touch(mode=0o600)
    side.write_text(text)
    side.replace(path)
