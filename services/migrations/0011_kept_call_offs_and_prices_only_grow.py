"""Of call-offs, prices and the law's figures as they were, rows are only ever added, by triggers.

TRUNCATE leaves no row to be kept, so what is kept refuses it (boroughs 0008, 0014).
"""

from django.db import migrations

TRACKED = (
    *("contractextension", "contractchange", "contractnotice", "framework", "legalrule"),
    *("price", "indexationrun", "quote"),
)


def is_not_emptied(table: str) -> str:
    return (
        f"CREATE TRIGGER is_not_emptied BEFORE TRUNCATE ON services_{table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse();"
    )


class Migration(migrations.Migration):

    dependencies = [("services", "0010_frameworks_call_offs_and_prices")]

    operations = [
        migrations.RunSQL(
            f"""
            CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON services_{table}row
                FOR EACH ROW EXECUTE FUNCTION boroughs_trail_refuse();
            CREATE TRIGGER is_written_by_triggers BEFORE INSERT ON services_{table}row
                FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse_insert();
            {is_not_emptied(table + "row")}
            {is_not_emptied(table)}
            """,
            f"""
            DROP TRIGGER only_grows ON services_{table}row;
            DROP TRIGGER is_written_by_triggers ON services_{table}row;
            DROP TRIGGER is_not_emptied ON services_{table}row;
            DROP TRIGGER is_not_emptied ON services_{table};
            """,
        )
        for table in TRACKED
    ]
