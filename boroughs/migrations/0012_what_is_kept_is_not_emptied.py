"""TRUNCATE leaves no row to be kept, so what is kept as it was refuses it (boroughs 0008)."""

from django.db import migrations

TABLES = ("user", "membership", "delegation", "apitoken")


class Migration(migrations.Migration):

    dependencies = [
        ("boroughs", "0011_kept_rows_by_transaction"),
        ("boroughs", "0008_trail_is_chained_and_append_only"),
    ]

    operations = [
        migrations.RunSQL(
            f"CREATE TRIGGER is_not_emptied BEFORE TRUNCATE ON boroughs_{table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse();",
            f"DROP TRIGGER is_not_emptied ON boroughs_{table};",
        )
        for table in TABLES
    ]
