"""A role or a deputy's days can end on the day they begin; why one stands in is not kept in rows.

Each kind of event of people that is new is known to the trail.
"""

import boroughs.models.row_history
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('boroughs', '0017_register_editions_are_kept'),
    ]

    operations = [
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
        migrations.RemoveConstraint(
            model_name='auditevent',
            name='audit_event_type_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='delegation',
            name='delegation_ends_after_it_starts',
        ),
        migrations.RemoveConstraint(
            model_name='membership',
            name='membership_ends_after_it_starts',
        ),
        migrations.RemoveField(
            model_name='delegationrow',
            name='reason',
        ),
        migrations.AlterField(
            model_name='auditevent',
            name='type',
            field=models.CharField(choices=[('DATA_LOADED', 'Demonstration data loaded'), ('LIST_DOWNLOADED', 'List downloaded'), ('PERSON_INVITED', 'Person invited'), ('PERSON_CHANGED', 'Person changed'), ('PERSON_LEFT', 'Person left'), ('PERSON_RETURNED', 'Person invited again'), ('PERSON_ANONYMIZED', 'Person made anonymous'), ('ROLE_GIVEN', 'Role given'), ('ROLE_CHANGED', 'Role changed'), ('ROLE_CONFIRMED', 'Role still needed'), ('ROLE_DELEGATED', 'Role passed to a deputy'), ('DELEGATION_ENDED', 'Deputy’s role ended'), ('TOKEN_MADE', 'API token made'), ('TOKEN_REVOKED', 'API token revoked'), ('REFERENCE_ADDED', 'Reference data added'), ('REFERENCE_CHANGED', 'Reference data changed'), ('SITE_PROTECTED', 'Protection of a site changed'), ('SAVING_SHARED', 'Sharing of the saving changed'), ('DOCUMENT_ADDED', 'Document added'), ('DOCUMENT_DOWNLOADED', 'Document downloaded'), ('DOCUMENT_DELETED', 'Document deleted at the end of its time'), ('NOTE_ADDED', 'Note added'), ('JOB_REQUESTED', 'Figures asked to be worked out again'), ('LINES_CONFIRMED', 'Line still right'), ('LINE_MOVED', 'Line moved'), ('PAYMENTS_LOADED', 'Published payments loaded'), ('CALL_OFF_DRAFTED', 'Call-off drafted'), ('CALL_OFF_AWARDED', 'Call-off awarded'), ('CALL_OFF_CHANGED', 'Call-off changed'), ('CALL_OFF_EXTENDED', 'Call-off extended'), ('CALL_OFF_DROPPED', 'Draft of a call-off dropped'), ('CEILING_OVERRIDDEN', 'Ceiling of a call-off overridden'), ('NOTICE_GIVEN', 'Notice given on a contract'), ('NOTICE_PUBLISHED', 'Notice published'), ('NOTICE_WAIVED', 'Notice waived'), ('PRICES_LOADED', 'Price book loaded'), ('PRICES_INDEXED', 'Prices raised by an index'), ('QUOTE_KEPT', 'Quote kept'), ('REGISTER_PUBLISHED', 'Register of contracts published'), ('TRAIL_EXPIRED', 'Security log of a month deleted at the end of its time'), ('SIGNED_IN', 'Signed in'), ('SIGNED_OUT', 'Signed out'), ('SIGN_IN_FAILED', 'Sign-in failed'), ('SIGN_IN_THROTTLED', 'Sign-in held up after too many tries'), ('PASSWORD_CHANGED', 'Password changed'), ('MAIL_CHANGED', 'Mail address to sign in with changed'), ('PROVIDER_LINKED', 'Linked to the sign-in of a council'), ('PROVIDER_UNLINKED', 'Link to the sign-in of a council undone'), ('SECOND_FACTOR_ADDED', 'Second factor added'), ('SECOND_FACTOR_RENAMED', 'Second factor renamed'), ('SECOND_FACTOR_REMOVED', 'Second factor removed'), ('SECOND_FACTOR_RESET', 'Second factor reset by an administrator'), ('SECRETS_ENCRYPTED', 'Secrets of second factors encrypted anew'), ('SESSIONS_ENDED', 'Signed out everywhere else'), ('TOKEN_REFUSED', 'API token refused')], max_length=24),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='delegation',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_delegationrow" ("deputy_id", "ends_on", "given_by_id", "id", "membership_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts_on") SELECT new_values."deputy_id", new_values."ends_on", new_values."given_by_id", new_values."id", new_values."membership_id", NOW(), \'insert\', new_values."id", new_values."starts_on" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='99facfa7851ff5d7afc8f61fe77442ab8a78c080', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_e5564', referencing='REFERENCING NEW TABLE AS new_values ', table='boroughs_delegation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='delegation',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_delegationrow" ("deputy_id", "ends_on", "given_by_id", "id", "membership_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts_on") SELECT new_values."deputy_id", new_values."ends_on", new_values."given_by_id", new_values."id", new_values."membership_id", NOW(), \'update\', new_values."id", new_values."starts_on" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."deputy_id" IS DISTINCT FROM (new_values."deputy_id") OR old_values."ends_on" IS DISTINCT FROM (new_values."ends_on") OR old_values."given_by_id" IS DISTINCT FROM (new_values."given_by_id") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."membership_id" IS DISTINCT FROM (new_values."membership_id") OR old_values."starts_on" IS DISTINCT FROM (new_values."starts_on")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='73436ce926e0c59d8d11281bafc6f0b978e4578a', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_5ff44', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='boroughs_delegation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='delegation',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=boroughs.models.row_history.AlwaysFires(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "boroughs_delegationrow" ("deputy_id", "ends_on", "given_by_id", "id", "membership_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts_on") SELECT old_values."deputy_id", old_values."ends_on", old_values."given_by_id", old_values."id", old_values."membership_id", NOW(), \'delete\', old_values."id", old_values."starts_on" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='86b6eaffb9441ce84f14e07185e941e387841ced', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_68d08', referencing='REFERENCING OLD TABLE AS old_values ', table='boroughs_delegation', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='auditevent',
            constraint=models.CheckConstraint(condition=models.Q(('type__in', ['DATA_LOADED', 'LIST_DOWNLOADED', 'PERSON_INVITED', 'PERSON_CHANGED', 'PERSON_LEFT', 'PERSON_RETURNED', 'PERSON_ANONYMIZED', 'ROLE_GIVEN', 'ROLE_CHANGED', 'ROLE_CONFIRMED', 'ROLE_DELEGATED', 'DELEGATION_ENDED', 'TOKEN_MADE', 'TOKEN_REVOKED', 'REFERENCE_ADDED', 'REFERENCE_CHANGED', 'SITE_PROTECTED', 'SAVING_SHARED', 'DOCUMENT_ADDED', 'DOCUMENT_DOWNLOADED', 'DOCUMENT_DELETED', 'NOTE_ADDED', 'JOB_REQUESTED', 'LINES_CONFIRMED', 'LINE_MOVED', 'PAYMENTS_LOADED', 'CALL_OFF_DRAFTED', 'CALL_OFF_AWARDED', 'CALL_OFF_CHANGED', 'CALL_OFF_EXTENDED', 'CALL_OFF_DROPPED', 'CEILING_OVERRIDDEN', 'NOTICE_GIVEN', 'NOTICE_PUBLISHED', 'NOTICE_WAIVED', 'PRICES_LOADED', 'PRICES_INDEXED', 'QUOTE_KEPT', 'REGISTER_PUBLISHED', 'TRAIL_EXPIRED', 'SIGNED_IN', 'SIGNED_OUT', 'SIGN_IN_FAILED', 'SIGN_IN_THROTTLED', 'PASSWORD_CHANGED', 'MAIL_CHANGED', 'PROVIDER_LINKED', 'PROVIDER_UNLINKED', 'SECOND_FACTOR_ADDED', 'SECOND_FACTOR_RENAMED', 'SECOND_FACTOR_REMOVED', 'SECOND_FACTOR_RESET', 'SECRETS_ENCRYPTED', 'SESSIONS_ENDED', 'TOKEN_REFUSED'])), name='audit_event_type_is_known'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on', None), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='delegation_does_not_end_before_it_starts', violation_error_message='The end cannot lie before the beginning.'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on', None), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='membership_does_not_end_before_it_starts', violation_error_message='The end cannot lie before the beginning.'),
        ),
    ]
