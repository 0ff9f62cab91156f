"""Row history cannot be switched off by a session, nor added to past its triggers.

See boroughs 0014.
"""

import boroughs.models.row_history
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

KEPT = ("payment",)
ONLY_BY_TRIGGERS = "".join(
    f"CREATE TRIGGER is_written_by_triggers BEFORE INSERT ON procurement_{table}row"
    " FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse_insert();"
    for table in KEPT
)
BY_ANYBODY = "".join(
    f"DROP TRIGGER is_written_by_triggers ON procurement_{table}row;" for table in KEPT
)


class Migration(migrations.Migration):

    dependencies = [
        ('boroughs', '0014_rows_are_kept_whatever_a_session_says'),
        ('procurement', '0006_what_is_kept_is_not_emptied'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='payment',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='payment',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='payment',
            name='delete_delete',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='payment',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "procurement_paymentrow" ("alias_id", "amount", "council_id", "file_id", "file_line", "id", "identity", "month", "paid_on", "pgh_created_at", "pgh_label", "pgh_obj_id", "published_name", "series", "supplier_id") SELECT new_values."alias_id", new_values."amount", new_values."council_id", new_values."file_id", new_values."file_line", new_values."id", new_values."identity", new_values."month", new_values."paid_on", NOW(), \'insert\', new_values."id", new_values."published_name", new_values."series", new_values."supplier_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='76817e6998d10e0ba96c53c78a7309a437150e46', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_8e514', referencing='REFERENCING NEW TABLE AS new_values ', table='procurement_payment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='payment',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "procurement_paymentrow" ("alias_id", "amount", "council_id", "file_id", "file_line", "id", "identity", "month", "paid_on", "pgh_created_at", "pgh_label", "pgh_obj_id", "published_name", "series", "supplier_id") SELECT new_values."alias_id", new_values."amount", new_values."council_id", new_values."file_id", new_values."file_line", new_values."id", new_values."identity", new_values."month", new_values."paid_on", NOW(), \'update\', new_values."id", new_values."published_name", new_values."series", new_values."supplier_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='bee7a499c11854a292791db91c23b08f60efe4af', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_d5a5c', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='procurement_payment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='payment',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "procurement_paymentrow" ("alias_id", "amount", "council_id", "file_id", "file_line", "id", "identity", "month", "paid_on", "pgh_created_at", "pgh_label", "pgh_obj_id", "published_name", "series", "supplier_id") SELECT old_values."alias_id", old_values."amount", old_values."council_id", old_values."file_id", old_values."file_line", old_values."id", old_values."identity", old_values."month", old_values."paid_on", NOW(), \'delete\', old_values."id", old_values."published_name", old_values."series", old_values."supplier_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='e147facbcc0b08ff00508358650733e82efcf3c1', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_04aa5', referencing='REFERENCING OLD TABLE AS old_values ', table='procurement_payment', when='AFTER')),
        ),
        migrations.RunSQL(ONLY_BY_TRIGGERS, BY_ANYBODY),
    ]
