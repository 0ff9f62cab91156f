"""Every component in every state, with made-up data, for whoever builds or checks pages."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from boroughs.attachments import Hung
from boroughs.authorization import Permission, can
from boroughs.changes import Change
from boroughs.queries import Freshness
from boroughs.views.attached import Attached
from londonpsn.common.charts import Bar, Chart, Key, drawn, money_bars
from londonpsn.common.errors import NotVisible
from londonpsn.common.facts import Fact
from londonpsn.common.tables import Column, Draw, Kind, Sample, Table
from londonpsn.home.context import MenuItem
from londonpsn.home.queries import Rate
from procurement.forms import MonthField
from procurement.queries import PaymentRow, spend_table
from services.migration import Status
from services.stages import Stage

COMPONENTS = Path(settings.BASE_DIR) / "templates" / "components"
DAY = date(2014, 6, 30)
MOMENT = datetime(2014, 6, 30, 6, 10, tzinfo=UTC)


@dataclass(frozen=True)
class State:
    """One state of a component: in words, and what it looks like."""

    words: str
    html: str


class _MadeUpForm(forms.Form):
    """Fields of every kind that pages use."""

    month = MonthField(label="Month", help_text="For example 2013-04")
    words = forms.CharField(label="Words", error_messages={"required": "Enter some words."})
    choice = forms.ChoiceField(label="Choice", choices=[("a", "A"), ("b", "B")])
    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    file = forms.FileField(label="File", required=False)


@dataclass(frozen=True)
class Section:
    """One component: its file's name, what its first line says of it, and its states."""

    name: str
    expects: str
    states: list[State]


@require_safe
def components(request):
    """The gallery; nobody but administrators has it."""
    if not can(request.user, Permission.ADMIN_USE):
        raise NotVisible("There is no such page.")
    sections = [
        Section(
            name, _expects(name), [State(words, _drawn(name, c)) for words, c in states.items()]
        )
        for name, states in sorted(shown(request).items())
    ]
    return render(request, "home/components.html", {"sections": sections})


def shown(request) -> dict[str, dict[str, dict]]:
    """Return for each component its states in words, each with the context that makes it.

    A new file in templates/components/ gets its entry here; a test finds those that have none.
    """
    pages = Paginator(range(240), 25)
    return {
        "action_bar": {
            "One thing to do": {
                "id": "made-up",
                "address": "#",
                "back": "#",
                "buttons": ["Still right"],
            }
        },
        "attached": {
            "A note": {
                "attached": Attached(None, [_note()], "#", "#"),
            },
            "No document": {"attached": Attached(_table(request, "hung", []), None, "#", "")},
        },
        "banner": {
            "Something succeeded": {"title": "Done", "text": "14 stored.", "is_success": True},
            "Something to know": {"title": "Note", "text": "One made-up line is late."},
        },
        "breadcrumbs": {"Two steps": {"crumbs": [("Camden", "#"), ("Spend", "#")]}},
        "changes": {
            "A field changed, one set": {
                "changes": [
                    Change("Quantity", "1", "2"),
                    Change("In use until", None, "30 June 2014"),
                ]
            },
            "None": {"changes": []},
        },
        "chart": {
            "Lines going down": {
                "chart": Chart(
                    "Made-up bars",
                    "The new service costs less than half of the old price.",
                    drawn(money_bars, _bars()),
                    _table(request, "bars", _rows()),
                    "The bars as a table",
                    [Key("new", "New service"), Key("old-price", "Old price")],
                    "Made up.",
                )
            }
        },
        "empty": {
            "With something to do": {"text": "Nothing yet.", "address": "#", "action": "Add one"},
            "Without": {"text": "Nothing is held yet."},
        },
        "form": {
            "New": {"form": _MadeUpForm(prefix="new")},
            "With errors": {"form": _MadeUpForm({"wrong-month": "May"}, prefix="wrong")},
        },
        "freshness": {
            "Up to date": {"freshness": Freshness(MOMENT)},
            "Newer facts wait, and the last attempt failed": {
                "freshness": Freshness(MOMENT, MOMENT, "made up")
            },
            "Never worked out": {"freshness": Freshness()},
        },
        "history": {
            "Two moves of one line": {"moves": _moves(), "with_people": True, "more": ""},
            "None yet": {"moves": [], "empty": "It has not moved yet.", "more": ""},
        },
        "icons": {"The shapes, as status shows them": {}},
        "mark": {"The only one": {}},
        "masthead": {
            "Of one council": {"user": _somebody(), "search_id": "q-1", "search_label": "Made up"},
            "Of somebody with several": {
                "user": _somebody(),
                "has_several_councils": True,
                "search_id": "q-2",
                "search_label": "Made up too",
            },
            "Signed out": {"user": AnonymousUser()},
        },
        "menu": {
            "Three lists": {
                "menu": [MenuItem("A", "#", True), MenuItem("B", "#", False)],
                "label": "Made-up menu",
            }
        },
        "pager": {
            "In the middle": {
                "page": pages.page(5),
                "page_numbers": pages.get_elided_page_range(5, on_each_side=1, on_ends=1),
                "query": "q=made-up",
                "name": "page",
                "label": "made-up rows",
            }
        },
        "problems": {
            "One of three": {
                "problems": [SimpleNamespace(line=7, cell="abc", text="This is no amount.")],
                "more": 2,
                "note": "Correct them in the file.",
                "reason": "Why it cannot be taken",
            }
        },
        "rates": {
            "Large": {"rates": _rates()},
            "Small": {"rates": _rates(), "size": "small"},
        },
        "sample": {
            "Drawn": {"draw": _draw(Sample(25, "2014-Q2"))},
            "To draw": {"draw": _draw(None)},
        },
        "search": {
            words: {"q": q, "label": words, "id": f"q-{len(words)}"}
            for words, q in (("Nothing asked yet", ""), ("Something asked", "library"))
        },
        "spend_table": {
            "Two suppliers": {"spend": spend_table(_payments()), "caption": "Made-up payments"}
        },
        "status": {
            status.label: {"status": status.value, "words": status.label} for status in Status
        },
        "steps": {"Done, now and ahead": {"steps": _steps()}},
        "strip": {
            "Synthetic data": {
                "is_synthetic": True,
                "is_real_day": False,
                "portal_day": DAY,
                "label": "Made-up strip",
            },
        },
        "summary_list": {
            "Known, linked and not known": {
                "facts": [
                    Fact("Line", "MADE-UP-1", link="#", sub="a second line"),
                    Fact("Monthly", Decimal("12.50"), Kind.POUNDS),
                    Fact("Until", None, Kind.DAY),
                ]
            }
        },
        "switch": {
            "Two views": {"label": "View", "choices": [("A", "#", True), ("B", "#", False)]}
        },
        "table": {
            "With rows": {"table": _table(request, "filled", _rows())},
            "Wide, with boxes to tick": {
                "table": _table(request, "wide", _rows(), is_wide=True, tick=lambda row: row.line)
            },
            "Empty": {"table": _table(request, "empty", [])},
        },
        "trail_link": {"For who may read it": {"address": "#"}},
    }


def _expects(name: str) -> str:
    with (COMPONENTS / f"{name}.html").open(encoding="utf-8") as file:
        return file.readline().strip().removeprefix("{#").removesuffix("#}").strip()


def _drawn(name: str, context: dict) -> str:
    """Draw one state; the page has the shapes' definitions already, so only their use is shown."""
    if name == "icons":
        return render_to_string("home/_shapes.html", {"shapes": [*Status.values, "tick"]})
    return render_to_string(f"components/{name}.html", context)


def _draw(sample: Sample | None) -> Draw:
    drawn, kept = (25 if sample else 240), [("stage", "CLOSED")]
    return Draw("made-up-draw", "sample", "seed", sample, drawn, 240, kept, "#")


def _note() -> Hung:
    return Hung(1, "Ring twice.", "", "", "", 0, False, None, "A person", MOMENT)


def _rates() -> list[Rate]:
    return [
        Rate("Ceased, the headline", Decimal("62.5"), "5 of 8 old lines switched off"),
        Rate("Connected", Decimal("100.0"), "8 of 8 in use on the new"),
        Rate("Retired", None, ""),
    ]


def _bars() -> tuple[Bar, ...]:
    prices = ("1200", "900", "200", "100"), ("1200", "0", "500", "0")
    return tuple(
        Bar(label, *map(Decimal, some), is_planned=label == "2014-15")
        for label, some in zip(("2013-14", "2014-15"), prices, strict=True)
    )


def _somebody() -> SimpleNamespace:
    role = SimpleNamespace(place="Camden", get_role_display="Network officer")
    access = SimpleNamespace(all_councils=False, roles=[role])
    return SimpleNamespace(is_authenticated=True, name="A made-up person", access=access)


def _moves() -> list[SimpleNamespace]:
    last = {"by": "A network officer", "proof": "survey 12", "reason": ""}
    stages = (Stage.QUALIFIED, Stage.VALIDATED), (Stage.VALIDATED, None)
    return [
        SimpleNamespace(on=DAY, to_stage=to, from_stage=before, line_id=1, reference="L1", **last)
        for to, before in stages
    ]


def _payments() -> list[PaymentRow]:
    return [
        PaymentRow("A supplier", "A SUPPLIER LTD", date(2011, 9, 1), Decimal("120.00"), 2),
        PaymentRow("Another", "Another plc", date(2011, 10, 1), Decimal("-20.00"), 1),
    ]


def _steps() -> list[SimpleNamespace]:
    return [
        SimpleNamespace(label="Ordered", state="done", on=date(2014, 5, 1), words="by a buyer"),
        SimpleNamespace(label="In use", state="now", on=DAY, words="last bill to check"),
        SimpleNamespace(label="Closed", state="ahead", on=None, words=""),
    ]


def _rows() -> list[SimpleNamespace]:
    return [
        SimpleNamespace(line=f"MADE-UP-{n}", monthly=None if n == 2 else Decimal(n * 10), on=DAY)
        for n in range(1, 4)
    ]


def _table(request, name: str, rows: list, **options):
    columns = (
        Column("line", "Line", Kind.REFERENCE, order_by="line"),
        Column("monthly", "£ a month", Kind.POUNDS, order_by="monthly"),
        Column("on", "In use from", Kind.DAY),
    )
    return Table(
        name=name, columns=columns, rows=rows, caption=f"Made-up lines, {name}", **options
    ).on_page(request)
