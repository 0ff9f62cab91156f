"""Row history cannot be switched off by a session, nor added to past its triggers.

See boroughs 0014.
"""

import boroughs.models.row_history
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

KEPT = (
    *("line", "charge", "linemove", "plannedmove", "lineflag", "contract", "replacementline"),
    "baseline",
)
ONLY_BY_TRIGGERS = "".join(
    f"CREATE TRIGGER is_written_by_triggers BEFORE INSERT ON services_{table}row"
    " FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse_insert();"
    for table in KEPT
)
BY_ANYBODY = "".join(
    f"DROP TRIGGER is_written_by_triggers ON services_{table}row;" for table in KEPT
)


class Migration(migrations.Migration):

    dependencies = [
        ('boroughs', '0014_rows_are_kept_whatever_a_session_says'),
        ('services', '0007_what_is_kept_is_not_emptied'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='baseline',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='baseline',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='baseline',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='charge',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='charge',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='charge',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='contract',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='contract',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='contract',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='line',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='line',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='line',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='lineflag',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='lineflag',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='lineflag',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='linemove',
            name='append_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='linemove',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='linemove',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='linemove',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='plannedmove',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='plannedmove',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='plannedmove',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='replacementline',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='replacementline',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='replacementline',
            name='delete_delete',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='baseline',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_baselinerow" ("amount", "ends_on", "grade", "id", "method", "pgh_created_at", "pgh_label", "pgh_obj_id", "replacement_id", "starts_on", "version") SELECT new_values."amount", new_values."ends_on", new_values."grade", new_values."id", new_values."method", NOW(), \'insert\', new_values."id", new_values."replacement_id", new_values."starts_on", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='26f3a67bf9792009f77fdbd5434c6822b6313ec6', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_abe4b', referencing='REFERENCING NEW TABLE AS new_values ', table='services_baseline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='baseline',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_baselinerow" ("amount", "ends_on", "grade", "id", "method", "pgh_created_at", "pgh_label", "pgh_obj_id", "replacement_id", "starts_on", "version") SELECT new_values."amount", new_values."ends_on", new_values."grade", new_values."id", new_values."method", NOW(), \'update\', new_values."id", new_values."replacement_id", new_values."starts_on", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='117c74d922f6e758ebb68c5d25fd845799a32171', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_1768e', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='services_baseline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='baseline',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_baselinerow" ("amount", "ends_on", "grade", "id", "method", "pgh_created_at", "pgh_label", "pgh_obj_id", "replacement_id", "starts_on", "version") SELECT old_values."amount", old_values."ends_on", old_values."grade", old_values."id", old_values."method", NOW(), \'delete\', old_values."id", old_values."replacement_id", old_values."starts_on", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='e37806b7ccea48032b692794029c694e55c82e82', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_1446f', referencing='REFERENCING OLD TABLE AS old_values ', table='services_baseline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='charge',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_chargerow" ("amount", "ends_on", "id", "kind", "line_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts_on") SELECT new_values."amount", new_values."ends_on", new_values."id", new_values."kind", new_values."line_id", NOW(), \'insert\', new_values."id", new_values."starts_on" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c88fdd58ff8cf45894250b44dd4acc25a8174106', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_b9f13', referencing='REFERENCING NEW TABLE AS new_values ', table='services_charge', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='charge',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_chargerow" ("amount", "ends_on", "id", "kind", "line_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts_on") SELECT new_values."amount", new_values."ends_on", new_values."id", new_values."kind", new_values."line_id", NOW(), \'update\', new_values."id", new_values."starts_on" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='fc2da6d31f8aa74c0613d66d64bf56c5d9b00a2a', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_63cca', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='services_charge', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='charge',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_chargerow" ("amount", "ends_on", "id", "kind", "line_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts_on") SELECT old_values."amount", old_values."ends_on", old_values."id", old_values."kind", old_values."line_id", NOW(), \'delete\', old_values."id", old_values."starts_on" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='1ea7181fe41b820de3d83efb169d7d2789297da5', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_7a3a6', referencing='REFERENCING OLD TABLE AS old_values ', table='services_charge', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contract',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_contractrow" ("council_id", "ends_on", "id", "notice_days", "pgh_created_at", "pgh_label", "pgh_obj_id", "proration", "reference", "starts_on", "supplier_id", "title") SELECT new_values."council_id", new_values."ends_on", new_values."id", new_values."notice_days", NOW(), \'insert\', new_values."id", new_values."proration", new_values."reference", new_values."starts_on", new_values."supplier_id", new_values."title" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='d2e9da74acbe0d64a89d15c5cee795089227e95c', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_1a57a', referencing='REFERENCING NEW TABLE AS new_values ', table='services_contract', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contract',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_contractrow" ("council_id", "ends_on", "id", "notice_days", "pgh_created_at", "pgh_label", "pgh_obj_id", "proration", "reference", "starts_on", "supplier_id", "title") SELECT new_values."council_id", new_values."ends_on", new_values."id", new_values."notice_days", NOW(), \'update\', new_values."id", new_values."proration", new_values."reference", new_values."starts_on", new_values."supplier_id", new_values."title" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='8543b79f8c3c04f4f7a997f92205f3104b570832', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_8668f', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='services_contract', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contract',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_contractrow" ("council_id", "ends_on", "id", "notice_days", "pgh_created_at", "pgh_label", "pgh_obj_id", "proration", "reference", "starts_on", "supplier_id", "title") SELECT old_values."council_id", old_values."ends_on", old_values."id", old_values."notice_days", NOW(), \'delete\', old_values."id", old_values."proration", old_values."reference", old_values."starts_on", old_values."supplier_id", old_values."title" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='fd892eae3d78387b872b45068bf5149a4b61a77b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_7c518', referencing='REFERENCING OLD TABLE AS old_values ', table='services_contract', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='line',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_linerow" ("billed_from", "billed_until", "body_id", "contract_id", "ends_on", "generation_id", "id", "minimum_term_ends_on", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "starts_on", "supplier_id") SELECT new_values."billed_from", new_values."billed_until", new_values."body_id", new_values."contract_id", new_values."ends_on", new_values."generation_id", new_values."id", new_values."minimum_term_ends_on", NOW(), \'insert\', new_values."id", new_values."quantity", new_values."starts_on", new_values."supplier_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='2cf30da559b3be9ea976a58eaa0595727a0b6687', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_b16c6', referencing='REFERENCING NEW TABLE AS new_values ', table='services_line', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='line',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_linerow" ("billed_from", "billed_until", "body_id", "contract_id", "ends_on", "generation_id", "id", "minimum_term_ends_on", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "starts_on", "supplier_id") SELECT new_values."billed_from", new_values."billed_until", new_values."body_id", new_values."contract_id", new_values."ends_on", new_values."generation_id", new_values."id", new_values."minimum_term_ends_on", NOW(), \'update\', new_values."id", new_values."quantity", new_values."starts_on", new_values."supplier_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."billed_from" IS DISTINCT FROM (new_values."billed_from") OR old_values."billed_until" IS DISTINCT FROM (new_values."billed_until") OR old_values."body_id" IS DISTINCT FROM (new_values."body_id") OR old_values."contract_id" IS DISTINCT FROM (new_values."contract_id") OR old_values."ends_on" IS DISTINCT FROM (new_values."ends_on") OR old_values."generation_id" IS DISTINCT FROM (new_values."generation_id") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."minimum_term_ends_on" IS DISTINCT FROM (new_values."minimum_term_ends_on") OR old_values."quantity" IS DISTINCT FROM (new_values."quantity") OR old_values."starts_on" IS DISTINCT FROM (new_values."starts_on") OR old_values."supplier_id" IS DISTINCT FROM (new_values."supplier_id")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='741615eedef83637bcfeece5f3acb166c23126ee', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_c2e5b', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='services_line', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='line',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_linerow" ("billed_from", "billed_until", "body_id", "contract_id", "ends_on", "generation_id", "id", "minimum_term_ends_on", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "starts_on", "supplier_id") SELECT old_values."billed_from", old_values."billed_until", old_values."body_id", old_values."contract_id", old_values."ends_on", old_values."generation_id", old_values."id", old_values."minimum_term_ends_on", NOW(), \'delete\', old_values."id", old_values."quantity", old_values."starts_on", old_values."supplier_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='d9832338d19f5f00a84fcd89ab95fd88f90eae3a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_f24a2', referencing='REFERENCING OLD TABLE AS old_values ', table='services_line', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lineflag',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_lineflagrow" ("ends_on", "id", "kind", "line_id", "owner", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_on") SELECT new_values."ends_on", new_values."id", new_values."kind", new_values."line_id", new_values."owner", NOW(), \'insert\', new_values."id", new_values."reason", new_values."starts_on" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='fa5008d7bce8b6f04d0efc1ee5463fe68d25fea2', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_8e2ff', referencing='REFERENCING NEW TABLE AS new_values ', table='services_lineflag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lineflag',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_lineflagrow" ("ends_on", "id", "kind", "line_id", "owner", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_on") SELECT new_values."ends_on", new_values."id", new_values."kind", new_values."line_id", new_values."owner", NOW(), \'update\', new_values."id", new_values."reason", new_values."starts_on" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f1956a2d7d93646662fa7a3fe2fd93902ffaaa34', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_d4f8e', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='services_lineflag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lineflag',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_lineflagrow" ("ends_on", "id", "kind", "line_id", "owner", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_on") SELECT old_values."ends_on", old_values."id", old_values."kind", old_values."line_id", old_values."owner", NOW(), \'delete\', old_values."id", old_values."reason", old_values."starts_on" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='dd7d32b509a09c76379706730e3b2f2b84e7f353', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_5fd70', referencing='REFERENCING OLD TABLE AS old_values ', table='services_lineflag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='linemove',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=boroughs.models.row_history.AlwaysFires(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='9e810047dde9742b7c8c1b67791ac1dd33429940', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_0039d', table='services_linemove', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='linemove',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_linemoverow" ("by_id", "from_stage", "id", "line_id", "on", "pgh_created_at", "pgh_label", "pgh_obj_id", "proof", "reason", "recorded_at", "to_stage") SELECT new_values."by_id", new_values."from_stage", new_values."id", new_values."line_id", new_values."on", NOW(), \'insert\', new_values."id", new_values."proof", new_values."reason", new_values."recorded_at", new_values."to_stage" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='40ae4eac3b7e570561978c58d946bb92ab016e79', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_90597', referencing='REFERENCING NEW TABLE AS new_values ', table='services_linemove', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='linemove',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_linemoverow" ("by_id", "from_stage", "id", "line_id", "on", "pgh_created_at", "pgh_label", "pgh_obj_id", "proof", "reason", "recorded_at", "to_stage") SELECT new_values."by_id", new_values."from_stage", new_values."id", new_values."line_id", new_values."on", NOW(), \'update\', new_values."id", new_values."proof", new_values."reason", new_values."recorded_at", new_values."to_stage" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='5d7fab9e98245a437b424962e26d609f3de9b039', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_642f4', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='services_linemove', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='linemove',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_linemoverow" ("by_id", "from_stage", "id", "line_id", "on", "pgh_created_at", "pgh_label", "pgh_obj_id", "proof", "reason", "recorded_at", "to_stage") SELECT old_values."by_id", old_values."from_stage", old_values."id", old_values."line_id", old_values."on", NOW(), \'delete\', old_values."id", old_values."proof", old_values."reason", old_values."recorded_at", old_values."to_stage" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='16778431b2355462ae89b2c10fe215d2d40b1d43', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_331e6', referencing='REFERENCING OLD TABLE AS old_values ', table='services_linemove', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='plannedmove',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_plannedmoverow" ("id", "line_id", "on", "pgh_created_at", "pgh_label", "pgh_obj_id", "to_stage") SELECT new_values."id", new_values."line_id", new_values."on", NOW(), \'insert\', new_values."id", new_values."to_stage" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='ddf31d6544bab6e0abb73c339cefc41b702e4ffe', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_6435f', referencing='REFERENCING NEW TABLE AS new_values ', table='services_plannedmove', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='plannedmove',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_plannedmoverow" ("id", "line_id", "on", "pgh_created_at", "pgh_label", "pgh_obj_id", "to_stage") SELECT new_values."id", new_values."line_id", new_values."on", NOW(), \'update\', new_values."id", new_values."to_stage" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f6d79320862db65bd6469fed9a9d0341de9e9ae7', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_99697', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='services_plannedmove', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='plannedmove',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_plannedmoverow" ("id", "line_id", "on", "pgh_created_at", "pgh_label", "pgh_obj_id", "to_stage") SELECT old_values."id", old_values."line_id", old_values."on", NOW(), \'delete\', old_values."id", old_values."to_stage" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='a0d7dcb3bf11636335c675a63896589a403a67bd', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_86f7e', referencing='REFERENCING OLD TABLE AS old_values ', table='services_plannedmove', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='replacementline',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_replacementlinerow" ("id", "let_go_on", "line_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "replacement_id", "side") SELECT new_values."id", new_values."let_go_on", new_values."line_id", NOW(), \'insert\', new_values."id", new_values."replacement_id", new_values."side" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='7182d276134af6c9b1923b251dfd1838ff818ec7', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_52270', referencing='REFERENCING NEW TABLE AS new_values ', table='services_replacementline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='replacementline',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_replacementlinerow" ("id", "let_go_on", "line_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "replacement_id", "side") SELECT new_values."id", new_values."let_go_on", new_values."line_id", NOW(), \'update\', new_values."id", new_values."replacement_id", new_values."side" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='e1dff25c227eb1935a8501135328fa0c51ec6017', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_3d938', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='services_replacementline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='replacementline',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_replacementlinerow" ("id", "let_go_on", "line_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "replacement_id", "side") SELECT old_values."id", old_values."let_go_on", old_values."line_id", NOW(), \'delete\', old_values."id", old_values."replacement_id", old_values."side" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='a83760dcf10299c5ec750d8d5a9812d4563d1e5e', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_59bcd', referencing='REFERENCING OLD TABLE AS old_values ', table='services_replacementline', when='AFTER')),
        ),
        migrations.RunSQL(ONLY_BY_TRIGGERS, BY_ANYBODY),
    ]
