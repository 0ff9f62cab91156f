"""Draw the synthetic data set: pure, from a seed and small tables, the same on every machine.

Months are counted from April 2013 (0) to March 2018 (59); money is whole pence.
"""

import csv
import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path

from londonpsn.common.periods import add_months

SEED = "20140520"
FIRST_MONTH = date(2013, 4, 1)
MONTHS = 60
SMALL = ("CMD", "KTT", "STN")
PHASES = (
    ("primary", 0.733),
    ("secondary", 0.186),
    ("all-through", 0.018),
    ("special", 0.058),
    ("16 to 19", 0.005),
)
DOUBLE_RUNNING = ((0, 0.25), (1, 0.45), (2, 0.20), (3, 0.10))
OLD_SUPPLIERS = (
    ("BT", 0.55),
    ("Virgin Media Business", 0.20),
    ("Cable & Wireless", 0.12),
    ("Colt", 0.08),
    ("Other supplier (synthetic)", 0.05),
)
MOBILE_SUPPLIERS = (("Orange", 0.35), ("O2", 0.30), ("Vodafone", 0.35))
SCHOOL = "SCH"
CITY = "LND"
CITY_STAFF = 1_200
# Section 5: the first x below the limit names the lines; the last one takes the rest.
BANDWIDTHS = {
    "X": ((1.0, ("WAN-10G", "WAN-10G")),),
    "A": ((1.0, ("WAN-1G", "WAN-1G")),),
    "B": ((0.70, ("WAN-100",)), (0.90, ("WAN-100", "WAN-100")), (1.0, ("WAN-1G",))),
    "C": ((0.55, ("WAN-10",)), (0.95, ("WAN-100",)), (1.0, ("WAN-1G",))),
    "D": ((0.35, ("WAN-FTTC",)), (0.85, ("WAN-10",)), (1.0, ("WAN-100",))),
    "secondary": ((0.93, ("EDU-100",)), (1.0, ("EDU-1G",))),
    "16 to 19": ((0.93, ("EDU-100",)), (1.0, ("EDU-1G",))),
    "primary": ((0.88, ("EDU-10",)), (1.0, ("EDU-100",))),
    "all-through": ((0.88, ("EDU-10",)), (1.0, ("EDU-100",))),
    "special": ((0.88, ("EDU-10",)), (1.0, ("EDU-100",))),
}
LEAD = {"WAN-1G": 4, "WAN-10G": 4, "WAN-10": 3, "WAN-100": 3, "WAN-FTTC": 3, "WIFI": 2}
LEAD |= {"GW-PSN": 3, "GW-N3": 3}  # months, by item; 1 for all else (section 7)


def month_day(index: int) -> date:
    """Return the first day of a month by its index."""
    return add_months(FIRST_MONTH, index)


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the price book: pence a month and once, saving in hundredths of a per cent."""

    code: str
    service_type: str
    monthly: int
    one_off: int
    saving_min: int
    saving_max: int
    replaces: str


@dataclass(frozen=True, slots=True)
class CouncilFacts:
    gss_code: str
    code: str
    name: str
    slug: str
    population: int
    area_ha: float
    schools: int
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class DemoSite:
    """A corporate site, or a school with its site. Position in hundred-thousandths of a degree."""

    code: str
    name: str
    kind: str
    kind_name: str
    tier: str
    latitude: int
    longitude: int
    lines: tuple[str, ...]

    @property
    def is_school(self) -> bool:
        return self.kind == SCHOOL


@dataclass(frozen=True, slots=True)
class DemoLine:
    """An old service and the new one that replaces it; prices are pence a month for one."""

    key: str
    item: Item
    quantity: int
    start: int
    end: int
    old_price: int
    old_supplier: str

    @property
    def owner(self) -> str:
        """The site's or council's code: the part of the key before its first bar."""
        return self.key.split("|")[0]

    @property
    def is_school(self) -> bool:
        return self.item.service_type == "EDU"


@dataclass(frozen=True, slots=True)
class DemoCouncil:
    facts: CouncilFacts
    cut: int
    sites: tuple[DemoSite, ...]
    lines: tuple[DemoLine, ...]

    def leads(self) -> dict[tuple[str, int], int]:
        """Return the months of lead time of each order: one an owner and start (section 7)."""
        leads: dict[tuple[str, int], int] = {}
        for line in self.lines:
            order = (line.owner, line.start)
            leads[order] = max(leads.get(order, 0), LEAD.get(line.item.code, 1))
        return leads


def draw(label: str, seed: str = SEED) -> float:
    """Return a number from 0 to 1 that depends on seed and label alone (section 3)."""
    return int(hashlib.sha256(f"{seed}|{label}".encode()).hexdigest()[:13], 16) / 16**13


def pick(u: float, table: Sequence[tuple]):
    """Return the first value whose running total of weights exceeds ``u``, or the last."""
    total = 0.0
    for value, weight in table:
        total += weight
        if total > u:
            return value
    return table[-1][0]


def round_half_up(x: float) -> int:
    return math.floor(x + 0.5)


def councils(size: str, facts: Sequence[CouncilFacts], seed: str = SEED) -> Iterator[DemoCouncil]:
    """Yield the data set of ``small`` or ``london`` size, one council at a time by GSS code."""
    cuts = {row["register_code"]: int(row["cut"]) for row in _table("timeline.csv")}
    for council in sorted(facts, key=lambda council: council.gss_code):
        if size == "london" or council.code in SMALL:
            yield _council(council, cuts[council.code], size == "small", partial(draw, seed=seed))


def _council(facts: CouncilFacts, cut: int, is_small: bool, u) -> DemoCouncil:
    sites = (*_corporate_sites(facts, is_small, u), *_schools(facts, is_small, u))
    return DemoCouncil(facts, cut, sites, tuple(_lines(facts, cut, sites, u)))


def _corporate_sites(facts: CouncilFacts, is_small: bool, u) -> Iterator[DemoSite]:
    for kind in _table("site_kinds.csv"):
        count = int(kind["minimum"])
        if kind["rate"]:
            rate = int(kind["rate"])
            count = max(count, round_half_up(rate * facts.population / 303086))
        if kind["kind"] == "DC":
            count = 2 if facts.population > 280_000 else 1
        if is_small:
            count = min(count, int(kind["small_maximum"]))
        for number in range(1, count + 1):
            code = f"{facts.code}-{kind['kind']}{number:02d}"
            name = f"{facts.name} {_within_a_name(kind['name'])}"
            yield DemoSite(
                code,
                name if kind["kind"] in ("HQ", "CCT") else f"{name} {number}",
                kind["kind"],
                kind["name"],
                kind["tier"],
                *_position(facts, code, u),
                _bandwidth(kind["tier"], u(f"{code}|bw")),
            )


def _within_a_name(words: str) -> str:
    """Return the words as they stand inside a name: a capital only where it is an abbreviation."""
    return words if words[1].isupper() else words[0].lower() + words[1:]


def _schools(facts: CouncilFacts, is_small: bool, u) -> Iterator[DemoSite]:
    for number in range(1, (min(6, facts.schools) if is_small else facts.schools) + 1):
        code = f"{facts.code}-{SCHOOL}{number:03d}"
        phase = pick(u(f"{code}|phase"), PHASES)
        yield DemoSite(
            code,
            f"{facts.name} {phase} school {number}",
            SCHOOL,
            "School",
            phase,
            *_position(facts, code, u),
            _bandwidth(phase, u(f"{code}|bw")),
        )


def _position(facts: CouncilFacts, code: str, u) -> tuple[int, int]:
    """Uniform in a disc round the council's centroid with a quarter of its area."""
    radius = math.sqrt(facts.area_ha / 400 / math.pi) * math.sqrt(u(f"{code}|r"))  # km
    turn = 2 * math.pi * u(f"{code}|t")
    north = radius * math.cos(turn) / 111.195
    east = radius * math.sin(turn) / (111.195 * math.cos(math.radians(facts.latitude)))
    return (
        round_half_up((facts.latitude + north) * 100_000),
        round_half_up((facts.longitude + east) * 100_000),
    )


def _bandwidth(tier: str, x: float) -> tuple[str, ...]:
    return next(lines for limit, lines in BANDWIDTHS[tier] if x < limit)


def _seats(facts: CouncilFacts, sites: Sequence[DemoSite]) -> dict[str, int]:
    """Share the seats by weight with largest remainders, ties by site code."""
    weights = {row["kind"]: int(row["seat_weight"]) for row in _table("site_kinds.csv")}
    weight = {site.code: weights[site.kind] for site in sites if not site.is_school}
    seats = round_half_up(staff(facts) * 0.9)
    exact = {code: Fraction(seats * w, sum(weight.values())) for code, w in weight.items()}
    shares = {code: int(share) for code, share in exact.items()}
    left_over = sorted(exact, key=lambda code: (shares[code] - exact[code], code))
    for code in left_over[: seats - sum(shares.values())]:
        shares[code] += 1
    return shares


def staff(facts: CouncilFacts) -> int:
    """Staff users: 12 a thousand residents; the City has few residents (an assumption)."""
    return CITY_STAFF if facts.code == CITY else round_half_up(facts.population * 12 / 1000)


def _lines(facts: CouncilFacts, cut: int, sites: Sequence[DemoSite], u) -> Iterator[DemoLine]:
    items = {row["item"]: _item(row) for row in _table("price_book.csv")}
    code, people, seats = facts.code, staff(facts), _seats(facts, sites)

    def line(key: str, item: str, quantity: int, start: int, end: int | None = None) -> DemoLine:
        """A line whose old service stops at ``end``, when the new one starts unless given."""
        book = items[item]
        spread = book.saving_max - book.saving_min + 1
        saving = book.saving_min + int((u(f"{key}|s1") + u(f"{key}|s2")) / 2 * spread)
        suppliers = MOBILE_SUPPLIERS if item in ("MOBV", "MOBD") else OLD_SUPPLIERS
        return DemoLine(
            key,
            book,
            quantity,
            start,
            start if end is None else end,
            round_half_up(book.monthly * 10_000 / (10_000 - saving)),
            "Synetrix" if book.service_type == "EDU" else pick(u(f"{key}|sup"), suppliers),
        )

    def network(key: str, item: str) -> DemoLine:
        return line(key, item, 1, cut, cut + pick(u(f"{key}|dbl"), DOUBLE_RUNNING))

    def later(label: str, first: int, spread: int) -> int:
        return cut + first + int(u(label) * spread)

    for site in sites:
        if site.is_school:
            live = -(10 + int(u(f"{site.code}|live") * 15))
            yield line(site.code, site.lines[0], 1, live, 0)
            continue
        for number, item in enumerate(site.lines, 1):
            yield network(f"{site.code}|w{number}", item)
        if seats[site.code]:
            start = later(f"{site.code}|voice", 6, 30)
            yield line(f"{site.code}|seat", "SEAT", seats[site.code], start)
        count = 1 + int(u(f"{site.code}|pstn") * 3)
        yield line(f"{site.code}|pstn", "PSTN", count, later(f"{site.code}|pstnm", 6, 30))
        if site.kind in ("HQ", "OFF", "LIB"):
            points = 4 + int(u(f"{site.code}|ap") * (21 if site.kind == "HQ" else 7))
            yield line(f"{site.code}|wifi", "WIFI", points, later(f"{site.code}|apm", 3, 12))

    yield network(f"{code}|GW-PSN", "GW-PSN")
    yield network(f"{code}|INT", "INT")
    if u(f"{code}|hasN3") < 0.75:
        yield network(f"{code}|GW-N3", "GW-N3")
    channels = 8 * math.ceil(sum(seats.values()) / 64)
    yield line(f"{code}|SIP", "SIP", channels, later(f"{code}|SIP|m", 6, 30))
    estate = int(facts.population * 5 / 1000)
    yield line(f"{code}|ESTATE", "PSTN", estate, later(f"{code}|ESTATE|m", 9, 24))
    mobiles, start = (
        max(40, round_half_up(facts.population * 1.61 / 1000)),
        later(f"{code}|MOB|m", 4, 20),
    )
    yield line(f"{code}|MOBV", "MOBV", mobiles, start)
    yield line(f"{code}|MOBD", "MOBD", round_half_up(mobiles * 0.35), start)
    single = {"FW": 1, "DNS": 1, "MAILGW": people, "AUDIO": 5, "VIDEO": 1}
    for item, quantity in single.items():
        yield line(f"{code}|{item}", item, quantity, later(f"{code}|{item}|m", 0, 12))


def _item(row: dict[str, str]) -> Item:
    numbers = ("monthly_pence", "one_off_pence", "saving_min_bp", "saving_max_bp")
    return Item(
        row["item"], row["service_type"], *(int(row[name]) for name in numbers), row["replaces"]
    )


def _table(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
