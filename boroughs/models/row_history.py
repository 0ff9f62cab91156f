"""What every row of money, a stage or a right was: written by triggers, also for raw SQL.

A tracked model gets a table beside its own, with the row after each insert and update and before
each delete. ``pgh_transaction`` is the database's number of the transaction, by which a row belongs
to the audit event that was written in the same one. Only those triggers add to it: the database
refuses any other insert (migration 0014), change and removal (migration 0008).
"""

from collections.abc import Mapping

import pghistory
import pghistory.models
import pgtrigger
from django.db import models
from django.db.models import Func
from pghistory.trigger import Event
from pgtrigger.compiler import Trigger, UpsertTriggerSql
from pgtrigger.utils import quote


class CurrentTransaction(Func):
    """The number of the transaction at work."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class TrackedRow(pghistory.models.Event):
    """A row as it was at one moment. Only ever added to, by the database itself."""

    pgh_created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    pgh_transaction = models.BigIntegerField(db_default=CurrentTransaction(), db_index=True)

    class Meta:
        abstract = True


class AlwaysFires(UpsertTriggerSql):
    """A trigger's SQL as pgtrigger has it, without what lets a session switch it off.

    Neither does ``session_replication_role``: it fires always. Migrations name this class: never
    change what its template returns, of which hashes are made.
    """

    def __init__(self, **words):
        super().__init__(**words)
        self.data += f"ALTER TABLE {quote(self.table)} ENABLE ALWAYS TRIGGER {self.pgid};"

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}()
            RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql;

            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON {table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE PROCEDURE {execute};

            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class CannotBeIgnored:
    """Put before a trigger of pgtrigger's: its setting ``pgtrigger.ignore`` does nothing to it."""

    def compile(self, model: type[models.Model]) -> Trigger:
        said = super().compile(model).sql.kwargs
        words = {name: value for name, value in said.items() if name != "ignore_func_name"}
        return Trigger(name=self.name, sql=AlwaysFires(**words))


class Protect(CannotBeIgnored, pgtrigger.Protect):
    pass


class KeepsRow(CannotBeIgnored, Event):
    pass


class Kept:
    """Put before an event of pghistory's: its trigger cannot be ignored."""

    def add_event_trigger(self, event_model: type[TrackedRow]) -> None:
        trigger = KeepsRow(
            event_model=event_model,
            label=self.label,
            name=self.trigger_name,
            row=self.row,
            operation=self.operation,
            condition=self.condition,
            level=self.level,
        )
        pgtrigger.register(trigger)(event_model.pgh_tracked_model)


class Inserted(Kept, pghistory.InsertEvent):
    pass


class Updated(Kept, pghistory.UpdateEvent):
    pass


class Deleted(Kept, pghistory.DeleteEvent):
    pass


def keep_rows(
    name: str,
    *,
    added: pgtrigger.Condition | None = None,
    unsaid: Mapping[str, pgtrigger.Condition] | None = None,
    **which,
):
    """Decorate a model whose rows are kept, in a model called ``name``.

    ``fields`` or ``exclude`` say which columns; all of them otherwise. ``added`` says which new
    rows have anything to keep, where not all have. ``unsaid`` are changes of what is not to be
    kept, such as a secret: that it changed is kept in these words, and never what it is.
    """
    return pghistory.track(
        Inserted(condition=added),
        Updated(),
        Deleted(),
        *(Updated(words, condition=changed) for words, changed in (unsaid or {}).items()),
        base_model=TrackedRow,
        context_field=None,
        context_id_field=None,
        model_name=name,
        **which,
    )
