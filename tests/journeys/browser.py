"""Find a Chromium: on PATH, else Playwright's own, else Debian's package when root."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
WHAT_TO_INSTALL = (
    "No Chromium was found, and none could be installed. Install one so that it is on PATH, for "
    "example `apt-get install chromium`, or `playwright install chromium`, and run the tests again."
)


def find_chromium() -> str:
    """Return the path of a Chromium. Raises RuntimeError with what to install."""
    return _on_path() or _playwrights_own() or _debians_package() or _give_up()


def _on_path() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def _playwrights_own() -> str | None:
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    if not own.exists():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    return str(own) if own.exists() else None


def _debians_package() -> str | None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        for command in (["apt-get", "update", "-qq"], install):
            subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
    return _on_path()


def _give_up():
    raise RuntimeError(WHAT_TO_INSTALL)
