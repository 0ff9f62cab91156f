"""A change may be one of the ceiling, and each change may call for a notice of its own."""

import boroughs.models.row_history
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('services', '0013_rows_have_a_first_state_and_keep_their_key'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='contractchange',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='contractchange',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='contractchange',
            name='delete_delete',
        ),
        migrations.RemoveConstraint(
            model_name='contractchange',
            name='contract_change_changes_something',
        ),
        migrations.RemoveConstraint(
            model_name='contractnotice',
            name='contract_notice_once',
        ),
        migrations.AddField(
            model_name='contractchange',
            name='ceiling_change',
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14),
        ),
        migrations.AddField(
            model_name='contractchangerow',
            name='ceiling_change',
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contractchange',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_contractchangerow" ("at", "by_id", "ceiling_change", "contract_id", "days_change", "id", "on", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "value_change") SELECT new_values."at", new_values."by_id", new_values."ceiling_change", new_values."contract_id", new_values."days_change", new_values."id", new_values."on", NOW(), \'insert\', new_values."id", new_values."reason", new_values."value_change" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='17e1ccd05bef3631da262a52cf626a578bc0d763', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_8b988', referencing='REFERENCING NEW TABLE AS new_values ', table='services_contractchange', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contractchange',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_contractchangerow" ("at", "by_id", "ceiling_change", "contract_id", "days_change", "id", "on", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "value_change") SELECT new_values."at", new_values."by_id", new_values."ceiling_change", new_values."contract_id", new_values."days_change", new_values."id", new_values."on", NOW(), \'update\', new_values."id", new_values."reason", new_values."value_change" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='1f1b6cab6383029df38cbc5d0b2a53553b550f78', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_24920', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='services_contractchange', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contractchange',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_contractchangerow" ("at", "by_id", "ceiling_change", "contract_id", "days_change", "id", "on", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "value_change") SELECT old_values."at", old_values."by_id", old_values."ceiling_change", old_values."contract_id", old_values."days_change", old_values."id", old_values."on", NOW(), \'delete\', old_values."id", old_values."reason", old_values."value_change" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='2e38d4d0417cae3cf4def401459e9b1bbb0c556a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_493ed', referencing='REFERENCING OLD TABLE AS old_values ', table='services_contractchange', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='contractchange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('value_change', 0), _negated=True), models.Q(('days_change', 0), _negated=True), models.Q(('ceiling_change', 0), _negated=True), _connector='OR'), name='contract_change_changes_something'),
        ),
        migrations.AddConstraint(
            model_name='contractnotice',
            constraint=models.UniqueConstraint(condition=models.Q(('published_on', None), ('waived_reason', '')), fields=('contract', 'code'), name='contract_notice_is_open_once'),
        ),
    ]
