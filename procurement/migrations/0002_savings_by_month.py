"""Change points expanded to every month, for whoever asks in SQL and for every page."""

from django.db import migrations

CREATE = """
CREATE VIEW procurement_savings_by_month AS
SELECT
    point.id, point.council_id, point.body_kind, point.service_type_id, point.contract_id,
    each_month::date AS month, point.baseline, point.legacy, point.new, point.one_off
FROM (
    SELECT *, LEAD(month) OVER (
        PARTITION BY council_id, body_kind, service_type_id, contract_id ORDER BY month
    ) AS next_change
    FROM procurement_savingsmonth
) point,
    -- the last change point of a key brings everything to zero, so it stands for no month
    GENERATE_SERIES(
        point.month::timestamp, point.next_change - INTERVAL '1 month', INTERVAL '1 month'
    ) AS each_month
"""


class Migration(migrations.Migration):
    dependencies = [("procurement", "0001_payments_and_savings")]
    operations = [
        migrations.RunSQL(CREATE, reverse_sql="DROP VIEW procurement_savings_by_month"),
    ]
