"""The trail is numbered, chained and kept by the database itself.

Every insert is numbered and hashed under the chain's lock, whoever writes it. What is in it cannot
be changed or removed, also by the application's own role; only the security log may be shortened,
and no sooner than the law has it (regulation 6.3: six months at least). The digest covers every
column but the hash itself, in one canonical text.
"""

from django.db import migrations

LOCK = 4  # londonpsn.common.locks.Lock.TRAIL

DIGEST = """
CREATE FUNCTION boroughs_trail_digest(e boroughs_auditevent) RETURNS text
LANGUAGE sql STABLE SET timezone = 'UTC' AS $$
    SELECT encode(sha256(convert_to(jsonb_build_array(
        e.id, e.chain, e.sequence, e.type, e.at, e.user_id, e.role, e.council_id, e.subject_type,
        e.subject_id, e.subject, e.before, e.after, e.note, e.request_id, e.transaction, e.previous
    )::text, 'UTF8')), 'hex')
$$;
"""

CHAIN = f"""
CREATE FUNCTION boroughs_trail_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last record;
BEGIN
    PERFORM pg_advisory_xact_lock({LOCK}, hashtext(NEW.chain));
    SELECT sequence, hash INTO last FROM (
        SELECT sequence, hash FROM boroughs_auditevent WHERE chain = NEW.chain
        UNION ALL
        SELECT sequence, hash FROM boroughs_trailclosing WHERE chain = NEW.chain
    ) held ORDER BY sequence DESC LIMIT 1;
    NEW.sequence := COALESCE(last.sequence, 0) + 1;
    NEW.previous := COALESCE(last.hash, repeat('0', 64));
    NEW.transaction := pg_current_xact_id()::text::bigint;
    NEW.hash := boroughs_trail_digest(NEW);
    RETURN NEW;
END
$$;
CREATE TRIGGER trail_is_chained BEFORE INSERT ON boroughs_auditevent
    FOR EACH ROW EXECUTE FUNCTION boroughs_trail_chain();
"""

REFUSE = """
CREATE FUNCTION boroughs_trail_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE FUNCTION boroughs_trail_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.chain = 'SECURITY' AND OLD.at < now() - interval '6 months' AND EXISTS (
        SELECT FROM boroughs_trailclosing closing
        WHERE closing.chain = OLD.chain AND closing.sequence >= OLD.sequence
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'DELETE of % is refused: it is only ever added to', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER trail_only_grows BEFORE UPDATE ON boroughs_auditevent
    FOR EACH ROW EXECUTE FUNCTION boroughs_trail_refuse();
CREATE TRIGGER trail_is_not_shortened BEFORE DELETE ON boroughs_auditevent
    FOR EACH ROW EXECUTE FUNCTION boroughs_trail_refuse_delete();
CREATE TRIGGER trail_is_not_emptied BEFORE TRUNCATE ON boroughs_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse();
"""

ALSO = (
    *("trailcheck", "trailclosing", "userrow", "membershiprow", "delegationrow", "apitokenrow"),
)
KEPT = "".join(
    f"""
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON boroughs_{table}
    FOR EACH ROW EXECUTE FUNCTION boroughs_trail_refuse();
CREATE TRIGGER is_not_emptied BEFORE TRUNCATE ON boroughs_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION boroughs_trail_refuse();
"""
    for table in ALSO
)

UNDO = (
    "".join(
        f"DROP TRIGGER only_grows ON boroughs_{table};"
        f"DROP TRIGGER is_not_emptied ON boroughs_{table};"
        for table in ALSO
    )
    + """
DROP TRIGGER trail_is_chained ON boroughs_auditevent;
DROP TRIGGER trail_only_grows ON boroughs_auditevent;
DROP TRIGGER trail_is_not_shortened ON boroughs_auditevent;
DROP TRIGGER trail_is_not_emptied ON boroughs_auditevent;
DROP FUNCTION boroughs_trail_chain();
DROP FUNCTION boroughs_trail_refuse_delete();
DROP FUNCTION boroughs_trail_refuse();
DROP FUNCTION boroughs_trail_digest(boroughs_auditevent);
"""
)


class Migration(migrations.Migration):

    dependencies = [("boroughs", "0007_people_trail_and_documents")]

    operations = [migrations.RunSQL(DIGEST + CHAIN + REFUSE + KEPT, UNDO)]
