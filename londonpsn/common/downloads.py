"""Files that people sent us, sent on to others: as a file, and never as a page of the portal's."""

from typing import BinaryIO

from django.http import FileResponse

# Should a browser show it all the same, it runs nothing and asks nobody for anything.
ALONE = "default-src 'none'; sandbox"


def as_download(file: BinaryIO, *, name: str, media_type: str) -> FileResponse:
    """Return the file as an attachment, sent while it is read; it is closed at the end."""
    response = FileResponse(file, as_attachment=True, filename=name, content_type=media_type)
    response["Content-Security-Policy"] = ALONE
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
