"""Real PostgreSQL and a real broker for every test; the small data set stands in the database."""

import os
import time
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from hypothesis import settings as hypothesis_settings

import boroughs.reference
import services.reference
from boroughs import jobs
from boroughs.authorization import resolve
from boroughs.models import Council, User
from londonpsn.common import bulk, clock
from londonpsn.demo import load
from londonpsn.home.signing_in import second_factor
from londonpsn.management.commands.set_up import work_out_all
from tests.factories import AT, TODAY

OURS = ("boroughs", "services", "procurement")
PASSWORD = "demo-password"
# The trail refuses to be emptied, whatever a session says. Tests empty it as the database's owner,
# who can switch triggers off table by table; no row may wait for a check then.
SWITCH = """
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT tgrelid::regclass AS its_table, tgname FROM pg_trigger
        WHERE NOT tgisinternal AND tgenabled = '{now}'
    LOOP
        EXECUTE format('ALTER TABLE %s {switch} TRIGGER %I', found.its_table, found.tgname);
    END LOOP;
END
$$
"""
TRIGGERS_OFF = "SET CONSTRAINTS ALL IMMEDIATE;" + SWITCH.format(now="A", switch="DISABLE")
TRIGGERS_ON = SWITCH.format(now="D", switch="ENABLE ALWAYS") + "; SET CONSTRAINTS ALL DEFERRED"
# Of this database alone: tests run beside others that have databases of their own.
ADVISORY_LOCKS = """
SELECT objid FROM pg_locks JOIN pg_database d ON d.oid = database
WHERE datname = current_database() AND locktype = 'advisory'
"""
SHARED = Path(__file__).resolve().parents[2] / "shared"

hypothesis_settings.register_profile("portal", deadline=None, derandomize=True)
hypothesis_settings.load_profile("portal")


def fill_portal(size: str) -> None:
    """Leave the database with reference data and the data set of one size, figures worked out."""
    tables = ", ".join(
        f'"{model._meta.db_table}"'
        for app in OURS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        if model._meta.managed
    )
    name = connection.settings_dict["NAME"]
    assert "/test_" in f"/{name}".replace("\\", "/"), f"{name} is no test database"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"{TRIGGERS_OFF}; TRUNCATE {tables} CASCADE; {TRIGGERS_ON}")
        boroughs.reference.load()
        services.reference.load()
        if size != "none":
            load.load(
                size=size,
                today=TODAY,
                at=clock.now(),
                password=PASSWORD,
                progress=lambda name: None,
            )
            jobs.record_demo(kind_of_data=size, at=AT)
    bulk.analyze()
    if size != "none":
        work_out_all()


def flush_past_triggers(operations, sql_list) -> None:
    """Empty every table after a test that commits."""
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in (TRIGGERS_OFF, *sql_list, TRIGGERS_ON):
            cursor.execute(sql)


DatabaseOperations.execute_sql_flush = flush_past_triggers


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Transactions are rolled back, so what stands here is there for every test that needs it."""
    with django_db_blocker.unblock():
        fill_portal("small")


@pytest.fixture
def committed(transactional_db):
    """The small data set for tests that commit: other processes have to see what they write."""
    fill_portal("small")


@pytest.fixture(scope="module")
def london(django_db_setup, django_db_blocker):
    """The data set of all 33 councils, for a whole module that only reads."""
    with django_db_blocker.unblock(), transaction.atomic():
        fill_portal("london")
        yield
        transaction.set_rollback(True)


@pytest.fixture
def council(db):
    """Return a council by its register code."""
    return lambda code: Council.objects.get(register_code=code)


def person(address: str) -> User:
    """Return one of the data set's people, as of the tests' day: ``buyer@camden``."""
    return resolve(User.objects.get(email=f"{address}.demo.example"), TODAY)


def sign_in(client: Client, user: User) -> Client:
    """Sign a person in as the sign-in pages would, and leave in the session what they leave.

    Whose role needs a second factor, or who has one, has proved it.
    """
    client.force_login(user)
    methods = [{"method": "password", "at": time.time(), "email": user.email}]
    if resolve(user, TODAY).access.needs_second_factor or second_factor.is_held(user):
        methods.append({"method": "mfa", "at": time.time(), "type": "totp"})
    session = client.session
    session["account_authentication_methods"] = methods
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


def code_of(address: str) -> str:
    """Return what the authenticator app of one of the data set's people shows now."""
    return second_factor.code_now(
        Authenticator.objects.get(user__email=f"{address}.demo.example", type="totp")
    )


@pytest.fixture
def browse():
    """Return a browser signed in as one of the data set's people."""
    return lambda address: sign_in(Client(), person(address))


@pytest.fixture(scope="session")
def shared():
    """The folder of real input files; tests of real input say so when it is not there."""
    if not SHARED.is_dir():
        pytest.skip(f"real input files are read from {SHARED}, which is not there")
    return SHARED


os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright runs a loop in this thread
