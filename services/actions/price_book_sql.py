"""The statements that hold a price book's file against what is held (services.actions.prices).

``price_book_row`` is the file, ``held_id`` in it the price of the same contract, item, kind,
quantity and first day. ``price_book_gone`` is what is held, not over yet, and not in the file.
``price_change`` is the difference. ``day`` is the day of the load, ``council`` one or none.
"""

FILE = "price_book_row"
CREATE_FILE = """
CREATE TEMPORARY TABLE price_book_row (
    line int, contract text, item text, kind text, from_quantity int, amount numeric(14, 4),
    term_months smallint, starts_on date, ends_on date,
    contract_id bigint, item_id bigint, held_id bigint
) ON COMMIT DROP
"""
INDEX_FILE = "ANALYZE price_book_row"
FORGET = "DROP TABLE IF EXISTS price_book_row, price_book_gone, price_change"

# What each row names. Without a council a reference may be that of several.
UNKNOWN_CONTRACTS = """
SELECT b.line, b.contract, COALESCE(n.found, 0), COALESCE(n.drafts, 0)
FROM price_book_row b LEFT JOIN (
    SELECT btrim(reference) AS reference, count(*) AS found,
           count(*) FILTER (WHERE stage = 'DRAFT') AS drafts
    FROM services_contract
    WHERE %(council)s::bigint IS NULL OR council_id = %(council)s GROUP BY 1
) n ON n.reference = b.contract
WHERE n.found IS DISTINCT FROM 1 OR n.drafts > 0
ORDER BY b.line
"""
SET_CONTRACTS = """
UPDATE price_book_row b SET contract_id = c.id FROM services_contract c
WHERE btrim(c.reference) = b.contract
  AND (%(council)s::bigint IS NULL OR c.council_id = %(council)s)
"""
UNKNOWN_ITEMS = """
SELECT b.line, b.item, i.id IS NOT NULL
FROM price_book_row b LEFT JOIN services_catalogueitem i ON i.code = b.item
WHERE i.id IS NULL OR i.is_by_quote
ORDER BY b.line
"""
SET_ITEMS = """
UPDATE price_book_row b SET item_id = i.id FROM services_catalogueitem i WHERE i.code = b.item
"""
CONTRACTS = "SELECT DISTINCT contract_id FROM price_book_row"
# The keys were filled in since: without their statistics each row is looked for among all.
SET_HELD = """
ANALYZE price_book_row, services_price;
UPDATE price_book_row b SET held_id = h.id FROM services_price h
WHERE (h.contract_id, h.item_id, h.kind, h.from_quantity, h.starts_on)
    = (b.contract_id, b.item_id, b.kind, b.from_quantity, b.starts_on);
CREATE INDEX ON price_book_row (contract_id, item_id, kind, from_quantity, starts_on);
CREATE INDEX ON price_book_row (held_id);
ANALYZE price_book_row
"""

# What cannot be. Of each kind the first are told, and how many there are.
TOLD = 1_000


def first_of(statement: str) -> str:
    """Return the first rows of a statement whose first column is a line, and their number last."""
    return f"SELECT found.*, count(*) OVER () FROM ({statement}) found ORDER BY line LIMIT {TOLD}"  # noqa: S608


OVERLAPS_IN_FILE = """
SELECT line, before FROM (
    SELECT line, starts_on, lag(line) OVER band AS before,
           max(COALESCE(ends_on, 'infinity')) OVER (
               band ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ) AS until
    FROM price_book_row
    WINDOW band AS (
        PARTITION BY contract_id, item_id, kind, from_quantity ORDER BY starts_on, line
    )
) ordered
WHERE until > starts_on
ORDER BY line
"""
REWRITTEN = """
SELECT b.line, h.starts_on, h.amount
FROM price_book_row b JOIN services_price h ON h.id = b.held_id
WHERE h.starts_on <= %(day)s
  AND (h.amount, h.term_months) IS DISTINCT FROM (b.amount, b.term_months)
ORDER BY b.line
"""
MOVED = """
SELECT b.line, h.ends_on
FROM price_book_row b JOIN services_price h ON h.id = b.held_id
WHERE h.ends_on <= %(day)s AND h.ends_on IS DISTINCT FROM b.ends_on
ORDER BY b.line
"""
OVER_WHAT_HELD = """
SELECT b.line, h.starts_on, h.ends_on, h.amount
FROM price_book_row b JOIN services_price h
  ON (h.contract_id, h.item_id, h.kind, h.from_quantity)
   = (b.contract_id, b.item_id, b.kind, b.from_quantity)
 AND b.starts_on < COALESCE(h.ends_on, 'infinity')
 AND h.starts_on < COALESCE(b.ends_on, 'infinity')
WHERE (h.ends_on <= %(day)s OR (h.starts_on <= %(day)s AND b.starts_on < h.starts_on))
  AND NOT EXISTS (SELECT FROM price_book_row kept WHERE kept.held_id = h.id)
ORDER BY b.line, h.starts_on
"""

# The difference. A price that the file lacks ends when the next one starts (the same again when
# the file is loaded again), else after the day; what has not begun is withdrawn.
CREATE_GONE = """
CREATE TEMPORARY TABLE price_book_gone ON COMMIT DROP AS
SELECT h.id, h.contract_id, h.item_id, h.kind, h.from_quantity, h.amount, h.starts_on, h.ends_on,
       h.starts_on > %(day)s AS is_withdrawn, next.line AS next_line,
       LEAST(h.ends_on, COALESCE(next.starts_on, %(day)s::date + 1)) AS new_end
FROM services_price h LEFT JOIN LATERAL (
    SELECT b.line, b.starts_on FROM price_book_row b
    WHERE (b.contract_id, b.item_id, b.kind, b.from_quantity)
        = (h.contract_id, h.item_id, h.kind, h.from_quantity)
      AND b.starts_on > h.starts_on AND b.starts_on <= COALESCE(h.ends_on, 'infinity')
    ORDER BY b.starts_on LIMIT 1
) next ON h.starts_on <= %(day)s
WHERE h.contract_id IN (SELECT DISTINCT contract_id FROM price_book_row)
  AND (h.ends_on IS NULL OR h.ends_on > %(day)s)
  AND NOT EXISTS (SELECT FROM price_book_row kept WHERE kept.held_id = h.id);
CREATE INDEX ON price_book_gone (next_line);
ANALYZE price_book_gone
"""
CREATE_CHANGES = """
CREATE TEMPORARY TABLE price_change ON COMMIT DROP AS
WITH book AS (
    SELECT b.*, h.amount AS held_amount, COALESCE(h.ends_on, 'infinity') AS held_until,
           (h.amount, h.term_months) IS DISTINCT FROM (b.amount, b.term_months) AS is_rewritten,
           COALESCE(b.ends_on, 'infinity') AS until,
           lag(b.amount) OVER band AS amount_before, lag(b.ends_on) OVER band AS ended_before,
           lag(h.id) OVER band IS NOT NULL AS was_held_before,
           lead(b.starts_on) OVER band AS next_starts_on
    FROM price_book_row b LEFT JOIN services_price h ON h.id = b.held_id
    WINDOW band AS (
        PARTITION BY b.contract_id, b.item_id, b.kind, b.from_quantity ORDER BY b.starts_on
    )
)
-- new prices, after none or after one that they follow on
SELECT CASE WHEN before.amount IS NULL THEN 'ADDED' ELSE 'CHANGED' END AS what,
       b.contract_id, b.item_id, b.kind, b.from_quantity, before.amount AS old_amount,
       b.amount AS new_amount, b.starts_on AS on_day,
       g.id IS NOT NULL OR was_held_before AS was_held
FROM book b LEFT JOIN price_book_gone g ON g.next_line = b.line
CROSS JOIN LATERAL (
    SELECT COALESCE(
        g.amount, CASE WHEN b.ended_before = b.starts_on THEN b.amount_before END
    ) AS amount
) before
WHERE b.held_id IS NULL
UNION ALL
-- planned prices that are written anew
SELECT 'CHANGED', contract_id, item_id, kind, from_quantity, held_amount, amount, starts_on,
       TRUE
FROM book WHERE held_id IS NOT NULL AND is_rewritten
UNION ALL
-- another last day; one that makes room for the next price is told with that one
SELECT CASE WHEN until < held_until THEN 'ENDED' ELSE 'PROLONGED' END,
       contract_id, item_id, kind, from_quantity, held_amount,
       CASE WHEN until > held_until THEN amount END, LEAST(until, held_until), TRUE
FROM book
WHERE held_id IS NOT NULL AND NOT is_rewritten AND until <> held_until
  AND (until > held_until OR next_starts_on IS DISTINCT FROM ends_on)
UNION ALL
-- what the file lacks
SELECT CASE WHEN is_withdrawn THEN 'WITHDRAWN' ELSE 'ENDED' END,
       contract_id, item_id, kind, from_quantity, amount, NULL,
       CASE WHEN is_withdrawn THEN starts_on ELSE new_end END, TRUE
FROM price_book_gone
WHERE is_withdrawn OR (next_line IS NULL AND new_end IS DISTINCT FROM ends_on)
"""
COUNTS = "SELECT what, count(*) FROM price_change GROUP BY what"
UNCHANGED = """
SELECT count(*) FROM price_book_row b JOIN services_price h ON h.id = b.held_id
WHERE (h.amount, h.term_months, h.ends_on) IS NOT DISTINCT FROM (b.amount, b.term_months, b.ends_on)
"""
# What was held is another from a day on that is past: bills of months that are over may be by it.
BACKDATED = "what IN ('CHANGED', 'ENDED') AND was_held AND on_day < %(day)s"
DIFFERENCES = f"""
SELECT d.what, council.short_name, c.reference, i.code, d.kind, d.from_quantity, d.old_amount,
       d.new_amount, d.on_day, {BACKDATED}
FROM price_change d
JOIN services_contract c ON c.id = d.contract_id
JOIN boroughs_council council ON council.id = c.council_id
JOIN services_catalogueitem i ON i.id = d.item_id
ORDER BY c.reference, c.id, i.code, d.kind DESC, d.from_quantity, d.on_day, d.what
LIMIT 500
"""  # noqa: S608, made of the constant above
# For lines on the first price of a band: what they would be on once the last of them holds, NULL
# where it ends and none follows.
CHANGED_PRICES = """
SELECT contract_id, item_id, from_quantity,
       (array_agg(old_amount ORDER BY on_day) FILTER (WHERE old_amount IS NOT NULL))[1]
           AS old_amount,
       (array_agg(new_amount ORDER BY on_day DESC, new_amount))[1] AS new_amount
FROM price_change WHERE what IN ('ADDED', 'CHANGED', 'ENDED') AND kind = 'RECURRING'
GROUP BY contract_id, item_id, from_quantity
HAVING bool_or(what <> 'ADDED')
"""
# What tells these changes from any others.
DIGEST = """
SELECT encode(sha256(convert_to(
    COALESCE(string_agg(told.line, E'\\n' ORDER BY told.line COLLATE "C"), ''), 'UTF8'
)), 'hex')
FROM (SELECT d::text AS line FROM price_change d) told
"""
COUNT_BACKDATED = f"SELECT count(*) FROM price_change WHERE {BACKDATED}"  # noqa: S608, as above
CHANGES_OF_CONTRACTS = f"""
SELECT contract_id, what, count(*) FROM price_change GROUP BY 1, 2
UNION ALL
SELECT contract_id, 'BACKDATED', count(*) FROM price_change WHERE {BACKDATED} GROUP BY 1
"""  # noqa: S608, as above

# What is written, in this order: nothing may overlap at any moment. A raised price that outlives
# the one that it was raised from no longer points at it.
FREE_WITHDRAWN = """
UPDATE services_price SET raised_from_id = NULL
WHERE raised_from_id IN (SELECT id FROM price_book_gone WHERE is_withdrawn)
"""
WITHDRAW = """
DELETE FROM services_price WHERE id IN (SELECT id FROM price_book_gone WHERE is_withdrawn)
"""
END = """
UPDATE services_price h SET ends_on = g.new_end FROM price_book_gone g
WHERE g.id = h.id AND NOT g.is_withdrawn AND h.ends_on IS DISTINCT FROM g.new_end
"""
REWRITE_SHORTER = """
UPDATE services_price h SET amount = b.amount, term_months = b.term_months, ends_on = b.ends_on
FROM price_book_row b
WHERE b.held_id = h.id AND b.ends_on < COALESCE(h.ends_on, 'infinity')
"""
REWRITE = """
UPDATE services_price h SET amount = b.amount, term_months = b.term_months, ends_on = b.ends_on
FROM price_book_row b
WHERE b.held_id = h.id
  AND (h.amount, h.term_months, h.ends_on) IS DISTINCT FROM (b.amount, b.term_months, b.ends_on)
"""
INSERT = """
INSERT INTO services_price
    (contract_id, item_id, kind, from_quantity, amount, term_months, starts_on, ends_on)
SELECT contract_id, item_id, kind, from_quantity, amount, term_months, starts_on, ends_on
FROM price_book_row WHERE held_id IS NULL
ORDER BY contract_id, item_id, kind, from_quantity, starts_on
"""
WRITES = (FREE_WITHDRAWN, WITHDRAW, END, REWRITE_SHORTER, REWRITE, INSERT)
