"""Rows are found by a key that stays, from a first state on, and whatever a session says.

What is new: of which council a body and a document are and to whom a document is shown, accounts
at a council's own sign-in, and that a password or a token's secret changed. What was there before
its keeping began gets a first state. Every trigger of row history and of the trail fires always,
also where ``session_replication_role`` is replica.
"""

import boroughs.models.row_history
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models
from boroughs.models import row_sql

NEW = {
    "boroughs_body": "boroughs_bodyrow",
    "boroughs_document": "boroughs_documentrow",
    "socialaccount_socialaccount": "boroughs_linkedsigninrow",
}
KEPT = NEW | {
    "boroughs_user": "boroughs_userrow",
    "boroughs_membership": "boroughs_membershiprow",
    "boroughs_delegation": "boroughs_delegationrow",
    "boroughs_apitoken": "boroughs_apitokenrow",
    "boroughs_council": "boroughs_councilrow",
    "boroughs_site": "boroughs_siterow",
    "mfa_authenticator": "boroughs_heldfactorrow",
}
REFUSE_KEY = """
CREATE FUNCTION boroughs_trail_refuse_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Another key in % is refused: what is kept of a row is found by it',
        TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
"""
GUARDS = "".join(
    [
        REFUSE_KEY,
        *(row_sql.only_triggers_add(kept) for kept in NEW.values()),
        *(row_sql.is_not_emptied(tracked) for tracked in NEW),
        *(row_sql.key_stays(tracked) for tracked in KEPT),
    ]
)
NO_GUARDS = row_sql.drop(
    {
        "only_grows": tuple(NEW.values()),
        "is_written_by_triggers": tuple(NEW.values()),
        "is_not_emptied": (*NEW.values(), *NEW),
        "key_stays": tuple(KEPT),
    }
)
FIRST = "".join(row_sql.first_states(tracked, kept) for tracked, kept in KEPT.items())


class Migration(migrations.Migration):

    dependencies = [
        ('boroughs', '0018_roles_end_the_day_they_begin'),
        ('socialaccount', '0006_alter_socialaccount_extra_data'),
    ]

    operations = [
        migrations.CreateModel(
            name='BodyRow',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('pgh_transaction', models.BigIntegerField(db_default=boroughs.models.row_history.CurrentTransaction(), db_index=True)),
                ('kind', models.CharField(choices=[('COUNCIL', 'Council'), ('SCHOOL', 'School'), ('OTHER', 'Other public body')], max_length=8)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DocumentRow',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('pgh_transaction', models.BigIntegerField(db_default=boroughs.models.row_history.CurrentTransaction(), db_index=True)),
                ('for_london_grid', models.BooleanField(default=False, verbose_name='London Grid may see it')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LinkedSignInRow',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('pgh_transaction', models.BigIntegerField(db_default=boroughs.models.row_history.CurrentTransaction(), db_index=True)),
                ('provider', models.CharField(max_length=200, verbose_name='provider')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LinkedSignIn',
            fields=[
            ],
            options={
                'verbose_name': 'account at a council’s own sign-in',
                'verbose_name_plural': 'accounts at councils’ own sign-ins',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('socialaccount.socialaccount',),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apitoken',
            trigger=pgtrigger.compiler.Trigger(name='secret_changed_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_apitokenrow" ("council_id", "created_at", "expires_at", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "scope", "user_id") SELECT new_values."council_id", new_values."created_at", new_values."expires_at", new_values."id", new_values."name", NOW(), \'secret changed\', new_values."id", new_values."revoked_at", new_values."scope", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."digest" IS DISTINCT FROM (new_values."digest")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='1d6e0e65ba1dde7ddc2b437978723999792eb1c8', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_secret_changed_update_78a64', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='boroughs_apitoken', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='body',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_bodyrow" ("council_id", "kind", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."council_id", new_values."kind", NOW(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='2ac8aa7c5054a6b1034b3fc3ff5fd8b4b1ec675d', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_9ebff', referencing='REFERENCING NEW TABLE AS new_values ', table='boroughs_body', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='body',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_bodyrow" ("council_id", "kind", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."council_id", new_values."kind", NOW(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."council_id" IS DISTINCT FROM (new_values."council_id") OR old_values."kind" IS DISTINCT FROM (new_values."kind")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='41a874c8f32fb483df74a24951946dddd5b2c728', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_85d6c', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='boroughs_body', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='body',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_bodyrow" ("council_id", "kind", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."council_id", old_values."kind", NOW(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='208fb0ccd77c90e47c6ac26f6a9a92a498f70c66', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_ee7da', referencing='REFERENCING OLD TABLE AS old_values ', table='boroughs_body', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='document',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_documentrow" ("council_id", "for_london_grid", "pgh_created_at", "pgh_label", "pgh_obj_id", "supplier_id") SELECT new_values."council_id", new_values."for_london_grid", NOW(), \'insert\', new_values."id", new_values."supplier_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='7c6d2a18749bc7fc09177ba59bb9608a4584548c', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_e6e16', referencing='REFERENCING NEW TABLE AS new_values ', table='boroughs_document', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='document',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_documentrow" ("council_id", "for_london_grid", "pgh_created_at", "pgh_label", "pgh_obj_id", "supplier_id") SELECT new_values."council_id", new_values."for_london_grid", NOW(), \'update\', new_values."id", new_values."supplier_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."council_id" IS DISTINCT FROM (new_values."council_id") OR old_values."for_london_grid" IS DISTINCT FROM (new_values."for_london_grid") OR old_values."supplier_id" IS DISTINCT FROM (new_values."supplier_id")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='62704aa4c1cf974c3945fb8bc660908f924b78be', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_0936c', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='boroughs_document', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='document',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_documentrow" ("council_id", "for_london_grid", "pgh_created_at", "pgh_label", "pgh_obj_id", "supplier_id") SELECT old_values."council_id", old_values."for_london_grid", NOW(), \'delete\', old_values."id", old_values."supplier_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='a683208e44019486788762eb39b3ed13565185dc', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_d434e', referencing='REFERENCING OLD TABLE AS old_values ', table='boroughs_document', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='password_changed_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_userrow" ("is_active", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."is_active", NOW(), \'password changed\', new_values."id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."password" IS DISTINCT FROM (new_values."password")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='53c07c2cf52637cae6675505a2aebd00d7828287', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_password_changed_update_3d4dc', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='boroughs_user', when='AFTER')),
        ),
        migrations.AddField(
            model_name='bodyrow',
            name='council',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='boroughs.council'),
        ),
        migrations.AddField(
            model_name='bodyrow',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='rows', to='boroughs.body'),
        ),
        migrations.AddField(
            model_name='documentrow',
            name='council',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='boroughs.council'),
        ),
        migrations.AddField(
            model_name='documentrow',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='rows', to='boroughs.document'),
        ),
        migrations.AddField(
            model_name='documentrow',
            name='supplier',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='boroughs.supplier'),
        ),
        migrations.AddField(
            model_name='linkedsigninrow',
            name='user',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='linkedsigninrow',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='rows', to='boroughs.linkedsignin'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='linkedsignin',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_linkedsigninrow" ("pgh_created_at", "pgh_label", "pgh_obj_id", "provider", "user_id") SELECT NOW(), \'insert\', new_values."id", new_values."provider", new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='ac84943109ade2e6c4451099557ce68ac672e750', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_9fd8c', referencing='REFERENCING NEW TABLE AS new_values ', table='socialaccount_socialaccount', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='linkedsignin',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_linkedsigninrow" ("pgh_created_at", "pgh_label", "pgh_obj_id", "provider", "user_id") SELECT NOW(), \'update\', new_values."id", new_values."provider", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."provider" IS DISTINCT FROM (new_values."provider") OR old_values."user_id" IS DISTINCT FROM (new_values."user_id")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='3b0c881f4adc1da81029ec2195b3ac653a1926d6', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_48fd1', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='socialaccount_socialaccount', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='linkedsignin',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_linkedsigninrow" ("pgh_created_at", "pgh_label", "pgh_obj_id", "provider", "user_id") SELECT NOW(), \'delete\', old_values."id", old_values."provider", old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='29687069c9d7542a0e29a42891cfa54d79489ba1', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_e5312', referencing='REFERENCING OLD TABLE AS old_values ', table='socialaccount_socialaccount', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='linkedsignin',
            trigger=pgtrigger.compiler.Trigger(name='account_changed_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_linkedsigninrow" ("pgh_created_at", "pgh_label", "pgh_obj_id", "provider", "user_id") SELECT NOW(), \'account changed\', new_values."id", new_values."provider", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."uid" IS DISTINCT FROM (new_values."uid")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='11fd2d630c72b5b37886fd5e0904067793d65bec', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_account_changed_update_7bade', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='socialaccount_socialaccount', when='AFTER')),
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS + "DROP FUNCTION boroughs_trail_refuse_key();"),
        migrations.RunSQL(row_sql.fire_always("boroughs"), migrations.RunSQL.noop),
        migrations.RunSQL(FIRST, migrations.RunSQL.noop),
    ]
