"""Whose figures a page shows."""

from django.core.exceptions import PermissionDenied

from boroughs.authorization import Permission
from boroughs.queries import find_council, visible_councils


def place_asked(user, slug: str):
    """Return the council, None for ``all``, and the keys of the councils that it stands for."""
    if not user.access.allows_anywhere(Permission.RECORD_VIEW):
        raise PermissionDenied("Savings and payments are for councils and London Grid.")
    councils = visible_councils(user)
    if slug == "all":
        return None, list(councils.values_list("pk", flat=True))
    council = find_council(councils, slug=slug)
    return council, [council.pk]
