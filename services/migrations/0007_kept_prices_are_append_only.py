"""What prices and quotes were is only ever added to (boroughs 0008)."""

from django.db import migrations

TABLES = ("pricerow", "quoterow")


class Migration(migrations.Migration):

    dependencies = [("services", "0006_frameworks_call_offs_and_prices")]

    operations = [
        migrations.RunSQL(
            f"""
            CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON services_{table}
                FOR EACH ROW EXECUTE FUNCTION boroughs_trail_refuse();
            CREATE TRIGGER is_not_emptied BEFORE TRUNCATE ON services_{table}
                FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse();
            """,
            f"""
            DROP TRIGGER only_grows ON services_{table};
            DROP TRIGGER is_not_emptied ON services_{table};
            """,
        )
        for table in TABLES
    ]
