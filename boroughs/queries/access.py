"""Who may do what on a day: each role that is held, by whom, and what is to be asked about it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from allauth.mfa.models import Authenticator
from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet
from django.db.models.enums import TextChoices

from boroughs.authorization import SECOND_FACTOR_ROLES, Permission, Role, conflicts_of
from boroughs.models import Council, Membership
from boroughs.models.people import ended_on_its_first_day, in_force_on, works_there
from londonpsn.common.periods import add_months, end_of
from londonpsn.common.text import fold

# A recovery code stands in for a second factor, it is none by itself.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
MONTHS_CONFIRMED = 12  # a role counts as needed for so long after it was given or confirmed


class SecondFactor(TextChoices):
    HELD = "HELD", "Yes"
    NOT_HELD = "NOT_HELD", "No"
    MISSING = "MISSING", "Required but missing"


class Only(TextChoices):
    """What a list of roles can be narrowed to."""

    CONFLICT = "CONFLICT", "Held beside a conflicting role"
    UNCONFIRMED = "UNCONFIRMED", "Not confirmed for a year"
    NO_FACTOR = "NO_FACTOR", "Without the second factor it needs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A role that a person holds on a day: their own, or that of ``deputy_of`` for some days.

    ``starts_on`` and ``ends_on`` are of a deputy's days where it is one; the latter is the first
    day without: one that ends on the day it begins was ended that very day. ``limit`` is pounds.
    ``conflicts`` are pairs of roles, this one among them.
    """

    membership_id: int
    delegation_id: int | None
    user_id: int
    person: str
    email: str
    role: Role
    council_id: int | None
    council_code: str | None
    place: str
    limit: Decimal | None
    starts_on: date
    ends_on: date | None
    given_by: str | None
    deputy_of: str
    deputies: tuple[tuple[str, date], ...]
    last_sign_in: datetime | None
    second_factor: SecondFactor
    conflicts: tuple[tuple[Role, Role], ...]
    confirmed_on: date | None
    confirmed_by: str | None
    is_due: bool  # to be confirmed: for a year nobody has said that it is needed

    @property
    def ended_that_day(self) -> bool:
        return self.starts_on == self.ends_on


def access_councils(user) -> QuerySet[Council]:
    """Return the councils at which the person may see who holds which role."""
    councils = user.access.councils_with(Permission.ACCESS_VIEW)
    return Council.objects.all() if councils is None else Council.objects.filter(pk__in=councils)


def held_rows(
    user,
    on: date,
    *,
    today: date,
    council: Council | None = None,
    for_review: bool = False,
) -> list[Held]:
    """Return the roles held on the day that the person may see, by place, person and role.

    Those for the whole programme are held at every council, so everybody sees them who sees those
    of a council; ``for_review`` leaves out those that only London Grid looks over. One that ended
    on the day it began is there on that day.
    """
    roles = _in_force_on(on, today)
    listed = roles.visible_to(user) if for_review else roles.reaching_what_is_seen_by(user)
    if council:
        listed = listed.filter(Q(council=council) | Q(programme_wide=True))
    lines = list(_read(listed, on, is_past=on < today))
    facts = _facts_of(lines, on)
    people = {one["user_id"] for one in facts}
    beside = _roles_of_people(facts, roles.filter(programme_wide=True), people)
    have_factor = second_factors(people)
    rows = [_held(one, beside[one["user_id"]], have_factor) for one in facts]
    return sorted(rows, key=lambda row: (row.place, row.person, row.role, row.delegation_id or 0))


def _in_force_on(on: date, today: date) -> QuerySet[Membership]:
    """Return the roles of the day, each with its deputies of the day as ``taken``.

    Who may not sign in any more holds nothing from today on; on a past day they did, and on the
    day that was their first and last.
    """
    there = _there_on if on <= today else in_force_on
    taken = FilteredRelation("delegations", condition=there(on, "delegations__"))
    roles = Membership.objects.filter(there(on)).exclude(_never_began(on)).alias(taken=taken)
    roles = roles.annotate(deputy_works_there=works_there("taken__deputy", there(on)))
    if on < today:
        return roles
    return roles.filter(Q(user__is_active=True) | ended_on_its_first_day(on))


def _there_on(day: date, path: str = "") -> Q:
    return in_force_on(day, path) | ended_on_its_first_day(day, path)


def _never_began(on: date) -> Q:
    """The roles that were to begin on the day, and were ended on a day before."""
    kept = Membership._meta.get_field("rows").related_model.objects
    before = {"starts_on": on, "ends_on": on, "pgh_created_at__lt": end_of(on - timedelta(days=1))}
    return ended_on_its_first_day(on) & Exists(kept.filter(pgh_obj=OuterRef("pk"), **before))


# What is read of a role and, where it is passed on that day, of its deputy: one line for each.
READ = {
    "membership_id": "pk",
    "role": "role",
    "council_id": "council_id",
    "council_code": "council__register_code",
    "council": "council__short_name",
    "supplier": "supplier__name",
    "limit": "limit",
    "user_id": "user_id",
    "person": "user__name",
    "email": "user__email",
    "last_sign_in": "user__last_login",
    "starts_on": "starts_on",
    "ends_on": "ends_on",
    "given_by": "given_by__name",
    "confirmed_on": "confirmed_on",
    "confirmed_by": "confirmed_by__name",
    "delegation_id": "taken__pk",
    "deputy_id": "taken__deputy_id",
    "deputy": "taken__deputy__name",
    "deputy_email": "taken__deputy__email",
    "deputy_last_sign_in": "taken__deputy__last_login",
    "deputy_starts_on": "taken__starts_on",
    "deputy_ends_on": "taken__ends_on",
    "deputy_given_by": "taken__given_by__name",
    "deputy_works_there": "deputy_works_there",
}
CHANGEABLE = ("limit", "ends_on", "confirmed_on", "confirmed_by")


def _read(roles: QuerySet[Membership], on: date, *, is_past: bool) -> Iterator[dict]:
    """Yield the values of READ; plain ones, because a portal may hold thousands of roles."""
    then = _as_it_stood(roles, on) if is_past else {}
    lines = roles.order_by("pk", "taken__pk")
    for values in lines.values_list(*READ.values()):
        line = dict(zip(READ, values, strict=True))
        yield line | then.get(line["membership_id"], {})


def _as_it_stood(roles: QuerySet[Membership], on: date) -> dict[int, dict]:
    """Return what could change of each role, as it was at the end of a past day.

    By the rows that the database has kept. A role that was written down later is as it was first;
    one older than those rows is left out: it is as it is today.
    """
    kept = Membership._meta.get_field("rows").related_model.objects
    there = Q(pgh_created_at__lt=end_of(on)) | Q(pgh_label="insert")
    last = kept.filter(there, pgh_obj__in=roles.values("pk")).order_by("pgh_obj", "-pgh_id")
    rows = last.distinct("pgh_obj").values("pgh_obj", *(READ[name] for name in CHANGEABLE))
    return {row["pgh_obj"]: {name: row[READ[name]] for name in CHANGEABLE} for row in rows}


def _facts_of(lines: list[dict], on: date) -> list[dict]:
    """Return what a row says: one for each role, and one for each deputy in it."""
    own, passed_on = {}, []
    for line in lines:
        facts = {name: line[name] for name in READ if not name.startswith("deputy")}
        role = own.setdefault(facts["membership_id"], facts | _own(line, on))
        if line["deputy_works_there"]:
            if line["deputy_ends_on"] > on:
                role["deputies"] += ((line["deputy"], line["deputy_ends_on"]),)
            passed_on.append(facts | _passed_on(line))
    return [*own.values(), *passed_on]


def _own(line: dict, on: date) -> dict:
    is_due_then = is_due(line["starts_on"], line["confirmed_on"], on) and line["ends_on"] != on
    return {"delegation_id": None, "deputy_of": "", "deputies": (), "is_due": is_due_then}


def _passed_on(line: dict) -> dict:
    return {
        "user_id": line["deputy_id"],
        "person": line["deputy"],
        "email": line["deputy_email"],
        "last_sign_in": line["deputy_last_sign_in"],
        "starts_on": line["deputy_starts_on"],
        "ends_on": line["deputy_ends_on"],
        "given_by": line["deputy_given_by"],
        "deputy_of": line["person"],
        "deputies": (),
        "confirmed_on": None,
        "confirmed_by": None,
        "is_due": False,
    }


RolesAt = dict[int | None, set[Role]]  # of one person by council; at None for every council


def _held(facts: dict, beside: RolesAt, have_factor: set[int]) -> Held:
    council, supplier = facts.pop("council"), facts.pop("supplier")
    role = Role(facts.pop("role"))
    factor = SecondFactor.NOT_HELD
    if facts["user_id"] in have_factor:
        factor = SecondFactor.HELD
    elif any(roles & SECOND_FACTOR_ROLES for roles in beside.values()):
        factor = SecondFactor.MISSING
    return Held(
        **facts,
        role=role,
        place=council or supplier or "London Grid",
        second_factor=factor,
        conflicts=tuple(_conflicts(role, facts["council_id"], beside)),
    )


def _conflicts(role: Role, council_id: int | None, beside: RolesAt) -> list[tuple[Role, Role]]:
    """Return the pairs with this role at one council, or at any for a role that is for all."""
    at = [council_id] if council_id else list(beside)
    pairs = (pair for one in at for pair in conflicts_of(beside[one] | beside[None]))
    return [pair for pair in dict.fromkeys(pairs) if role in pair]


def _roles_of_people(
    facts: list[dict], everywhere: QuerySet[Membership], people: set[int]
) -> dict[int, RolesAt]:
    """Return what each person holds at which council, also as a deputy.

    Roles for the whole programme count even where they are not listed: they meet those that are.
    """
    found: dict[int, RolesAt] = defaultdict(lambda: defaultdict(set))
    for one in facts:
        found[one["user_id"]][one["council_id"]].add(Role(one["role"]))
    theirs = everywhere.filter(Q(user__in=people) | Q(taken__deputy__in=people))
    read = ("role", "user_id", "taken__deputy_id", "deputy_works_there")
    for role, holder, deputy, works_here in theirs.values_list(*read):
        for one in people.intersection((holder, deputy if works_here else holder)):
            found[one][None].add(Role(role))
    return found


def second_factors(user_ids: Collection[int]) -> set[int]:
    """Return which of these people have a second factor for signing in."""
    held = Authenticator.objects.filter(user__in=user_ids, type__in=FACTORS)
    return set(held.values_list("user_id", flat=True))


def narrowed(
    rows: Iterable[Held], *, role: str = "", only: str = "", person: str = ""
) -> list[Held]:
    """Return the rows that fit what was asked for; ``person`` is part of a name or address."""
    words = fold(person)
    tests = {
        Only.CONFLICT: lambda row: bool(row.conflicts),
        Only.UNCONFIRMED: lambda row: row.is_due,
        Only.NO_FACTOR: lambda row: row.second_factor == SecondFactor.MISSING,
    }
    fits = tests.get(only, lambda row: True)
    return [
        row
        for row in rows
        if (not role or row.role == role)
        and (not words or words in fold(row.person) or words in row.email)
        and fits(row)
    ]


# Once a year somebody says of each role that it is still needed. One that was given within the
# year is: whoever gave it said so. The rule for one row, and for the database.


def is_due(starts_on: date, confirmed_on: date | None, on: date) -> bool:
    return max(starts_on, confirmed_on or starts_on) <= add_months(on, -MONTHS_CONFIRMED)


def roles_to_confirm(user, today: date) -> QuerySet[Membership]:
    """Return the roles that the person is to confirm, never their own."""
    year_ago = add_months(today, -MONTHS_CONFIRMED)
    councils = user.access.councils_with(Permission.ACCESS_CONFIRM)
    roles = Membership.objects.in_force_on(today).filter(starts_on__lte=year_ago)
    roles = roles.filter(Q(confirmed_on=None) | Q(confirmed_on__lte=year_ago)).exclude(user=user)
    roles = roles.filter(user__is_active=True)
    return roles if councils is None else roles.filter(council__in=councils)
