"""Child processes that end with us, and the account that servers run under as root."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1


def server_account() -> pwd.struct_passwd | None:
    """Return the account servers drop to when we are root (PostgreSQL refuses root), else None."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def own_directory(path: Path) -> Path:
    """Make a directory that only the servers' account can enter, and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account := server_account():
        os.chown(path, account.pw_uid, account.pw_gid)
    return path


def open_to_all(folder: Path) -> None:
    """Let everybody read what lies in a folder and run what its owner can, whatever the umask."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)


def as_server_account() -> dict:
    """Return the arguments that make subprocess drop root."""
    if account := server_account():
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return {}


def spawn(argv: Sequence, *, end_with: signal.Signals, **options) -> subprocess.Popen:
    """Start a process in a session of its own that gets ``end_with`` when its parent dies.

    The parent-death signal follows the *thread* that starts the child: call it from the main one.
    """
    parent = os.getpid()
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def follow_parent():
        libc.prctl(PR_SET_PDEATHSIG, int(end_with))
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(
        [str(word) for word in argv],
        start_new_session=True,
        preexec_fn=follow_parent if libc else None,  # noqa: PLW1509, one thread starts all
        **options,
    )


def end(process: subprocess.Popen, how: signal.Signals, deadline: float) -> None:
    """Ask a process to end, and kill its whole session when it has not by the deadline."""
    if process.poll() is None:
        process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
    kill_session(process.pid)
    process.wait()


def kill_session(leader: int) -> None:
    """Kill what is left of the session that ``leader`` was started in."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def facts_of(process: subprocess.Popen) -> dict:
    """Return what names a process for good: a number alone may be somebody else's later."""
    return {"pid": process.pid, "created": psutil.Process(process.pid).create_time()}


def end_left_over(facts: dict, how: signal.Signals, patience: float = 10) -> bool:
    """End a process of an earlier start if it is still the same one; returns whether it was."""
    try:
        process = psutil.Process(facts["pid"])
        if abs(process.create_time() - facts["created"]) > 1:
            return False
        process.send_signal(how)
        process.wait(patience)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired:
        kill_session(facts["pid"])
    return True
