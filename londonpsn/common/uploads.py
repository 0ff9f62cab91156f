"""Files that people send through a page: how much is taken, and where one waits for its confirm.

A file that was looked over waits in ``settings.UPLOADS`` under a random name. The page carries that
name signed together with the person and the place it is for, so that nobody can confirm another's.

Every web process of one machine sees that folder. Where several machines serve the portal, it has
to be a folder that they share, or the confirm can meet a machine that does not have the file.
"""

import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django import forms
from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from londonpsn.common.errors import BadInput
from londonpsn.common.periods import month_code, parse_month

MOST_BYTES = 20 * 1024 * 1024
KEPT_FOR = timedelta(days=1)


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Takes files up to ``MOST_BYTES``: of a longer one the rest is counted, and not kept."""

    def receive_data_chunk(self, raw_data, start):
        if start <= MOST_BYTES:
            super().receive_data_chunk(raw_data, start)


class RowsField(forms.FileField):
    """A file of rows, as ``tabular`` reads it."""

    def __init__(self, **options):
        widget = forms.FileInput(attrs={"class": "govuk-file-upload", "accept": ".csv,.xlsx"})
        super().__init__(
            help_text="CSV or Excel workbook (.xlsx), up to 20 MB",
            widget=widget,
            error_messages={
                "required": "Choose a file.",
                "empty": "The file is empty. Choose the file that has the rows.",
                "max_length": "The file’s name is too long. Give it a shorter one.",
            },
            max_length=200,
            **options,
        )

    def clean(self, data, initial=None):
        file = super().clean(data, initial)
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                f"The file has {file.size / 1024 / 1024:,.0f} MB. The limit is 20 MB: "
                "load the list in parts."
            )
        return file


@dataclass(frozen=True, slots=True)
class Claimed:
    """A file that was confirmed: where it lies until it is dropped, its name, and its month."""

    path: Path
    name: str
    month: date | None

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)


def keep(
    file: UploadedFile,
    *,
    purpose: str,
    user_id: int,
    place_id: int,
    month: date | None,
    at: datetime,
) -> str:
    """Keep an uploaded file until it is confirmed, a day at most; return its signed name."""
    folder = Path(settings.UPLOADS)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(folder, before=at - KEPT_FOR)
    token = secrets.token_urlsafe(24)
    file.seek(0)
    descriptor = os.open(folder / token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as kept:
        shutil.copyfileobj(file, kept)
    said = [token, file.name, user_id, place_id, month and month_code(month)]
    return signing.dumps(said, salt=purpose)


def claim(signed: str, *, purpose: str, user_id: int, place_id: int) -> Claimed:
    """Take the file that this person keeps for this place; nobody can take it a second time.

    Raises BadInput where it is gone, too old, or somebody else's; which of them is not told.
    """
    gone = BadInput(
        "The file you looked over is no longer here: it was loaded, or waited for longer than a "
        "day. Choose it again."
    )
    try:
        said = signing.loads(signed, salt=purpose, max_age=KEPT_FOR)
    except signing.BadSignature:
        raise gone from None
    token, name, *owner, month = said
    if owner != [user_id, place_id]:
        raise gone
    waiting = Path(settings.UPLOADS) / token
    path = waiting.with_name(f"{token}.claimed")
    try:
        waiting.rename(path)
    except FileNotFoundError:
        raise gone from None
    return Claimed(path, name, parse_month(month) if month else None)


def _sweep(folder: Path, *, before: datetime) -> None:
    """Delete what nobody confirmed in time; another process may be at it too."""
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
        except FileNotFoundError:
            continue
