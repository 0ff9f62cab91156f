"""Rows of another council do not exist: every queryset of council rows narrows through here."""

from typing import ClassVar

from django.db import models


class CouncilRowsQuerySet(models.QuerySet):
    """Rows that belong to one council, reached by ``council_path``."""

    council_path: ClassVar[str] = "council"

    def visible_to(self, user):
        """Keep the rows of councils where ``user`` holds a role today (decisions 6)."""
        if user.access.all_councils:
            return self
        return self.filter(**{f"{self.council_path}__in": user.access.council_ids})

    def of_council(self, council):
        return self.filter(**{self.council_path: council})


class ReferenceQuerySet(models.QuerySet):
    """Reference rows, open to all who are signed in (decisions 6)."""

    def visible_to(self, user):
        return self if user.is_authenticated else self.none()
