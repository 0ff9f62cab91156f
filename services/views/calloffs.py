"""Call-offs: the list, the page of one, and what is done to one once it is awarded."""

from dataclasses import dataclass

from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from boroughs.authorization import Permission, can
from boroughs.queries import find_council, find_row, served_councils
from boroughs.subjects import trail_address
from boroughs.views.attached import attached
from londonpsn.common import clock
from londonpsn.common.facts import Fact
from londonpsn.common.periods import in_words
from londonpsn.common.tables import Column, Kind, Table, file_asked
from services import awarding
from services.awarding import CHECK, NEEDED, PRICE_TERMS, STEPS, Law
from services.law import Drift
from services.models import Contract, Line
from services.queries.calloffs import (
    Burn,
    BurnDown,
    CallOffRows,
    burn_down,
    drift_of,
    is_late,
    is_open,
    legal_rules,
    missing_for_register,
)
from services.queries.indexation import with_left_behind
from services.terms import Ending
from services.views.calloff_words import (
    asked_in_words,
    burn_in_words,
    drift_in_words,
    kept_standstill_in_words,
    notice_in_words,
    options_in_words,
    price_facts,
    rise_in_words,
    threshold_in_words,
)
from services.views.lines import line_table
from services.views.pages import council_address, crumbs

AWARD, OVERRIDE = Permission.CALL_OFF_AWARD, Permission.CEILING_OVERRIDE
NO_DAY = "not known, or none needed"
INSIDE = {"committed", "left", "changed", "notices", "missing"}  # not for suppliers
CALL_OFF_COLUMNS = (
    Column(
        "reference",
        "Call-off",
        sub=lambda row: row.title,
        order_by="reference",
        link=lambda row: reverse("calloff", args=[row.pk]),
    ),
    Column("title", "Title", on_page=False),
    Column("council", "Council"),
    Column(
        "supplier",
        "Supplier",
        link=lambda row: reverse("supplier", args=[row.supplier_code]),
    ),
    Column("framework", "Framework, lot", sub=lambda row: row.lot),
    Column("lot", "Lot", on_page=False),
    Column(
        "ends_on",
        "Last day",
        Kind.LAST_DAY,
        order_by="ends_on",
        sub=lambda row: "draft" if row.is_draft else "",
    ),
    Column("notice_by", "Give notice by", Kind.DAY, order_by="notice_by"),
    Column("extensions_left", "Extensions left", Kind.COUNT),
    Column("value", "Signed value, £", Kind.POUNDS, order_by="value"),
    Column("committed", "Ordered, £", Kind.POUNDS, order_by="committed", unknown="no figure"),
    Column(
        "left",
        "Left, £",
        Kind.POUNDS,
        sub=lambda row: "" if row.burn in (None, Burn.FREE) else row.burn,
        order_by="left",
        unknown="no figure",
    ),
    Column("changed", "Changed, %", Kind.SHARE),
    Column(
        "notices",
        "Notices due",
        value=lambda row: ", ".join(row.notices),
        sub=lambda row: "late" if row.has_late_notice else "",
        unknown="none",
    ),
    Column(
        "missing",
        "Ready to publish",
        value=lambda row: None if row.missing is None else ("No" if row.missing else "Yes"),
        sub=lambda row: f"missing: {', '.join(row.missing)}" if row.missing else "",
    ),
    *(
        Column(name, name, value=lambda row, name=name: row.price_terms[name], on_page=False)
        for name in PRICE_TERMS
    ),
)
CHANGE_COLUMNS = (
    Column("on", "Changed on", Kind.DAY),
    Column("value_change", "Value, £", Kind.POUNDS),
    Column("ceiling_change", "Ceiling, £", Kind.POUNDS),
    Column("days_change", "Days of term", value=lambda change: f"{change.days_change:+,}"),
    Column("reason", "Why"),
    Column("by", "By", value=lambda change: change.by and change.by.name, unknown="the portal"),
)


@require_safe
def calloffs(request, slug):
    """The call-offs of one council, or all that the person sees; drafts first."""
    user, today = request.user, clock.today()
    council = None if slug == "all" else find_council(served_councils(user), slug=slug)
    visible = Contract.objects.visible_to(user).call_offs()
    is_inside = user.access.allows_anywhere(Permission.RECORD_VIEW)
    hidden = set() if is_inside else INSIDE
    table = Table(
        name="calloffs",
        columns=[
            column
            for column in CALL_OFF_COLUMNS
            if column.name not in hidden and not (council and column.name == "council")
        ],
        rows=CallOffRows(visible.of_council(council) if council else visible, user, today),
        caption="Call-offs by reference",
        scope=f"{council.short_name if council else 'all that you see'}, drafts first",
        css=lambda row: "est" if row.is_draft else ("row-late" if row.has_late_notice else ""),
        empty="No call-off is held that you may see.",
        is_wide=True,
    )
    if file := file_asked(request, table):
        return file
    context = {
        "council": council,
        "slug": slug,
        "table": table.on_page(request),
        "is_inside": is_inside,
        "may_award": council is not None and can(user, AWARD, council),
    }
    return render(request, "services/calloffs.html", context)


@dataclass(frozen=True)
class Shown:
    """One awarded call-off with everything that its pages look at."""

    call_off: Contract
    burn: BurnDown
    drift: Drift
    law: Law
    changes: list
    notices: list
    options: list
    ending: Ending

    @property
    def options_left(self) -> list:
        """What can still be taken; one that has rolled on has none."""
        return [] if self.ending.has_rolled else [o for o in self.options if o.taken_on is None]

    @property
    def next_option(self):
        return next(iter(self.options_left), None)


def find_call_off(user, pk: int) -> Contract:
    related = ("council", "supplier", "framework", "body", "awarded_by")
    call_offs = Contract.objects.visible_to(user).call_offs().select_related(*related)
    call_offs = with_left_behind(call_offs, clock.today())
    return find_row(call_offs.prefetch_related("extensions"), pk=pk)


def shown_of(call_off: Contract, day) -> Shown:
    changes = list(call_off.changes.select_related("by").order_by("on", "pk"))
    return Shown(
        call_off=call_off,
        burn=burn_down([call_off], day)[call_off.pk],
        drift=drift_of(call_off, [(one.value_change, one.days_change) for one in changes]),
        law=awarding.law_of(call_off, legal_rules(), on=day),
        changes=changes,
        notices=list(call_off.notices.order_by("pk")),
        options=sorted(call_off.extensions.all(), key=lambda option: option.number),
        ending=call_off.ending(day),
    )


@require_safe
def calloff(request, pk):
    """One call-off: facts by subject, what is committed, changes, notices, and its lines."""
    user, today = request.user, clock.today()
    call_off = find_call_off(user, pk)
    if call_off.stage == Contract.Stage.DRAFT:
        return redirect("calloff-award-step", pk=pk, step=_next_question(call_off))
    council = call_off.council
    is_inside = can(user, Permission.RECORD_VIEW, council)
    shown = shown_of(call_off, today)
    lines = line_table(
        user,
        Line.objects.visible_to(user).filter(contract=call_off),
        today,
        without=["council"],
        caption="Lines under it",
        scope=council.short_name,
        empty="No line under this call-off is held.",
        total=shown.burn.lines if is_inside else None,
    )
    changes = Table(
        name="changes",
        columns=CHANGE_COLUMNS,
        rows=shown.changes,
        caption="Changes",
        scope="since it was signed",
        empty="Nothing of it was changed.",
        is_first=False,
    )
    tables = [lines, changes] if is_inside else [lines]
    if file := file_asked(request, *tables, council=council):
        return file
    context = {
        "council": council,
        "call_off": call_off,
        "tables": [table.on_page(request) for table in tables],
        "subjects": _subjects(shown, today, is_inside=is_inside, may_open=is_inside),
        "shown": shown,
        "is_inside": is_inside,
        "burn_words": burn_in_words(shown.burn),
        "rise_words": rise_in_words(call_off.raised_on, call_off.left_behind),
        "drift_words": drift_in_words(shown.drift, shown.law),
        "notices": [_notice(one, shown.law, today) for one in shown.notices],
        "is_over": shown.ending.ends_on <= today,
        "may_give_notice": may_be_noticed(call_off, today),
        "may_award": can(user, AWARD, council),
        "may_override": can(user, OVERRIDE, council) and shown.burn.is_blocked,
        "crumbs": crumbs(council, "calloffs", "Call-offs"),
        "trail": trail_address(user, call_off, council),
        "attached": attached(request, call_off, council),
    }
    return render(request, "services/calloff.html", context)


def _next_question(call_off: Contract) -> str:
    """The first question of a draft that is not answered; the look over all where there is none.

    One that may be left empty was, where a later one is answered.
    """
    blank = [
        {name for name in step.fields if getattr(call_off, name) in (None, "")} for step in STEPS
    ]
    is_answered = [len(some) < len(step.fields) for some, step in zip(blank, STEPS, strict=True)]
    for number, step in enumerate(STEPS):
        is_passed = is_answered[number] or any(is_answered[number + 1 :])
        if blank[number] & NEEDED.keys() or not is_passed:
            return step.code
    return CHECK


def may_be_noticed(contract: Contract, day) -> bool:
    """Answer whether notice can be given: it runs, does not end by itself, and none was given."""
    ends_on = contract.ending(day).ends_on
    is_over = ends_on is not None and ends_on <= day
    ends_by_itself = contract.renewal == Contract.Renewal.ENDS
    return not (is_over or ends_by_itself or contract.notice_given_on)


def _notice(notice, law: Law, today) -> tuple:
    """A notice, how it stands in words, and whether it is late."""
    if notice.published_on:
        words = f"{notice.code}: published on {in_words(notice.published_on)}."
    elif notice.waived_reason:
        words = f"{notice.code}: not needed. {notice.waived_reason}"
    else:
        words = notice_in_words(notice.code, notice.due_on, law)
    return notice, words, is_late(notice, today), is_open(notice)


def _subjects(shown: Shown, today, *, is_inside: bool, may_open: bool) -> list[tuple[str, list]]:
    """The facts of a call-off by subject; reasons and declarations for the council alone."""
    one, end = shown.call_off, shown.ending
    council = one.council
    rolled = f"has rolled on {end.has_rolled} times" if end.has_rolled > 1 else "has rolled on once"
    notice = None if one.notice_days is None else f"{one.notice_days:,} days"
    link = council_address(council) if may_open else ""
    found = [
        (
            "Who and what",
            [
                Fact("Council", council.short_name, link=link),
                Fact("For", one.body.name, link=_link("body", one.body_id) if may_open else ""),
                Fact("Supplier", one.supplier.name, link=_link("supplier", one.supplier.code)),
                Fact("Reference", one.reference),
                Fact("What is bought", one.description),
                Fact("Framework", one.framework.name, sub=one.framework.owner),
                Fact("Lot", one.lot),
            ],
        ),
        (
            "Dates",
            [
                Fact("First day", one.starts_on, Kind.DAY),
                Fact("Last day", end.ends_on, Kind.LAST_DAY, sub=rolled if end.has_rolled else ""),
                Fact("Give notice by", one.notice_due(today), Kind.DAY, unknown=NO_DAY),
                Fact("Notice", notice),
                Fact("Notice given on", one.notice_given_on, Kind.DAY, unknown="none given"),
                Fact("Extensions left", options_in_words(shown.options_left), unknown="none"),
                Fact("At its end", one.get_renewal_display()),
                Fact("Minimum term until", one.minimum_term_ends_on, Kind.LAST_DAY),
            ],
        ),
        (
            "Money",
            [
                Fact("Value", one.value, Kind.POUNDS, sub="without VAT, options in"),
                Fact("With VAT", shown.law.value_with_vat, Kind.POUNDS),
                *([Fact("Ceiling", one.ceiling, Kind.POUNDS, unknown="none")] * is_inside),
                Fact("Part months are billed", one.get_proration_display()),
                *price_facts(one),
            ],
        ),
    ]
    if is_inside:
        found.append(("How it was bought", _inside_facts(shown, today)))
    return found


def _inside_facts(shown: Shown, today) -> list[Fact]:
    one, law = shown.call_off, shown.law
    missing = missing_for_register(one, today)
    standstill = kept_standstill_in_words(one, law, today)
    return [
        Fact("Chosen by", one.get_route_display(), sub=asked_in_words(one)),
        Fact("Why this way", one.route_reason),
        Fact("Law that applies", one.get_regime_display(), sub=threshold_in_words(law)),
        Fact("Procurement commenced", one.commenced_on, Kind.DAY),
        Fact("Declaration of interests", one.conflict),
        Fact("Decision", one.decision_reference),
        Fact("Standstill", standstill, unknown="none"),
        Fact("Signed by the council", one.signed_on, Kind.DAY),
        Fact("Signed by the supplier", one.supplier_signed_on, Kind.DAY),
        Fact("Awarded by", one.awarded_by and one.awarded_by.name, unknown="the portal"),
        Fact("Cost centre", one.cost_centre),
        Fact("Department", one.organisational_unit),
        Fact(
            "Ready to publish",
            "No" if missing else "Yes",
            sub=f"missing: {', '.join(missing)}" if missing else "",
        ),
    ]


def _link(view: str, key) -> str:
    return reverse(view, args=[key])
