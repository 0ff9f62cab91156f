"""Recompute the savings of councils: one set-based statement for any number of them.

The same arithmetic as procurement/savings.py. Instead of a row for each charge and month it adds up
the *changes* from month to month, which is what is stored (decisions 14): a charge that runs for
years changes the figures when it starts and when it ends.
"""

from collections.abc import Collection
from datetime import date

from django.db import connection

from boroughs.jobs import Done
from procurement.queries import MONEY_OF_MOVES
from procurement.savings import RULE_VERSION

RECOMPUTE = f"""
WITH {MONEY_OF_MOVES},
keyed AS MATERIALIZED (  -- a number for each key, so that it is carried and compared as one
    SELECT
        g.*, COALESCE(c.lines, 0) AS lines, c.contract_id,
        g.amount IS NOT NULL AND COALESCE(c.money_is_known, TRUE) AS is_covered,
        DENSE_RANK() OVER (
            ORDER BY g.council_id, g.body_kind, g.service_type_id, c.contract_id
        )::int AS key_id
    FROM grouped g
    LEFT JOIN composed c ON c.group_id = g.id
),
key AS MATERIALIZED (
    SELECT DISTINCT key_id, council_id, body_kind, service_type_id, contract_id FROM keyed
),
recurring AS (
    SELECT key_id, 'B' AS what, amount, starts_on, ends_on FROM keyed WHERE is_covered
    UNION ALL
    SELECT
        k.key_id, CASE c.side WHEN 'OLD' THEN 'L' ELSE 'N' END, c.amount, c.starts_on, c.ends_on
    FROM charge c
    JOIN keyed k ON k.id = c.group_id AND k.is_covered
    WHERE c.kind = 'RECURRING' AND c.starts_on < c.ends_on
),
span AS (  -- a period cut into the part before its first whole month, the whole ones, and the rest
    SELECT
        key_id, what, amount, starts_on, ends_on,
        DATE_TRUNC('month', starts_on::timestamp)::date AS first_month,
        DATE_TRUNC('month', (starts_on - 1)::timestamp + INTERVAL '1 month')::date AS whole_from,
        DATE_TRUNC('month', ends_on::timestamp)::date AS last_month
    FROM recurring
),
change AS (  -- what each adds to the month from which it counts, and takes away again
    SELECT key_id, what, part.month, part.pounds
    FROM span,
        LATERAL (
            VALUES (whole_from, ROUND(amount, 2)), (last_month, -ROUND(amount, 2))
        ) AS part (month, pounds)
    WHERE whole_from < last_month
    UNION ALL
    SELECT key_id, what, part.month, part.pounds
    FROM span,
        LATERAL (SELECT (first_month + INTERVAL '1 month')::date AS next_month) next,
        LATERAL (
            SELECT ROUND(
                amount * (LEAST(ends_on, next_month) - starts_on) / (next_month - first_month), 2
            ) AS share
        ) worth,
        LATERAL (VALUES (first_month, share), (next_month, -share)) AS part (month, pounds)
    WHERE first_month < whole_from
    UNION ALL
    SELECT key_id, what, part.month, part.pounds
    FROM span,
        LATERAL (SELECT (last_month + INTERVAL '1 month')::date AS next_month) next,
        LATERAL (
            SELECT ROUND(amount * (ends_on - last_month) / (next_month - last_month), 2) AS share
        ) worth,
        LATERAL (VALUES (last_month, share), (next_month, -share)) AS part (month, pounds)
    WHERE last_month < ends_on AND whole_from <= last_month
    UNION ALL
    SELECT k.key_id, 'X', part.month, part.pounds
    FROM charge c
    JOIN keyed k ON k.id = c.group_id AND k.is_covered
        AND c.charged_on >= k.starts_on AND c.charged_on < LEAST(k.ends_on, c.let_go_on),
        LATERAL (SELECT DATE_TRUNC('month', c.charged_on::timestamp)::date AS month) paid,
        LATERAL (
            VALUES (paid.month, ROUND(c.amount, 2)),
                   ((paid.month + INTERVAL '1 month')::date, -ROUND(c.amount, 2))
        ) AS part (month, pounds)
    WHERE c.kind = 'ONE_OFF'
),
changed AS (
    SELECT
        key_id, month,
        COALESCE(SUM(pounds) FILTER (WHERE what = 'B'), 0) AS b,
        COALESCE(SUM(pounds) FILTER (WHERE what = 'L'), 0) AS l,
        COALESCE(SUM(pounds) FILTER (WHERE what = 'N'), 0) AS n,
        COALESCE(SUM(pounds) FILTER (WHERE what = 'X'), 0) AS x
    FROM change
    GROUP BY key_id, month
),
fresh AS MATERIALIZED (
    SELECT
        council_id, body_kind, service_type_id, contract_id, month,
        SUM(b) OVER so_far AS baseline, SUM(l) OVER so_far AS legacy,
        SUM(n) OVER so_far AS new, SUM(x) OVER so_far AS one_off
    FROM changed
    JOIN key USING (key_id)
    WHERE b <> 0 OR l <> 0 OR n <> 0 OR x <> 0
    WINDOW so_far AS (PARTITION BY key_id ORDER BY month)
),
gone AS (
    DELETE FROM procurement_savingsmonth held
    WHERE held.council_id = ANY(%(councils)s) AND NOT EXISTS (
        SELECT FROM fresh f
        WHERE (f.council_id, f.body_kind, f.service_type_id, f.month, COALESCE(f.contract_id, 0))
            = (held.council_id, held.body_kind, held.service_type_id, held.month,
               COALESCE(held.contract_id, 0))
    )
    RETURNING council_id
),
put AS (
    INSERT INTO procurement_savingsmonth
        (council_id, body_kind, service_type_id, contract_id, month, baseline, legacy, new, one_off)
    SELECT * FROM fresh
    EXCEPT
    SELECT council_id, body_kind, service_type_id, contract_id, month,
           baseline, legacy, new, one_off
    FROM procurement_savingsmonth WHERE council_id = ANY(%(councils)s)
    ON CONFLICT (council_id, body_kind, service_type_id, contract_id, month) DO UPDATE SET
        baseline = EXCLUDED.baseline, legacy = EXCLUDED.legacy,
        new = EXCLUDED.new, one_off = EXCLUDED.one_off
    RETURNING council_id
),
old_line AS (  -- what old lines cost, where no baseline says it: estimated, and not covered
    SELECT k.id AS group_id, m.line_id, m.side
    FROM keyed k
    JOIN member m ON m.group_id = k.id AND m.let_go_on IS NULL
    WHERE k.amount IS NULL
    UNION ALL
    SELECT NULL, line.id, 'OLD'
    FROM services_line line
    JOIN boroughs_body body ON body.id = line.body_id AND body.council_id = ANY(%(councils)s)
    JOIN boroughs_generation old ON old.id = line.generation_id
    WHERE NOT EXISTS (
            SELECT FROM services_replacementline m
            WHERE m.line_id = line.id AND m.let_go_on IS NULL
        )
        AND EXISTS (
            SELECT FROM services_programme p
            JOIN services_programme_service_types t
                ON t.programme_id = p.id AND t.servicetype_id = line.service_type_id
            JOIN boroughs_generation new ON new.id = p.generation_id
            WHERE old.sequence < new.sequence AND body.kind = ANY(p.body_kinds)
        )
),
estimated AS (
    SELECT o.group_id, o.line_id, o.side, last.amount
    FROM old_line o
    LEFT JOIN LATERAL (
        SELECT c.amount FROM services_charge c
        WHERE c.line_id = o.line_id AND c.kind = 'RECURRING'
        ORDER BY c.starts_on DESC LIMIT 1
    ) last ON TRUE
),
covering AS (
    SELECT
        k.council_id, k.body_kind, k.service_type_id, k.contract_id, k.lines, k.is_covered,
        COALESCE(k.amount, guess.old, guess.new, 0) AS amount
    FROM keyed k
    LEFT JOIN (
        SELECT group_id, SUM(amount) FILTER (WHERE side = 'OLD') AS old,
               SUM(amount) FILTER (WHERE side = 'NEW') AS new
        FROM estimated GROUP BY group_id
    ) guess ON guess.group_id = k.id
    WHERE k.lines > 0
    UNION ALL
    SELECT body.council_id, body.kind, line.service_type_id, line.contract_id, 1, FALSE,
           COALESCE(e.amount, 0)
    FROM estimated e
    JOIN services_line line ON line.id = e.line_id
    JOIN boroughs_body body ON body.id = line.body_id
    WHERE e.group_id IS NULL
),
covered AS (
    SELECT
        council_id, body_kind, service_type_id, contract_id,
        SUM(lines)::int AS lines,
        COALESCE(SUM(lines) FILTER (WHERE is_covered), 0)::int AS lines_covered,
        ROUND(SUM(amount), 2) AS amount,
        ROUND(COALESCE(SUM(amount) FILTER (WHERE is_covered), 0), 2) AS amount_covered
    FROM covering
    GROUP BY 1, 2, 3, 4
),
coverage_gone AS (
    DELETE FROM procurement_savingscoverage held
    WHERE held.council_id = ANY(%(councils)s) AND NOT EXISTS (
        SELECT FROM covered f
        WHERE (f.council_id, f.body_kind, f.service_type_id, COALESCE(f.contract_id, 0))
            = (held.council_id, held.body_kind, held.service_type_id,
               COALESCE(held.contract_id, 0))
    )
    RETURNING council_id
),
coverage_put AS (
    INSERT INTO procurement_savingscoverage
        (council_id, body_kind, service_type_id, contract_id,
         lines, lines_covered, amount, amount_covered)
    SELECT * FROM covered
    EXCEPT
    SELECT council_id, body_kind, service_type_id, contract_id,
           lines, lines_covered, amount, amount_covered
    FROM procurement_savingscoverage WHERE council_id = ANY(%(councils)s)
    ON CONFLICT (council_id, body_kind, service_type_id, contract_id) DO UPDATE SET
        lines = EXCLUDED.lines, lines_covered = EXCLUDED.lines_covered,
        amount = EXCLUDED.amount, amount_covered = EXCLUDED.amount_covered
    RETURNING council_id
),
written AS (
    SELECT council_id, COUNT(*) AS rows FROM (
        SELECT * FROM gone UNION ALL SELECT * FROM put
        UNION ALL SELECT * FROM coverage_gone UNION ALL SELECT * FROM coverage_put
    ) each GROUP BY council_id
),
input AS (  -- all that the figures are a function of, in a fixed order
    SELECT k.council_id, k.id AS group_id, 0::bigint AS line_id, 0::bigint AS charge_id,
           ROW(k.body_kind, k.service_type_id, k.baseline_id, k.amount,
               k.starts_on, k.ends_on)::text AS said
    FROM keyed k
    UNION ALL
    SELECT k.council_id, k.id, m.line_id, 0,
           ROW(m.side, m.contract_id, m.let_go_on, m.billed_from, m.starts_on, m.ends_on)::text
    FROM keyed k JOIN member m ON m.group_id = k.id
    UNION ALL
    SELECT k.council_id, k.id, c.line_id, c.id,
           ROW(c.kind, c.amount, c.charged_on, c.ends_on)::text
    FROM keyed k JOIN charge c ON c.group_id = k.id
    UNION ALL
    SELECT body.council_id, 0, e.line_id, 0,
           ROW(body.kind, line.service_type_id, line.contract_id, e.amount)::text
    FROM estimated e
    JOIN services_line line ON line.id = e.line_id
    JOIN boroughs_body body ON body.id = line.body_id
    WHERE e.group_id IS NULL
),
printed AS (
    SELECT council_id, ENCODE(SHA256(CONVERT_TO(
        %(rule)s || STRING_AGG(said, ';' ORDER BY group_id, line_id, charge_id), 'UTF8'
    )), 'hex') AS fingerprint
    FROM input GROUP BY council_id
)
SELECT council.id, COALESCE(written.rows, 0), COALESCE(printed.fingerprint, '')
FROM UNNEST(%(councils)s) AS council (id)
LEFT JOIN written ON written.council_id = council.id
LEFT JOIN printed ON printed.council_id = council.id
"""  # noqa: S608, only parts of statements are put in


def recompute(council_ids: Collection[int], today: date | None = None) -> dict[int, Done]:
    """Bring the savings of these councils up to date; writes only what is not there already.

    Savings do not depend on ``today`` (decisions 14).

    Returns for each council the rows written and the fingerprint of what its figures were made of.
    Call it inside a transaction and under the councils' locks; boroughs.jobs does.
    """
    with connection.cursor() as cursor:
        cursor.execute(RECOMPUTE, {"councils": list(council_ids), "rule": f"{RULE_VERSION};"})
        return {council: Done(rows, said) for council, rows, said in cursor.fetchall()}
