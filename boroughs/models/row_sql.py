"""SQL by which migrations guard tracked tables and the rows kept of them.

Migrations name these functions: never change what they return.
"""

# The rows that are there before their keeping begins get a first state, so that the first change
# of each has its "before". Nobody but triggers adds kept rows otherwise, so that is switched off.
FIRST_STATES = """
DO $$
DECLARE
    columns text;
BEGIN
    SELECT string_agg(quote_ident(kept.attname), ', ') INTO columns
    FROM pg_attribute kept
    JOIN pg_attribute own ON own.attname = kept.attname AND NOT own.attisdropped
    WHERE kept.attrelid = '{kept}'::regclass AND own.attrelid = '{tracked}'::regclass
        AND kept.attnum > 0 AND NOT kept.attisdropped;
    ALTER TABLE {kept} DISABLE TRIGGER is_written_by_triggers;
    EXECUTE format(
        'INSERT INTO {kept} (pgh_obj_id, pgh_label, pgh_created_at, %1$s)'
        ' SELECT id, ''snapshot'', now(), %1$s FROM {tracked} own WHERE NOT EXISTS'
        ' (SELECT FROM {kept} kept WHERE kept.pgh_obj_id = own.id) ORDER BY id',
        columns
    );
    ALTER TABLE {kept} ENABLE ALWAYS TRIGGER is_written_by_triggers;
END
$$;
"""

# What keeps rows, and what refuses to change them; what allauth and pghistory bring stays as it is.
FIRE_ALWAYS = """
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT tgrelid::regclass AS its_table, tgname FROM pg_trigger
        JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND tgenabled <> 'A'
            AND (relname LIKE '{app}\\_%' OR tgname LIKE 'pgtrigger\\_%'
                OR tgname IN ('is_not_emptied', 'key_stays'))
            AND relname NOT LIKE 'pghistory\\_%'
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', found.its_table, found.tgname);
    END LOOP;
END
$$;
"""


def only_triggers_add(kept: str) -> str:
    """Return what lets rows of a table be added by triggers of others, and nothing else be done."""
    return f"""
        CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON {kept}
            FOR EACH ROW EXECUTE FUNCTION boroughs_trail_refuse();
        CREATE TRIGGER is_written_by_triggers BEFORE INSERT ON {kept}
            FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse_insert();
        {is_not_emptied(kept)}
    """


def is_not_emptied(table: str) -> str:
    """Return what refuses TRUNCATE, which leaves no row to be kept."""
    return (
        f"CREATE TRIGGER is_not_emptied BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse();"
    )


def key_stays(tracked: str) -> str:
    """Return what refuses another primary key, by which the rows kept of one thing are found."""
    return (
        f"CREATE TRIGGER key_stays BEFORE UPDATE OF id ON {tracked} FOR EACH ROW"
        " WHEN (OLD.id IS DISTINCT FROM NEW.id) EXECUTE FUNCTION boroughs_trail_refuse_key();"
    )


def drop(triggers: dict[str, tuple[str, ...]]) -> str:
    """Return what takes triggers away again: by their name, of these tables."""
    return "".join(
        f"DROP TRIGGER {name} ON {table};" for name, tables in triggers.items() for table in tables
    )


def first_states(tracked: str, kept: str) -> str:
    """Return what keeps the rows of a table as they stand, where nothing is kept of them yet."""
    return FIRST_STATES.format(tracked=tracked, kept=kept)


def fire_always(app: str) -> str:
    """Return what makes an app's triggers fire, whatever ``session_replication_role`` says."""
    return FIRE_ALWAYS.format(app=app)
