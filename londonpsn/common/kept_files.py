"""Files that are kept for good, outside the web root, each under the SHA-256 of its content.

The row that names a file is what makes it one of the portal's: a file is written, and safe on the
disk, before its row commits. What is left without a row is found by ``kept_before``.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

CHUNK = 1 << 20
INCOMING = "incoming"
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Digested:
    """What names a content: its SHA-256, and its size in bytes."""

    sha256: str
    size: int


def digest(file: BinaryIO) -> Digested:
    """Return what names the content of a file, and leave it at its beginning."""
    found, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(CHUNK):
        found.update(chunk)
        size += len(chunk)
    file.seek(0)
    return Digested(found.hexdigest(), size)


def keep(file: BinaryIO, of: Digested) -> None:
    """Have the content on the disk when this returns; the same content is kept once.

    It is written beside, and gets its name when it is whole.
    """
    path = path_of(of.sha256)
    if path.exists() and path.stat().st_size == of.size:
        os.utime(path)  # nobody takes it for left over while its new row is on the way
        return
    for folder in (folder_of(), path.parent, folder_of(INCOMING)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = folder_of(INCOMING) / secrets.token_hex(16)
    try:
        _write(file, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    for folder in (path.parent, path.parent.parent):
        _sync(folder)


def open_kept(sha256: str) -> BinaryIO:
    """Return the open file of a content. Raises FileNotFoundError."""
    return path_of(sha256).open("rb")


def forget(sha256: str) -> None:
    path_of(sha256).unlink(missing_ok=True)


def kept_before(moment: datetime) -> Iterator[str]:
    """Yield the digests of contents that nobody has asked to keep since a moment.

    Whoever calls knows which of them have a row. What was never written to its end is deleted.
    """
    for path in _files(folder_of(), moment):
        if path.parent.name == INCOMING:
            path.unlink(missing_ok=True)
        elif DIGEST.fullmatch(path.name):
            yield path.name


def path_of(sha256: str) -> Path:
    if not DIGEST.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is no SHA-256")
    return folder_of(sha256[:2]) / sha256


def folder_of(*names: str) -> Path:
    return Path(settings.DOCUMENTS).joinpath(*names)


def _files(folder: Path, before: datetime) -> Iterator[Path]:
    for path in sorted(folder.glob("*/*")):
        try:
            if path.stat().st_mtime < before.timestamp():
                yield path
        except FileNotFoundError:  # another process was at it too
            continue


def _write(file: BinaryIO, path: Path) -> None:
    file.seek(0)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as kept:
        while chunk := file.read(CHUNK):
            kept.write(chunk)
        kept.flush()
        os.fsync(kept.fileno())


def _sync(folder: Path) -> None:
    """Have a folder's names on the disk, so that a power cut forgets none."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
