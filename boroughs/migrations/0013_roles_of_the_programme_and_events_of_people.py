"""What people do is in the trail, and the whole programme has no roles but its own.

Other roles could be given in the whole programme before. They can be neither removed nor rewritten:
those in force end on the day of the migration, and the check holds for whatever is written from
then on. One that begins later than that counts for its first day.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

END_OTHERS = """
UPDATE boroughs_membership SET ends_on = GREATEST(CURRENT_DATE, starts_on + 1)
WHERE programme_wide AND (ends_on IS NULL OR ends_on > CURRENT_DATE)
    AND role NOT IN ('ADMINISTRATOR', 'PROGRAMME_OFFICER', 'VIEWER', 'AUDITOR');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('boroughs', '0012_what_is_kept_is_not_emptied'),
        ('pghistory', '0007_auto_20250421_0444'),  # whose function keeps the rows that are changed
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='auditevent',
            name='audit_event_type_is_known',
        ),
        migrations.AlterField(
            model_name='auditevent',
            name='type',
            field=models.CharField(choices=[('DATA_LOADED', 'Demonstration data loaded'), ('LIST_DOWNLOADED', 'List downloaded'), ('PERSON_INVITED', 'Person invited'), ('PERSON_CHANGED', 'Person changed'), ('PERSON_LEFT', 'Person left'), ('PERSON_ANONYMIZED', 'Person made anonymous'), ('ROLE_GIVEN', 'Role given'), ('ROLE_CHANGED', 'Role changed'), ('ROLE_CONFIRMED', 'Role still needed'), ('ROLE_DELEGATED', 'Role passed to a deputy'), ('DELEGATION_ENDED', 'Deputy’s role ended'), ('TOKEN_MADE', 'API token made'), ('TOKEN_REVOKED', 'API token revoked'), ('REFERENCE_ADDED', 'Reference data added'), ('REFERENCE_CHANGED', 'Reference data changed'), ('SITE_PROTECTED', 'Protection of a site changed'), ('DOCUMENT_ADDED', 'Document added'), ('DOCUMENT_DOWNLOADED', 'Document downloaded'), ('DOCUMENT_DELETED', 'Document deleted at the end of its time'), ('NOTE_ADDED', 'Note added'), ('JOB_REQUESTED', 'Figures asked to be worked out again'), ('LINES_CONFIRMED', 'Line still right'), ('LINE_MOVED', 'Line moved'), ('PAYMENTS_LOADED', 'Published payments loaded'), ('TRAIL_EXPIRED', 'Security log of a month deleted at the end of its time'), ('SIGNED_IN', 'Signed in'), ('SIGNED_OUT', 'Signed out'), ('SIGN_IN_FAILED', 'Sign-in failed'), ('SIGN_IN_THROTTLED', 'Sign-in held up after too many tries'), ('PASSWORD_CHANGED', 'Password changed'), ('MAIL_CHANGED', 'Mail address to sign in with changed'), ('SECOND_FACTOR_ADDED', 'Second factor added'), ('SECOND_FACTOR_REMOVED', 'Second factor removed'), ('SECOND_FACTOR_RESET', 'Second factor reset by an administrator'), ('SESSIONS_ENDED', 'Signed out everywhere else'), ('TOKEN_REFUSED', 'API token refused')], max_length=24),
        ),
        migrations.AddConstraint(
            model_name='auditevent',
            constraint=models.CheckConstraint(condition=models.Q(('type__in', ['DATA_LOADED', 'LIST_DOWNLOADED', 'PERSON_INVITED', 'PERSON_CHANGED', 'PERSON_LEFT', 'PERSON_ANONYMIZED', 'ROLE_GIVEN', 'ROLE_CHANGED', 'ROLE_CONFIRMED', 'ROLE_DELEGATED', 'DELEGATION_ENDED', 'TOKEN_MADE', 'TOKEN_REVOKED', 'REFERENCE_ADDED', 'REFERENCE_CHANGED', 'SITE_PROTECTED', 'DOCUMENT_ADDED', 'DOCUMENT_DOWNLOADED', 'DOCUMENT_DELETED', 'NOTE_ADDED', 'JOB_REQUESTED', 'LINES_CONFIRMED', 'LINE_MOVED', 'PAYMENTS_LOADED', 'TRAIL_EXPIRED', 'SIGNED_IN', 'SIGNED_OUT', 'SIGN_IN_FAILED', 'SIGN_IN_THROTTLED', 'PASSWORD_CHANGED', 'MAIL_CHANGED', 'SECOND_FACTOR_ADDED', 'SECOND_FACTOR_REMOVED', 'SECOND_FACTOR_RESET', 'SESSIONS_ENDED', 'TOKEN_REFUSED'])), name='audit_event_type_is_known'),
        ),
        migrations.RunSQL(END_OTHERS, migrations.RunSQL.noop),
        AddConstraintNotValid(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('programme_wide', False), ('role__in', ['ADMINISTRATOR', 'PROGRAMME_OFFICER', 'VIEWER', 'AUDITOR']), _connector='OR'), name='membership_of_the_programme_reads_or_runs_it', violation_error_message='In the whole programme there are only administrators, programme officers, viewers and auditors. Name the council where this role is held.'),
        ),
    ]
