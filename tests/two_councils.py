"""Two councils whose every text carries a mark, so that a page of one shows what of the other."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from io import BytesIO
from pathlib import Path

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.test import Client, override_settings

from boroughs import audit, jobs
from boroughs.authorization import resolve
from boroughs.models import AuditEvent, Council, Generation, JobRun, Membership, Supplier, User
from londonpsn.common import kept_files
from services.models import LegalRule, ServiceType
from tests import factories as new
from tests.conftest import sign_in
from tests.factories import APRIL, AT, TODAY

Role = Membership.Role
AT_A_COUNCIL = (
    *(Role.NETWORK_OFFICER, Role.BUYER, Role.APPROVER, Role.FINANCE, Role.AUDITOR, Role.VIEWER),
)
IN_THE_PROGRAMME = (Role.PROGRAMME_OFFICER, Role.ADMINISTRATOR)


class Kind(StrEnum):
    """What a mark stands in; who may read it at their own council stands in SEES."""

    LINE = "line"  # what a supplier sees of a line that it provides
    OTHER = "other"  # a line that another supplier provides
    RECORD = "record"
    CONTACT = "contact"
    ADDRESS = "address"  # of a protected site
    DOCUMENT = "document"
    TRAIL = "trail"
    ACCESS = "access"
    TOKEN = "token"
    DRAFT = "draft"  # a call-off that is not awarded yet


EVERYBODY = {*AT_A_COUNCIL, *IN_THE_PROGRAMME}
DESKS = {*AT_A_COUNCIL} - {Role.VIEWER}
SEES = {
    Kind.LINE: EVERYBODY | {Role.SUPPLIER_AGENT},
    Kind.OTHER: EVERYBODY,
    Kind.RECORD: EVERYBODY,
    Kind.CONTACT: DESKS | {*IN_THE_PROGRAMME},
    Kind.ADDRESS: DESKS,
    Kind.DOCUMENT: DESKS,
    Kind.TRAIL: {Role.AUDITOR, Role.ADMINISTRATOR},
    Kind.ACCESS: {Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR},
    Kind.TOKEN: {Role.AUDITOR, Role.ADMINISTRATOR},
    Kind.DRAFT: {Role.BUYER, Role.AUDITOR, Role.ADMINISTRATOR},  # two of them in the trail alone
}


@dataclass
class Place:
    """One council with a row of every kind; ``keys`` are what addresses name them by."""

    letter: str
    council: Council
    supplier: Supplier
    marks: list[tuple[Kind, str]] = field(default_factory=list)
    keys: dict[str, object] = field(default_factory=dict)

    def mark(self, kind: Kind, what: str) -> str:
        """Return a text that stands nowhere else, and remember it."""
        return self.known(kind, f"mark{self.letter}-{kind}-{what}")

    def known(self, kind: Kind, text: str) -> str:
        self.marks.append((kind, text))
        return text


@dataclass
class Person:
    """Somebody with a role, or none, and a browser in which they are signed in."""

    name: str
    role: Role | None
    place: Place | None  # where a role is; none for the whole programme and for nobody
    client: Client
    user: User | None = None

    @property
    def sees_all(self) -> bool:
        return self.role is not None and self.place is None

    def may_read(self, place: Place, kind: Kind) -> bool:
        here = self.sees_all or place is self.place
        if kind is Kind.DOCUMENT and self.sees_all:
            return False  # a council's are London Grid's only where it has opened them
        return here and self.role is not None and self.role in SEES[kind]


@dataclass
class World:
    own: Place
    foreign: Place
    people: dict[str, Person]

    def told(self, person: Person, text: str) -> list[str]:
        """Return every mark in a text that the person may not read."""
        text = text.lower()
        return [
            mark
            for place in (self.own, self.foreign)
            for kind, mark in place.marks
            if mark.lower() in text and not person.may_read(place, kind)
        ]


# Pounds of the one are whole, of the other they end in 43 pence: so does every sum they are in.
PENCE = {"A": Decimal("0.00"), "B": Decimal("0.43")}
PENCE_IN_WORDS = re.compile(r"£[\d,]+\.(?!00)\d\d")
# Every cell of CSV, a workbook and JSON, with two decimals or the four of the database; no time.
PENCE_IN_FILES = re.compile(r"(?<![\d.:])\d+\.(?!00)\d\d(?:00)?(?![\d.])")


@contextmanager
def standing(documents: Path) -> Iterator[World]:
    """Have both councils in the database for a whole module that only reads, files and all."""
    limits = {"DOCUMENTS": documents, "API_REQUESTS_A_MINUTE": 1_000_000}
    with override_settings(**limits), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


def build() -> World:
    """Write both councils, and sign everybody in; call it within a transaction."""
    own, foreign = _place("A"), _place("B")
    _work_out([own, foreign])
    return World(own, foreign, {person.name: person for person in _people(own, foreign)})


def _place(letter: str) -> Place:
    council = new.new_council(
        register_code=f"ZZ{letter}", slug=f"zz-{letter.lower()}", short_name=f"Zedshire {letter}"
    )
    place = Place(letter, council, new.new_supplier(name=f"Supplier of {letter}"))
    _write_places(place)
    _write_lines(place)
    _write_money(place)
    _write_call_offs(place)
    _write_people(place)
    return place


def _write_places(place: Place) -> None:
    mark, known, letter = place.mark, place.known, place.letter
    body = new.new_body(place.council, kind="COUNCIL", name=mark(Kind.LINE, "body"))
    school = new.new_body(place.council, kind="SCHOOL", name=mark(Kind.RECORD, "school"))
    new.new_site(school, name=mark(Kind.RECORD, "school-site"))
    site = new.new_site(
        body,
        code=known(Kind.LINE, f"ZSITE{letter}"),
        name=mark(Kind.LINE, "site"),
        kind=mark(Kind.RECORD, "kind"),
        address=mark(Kind.RECORD, "address"),
        postcode=known(Kind.RECORD, f"Z{letter}9 9Z{letter}"),
        uprn=known(Kind.RECORD, f"70000000000{ord(letter) % 10}"),
        latitude=Decimal(known(Kind.RECORD, f"51.9{ord(letter)}11")),
        longitude=Decimal("0.1"),
        position="SURVEYED",
    )
    hidden = new.new_site(
        body,
        code=f"ZHIDE{letter}",
        name=mark(Kind.RECORD, "refuge"),
        address=mark(Kind.ADDRESS, "address"),
        postcode=known(Kind.ADDRESS, f"Z{letter}8 8Z{letter}"),
        uprn=known(Kind.ADDRESS, f"80000000000{ord(letter) % 10}"),
        latitude=Decimal(known(Kind.ADDRESS, f"51.8{ord(letter)}22")),
        longitude=Decimal("0.2"),
        position="SURVEYED",
        protection="REFUGE",
    )
    for at in (site, hidden):
        new.new_contact(
            at,
            name=mark(Kind.CONTACT, f"name-{at.pk}"),
            role=mark(Kind.CONTACT, f"role-{at.pk}"),
            phone=mark(Kind.CONTACT, f"phone-{at.pk}"),
            mail=f"{mark(Kind.CONTACT, f'mail-{at.pk}')}@test.example",
            access_notes=mark(Kind.ADDRESS if at.protection else Kind.CONTACT, f"in-{at.pk}"),
        )
    connection = new.new_connection(site, reference=mark(Kind.LINE, "connection"), bandwidth=10)
    new.new_gateway_check(place.council, evidence=mark(Kind.RECORD, "gateway"))
    new.new_gateway_requirement(place.council)
    new.new_compliance_certificate(place.council, reference=mark(Kind.RECORD, "certificate"))
    content = BytesIO(mark(Kind.DOCUMENT, "content").encode())
    held = kept_files.digest(content)
    kept_files.keep(content, held)
    document = new.new_document(
        place.council,
        title=mark(Kind.DOCUMENT, "title"),
        name=mark(Kind.DOCUMENT, "name"),
        sha256=held.sha256,
        size=held.size,
    )
    note = new.new_note(place.council, text=mark(Kind.RECORD, "note"))
    site.notes.add(note)
    hidden.notes.add(new.new_note(place.council, text=mark(Kind.ADDRESS, "note")))
    for at in (site, hidden):
        at.documents.add(document)
    place.keys |= {"body": body, "site": site, "hidden": hidden, "connection": connection}
    place.keys |= {"document": document, "note": note}


def _write_lines(place: Place) -> None:
    """An old line of another supplier, the new one that replaces it, and one in nobody's way."""
    mark, keys = place.mark, place.keys
    reader = new.new_user(name=mark(Kind.RECORD, "reviewer"))
    contract = new.new_contract(
        place.council,
        supplier=place.supplier,
        reference=mark(Kind.LINE, "contract"),
        title=mark(Kind.LINE, "contract-title"),
    )
    days = {"starts_on": APRIL, "billed_from": APRIL}
    facts = {"service_type": ServiceType.objects.get(code="WAN-ETH-100"), "site": keys["site"]}
    line = new.new_line(
        keys["body"],
        supplier=place.supplier,
        contract=contract,
        connection=keys["connection"],
        generation=Generation.objects.get(code="PSN"),
        reference=mark(Kind.LINE, "new"),
        description=mark(Kind.LINE, "description"),
        room=mark(Kind.LINE, "room"),
        phone_numbers=mark(Kind.LINE, "phone"),
        billing_account=mark(Kind.LINE, "account"),
        used_for=mark(Kind.RECORD, "used-for"),
        owner=mark(Kind.RECORD, "owner"),
        cost_centre=mark(Kind.RECORD, "cost-centre"),
        reviewed_on=TODAY,
        reviewed_by=reader,
        **facts,
        **days,
    )
    old = new.new_line(keys["body"], reference=mark(Kind.OTHER, "old"), **facts, **days)
    alone = new.new_line(
        keys["body"],
        reference=mark(Kind.OTHER, "alone"),
        service_type=facts["service_type"],
        site=keys["hidden"],
        **days,
    )
    replacement = new.new_replacement(old=[old], new=[line])
    for moved, to in ((old, "VALIDATED"), (line, "IDENTIFIED")):
        kind = Kind.OTHER if moved is old else Kind.RECORD
        new.new_line_move(
            moved, to_stage=to, by=reader, reason=mark(kind, f"reason-{to}"), proof=f"Proof of {to}"
        )
    new.new_planned_move(old, to_stage="CUTOVER", on=TODAY)
    for flagged in (old, line):
        new.new_line_flag(
            flagged,
            kind="DISPUTED",
            reason=mark(Kind.RECORD, f"flag-{flagged.pk}"),
            owner=mark(Kind.RECORD, f"flag-owner-{flagged.pk}"),
        )
    keys |= {"line": line, "old": old, "alone": alone, "contract": contract, "move": replacement}
    for thing in (line, contract, replacement):
        thing.documents.add(keys["document"])
        thing.notes.add(keys["note"])


def _pounds(place: Place, kind: Kind, whole: int) -> Decimal:
    amount = whole + PENCE[place.letter]
    for words in (f"{amount:,.2f}", f"{amount:.2f}"):
        place.known(kind, words)
    return amount


def _write_money(place: Place) -> None:
    keys, letter = place.keys, ord(place.letter)
    new.new_charge(keys["line"], amount=_pounds(place, Kind.LINE, 71_000 + letter))
    new.new_charge(keys["line"], kind="ONE_OFF", amount=_pounds(place, Kind.LINE, 43_000 + letter))
    new.new_charge(keys["old"], amount=_pounds(place, Kind.OTHER, 98_000 + letter))
    new.new_charge(keys["alone"], amount=_pounds(place, Kind.OTHER, 59_000 + letter))
    new.new_baseline(keys["move"], amount=_pounds(place, Kind.RECORD, 87_000 + letter))
    alias = new.new_supplier_alias(supplier=place.supplier)
    file = new.new_payment_file(
        place.council,
        name=place.mark(Kind.RECORD, "file.csv"),
        rows_refused=1,
        loaded_by=new.new_user(name=place.mark(Kind.RECORD, "loader")),
    )
    new.new_payment(
        place.council,
        file=file,
        alias=alias,
        published_name=place.mark(Kind.RECORD, "published"),
        amount=_pounds(place, Kind.RECORD, 65_000 + letter),
    )


def _write_call_offs(place: Place) -> None:
    """One that is awarded, with its prices, a quote, a change, an option and a notice; a draft."""
    mark, keys, letter = place.mark, place.keys, ord(place.letter)
    framework = new.new_framework(code=f"zed-{place.letter.lower()}")
    facts = {"supplier": place.supplier, "body": keys["body"], "framework": framework}
    call_off = new.new_call_off(
        place.council,
        reference=mark(Kind.LINE, "call-off"),
        title=mark(Kind.LINE, "call-off-title"),
        value=_pounds(place, Kind.LINE, 310_000 + letter),
        vat=_pounds(place, Kind.LINE, 62_000 + letter),
        ceiling=_pounds(place, Kind.RECORD, 340_000 + letter),
        irrecoverable_vat=_pounds(place, Kind.RECORD, 1_900 + letter),
        description=mark(Kind.LINE, "bought"),
        route_reason=mark(Kind.RECORD, "why-this-way"),
        conflict=mark(Kind.RECORD, "interests"),
        decision_reference=mark(Kind.RECORD, "decision"),
        cost_centre=mark(Kind.RECORD, "call-off-centre"),
        organisational_unit=mark(Kind.RECORD, "unit"),
        notice_days=90,
        index_base="PREVIOUS",
        **facts,
    )
    draft = new.new_call_off(
        place.council,
        stage="DRAFT",
        reference=mark(Kind.DRAFT, "reference"),
        title=mark(Kind.DRAFT, "title"),
        **facts,
    )
    new.new_contract_extension(contract=call_off)
    new.new_contract_change(contract=call_off, reason=mark(Kind.RECORD, "change"))
    new.new_contract_notice(contract=call_off, waived_reason=mark(Kind.RECORD, "waived"))
    price = new.new_price(call_off, amount=_pounds(place, Kind.LINE, 3_000 + letter))
    quote = new.new_quote(
        call_off,
        price.item,
        site=keys["site"],
        number=mark(Kind.LINE, "quote"),
        monthly=_pounds(place, Kind.LINE, 5_000 + letter),
        one_off=_pounds(place, Kind.LINE, 7_000 + letter),
    )
    new.new_indexation_run(call_off)
    new.new_register_edition(place.council, link=f"https://{mark(Kind.RECORD, 'published')}.test/")
    for thing in (call_off, quote):
        thing.documents.add(keys["document"])
        thing.notes.add(keys["note"])
    keys |= {"call_off": call_off, "draft": draft, "price": price, "quote": quote}
    keys |= {"framework": framework, "item": price.item}
    keys["legal_rule"] = LegalRule.objects.earliest("pk")


def _write_people(place: Place) -> None:
    mark, council = place.mark, place.council
    approver = new.new_user(
        name=mark(Kind.ACCESS, "approver"),
        email=f"{mark(Kind.ACCESS, 'approver-mail').lower()}@test.example",
    )
    held = new.new_membership(user=approver, council=council, role=Role.APPROVER, limit=5_000)
    passed_on = new.new_delegation(membership=held, reason=mark(Kind.ACCESS, "delegation"))
    token = new.new_api_token(user=approver, name=mark(Kind.TOKEN, "token"), council=council)
    batch = uuid.uuid4()
    new.new_job_run(
        council=council,
        kind=JobRun.Kind.SAVINGS,
        batches=[batch],
        started_at=AT,
        finished_at=AT,
        error=mark(Kind.RECORD, "error"),
    )
    audit.record(
        AuditEvent.Type.NOTE_ADDED,
        by=None,
        at=AT,
        council=council,
        subject=place.keys["site"],
        before={"text": mark(Kind.TRAIL, "before")},
        after={"text": mark(Kind.TRAIL, "after")},
        note=mark(Kind.TRAIL, "event"),
    )
    event = AuditEvent.objects.filter(chain=council.register_code).latest("pk")
    place.keys |= {"batch": batch, "membership": held, "delegation": passed_on, "token": token}
    security_key = Authenticator.objects.create(
        user=approver, type=Authenticator.Type.WEBAUTHN, data={"name": mark(Kind.TOKEN, "key")}
    )
    SocialAccount.objects.create(user=approver, provider="openid_connect", uid=place.council.slug)
    place.keys |= {"event": event, "approver": approver, "security_key": security_key}


def _work_out(places: list[Place]) -> None:
    """Have the figures of both councils worked out."""
    keys = [place.council.pk for place in places]
    jobs.request(kinds=jobs.RECOMPUTES, council_ids=keys, at=AT, and_wake=False)
    for kind in jobs.RECOMPUTES:
        assert sorted(jobs.run(kind=kind, council_ids=keys, today=TODAY)) == sorted(keys)


def _people(own: Place, foreign: Place) -> Iterator[Person]:
    """Everybody there is.

    Each role, also for all councils; a deputy; who works for a third council as well; another
    supplier's agent; who has no role, or none any more; and a stranger.
    """
    for role in AT_A_COUNCIL:
        yield _person(role, role, own, council=own.council)
    for role in IN_THE_PROGRAMME:
        yield _person(role, role, None, programme_wide=True)
    for role in (Role.VIEWER, Role.AUDITOR):
        yield _person(f"{role}_OF_ALL", role, None, programme_wide=True)
    both = _person("OF_TWO", Role.NETWORK_OFFICER, own, council=own.council)
    new.new_membership(user=both.user, council=new.new_council(), role=both.role)
    yield both
    agent = Role.SUPPLIER_AGENT
    yield _person(agent, agent, own, supplier=own.supplier)
    yield _person("OTHER_AGENT", agent, foreign, supplier=foreign.supplier)
    deputy = new.new_membership(council=own.council, role=Role.VIEWER).user
    held = new.new_membership(council=own.council, role=Role.APPROVER)
    new.new_delegation(membership=held, deputy=deputy)
    yield Person("DEPUTY", Role.APPROVER, own, sign_in(Client(), deputy), deputy)
    nobody = new.new_user()
    yield Person("NOBODY", None, None, sign_in(Client(), nobody), nobody)
    former = new.new_membership(council=own.council, role=Role.BUYER, ends_on=TODAY).user
    yield Person("FORMER", None, None, sign_in(Client(), former), former)
    yield Person("STRANGER", None, None, Client())


def _person(name: str, role: Role, place: Place | None, **where) -> Person:
    user = resolve(new.new_membership(role=role, **where).user, TODAY)
    return Person(str(name), role, place, sign_in(Client(), user), user)


PEOPLE = (
    *(str(role) for role in (*AT_A_COUNCIL, *IN_THE_PROGRAMME, Role.SUPPLIER_AGENT)),
    *("VIEWER_OF_ALL", "AUDITOR_OF_ALL", "OF_TWO", "OTHER_AGENT"),
    *("DEPUTY", "NOBODY", "FORMER", "STRANGER"),
)
