"""Rows are found by a key that stays, from a first state on, and whatever a session says.

See boroughs 0030. What is new: of which body a move is. What somebody wrote in their own words is
kept no more: it may name people, and what is kept cannot be changed.
"""

import boroughs.models.row_history
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from boroughs.models import row_sql

KEPT = {
    f"services_{name}": f"services_{name}row"
    for name in (
        *("line", "charge", "linemove", "plannedmove", "lineflag", "contract", "replacement"),
        *("replacementline", "baseline", "contractextension", "contractchange", "contractnotice"),
        *("framework", "legalrule", "price", "indexationrun", "quote"),
    )
}
MOVES, MOVES_KEPT = "services_replacement", "services_replacementrow"
GUARDS = "".join(
    [
        row_sql.only_triggers_add(MOVES_KEPT),
        row_sql.is_not_emptied(MOVES),
        *(row_sql.key_stays(tracked) for tracked in KEPT),
    ]
)
NO_GUARDS = row_sql.drop(
    {
        "only_grows": (MOVES_KEPT,),
        "is_written_by_triggers": (MOVES_KEPT,),
        "is_not_emptied": (MOVES_KEPT, MOVES),
        "key_stays": tuple(KEPT),
    }
)
FIRST = "".join(row_sql.first_states(tracked, kept) for tracked, kept in KEPT.items())


class Migration(migrations.Migration):

    dependencies = [
        ('boroughs', '0019_rows_have_a_first_state_and_keep_their_key'),
        ('services', '0012_register_editions_are_kept'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReplacementRow',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('pgh_transaction', models.BigIntegerField(db_default=boroughs.models.row_history.CurrentTransaction(), db_index=True)),
                ('id', models.BigIntegerField()),
            ],
            options={
                'abstract': False,
            },
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
        migrations.RemoveField(
            model_name='contractrow',
            name='conflict',
        ),
        migrations.RemoveField(
            model_name='contractrow',
            name='description',
        ),
        migrations.RemoveField(
            model_name='contractrow',
            name='route_reason',
        ),
        migrations.RemoveField(
            model_name='lineflagrow',
            name='owner',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contract',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_contractrow" ("awarded_at", "awarded_by_id", "bids", "body_id", "ceiling", "commenced_on", "cost_centre", "council_id", "decision_reference", "drafted_by_id", "ends_on", "framework_id", "id", "index_base", "index_cap", "index_floor", "invited", "irrecoverable_vat", "kind", "lot", "minimum_term_ends_on", "notice_days", "notice_given_on", "organisational_unit", "pgh_created_at", "pgh_label", "pgh_obj_id", "proration", "reference", "regime", "renewal", "review_on", "roll_on_months", "route", "signed_on", "stage", "standstill_days", "standstill_from", "starts_on", "supplier_id", "supplier_signed_on", "title", "value", "vat") SELECT new_values."awarded_at", new_values."awarded_by_id", new_values."bids", new_values."body_id", new_values."ceiling", new_values."commenced_on", new_values."cost_centre", new_values."council_id", new_values."decision_reference", new_values."drafted_by_id", new_values."ends_on", new_values."framework_id", new_values."id", new_values."index_base", new_values."index_cap", new_values."index_floor", new_values."invited", new_values."irrecoverable_vat", new_values."kind", new_values."lot", new_values."minimum_term_ends_on", new_values."notice_days", new_values."notice_given_on", new_values."organisational_unit", NOW(), \'insert\', new_values."id", new_values."proration", new_values."reference", new_values."regime", new_values."renewal", new_values."review_on", new_values."roll_on_months", new_values."route", new_values."signed_on", new_values."stage", new_values."standstill_days", new_values."standstill_from", new_values."starts_on", new_values."supplier_id", new_values."supplier_signed_on", new_values."title", new_values."value", new_values."vat" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='858b1bfec3533a5b5332ad2ffa89a6c333f7d411', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_1a57a', referencing='REFERENCING NEW TABLE AS new_values ', table='services_contract', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contract',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_contractrow" ("awarded_at", "awarded_by_id", "bids", "body_id", "ceiling", "commenced_on", "cost_centre", "council_id", "decision_reference", "drafted_by_id", "ends_on", "framework_id", "id", "index_base", "index_cap", "index_floor", "invited", "irrecoverable_vat", "kind", "lot", "minimum_term_ends_on", "notice_days", "notice_given_on", "organisational_unit", "pgh_created_at", "pgh_label", "pgh_obj_id", "proration", "reference", "regime", "renewal", "review_on", "roll_on_months", "route", "signed_on", "stage", "standstill_days", "standstill_from", "starts_on", "supplier_id", "supplier_signed_on", "title", "value", "vat") SELECT new_values."awarded_at", new_values."awarded_by_id", new_values."bids", new_values."body_id", new_values."ceiling", new_values."commenced_on", new_values."cost_centre", new_values."council_id", new_values."decision_reference", new_values."drafted_by_id", new_values."ends_on", new_values."framework_id", new_values."id", new_values."index_base", new_values."index_cap", new_values."index_floor", new_values."invited", new_values."irrecoverable_vat", new_values."kind", new_values."lot", new_values."minimum_term_ends_on", new_values."notice_days", new_values."notice_given_on", new_values."organisational_unit", NOW(), \'update\', new_values."id", new_values."proration", new_values."reference", new_values."regime", new_values."renewal", new_values."review_on", new_values."roll_on_months", new_values."route", new_values."signed_on", new_values."stage", new_values."standstill_days", new_values."standstill_from", new_values."starts_on", new_values."supplier_id", new_values."supplier_signed_on", new_values."title", new_values."value", new_values."vat" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."awarded_at" IS DISTINCT FROM (new_values."awarded_at") OR old_values."awarded_by_id" IS DISTINCT FROM (new_values."awarded_by_id") OR old_values."bids" IS DISTINCT FROM (new_values."bids") OR old_values."body_id" IS DISTINCT FROM (new_values."body_id") OR old_values."ceiling" IS DISTINCT FROM (new_values."ceiling") OR old_values."commenced_on" IS DISTINCT FROM (new_values."commenced_on") OR old_values."cost_centre" IS DISTINCT FROM (new_values."cost_centre") OR old_values."council_id" IS DISTINCT FROM (new_values."council_id") OR old_values."decision_reference" IS DISTINCT FROM (new_values."decision_reference") OR old_values."drafted_by_id" IS DISTINCT FROM (new_values."drafted_by_id") OR old_values."ends_on" IS DISTINCT FROM (new_values."ends_on") OR old_values."framework_id" IS DISTINCT FROM (new_values."framework_id") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."index_base" IS DISTINCT FROM (new_values."index_base") OR old_values."index_cap" IS DISTINCT FROM (new_values."index_cap") OR old_values."index_floor" IS DISTINCT FROM (new_values."index_floor") OR old_values."invited" IS DISTINCT FROM (new_values."invited") OR old_values."irrecoverable_vat" IS DISTINCT FROM (new_values."irrecoverable_vat") OR old_values."kind" IS DISTINCT FROM (new_values."kind") OR old_values."lot" IS DISTINCT FROM (new_values."lot") OR old_values."minimum_term_ends_on" IS DISTINCT FROM (new_values."minimum_term_ends_on") OR old_values."notice_days" IS DISTINCT FROM (new_values."notice_days") OR old_values."notice_given_on" IS DISTINCT FROM (new_values."notice_given_on") OR old_values."organisational_unit" IS DISTINCT FROM (new_values."organisational_unit") OR old_values."proration" IS DISTINCT FROM (new_values."proration") OR old_values."reference" IS DISTINCT FROM (new_values."reference") OR old_values."regime" IS DISTINCT FROM (new_values."regime") OR old_values."renewal" IS DISTINCT FROM (new_values."renewal") OR old_values."review_on" IS DISTINCT FROM (new_values."review_on") OR old_values."roll_on_months" IS DISTINCT FROM (new_values."roll_on_months") OR old_values."route" IS DISTINCT FROM (new_values."route") OR old_values."signed_on" IS DISTINCT FROM (new_values."signed_on") OR old_values."stage" IS DISTINCT FROM (new_values."stage") OR old_values."standstill_days" IS DISTINCT FROM (new_values."standstill_days") OR old_values."standstill_from" IS DISTINCT FROM (new_values."standstill_from") OR old_values."starts_on" IS DISTINCT FROM (new_values."starts_on") OR old_values."supplier_id" IS DISTINCT FROM (new_values."supplier_id") OR old_values."supplier_signed_on" IS DISTINCT FROM (new_values."supplier_signed_on") OR old_values."title" IS DISTINCT FROM (new_values."title") OR old_values."value" IS DISTINCT FROM (new_values."value") OR old_values."vat" IS DISTINCT FROM (new_values."vat")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f548cf9e2c5cb6f5bd52adb54e63eaecc69d1f7c', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_8668f', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='services_contract', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contract',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_contractrow" ("awarded_at", "awarded_by_id", "bids", "body_id", "ceiling", "commenced_on", "cost_centre", "council_id", "decision_reference", "drafted_by_id", "ends_on", "framework_id", "id", "index_base", "index_cap", "index_floor", "invited", "irrecoverable_vat", "kind", "lot", "minimum_term_ends_on", "notice_days", "notice_given_on", "organisational_unit", "pgh_created_at", "pgh_label", "pgh_obj_id", "proration", "reference", "regime", "renewal", "review_on", "roll_on_months", "route", "signed_on", "stage", "standstill_days", "standstill_from", "starts_on", "supplier_id", "supplier_signed_on", "title", "value", "vat") SELECT old_values."awarded_at", old_values."awarded_by_id", old_values."bids", old_values."body_id", old_values."ceiling", old_values."commenced_on", old_values."cost_centre", old_values."council_id", old_values."decision_reference", old_values."drafted_by_id", old_values."ends_on", old_values."framework_id", old_values."id", old_values."index_base", old_values."index_cap", old_values."index_floor", old_values."invited", old_values."irrecoverable_vat", old_values."kind", old_values."lot", old_values."minimum_term_ends_on", old_values."notice_days", old_values."notice_given_on", old_values."organisational_unit", NOW(), \'delete\', old_values."id", old_values."proration", old_values."reference", old_values."regime", old_values."renewal", old_values."review_on", old_values."roll_on_months", old_values."route", old_values."signed_on", old_values."stage", old_values."standstill_days", old_values."standstill_from", old_values."starts_on", old_values."supplier_id", old_values."supplier_signed_on", old_values."title", old_values."value", old_values."vat" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='72e48b10b6ea4486d1057a25158b4143bab89004', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_7c518', referencing='REFERENCING OLD TABLE AS old_values ', table='services_contract', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lineflag',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_lineflagrow" ("ends_on", "id", "kind", "line_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_on") SELECT new_values."ends_on", new_values."id", new_values."kind", new_values."line_id", NOW(), \'insert\', new_values."id", new_values."reason", new_values."starts_on" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='5b99785d719cdb145a1acf873a5997bed82b11fe', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_8e2ff', referencing='REFERENCING NEW TABLE AS new_values ', table='services_lineflag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lineflag',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_lineflagrow" ("ends_on", "id", "kind", "line_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_on") SELECT new_values."ends_on", new_values."id", new_values."kind", new_values."line_id", NOW(), \'update\', new_values."id", new_values."reason", new_values."starts_on" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."ends_on" IS DISTINCT FROM (new_values."ends_on") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."kind" IS DISTINCT FROM (new_values."kind") OR old_values."line_id" IS DISTINCT FROM (new_values."line_id") OR old_values."reason" IS DISTINCT FROM (new_values."reason") OR old_values."starts_on" IS DISTINCT FROM (new_values."starts_on")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='d74ad97fa24dddbb075926bcd9aaafa99ceccf97', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_d4f8e', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='services_lineflag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lineflag',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_lineflagrow" ("ends_on", "id", "kind", "line_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_on") SELECT old_values."ends_on", old_values."id", old_values."kind", old_values."line_id", NOW(), \'delete\', old_values."id", old_values."reason", old_values."starts_on" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='29c305d79e08dbd591572aaecbd9d15252a03173', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_5fd70', referencing='REFERENCING OLD TABLE AS old_values ', table='services_lineflag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='replacement',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_replacementrow" ("body_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "service_type_id") SELECT new_values."body_id", new_values."id", NOW(), \'insert\', new_values."id", new_values."service_type_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='34ad3a1286e2f04addc801098bee7c3e369d97b9', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_7f452', referencing='REFERENCING NEW TABLE AS new_values ', table='services_replacement', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='replacement',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_replacementrow" ("body_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "service_type_id") SELECT new_values."body_id", new_values."id", NOW(), \'update\', new_values."id", new_values."service_type_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='df1bb1cb5a11dc487963f55e26933073d788bd21', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_3791f', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='services_replacement', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='replacement',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "services_replacementrow" ("body_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "service_type_id") SELECT old_values."body_id", old_values."id", NOW(), \'delete\', old_values."id", old_values."service_type_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='133d4f65065ecb94582171cbfa50f4e1c90a468c', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_2b07a', referencing='REFERENCING OLD TABLE AS old_values ', table='services_replacement', when='AFTER')),
        ),
        migrations.AddField(
            model_name='replacementrow',
            name='body',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='boroughs.body'),
        ),
        migrations.AddField(
            model_name='replacementrow',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='rows', to='services.replacement'),
        ),
        migrations.AddField(
            model_name='replacementrow',
            name='service_type',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='services.servicetype'),
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
        migrations.RunSQL(row_sql.fire_always("services"), migrations.RunSQL.noop),
        migrations.RunSQL(FIRST, migrations.RunSQL.noop),
    ]
