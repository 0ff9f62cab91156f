"""What every row of money, a stage or a right was: written by triggers, also for raw SQL.

A tracked model gets a table beside its own, with the row after each insert and update and before
each delete. ``pgh_transaction`` is the database's number of the transaction, by which a row belongs
to the audit event that was written in the same one.
"""

import pghistory
import pghistory.models
from django.db import models
from django.db.models import Func


class CurrentTransaction(Func):
    """The number of the transaction at work."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class TrackedRow(pghistory.models.Event):
    """A row as it was at one moment. Only ever added to, by the database itself."""

    pgh_transaction = models.BigIntegerField(db_default=CurrentTransaction(), db_index=True)

    class Meta:
        abstract = True


def keep_rows(name: str, **which):
    """Decorate a model whose rows are kept, in a model called ``name``.

    ``fields`` or ``exclude`` say which columns; all of them otherwise.
    """
    return pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        base_model=TrackedRow,
        context_field=None,
        context_id_field=None,
        model_name=name,
        **which,
    )
