"""Row history cannot be switched off by a session, nor added to past its triggers, and covers more.

The triggers that keep rows lose pgtrigger's check of a session setting. A kept row is inserted
by a trigger of another table, so at a depth of two. What is new: why a site is protected, for
whom a council vouches, second factors without their secrets, and that a mail address changed.
"""

import boroughs.models.row_history
import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

REFUSE_INSERT = """
CREATE FUNCTION boroughs_trail_refuse_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'INSERT into % is refused: only the database itself adds to it',
            TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
"""
NEW = "".join(
    f"""
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON boroughs_{table}row
    FOR EACH ROW EXECUTE FUNCTION boroughs_trail_refuse();
CREATE TRIGGER is_not_emptied BEFORE TRUNCATE ON boroughs_{table}row
    FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse();
"""
    for table in ("council", "site", "heldfactor")
)
EMPTIED = ("boroughs_council", "boroughs_site", "mfa_authenticator")
NOT_EMPTIED = "".join(
    f"CREATE TRIGGER is_not_emptied BEFORE TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse();"
    for table in EMPTIED
)
MAY_BE_EMPTIED = "".join(f"DROP TRIGGER is_not_emptied ON {table};" for table in EMPTIED)
KEPT = ("user", "membership", "delegation", "apitoken", "council", "site", "heldfactor")
ONLY_BY_TRIGGERS = "".join(
    f"CREATE TRIGGER is_written_by_triggers BEFORE INSERT ON boroughs_{table}row"
    " FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse_insert();"
    for table in KEPT
)
BY_ANYBODY = "".join(
    f"DROP TRIGGER is_written_by_triggers ON boroughs_{table}row;" for table in KEPT
)


class Migration(migrations.Migration):

    dependencies = [
        ('boroughs', '0013_roles_of_the_programme_and_events_of_people'),
        ('mfa', '0003_authenticator_type_uniq'),
    ]

    operations = [
        migrations.CreateModel(
            name='CouncilRow',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_transaction', models.BigIntegerField(db_default=boroughs.models.row_history.CurrentTransaction(), db_index=True)),
                ('mail_domains', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), blank=True, default=list, help_text='In small letters, separated by commas: camden.gov.uk', size=None)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='HeldFactorRow',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_transaction', models.BigIntegerField(db_default=boroughs.models.row_history.CurrentTransaction(), db_index=True)),
                ('type', models.CharField(choices=[('recovery_codes', 'Recovery codes'), ('totp', 'TOTP Authenticator'), ('webauthn', 'WebAuthn')], max_length=20)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SiteRow',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_transaction', models.BigIntegerField(db_default=boroughs.models.row_history.CurrentTransaction(), db_index=True)),
                ('protection', models.CharField(blank=True, choices=[('REFUGE', 'Refuge'), ('CHILDRENS_HOME', 'Children’s home'), ('CONTROL_ROOM', 'Control room'), ('OTHER', 'Other reason')], db_default='', max_length=14, verbose_name='protected as')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='HeldFactor',
            fields=[
            ],
            options={
                'verbose_name': 'second factor',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('mfa.authenticator',),
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='apitoken',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='apitoken',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='apitoken',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='delegation',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='delegation',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='delegation',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='membership',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='membership',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='membership',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='user',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='user',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='user',
            name='delete_delete',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apitoken',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_apitokenrow" ("council_id", "created_at", "expires_at", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "scope", "user_id") SELECT new_values."council_id", new_values."created_at", new_values."expires_at", new_values."id", new_values."name", NOW(), \'insert\', new_values."id", new_values."revoked_at", new_values."scope", new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='347f311956a646f3d53dd68913349c169c1e2f6c', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_53a95', referencing='REFERENCING NEW TABLE AS new_values ', table='boroughs_apitoken', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apitoken',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_apitokenrow" ("council_id", "created_at", "expires_at", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "scope", "user_id") SELECT new_values."council_id", new_values."created_at", new_values."expires_at", new_values."id", new_values."name", NOW(), \'update\', new_values."id", new_values."revoked_at", new_values."scope", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."council_id" IS DISTINCT FROM (new_values."council_id") OR old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."expires_at" IS DISTINCT FROM (new_values."expires_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."name" IS DISTINCT FROM (new_values."name") OR old_values."revoked_at" IS DISTINCT FROM (new_values."revoked_at") OR old_values."scope" IS DISTINCT FROM (new_values."scope") OR old_values."user_id" IS DISTINCT FROM (new_values."user_id")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='b30a6dbfa4011a7703d732c19d50b0521f602efe', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_b81a4', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='boroughs_apitoken', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apitoken',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_apitokenrow" ("council_id", "created_at", "expires_at", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "scope", "user_id") SELECT old_values."council_id", old_values."created_at", old_values."expires_at", old_values."id", old_values."name", NOW(), \'delete\', old_values."id", old_values."revoked_at", old_values."scope", old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='cf9f745c4e161d39b57b687deaf368487efe792a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_f56e6', referencing='REFERENCING OLD TABLE AS old_values ', table='boroughs_apitoken', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='council',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_councilrow" ("mail_domains", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."mail_domains", NOW(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values WHERE (cardinality(new_values.mail_domains) > 0) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='45684145a7576d995a2186c370152a2db54f0120', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_57db2', referencing='REFERENCING NEW TABLE AS new_values ', table='boroughs_council', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='council',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_councilrow" ("mail_domains", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."mail_domains", NOW(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."mail_domains" IS DISTINCT FROM (new_values."mail_domains")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='2a34453dabcaeda2686c9ff6235521f7f32169d1', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_f1a9e', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='boroughs_council', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='council',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_councilrow" ("mail_domains", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."mail_domains", NOW(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='4e785c22a3e347c7ebff5ee77837c4216e903af0', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_ba6bd', referencing='REFERENCING OLD TABLE AS old_values ', table='boroughs_council', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='delegation',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_delegationrow" ("deputy_id", "ends_on", "given_by_id", "id", "membership_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_on") SELECT new_values."deputy_id", new_values."ends_on", new_values."given_by_id", new_values."id", new_values."membership_id", NOW(), \'insert\', new_values."id", new_values."reason", new_values."starts_on" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='3a68a8fbf09c3a95f67567eb4e3ab55c8df99975', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_e5564', referencing='REFERENCING NEW TABLE AS new_values ', table='boroughs_delegation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='delegation',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_delegationrow" ("deputy_id", "ends_on", "given_by_id", "id", "membership_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_on") SELECT new_values."deputy_id", new_values."ends_on", new_values."given_by_id", new_values."id", new_values."membership_id", NOW(), \'update\', new_values."id", new_values."reason", new_values."starts_on" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='25751d92d1703839f91f0107ed66b812b934a077', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_5ff44', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='boroughs_delegation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='delegation',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_delegationrow" ("deputy_id", "ends_on", "given_by_id", "id", "membership_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_on") SELECT old_values."deputy_id", old_values."ends_on", old_values."given_by_id", old_values."id", old_values."membership_id", NOW(), \'delete\', old_values."id", old_values."reason", old_values."starts_on" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='475b776994f55b521bbc85ca1f0a0b81ad389037', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_68d08', referencing='REFERENCING OLD TABLE AS old_values ', table='boroughs_delegation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_membershiprow" ("confirmed_by_id", "confirmed_on", "council_id", "ends_on", "given_by_id", "id", "limit", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_wide", "role", "starts_on", "supplier_id", "user_id") SELECT new_values."confirmed_by_id", new_values."confirmed_on", new_values."council_id", new_values."ends_on", new_values."given_by_id", new_values."id", new_values."limit", NOW(), \'insert\', new_values."id", new_values."programme_wide", new_values."role", new_values."starts_on", new_values."supplier_id", new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='dd7c474fbd4c6f40b3f3b9e96370c3421331a76d', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_66a1f', referencing='REFERENCING NEW TABLE AS new_values ', table='boroughs_membership', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_membershiprow" ("confirmed_by_id", "confirmed_on", "council_id", "ends_on", "given_by_id", "id", "limit", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_wide", "role", "starts_on", "supplier_id", "user_id") SELECT new_values."confirmed_by_id", new_values."confirmed_on", new_values."council_id", new_values."ends_on", new_values."given_by_id", new_values."id", new_values."limit", NOW(), \'update\', new_values."id", new_values."programme_wide", new_values."role", new_values."starts_on", new_values."supplier_id", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='ec86a0be1ab6aabd2cfbc079e53103081596aaee', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_9e53c', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='boroughs_membership', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_membershiprow" ("confirmed_by_id", "confirmed_on", "council_id", "ends_on", "given_by_id", "id", "limit", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_wide", "role", "starts_on", "supplier_id", "user_id") SELECT old_values."confirmed_by_id", old_values."confirmed_on", old_values."council_id", old_values."ends_on", old_values."given_by_id", old_values."id", old_values."limit", NOW(), \'delete\', old_values."id", old_values."programme_wide", old_values."role", old_values."starts_on", old_values."supplier_id", old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='97df7852a97d891bab5f1fee0327a6cdc6fb9ddb', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_3c766', referencing='REFERENCING OLD TABLE AS old_values ', table='boroughs_membership', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='site',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_siterow" ("body_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "protection") SELECT new_values."body_id", NOW(), \'insert\', new_values."id", new_values."protection" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='08f98c8d2e3caa81a309a4d12b2208f92e4c90cf', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_91286', referencing='REFERENCING NEW TABLE AS new_values ', table='boroughs_site', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='site',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_siterow" ("body_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "protection") SELECT new_values."body_id", NOW(), \'update\', new_values."id", new_values."protection" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."body_id" IS DISTINCT FROM (new_values."body_id") OR old_values."protection" IS DISTINCT FROM (new_values."protection")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c04246f120e25a270bf2f72d9d01d3f796d83e80', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_66d30', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='boroughs_site', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='site',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_siterow" ("body_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "protection") SELECT old_values."body_id", NOW(), \'delete\', old_values."id", old_values."protection" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='9663b6a99800f8d8574bca64270813f3049ba798', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_ef776', referencing='REFERENCING OLD TABLE AS old_values ', table='boroughs_site', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_userrow" ("is_active", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."is_active", NOW(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='80d90301b12868760204fe3e448f339ba9b1978a', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_61de0', referencing='REFERENCING NEW TABLE AS new_values ', table='boroughs_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_userrow" ("is_active", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."is_active", NOW(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."is_active" IS DISTINCT FROM (new_values."is_active")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='d023868025ac509825f0710fcbfc33d8bbca69f4', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_0373e', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='boroughs_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_userrow" ("is_active", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."is_active", NOW(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='88c1571558f63c574dc8931ac65734f942257448', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_0e294', referencing='REFERENCING OLD TABLE AS old_values ', table='boroughs_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='mail_address_changed_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_userrow" ("is_active", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."is_active", NOW(), \'mail address changed\', new_values."id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."email" IS DISTINCT FROM (new_values."email")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='d939f2da3e5c425f2e9f913d7cb3a23e613e3cc8', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_mail_address_changed_update_9f249', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='boroughs_user', when='AFTER')),
        ),
        migrations.AddField(
            model_name='councilrow',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='rows', to='boroughs.council'),
        ),
        migrations.AddField(
            model_name='heldfactorrow',
            name='user',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='siterow',
            name='body',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='boroughs.body'),
        ),
        migrations.AddField(
            model_name='siterow',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='rows', to='boroughs.site'),
        ),
        migrations.AddField(
            model_name='heldfactorrow',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='rows', to='boroughs.heldfactor'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='heldfactor',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_heldfactorrow" ("pgh_created_at", "pgh_label", "pgh_obj_id", "type", "user_id") SELECT NOW(), \'insert\', new_values."id", new_values."type", new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='a3f27cc6e016fb11201d45e67d15acd58fd2b59a', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_7dd33', referencing='REFERENCING NEW TABLE AS new_values ', table='mfa_authenticator', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='heldfactor',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_heldfactorrow" ("pgh_created_at", "pgh_label", "pgh_obj_id", "type", "user_id") SELECT NOW(), \'update\', new_values."id", new_values."type", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."type" IS DISTINCT FROM (new_values."type") OR old_values."user_id" IS DISTINCT FROM (new_values."user_id")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='d9362ce256f1d17188eb05113afd1601503258cd', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_ce5a6', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='mfa_authenticator', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='heldfactor',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_heldfactorrow" ("pgh_created_at", "pgh_label", "pgh_obj_id", "type", "user_id") SELECT NOW(), \'delete\', old_values."id", old_values."type", old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='c9602c4d431b7f71a04abdb8294cb484f9d7e843', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_77ce7', referencing='REFERENCING OLD TABLE AS old_values ', table='mfa_authenticator', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='heldfactor',
            trigger=pgtrigger.compiler.Trigger(name='secret_changed_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_heldfactorrow" ("pgh_created_at", "pgh_label", "pgh_obj_id", "type", "user_id") SELECT NOW(), \'secret changed\', new_values."id", new_values."type", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.data -> \'secret\' IS DISTINCT FROM new_values.data -> \'secret\' OR old_values.data -> \'seed\' IS DISTINCT FROM new_values.data -> \'seed\' OR old_values.data -> \'credential\' IS DISTINCT FROM new_values.data -> \'credential\') ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='7e5713aeaad03937eca18a680264ae25f255f0ad', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_secret_changed_update_1694d', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='mfa_authenticator', when='AFTER')),
        ),
        migrations.RunSQL(
            REFUSE_INSERT + NEW + NOT_EMPTIED + ONLY_BY_TRIGGERS,
            BY_ANYBODY + MAY_BE_EMPTIED + "DROP FUNCTION boroughs_trail_refuse_insert();",
        ),
    ]
