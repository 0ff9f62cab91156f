"""Write the synthetic data set into an empty portal (sections 6, 12 and 15 of its page)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.utils import encrypt
from django.contrib.auth.hashers import make_password
from django.db import transaction

from boroughs import audit
from boroughs.authorization import SECOND_FACTOR_ROLES
from boroughs.models import (
    AuditEvent,
    Body,
    ComplianceCertificate,
    Connection,
    Council,
    Gateway,
    GatewayCheck,
    GatewayRequirement,
    Generation,
    Membership,
    Site,
    Supplier,
    User,
)
from londonpsn.common.bulk import copy_rows, reserve_keys
from londonpsn.common.money import PENNY, to_the_penny
from londonpsn.common.periods import add_months, month_of
from londonpsn.demo import catalogue, generate
from londonpsn.demo.generate import MONTHS, CouncilFacts, DemoCouncil, DemoLine, month_day
from londonpsn.home.signing_in import second_factor
from services.models import (
    Baseline,
    Charge,
    Contract,
    ContractExtension,
    Framework,
    LegalRegime,
    Line,
    LineMove,
    PlannedMove,
    Replacement,
    ReplacementLine,
    ServiceType,
)
from services.stages import Stage
from services.terms import notice_by

SUPPLIER = "Virgin Media Business"
CONTROL_ROOM = "CCT"  # the kind of site that nobody is to find
OTHER_SUPPLIER = "Other supplier (synthetic)"
ROLES = ("NETWORK_OFFICER", "BUYER", "APPROVER", "FINANCE", "VIEWER")
PROGRAMME_ROLES = ("ADMINISTRATOR", "PROGRAMME_OFFICER", "AUDITOR", "VIEWER")
ACCOUNTS = {"NETWORK_OFFICER": "network", "PROGRAMME_OFFICER": "programme"}
AGENTS = 5
SHARING = ("CMD", "KTT", "LBH", "SWK")  # whose saving in per cent the other councils see
WAIVER = "no parallel run: like-for-like change; signed by {0} network officer and {0} approver"
# PSN Services and not PSN Connectivity (RM860): the call-offs hold voice, mobile and security too,
# and RM860 was over before they are. Reports of LondonPSN name PSN Services (S02, S03); it began in
# June 2012, before the call-offs, and no report gives it an end.
FRAMEWORK = "PSN-SERVICES"
COMMENCED_ON, SIGNED_ON = date(2012, 10, 1), date(2013, 3, 22)
OPTIONS = (12, 12)  # months
HEADROOM = Decimal("1.1")  # of what is expected over the longest term
PLACED = "CMD"  # the council of the placed cases
PLACED_SHARE = Decimal("0.81")
PLACED_NOTICE_AGO = 6  # days
SHORT = {"KTT": 24, "STN": 27}  # months: two call-offs that could end together
MBITS = {"10": 10, "100": 100, "1G": 1_000, "10G": 10_000}
# How old contracts end, by weight: how often, and for how many months each time.
RENEWALS = (("ROLLS_ON", 0.5), ("ENDS", 0.2), ("", 0.3))
ROLLS = ((1, 0.4), (3, 0.3), (12, 0.3))
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Keys:
    """Primary keys of the reference rows that the data set points at."""

    councils: dict[str, Council]
    bodies: dict[int, int]
    service_types: dict[str, int]
    suppliers: dict[str, int]
    legacy: int
    psn: int
    gateways: dict[str, int]
    framework: int


@transaction.atomic
def load(*, size: str, today: date, at: datetime, password: str, progress: Progress) -> None:
    """Write the data set of ``small`` or ``london`` size, as it stands on the day ``today``.

    What is dated after ``today`` is a plan. ``progress`` is told each council that is written.
    """
    Supplier.objects.get_or_create(code="other", defaults={"name": OTHER_SUPPLIER})
    # Known of one supplier, so that a row of the register can have all that it wants.
    Supplier.objects.filter(name=SUPPLIER).update(is_sme=False, is_vcse=False)
    for council in Council.objects.all():
        council.mail_domains = [f"{council.slug}.demo.example"]
        council.shares_saving = council.register_code in SHARING
        council.save(update_fields=["mail_domains", "shares_saving"])
    keys, call_offs = _keys(), {}
    people(_councils_of(size, keys), password=password)
    for council in generate.councils(size, list(_facts(keys))):
        writer = _Writer(council, keys, today, at)
        writer.write()
        call_offs[writer.council.pk] = writer.new_contract
        audit.record(
            AuditEvent.Type.DATA_LOADED, by=None, at=at, council=keys.councils[council.facts.code]
        )
        progress(council.facts.name)
    catalogue.load_prices(call_offs)
    catalogue.load_quote(today)


def people(councils: Iterable[Council], *, password: str) -> None:
    """Add the demo's accounts: five a council, four of London Grid, five of the supplier.

    All share one password and one hash of it: hashing each alone would take a minute.
    """
    supplier = Supplier.objects.get(name=SUPPLIER)
    encoded = make_password(password)
    held: list[tuple[User, Membership]] = []

    def add(account: str, host: str, name: str, role: str, **place) -> None:
        user = User(email=f"{account}@{host}.demo.example", name=name, password=encoded)
        member = Membership(user=user, role=role, starts_on=generate.FIRST_MONTH, **place)
        held.append((user, member))

    def label(role: str) -> str:
        return Membership.Role(role).label.lower()

    for council in councils:
        for role in ROLES:
            name = f"{council.short_name} {label(role)}"
            add(ACCOUNTS.get(role, role.lower()), council.slug, name, role, council=council)
    for role in PROGRAMME_ROLES:
        account = ACCOUNTS.get(role, role.lower())
        add(account, "london-grid", f"London Grid {label(role)}", role, programme_wide=True)
    for number in range(1, AGENTS + 1):
        name = f"{SUPPLIER} agent {number}"
        host = "virgin-media-business"
        add(f"agent{number}", host, name, "SUPPLIER_AGENT", supplier=supplier)
    User.objects.bulk_create(user for user, _ in held)
    Membership.objects.bulk_create(membership for _, membership in held)
    enroll()


def enroll() -> None:
    """Give the demo's people whose role needs it an authenticator app; `demo_code` reads it."""
    without = (
        User.objects.filter(email__endswith=".demo.example")
        .filter(memberships__role__in=SECOND_FACTOR_ROLES)
        .exclude(authenticator__type__in=second_factor.FACTORS)
        .distinct()
    )
    Authenticator.objects.bulk_create(
        Authenticator(
            user=user,
            type=Authenticator.Type.TOTP,
            data={"secret": encrypt(generate_totp_secret())},
        )
        for user in without
    )


def set_password(password: str) -> None:
    """Give all the demo's accounts one password, hashed once."""
    demo = User.objects.filter(email__endswith=".demo.example")
    first = demo.first()
    if first and not first.check_password(password):
        demo.update(password=make_password(password))


def _keys() -> Keys:
    generations = dict(Generation.objects.values_list("code", "pk"))
    return Keys(
        councils={council.register_code: council for council in Council.objects.all()},
        bodies=dict(Body.objects.filter(kind="COUNCIL").values_list("council_id", "pk")),
        service_types=dict(ServiceType.objects.values_list("code", "pk")),
        suppliers=dict(Supplier.objects.values_list("name", "pk")),
        legacy=generations["LEGACY"],
        psn=generations["PSN"],
        gateways=dict(Gateway.objects.values_list("code", "pk")),
        framework=Framework.objects.get(code=FRAMEWORK).pk,
    )


def _councils_of(size: str, keys: Keys) -> list[Council]:
    codes = generate.SMALL if size == "small" else keys.councils
    councils = (keys.councils[code] for code in codes)
    return sorted(councils, key=lambda council: council.gss_code)


def _facts(keys: Keys) -> Iterator[CouncilFacts]:
    for council in keys.councils.values():
        yield CouncilFacts(
            council.gss_code,
            council.register_code,
            council.short_name,
            council.slug,
            council.population_2011,
            float(council.inland_area_ha),
            council.state_funded_schools,
            float(council.centroid_lat),
            float(council.centroid_lon),
        )


def pounds(pence: int) -> Decimal:
    return Decimal(pence) / 100


class _Writer:
    """Writes one council. A line of the data set is one replacement, one old and one new line."""

    def __init__(self, demo: DemoCouncil, keys: Keys, today: date, at: datetime):
        self.demo, self.keys, self.today, self.at = demo, keys, today, at
        self.council = keys.councils[demo.facts.code]
        self.leads = demo.leads()

    def write(self) -> None:
        self._write_places()
        self._write_gateways()
        self._write_contracts()
        self._write_lines()
        self._write_money()
        self._write_moves()

    def _write_places(self) -> None:
        sites, council_body = self.demo.sites, self.keys.bodies[self.council.pk]
        schools = [site for site in sites if site.is_school]
        bodies = dict(
            zip((site.code for site in schools), reserve_keys(Body, len(schools)), strict=True)
        )
        copy_rows(
            Body,
            ["id", "council_id", "kind", "name", "vat_recoverable"],
            ((bodies[site.code], self.council.pk, "SCHOOL", site.name, True) for site in schools),
        )
        self.bodies = {site.code: bodies.get(site.code, council_body) for site in sites}
        self.sites = dict(
            zip((site.code for site in sites), reserve_keys(Site, len(sites)), strict=True)
        )
        blank = ("", "", "")
        copy_rows(
            Site,
            [
                *("id", "body_id", "code", "name", "kind", "latitude", "longitude", "position"),
                *("address", "postcode", "uprn", "protection"),
            ],
            (
                (
                    *(self.sites[s.code], self.bodies[s.code], s.code, s.name, s.kind_name),
                    *(Decimal(s.latitude) / 100_000, Decimal(s.longitude) / 100_000, "SYNTHETIC"),
                    *blank,
                    "CONTROL_ROOM" if s.kind == CONTROL_ROOM else "",
                )
                for s in sites
            ),
        )
        self.connections = dict(
            zip((site.code for site in sites), reserve_keys(Connection, len(sites)), strict=True)
        )
        live = {line.owner: line.start for line in self.demo.lines if _makes_connection(line)}
        copy_rows(
            Connection,
            [
                *("id", "site_id", "generation_id", "reference", "access", "bandwidth"),
                *("resilience", "live_since"),
            ],
            (
                (
                    *(self.connections[s.code], self.sites[s.code], self.keys.psn, s.code),
                    "FTTC" if s.lines[0] == "WAN-FTTC" else "ETHERNET",
                    MBITS.get(s.lines[0].split("-")[1]),
                    "DUAL" if len(s.lines) > 1 else "SINGLE",
                    month_day(live[s.code]),
                )
                for s in sites
            ),
        )

    def _write_gateways(self) -> None:
        """Every council needs DWP and GSI, and N3 where it has an N3 line (decisions 25)."""
        needed = ["DWP", "GSI"]
        if any(line.item.code == "GW-N3" for line in self.demo.lines):
            needed.append("N3")
        gateways = [self.keys.gateways[code] for code in needed]
        GatewayRequirement.objects.bulk_create(
            GatewayRequirement(council=self.council, gateway_id=key, starts_on=generate.FIRST_MONTH)
            for key in gateways
        )
        verified_on = month_day(self.demo.cut - 1)
        if verified_on <= self.today:
            GatewayCheck.objects.bulk_create(
                GatewayCheck(
                    council=self.council,
                    gateway_id=key,
                    generation_id=self.keys.psn,
                    verified_on=verified_on,
                    evidence="demo",
                )
                for key in gateways
            )
        issued = month_day(self.demo.cut - 4)
        while issued <= self.today:
            ComplianceCertificate.objects.create(
                council=self.council,
                reference=f"{self.demo.facts.code}-COCO-{issued:%Y}",
                starts_on=issued,
                ends_on=add_months(issued, 12),
            )
            issued = add_months(issued, 12)

    def _write_contracts(self) -> None:
        """One call-off for the new lines; one old contract for each supplier and end."""
        code = self.demo.facts.code
        self.new_contract = self._call_off().pk
        ends = sorted({(line.old_supplier, line.end) for line in self.demo.lines})
        contracts = [
            Contract(
                council=self.council,
                supplier_id=self.keys.suppliers[supplier],
                reference=f"{code}/{supplier}/{month_day(end):%Y-%m}",
                title=f"{supplier} services to {month_day(end - 1):%B %Y}",
                ends_on=month_day(end),
            )
            for supplier, end in ends
        ]
        for contract in contracts:
            self._draw_terms(contract)
        if code == PLACED:
            self._place_ends(contracts)
        Contract.objects.bulk_create(contracts)
        self.old_contracts = dict(zip(ends, (contract.pk for contract in contracts), strict=True))

    def _call_off(self) -> Contract:
        """The council's call-off, with a value from the price book and its own lines.

        The placed one has a ceiling of which what is ordered over its term comes to 81 per cent.
        """
        code, name = self.demo.facts.code, self.demo.facts.name
        months = SHORT.get(code, MONTHS)
        expected = _expected(self.demo.lines, months)
        ceiling = to_the_penny((expected.term + sum(OPTIONS) * expected.monthly) * HEADROOM)
        if code == PLACED:
            ceiling = (expected.term / PLACED_SHARE).quantize(PENNY, ROUND_DOWN)
        contract = Contract.objects.create(
            council=self.council,
            supplier_id=self.keys.suppliers[SUPPLIER],
            reference=f"{code}/LONDONPSN",
            title=f"LondonPSN services, {name}",
            kind=Contract.Kind.CALL_OFF,
            body_id=self.keys.bodies[self.council.pk],
            framework_id=self.keys.framework,
            lot="All services",
            regime=LegalRegime.PCR2006,
            commenced_on=COMMENCED_ON,
            starts_on=generate.FIRST_MONTH,
            ends_on=month_day(months),
            notice_days=90,
            renewal=Contract.Renewal.ENDS,
            index_base="PREVIOUS",
            index_cap=Decimal(5),
            index_lag_months=3,
            value=ceiling,
            vat=to_the_penny(ceiling / 5),
            ceiling=ceiling,
            route=Contract.Route.FURTHER_COMPETITION,
            decision_reference=f"{code}/CAB/2013/03",
            signed_on=SIGNED_ON,
            supplier_signed_on=SIGNED_ON,
            organisational_unit="Corporate resources",
            description="Network lines, internet, voice, mobile and security over the "
            "Public Services Network",
            review_on=add_months(month_day(months), -12),
            irrecoverable_vat=Decimal(0),
        )
        ContractExtension.objects.bulk_create(
            ContractExtension(contract=contract, number=number, months=months)
            for number, months in enumerate(OPTIONS, 1)
        )
        return contract

    def _draw_terms(self, contract: Contract) -> None:
        """How an old contract ends. What has ended already is left as it was: not known.

        Where the last day for notice is over, most councils gave it; elsewhere it has rolled on.
        """
        label = contract.reference
        contract.notice_days = 30 if generate.draw(f"{label}|notice") < 0.5 else 90
        if contract.ends_on <= self.today:
            return
        contract.renewal = generate.pick(generate.draw(f"{label}|renewal"), RENEWALS)
        if contract.renewal == Contract.Renewal.ROLLS_ON:
            contract.roll_on_months = generate.pick(generate.draw(f"{label}|rolls"), ROLLS)
        last_day = notice_by(contract.ends_on, contract.notice_days)
        if last_day < self.today and generate.draw(f"{label}|given") < 0.7:
            contract.notice_given_on = last_day - timedelta(days=7)

    def _place_ends(self, contracts: list[Contract]) -> None:
        """A notice that was due last week, and two contracts of one supplier to end together."""
        soon = add_months(self.today, 1)
        ahead = [contract for contract in contracts if contract.ends_on > soon]
        ahead.sort(key=lambda contract: (contract.ends_on, contract.reference))
        if len(ahead) < 3:
            return
        late = ahead[0]
        wanted = self.today - timedelta(days=PLACED_NOTICE_AGO)
        late.notice_days = (late.ends_on - wanted).days - 1
        late.renewal, late.roll_on_months, late.notice_given_on = "", None, None
        first = ahead[1]
        near = add_months(first.ends_on, 12)
        second = next(
            (
                one
                for one in reversed(ahead[2:])
                if one.supplier_id == first.supplier_id and one.ends_on <= near
            ),
            ahead[2],
        )
        first.renewal, first.roll_on_months = Contract.Renewal.ROLLS_ON, 1
        first.notice_days, first.notice_given_on = 30, None
        second.minimum_term_ends_on = add_months(first.ends_on, 1)

    def _write_lines(self) -> None:
        lines = self.demo.lines
        self.old, self.new = reserve_keys(Line, len(lines)), reserve_keys(Line, len(lines))
        copy_rows(
            Line,
            [
                *("id", "body_id", "site_id", "connection_id", "service_type_id"),
                *("generation_id", "supplier_id", "contract_id", "reference", "description"),
                *("quantity", "starts_on", "ends_on", "billed_from", "billed_until", "reviewed_on"),
                *("phone_numbers", "billing_account", "room", "used_for", "owner", "cost_centre"),
            ],
            (
                row
                for pair in zip(lines, self.old, self.new, strict=True)
                for row in self._pair(*pair)
            ),
        )

    def _pair(self, line: DemoLine, old: int, new: int) -> Iterator[tuple]:
        ended = month_day(line.end)
        place = (
            self.bodies.get(line.owner, self.keys.bodies[self.council.pk]),
            self.sites.get(line.owner),
        )
        service_type = self.keys.service_types[line.item.service_type]
        closed = not line.is_school and month_day(line.end + 2) <= self.today
        reviewed_on = None if closed or line.is_school else month_of(self.today)
        unknown = ("",) * 6
        yield (
            *(old, *place, None, service_type, self.keys.legacy),
            self.keys.suppliers[line.old_supplier],
            self.old_contracts[(line.old_supplier, line.end)],
            *(f"{line.key}/OLD", line.item.replaces, line.quantity),
            *(None, ended, None, ended, reviewed_on, *unknown),
        )
        billed_from = generate.FIRST_MONTH if line.is_school else month_day(line.start)
        yield (
            *(new, *place, self.connections.get(line.owner), service_type, self.keys.psn),
            *(self.keys.suppliers[SUPPLIER], self.new_contract),
            *(f"{line.key}/NEW", "", line.quantity),
            *(month_day(line.start), None, billed_from, None, None, *unknown),
        )

    def _write_money(self) -> None:
        lines = self.demo.lines
        copy_rows(Charge, ["line_id", "kind", "amount", "starts_on", "ends_on"], self._charges())
        groups = reserve_keys(Replacement, len(lines))
        body = self.keys.bodies[self.council.pk]
        copy_rows(
            Replacement,
            ["id", "body_id", "service_type_id"],
            (
                (
                    group,
                    self.bodies.get(line.owner, body),
                    self.keys.service_types[line.item.service_type],
                )
                for group, line in zip(groups, lines, strict=True)
            ),
        )
        copy_rows(
            ReplacementLine,
            ["replacement_id", "line_id", "side"],
            (
                (group, key, side)
                for group, *pair in zip(groups, self.old, self.new, strict=True)
                for key, side in zip(pair, ("OLD", "NEW"), strict=True)
            ),
        )
        copy_rows(
            Baseline,
            [
                *("replacement_id", "version", "amount", "method", "grade"),
                *("starts_on", "ends_on"),
            ],
            (
                (
                    *(group, 1, pounds(line.old_price * line.quantity)),
                    *(("SUPPLIER_QUOTE", "C") if line.is_school else ("CONTRACT_PRICE", "B")),
                    *(generate.FIRST_MONTH, month_day(MONTHS)),
                )
                for group, line in zip(groups, lines, strict=True)
            ),
        )

    def _charges(self) -> Iterator[tuple]:
        for line, old, new in zip(self.demo.lines, self.old, self.new, strict=True):
            if line.end > 0:
                old_price = pounds(line.old_price * line.quantity)
                until = month_day(line.end)
                yield (old, "RECURRING", old_price, generate.FIRST_MONTH, until)
            price = pounds(line.item.monthly * line.quantity)
            yield (new, "RECURRING", price, month_day(max(0, line.start)), None)
            if line.start >= 0 and line.item.one_off:
                once = pounds(line.item.one_off * line.quantity)
                yield (new, "ONE_OFF", once, month_day(line.start), None)

    def _write_moves(self) -> None:
        moves = [
            (old, stage, before, on, reason)
            for line, old in zip(self.demo.lines, self.old, strict=True)
            if not line.is_school
            for stage, before, on, reason in self._moves(line)
        ]
        copy_rows(
            LineMove,
            ["line_id", "from_stage", "to_stage", "on", "recorded_at", "proof", "reason"],
            (
                (line, before, stage, on, self.at, "demo", reason)
                for line, stage, before, on, reason in moves
                if on <= self.today
            ),
        )
        copy_rows(
            PlannedMove,
            ["line_id", "to_stage", "on"],
            ((line, stage, on) for line, stage, _, on, _ in moves if on > self.today),
        )

    def _moves(self, line: DemoLine) -> Iterator[tuple[Stage, str, date, str]]:
        """Yield each move with the stage before, its day and reason (section 6)."""
        start, end, lead = line.start, line.end, self.leads[(line.owner, line.start)]
        waiver = WAIVER.format(self.demo.facts.name) if start == end else ""
        before = ""
        for stage, month in (
            (Stage.IDENTIFIED, -3),
            (Stage.VALIDATED, -3),
            (Stage.QUALIFIED, start - lead - 1),
            (Stage.ORDERED, start - lead),
            (Stage.COMMITTED, start - lead),
            (Stage.BUILD, start - 1),
            (Stage.INSTALLED, start),
            (Stage.ACCEPTED, start),
            (Stage.CUTOVER, start),
            (Stage.CEASE_ORDERED, max(start, end - 1)),
            (Stage.CEASED, end),
            (Stage.CLOSED, end + 2),
        ):
            reason = waiver if stage == Stage.CEASE_ORDERED else ""
            yield stage, before, month_day(month), reason
            before = stage


@dataclass(frozen=True)
class Expected:
    """Pounds that new lines come to: over the call-off's term, and a month at its end."""

    term: Decimal
    monthly: Decimal


def _expected(lines: Iterable[DemoLine], months: int) -> Expected:
    term = monthly = 0
    for line in lines:
        price, begun = line.item.monthly * line.quantity, max(0, line.start)
        monthly += price
        term += price * max(0, months - begun)
        if 0 <= line.start < months:
            term += line.item.one_off * line.quantity
    return Expected(pounds(term), pounds(monthly))


def _makes_connection(line: DemoLine) -> bool:
    return line.is_school or line.item.code.startswith("WAN-")
