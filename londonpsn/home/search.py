"""Search over councils, places, lines, contracts, suppliers and what they offer, as one may see.

One query finds what is written so: exactly, then at the start, then as a part. Where nothing is, a
second one looks for what is written alike, so that a slip of the finger still leads there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.functions import Cast, Coalesce, Concat, Greatest, Upper

from boroughs.models import Body, Council, Site, Supplier, SupplierAlias
from londonpsn.common.errors import BadInput
from londonpsn.common.text import TRIGRAM, closed_up, folded, tidy
from services.models import CatalogueItem, Contract, Framework, Line, Quote

AT_LEAST, AT_MOST = 2, 100  # characters; spaces do not count towards the least
A_KIND = 5  # hits shown of one kind


class Kind(StrEnum):
    """What can be found, by the name of its page; equally good hits are shown in this order."""

    COUNCIL = "council"
    LINE = "line"
    SITE = "site"
    BODY = "body"
    CONTRACT = "contract"
    QUOTE = "quote"
    SUPPLIER = "supplier"
    ITEM = "item"
    FRAMEWORK = "framework"

    @property
    def several(self) -> str:
        return "bodies" if self == Kind.BODY else f"{self}s"


class Match(IntEnum):
    """How well a hit fits, best first."""

    EXACT = 0
    START = 1
    PART = 2
    ALIKE = 3


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. ``key`` is what its page is named by, empty where it is closed to one."""

    kind: Kind
    pk: int
    key: str
    title: str
    words: str  # what it is, where it is
    council: str
    match: Match


@dataclass(frozen=True, slots=True)
class Group:
    """The best hits of one kind, and how many there are of it in all."""

    kind: Kind
    hits: Sequence[Hit]
    total: int

    @property
    def label(self) -> str:
        return self.kind.several.capitalize()


@dataclass(frozen=True)
class Found:
    """What a search came to; ``is_guess`` when nothing is written so, only alike."""

    words: str
    groups: Sequence[Group]
    is_guess: bool = False

    @property
    def total(self) -> int:
        return sum(group.total for group in self.groups)


def search(user, text: str) -> Found:
    """Return what the person sees of what ``text`` names; two queries at most.

    Raises BadInput when it is shorter or longer than can be looked for.
    """
    words = tidy(text)
    if len(closed_up(words)) < AT_LEAST:
        raise BadInput(f"Write at least {AT_LEAST} characters of what you look for.")
    if len(words) > AT_MOST:
        raise BadInput(f"Write at most {AT_MOST} characters of what you look for.")
    sources = _sources(user, words)
    groups = _groups(user, [source.written(words) for source in sources])
    if groups:
        return Found(words, groups)
    return Found(words, _groups(user, [source.alike(words) for source in sources]), is_guess=True)


@dataclass(frozen=True)
class Name:
    """A text that is compared without regard to capitals."""

    field: str

    @property
    def as_compared(self):
        return Upper(self.field)

    def fits(self, how: str, words: str) -> Q:
        return Q(**{f"{self.field}__i{how}": words})

    def is_alike(self, words: str) -> Q:
        return Q(**{f"{self.field}_compared__trigram_word_similar": words.upper()})


@dataclass(frozen=True)
class Reference(Name):
    """A text whose spaces do not matter either."""

    @property
    def as_compared(self):
        return folded(self.field)

    def fits(self, how: str, words: str) -> Q:
        return Q(**{f"{self.field}_compared__{how}": closed_up(words)})


class Postcode(Reference):
    """A site's; a protected one is not found by it."""

    def fits(self, how: str, words: str) -> Q:
        return super().fits(how, words) & Q(protection="")


class AliasName(Name):
    """The other names of a supplier."""

    def fits(self, how: str, words: str) -> Q:
        return Q(Exists(self._aliases().filter(super().fits(how, words))))

    def is_alike(self, words: str) -> Q:
        return Q(Exists(self._aliases().filter(super().is_alike(words))))

    def _aliases(self):
        return SupplierAlias.objects.filter(supplier=OuterRef("pk")).alias(
            **{f"{self.field}_compared": self.as_compared}
        )


@dataclass(frozen=True)
class Source:
    """How things of one kind are found among ``rows``, and ranked, by their ``texts``.

    ``matching`` are the rows that hold the words, where that is not only a question of their texts.
    ``misspelt`` are the texts that a misspelling may mean.
    """

    kind: Kind
    rows: QuerySet
    texts: Sequence[Name]
    misspelt: Sequence[Name]
    key: str
    title: str
    words: object
    council: object
    matching: QuerySet | None = None

    def written(self, words: str) -> QuerySet:
        """Return the best rows in which the words are written, as plain values."""
        how = "contains" if len(closed_up(words)) >= TRIGRAM else "startswith"
        if self.matching is None:
            rows = self.rows.filter(_any(text.fits(how, words) for text in self.texts))
        else:
            rows = self.matching
        match = Case(
            When(_any(text.fits("exact", words) for text in self.texts), then=Match.EXACT.value),
            When(
                _any(text.fits("startswith", words) for text in self.texts), then=Match.START.value
            ),
            default=Match.PART.value,
        )
        return self._best(rows, match, Value(0.0))

    def alike(self, words: str) -> QuerySet:
        """Return the rows with a text most like the words, as plain values."""
        rows = self.rows.filter(_any(text.is_alike(words) for text in self.misspelt))
        names = [text.as_compared for text in self.misspelt if not isinstance(text, AliasName)]
        likeness = [TrigramWordSimilarity(words.upper(), name) for name in names]
        how_far = 1.0 - (Greatest(*likeness) if len(likeness) > 1 else likeness[0])
        return self._best(rows, Value(Match.ALIKE.value), how_far)

    def _best(self, rows: QuerySet, match, how_far) -> QuerySet:
        values = {
            "found_kind": Value(self.kind.value),
            "found_pk": F("pk"),
            "found_key": Cast(self.key, TextField()),
            "found_title": Cast(self.title, TextField()),
            "found_words": Cast(self.words, TextField()),
            "found_council": Cast(self.council, TextField()),
            "found_match": match,
            "found_total": Window(Count("pk")),
            "how_far": Cast(how_far, FloatField()),
        }
        best = rows.annotate(**values).order_by("found_match", "how_far", "found_title", "found_pk")
        return best.values_list(*values)[:A_KIND]


def _any(conditions) -> Q:
    found = Q()
    for condition in conditions:
        found |= condition
    return found


def _sources(user, words: str) -> list[Source]:
    """Return what may be found by the person, each narrowed to what exists for them."""
    lines = Line.objects.visible_to(user)
    suppliers = Supplier.objects.visible_to(user)
    if not (user.access.all_councils or user.access.council_ids):
        suppliers = suppliers.filter(pk__in=user.access.supplier_ids)
    names, supplier_names = (Name("short_name"), Name("official_name")), (Name("name"),)
    return [
        _source(
            Kind.LINE,
            lines,
            texts=(Reference("reference"),),
            misspelt=(Reference("reference"),),
            title="reference",
            words=Concat(
                "service_type__name",
                Value(", "),
                Coalesce("site__name", Value("council-wide")),
                *(
                    Case(When(**{field: ""}, then=Value("")), default=Concat(Value(", "), field))
                    for field in ("phone_numbers", "billing_account")
                ),
            ),
            council="body__council__short_name",
            matching=lines.matching(words),
        ),
        _source(
            Kind.SITE,
            Site.objects.visible_to(user),
            texts=(Name("name"), Reference("code"), Postcode("postcode")),
            misspelt=(Name("name"), Reference("code")),
            title="name",
            words=Case(
                When(~Q(protection="") | Q(postcode=""), then="code"),
                default=Concat("code", Value(", "), "postcode"),
            ),
            council="body__council__short_name",
        ),
        _source(
            Kind.BODY,
            Body.objects.visible_to(user),
            texts=(Name("name"),),
            misspelt=(Name("name"),),
            title="name",
            words=Case(*(When(kind=kind, then=Value(kind.label)) for kind in Body.Kind)),
            council="council__short_name",
        ),
        _source(
            Kind.CONTRACT,
            Contract.objects.visible_to(user),
            texts=(Reference("reference"), Name("title")),
            misspelt=(Reference("reference"), Name("title")),
            title="title",
            words=Concat("reference", Value(", "), "supplier__name"),
            council="council__short_name",
        ),
        _source(
            Kind.QUOTE,
            Quote.objects.visible_to(user),
            texts=(Reference("number"),),
            misspelt=(Reference("number"),),
            title="number",
            words=Concat("item__name", Value(", "), "contract__reference"),
            council="council__short_name",
        ),
        _source(
            Kind.COUNCIL,
            Council.objects.visible_to(user),
            texts=(*names, Reference("register_code"), Reference("gss_code")),
            misspelt=names,
            key="slug",
            title="short_name",
            words=Concat("official_name", Value(", "), "register_code", Value(", "), "gss_code"),
            council=Value(""),
        ),
        _source(
            Kind.SUPPLIER,
            suppliers,
            texts=(*supplier_names, AliasName("name")),
            misspelt=(*supplier_names, AliasName("name")),
            key="code",
            title="name",
            words="role",
            council=Value(""),
        ),
        _source(
            Kind.ITEM,
            CatalogueItem.objects.visible_to(user),
            texts=(Reference("code"), Name("name")),
            misspelt=(Name("name"),),
            key="code",
            title="name",
            words=Concat("code", Value(", a "), "unit"),
            council=Value(""),
        ),
        _source(
            Kind.FRAMEWORK,
            Framework.objects.visible_to(user),
            texts=(Name("name"), Reference("code"), Name("owner")),
            misspelt=(Name("name"), Reference("code")),
            key="code",
            title="name",
            words=Concat("code", Value(", "), "owner"),
            council=Value(""),
        ),
    ]


def _source(kind, rows, *, texts, matching=None, key="pk", **how) -> Source:
    """Return a source whose rows carry the form in which each of its texts is compared."""
    compared = {f"{text.field}_compared": text.as_compared for text in texts}
    matching = None if matching is None else matching.alias(**compared)
    return Source(kind, rows.alias(**compared), texts, key=key, matching=matching, **how)


def _groups(user, queries: Sequence[QuerySet]) -> list[Group]:
    """Ask all sources in one query, and return what each found, the best kind first."""
    first, *others = queries
    rows = sorted(first.union(*others, all=True), key=lambda row: (row[6], row[8], row[3], row[1]))
    found: dict[Kind, list[Hit]] = {}
    totals: dict[Kind, int] = {}
    for name, pk, key, title, words, council, match, total, _ in rows:
        kind = Kind(name)
        is_open = kind != Kind.COUNCIL or _may_open(user, pk)
        hit = Hit(kind, pk, key if is_open else "", title, words, council, Match(match))
        found.setdefault(kind, []).append(hit)
        totals[kind] = total
    order = list(Kind)
    return sorted(
        (Group(kind, hits, totals[kind]) for kind, hits in found.items()),
        key=lambda group: (group.hits[0].match, order.index(group.kind)),
    )


def _may_open(user, council_id: int) -> bool:
    """Answer whether a council's page opens for the person, as served_councils() has it."""
    access = user.access
    return bool(access.all_councils or access.supplier_ids or council_id in access.council_ids)
