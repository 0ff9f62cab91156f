"""Rows are found by a key that stays, from a first state on, and whatever a session says.

See boroughs 0030.
"""

from django.db import migrations

from boroughs.models import row_sql

TRACKED, KEPT = "procurement_payment", "procurement_paymentrow"


class Migration(migrations.Migration):

    dependencies = [
        ("boroughs", "0019_rows_have_a_first_state_and_keep_their_key"),
        ("procurement", "0008_kept_rows_by_moment"),
    ]

    operations = [
        migrations.RunSQL(row_sql.key_stays(TRACKED), row_sql.drop({"key_stays": (TRACKED,)})),
        migrations.RunSQL(row_sql.fire_always("procurement"), migrations.RunSQL.noop),
        migrations.RunSQL(row_sql.first_states(TRACKED, KEPT), migrations.RunSQL.noop),
    ]
