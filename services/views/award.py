"""The journey that awards a call-off: one question a page, a look over all answers, the award."""

from dataclasses import replace

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from boroughs import authorization
from boroughs.authorization import Permission
from boroughs.queries import find_council, find_row, visible_councils
from londonpsn.common import clock
from londonpsn.common.errors import NotVisible, Refused
from londonpsn.common.facts import Fact
from londonpsn.common.periods import in_words, last_day
from londonpsn.common.tables import Kind
from londonpsn.common.template_filters import pounds
from services import awarding
from services.actions import calloffs
from services.awarding import CHECK, STEPS, Law
from services.calloff_forms import STEP_FORMS, FrameworkStep, StepForm, SupplierForm
from services.models import Contract
from services.queries.calloffs import (
    framework_choices,
    is_entitled,
    legal_rules,
    names_supplier,
)
from services.terms import extended, standstill_ends
from services.views.calloff_words import (
    asked_in_words,
    kept_standstill_in_words,
    notice_in_words,
    options_in_words,
    price_facts,
    regime_in_words,
    standstill_in_words,
    threshold_in_words,
)

CODES = [step.code for step in STEPS]
NOT_ANSWERED = "not answered yet"
AWARD = Permission.CALL_OFF_AWARD


@require_http_methods(["GET", "HEAD", "POST"])
def start(request, slug):
    """The first question. Its answer makes the draft, which waits until it is awarded."""
    council = find_council(visible_councils(request.user), slug=slug)
    authorization.check(request.user, AWARD, council)
    form = SupplierForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        supplier = form.cleaned_data["supplier"]
        draft = calloffs.draft(council=council, supplier=supplier, by=request.user, at=clock.now())
        return _onward(request, draft, CODES[0])
    context = {
        "council": council,
        "form": form,
        "step": STEPS[0],
        "number": 1,
        "of": len(STEPS),
        "back": reverse("calloffs", args=[slug]),
    }
    return render(request, "services/award_step.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request, pk, step):
    """One question about a draft; ``check`` shows all answers, and awards."""
    call_off = _draft(request.user, pk)
    if call_off.stage != Contract.Stage.DRAFT:
        return redirect("calloff", pk=pk)
    authorization.check(request.user, AWARD, call_off.council)
    if step == CHECK:
        return _check(request, call_off)
    if step not in CODES:
        raise NotVisible(f"There is no question “{step}”.")
    form = _form(request, call_off, step)
    if request.method == "POST" and form.is_valid():
        try:
            calloffs.answer(
                call_off_id=pk,
                answers=form.answers(),
                extensions=form.extensions(),
                by=request.user,
                at=clock.now(),
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return _onward(request, call_off, step)
    at = CODES.index(step)
    law = awarding.law_of(call_off, legal_rules(), on=clock.today())
    context = {
        "council": call_off.council,
        "call_off": call_off,
        "form": form,
        "step": STEPS[at],
        "number": at + 1,
        "of": len(STEPS),
        "back": _address(pk, CODES[at - 1]) if at else reverse("calloff", args=[pk]),
        "so_far": [fact for fact in _so_far(call_off) if fact.value],
        "inset": _inset(step, call_off, law),
    }
    return render(request, "services/award_step.html", context)


def _draft(user, pk: int) -> Contract:
    related = ("council", "supplier", "framework", "body")
    call_offs = Contract.objects.call_offs().visible_to(user).select_related(*related)
    return find_row(call_offs.prefetch_related("extensions"), pk=pk)


def _form(request, call_off: Contract, step: str) -> StepForm:
    data = request.POST if request.method == "POST" else None
    form = STEP_FORMS[step](call_off, data, later="later" in request.POST)
    if isinstance(form, FrameworkStep):
        day = awarding.judged_on(call_off, clock.today())
        form.offer(framework_choices(call_off.body, call_off.supplier, day))
    return form


def _onward(request, call_off: Contract, step: str):
    """Go to the next question, back to where somebody came to change one, or leave for now."""
    if "later" in request.POST:
        words = f"“{call_off.title or call_off.reference}” is kept. You can go on at any time."
        messages.success(request, words)
        return redirect("calloffs", slug=call_off.council.slug)
    if "checking" in request.GET:
        return redirect("calloff-award-step", pk=call_off.pk, step=CHECK)
    at = CODES.index(step) + 1
    return redirect(_address(call_off.pk, CODES[at] if at < len(CODES) else CHECK))


def _address(pk: int, step: str) -> str:
    return reverse("calloff-award-step", args=[pk, step])


def _check(request, call_off: Contract):
    user, today = request.user, clock.today()
    if request.method == "POST":
        try:
            seen = request.POST.get("seen")
            calloffs.award(call_off_id=call_off.pk, by=user, on=today, at=clock.now(), seen=seen)
        except Refused as error:
            messages.error(request, str(error))
            return redirect(_address(call_off.pk, CHECK))
        messages.success(request, f"“{call_off.title}” is awarded.")
        return redirect("calloff", pk=call_off.pk)
    rules = legal_rules()
    law = awarding.law_of(call_off, rules, on=today)
    obstacles = awarding.obstacles(
        call_off, rules=rules, is_entitled=is_entitled(call_off), on=today
    )
    options = sorted(call_off.extensions.all(), key=lambda option: option.number)
    context = {
        "council": call_off.council,
        "call_off": call_off,
        "cards": _cards(call_off, law, options),
        "seen": awarding.digest(call_off, [option.months for option in options]),
        "obstacles": [
            (one.text, f"{_address(call_off.pk, one.step)}?checking") for one in obstacles
        ],
        "warnings": _warnings(call_off, law),
        "next": _what_happens_next(call_off, law),
        "back": _address(call_off.pk, CODES[-1]),
    }
    return render(request, "services/award_check.html", context)


def _framework_fact(call_off: Contract) -> Fact:
    framework = call_off.framework
    ends = framework and framework.ends_on
    last = f"last day {in_words(last_day(ends))}" if ends else ""
    return Fact("Framework", framework and framework.name, sub=last)


def _so_far(call_off: Contract) -> list[Fact]:
    """The answers that the side of each question shows."""
    return [
        Fact("Supplier", call_off.supplier.name),
        Fact("For", call_off.body and call_off.body.name),
        _framework_fact(call_off),
        Fact("Chosen by", call_off.get_route_display()),
        Fact("Title", call_off.title),
        Fact("Value", call_off.value, Kind.POUNDS, sub="without VAT"),
        Fact("First day", call_off.starts_on, Kind.DAY),
        Fact("Last day", call_off.ends_on, Kind.LAST_DAY),
    ]


def _inset(step: str, call_off: Contract, law: Law) -> list[str]:
    """What the law makes of the draft so far, where the question is about that."""
    match step:
        case "money":
            return [threshold_in_words(law), *_a_year(call_off)]
        case "route":
            return ["A standstill is voluntary here. You are asked about it with the signatures."]
        case "dates":
            return [regime_in_words(law)]
        case "signatures":
            return [standstill_in_words(law), *_standstill_of(call_off, law)]
    return []


def _standstill_of(call_off: Contract, law: Law) -> list[str]:
    if law.standstill_ends_on:
        return [f"It ends on {in_words(law.standstill_ends_on)}."]
    if call_off.standstill_from and law.standstill:
        days = int(law.standstill.value)
        ends = standstill_ends(call_off.standstill_from, days)
        return [f"Of {days} working days, it would end on {in_words(ends)}."]
    return []


def _a_year(call_off: Contract) -> list[str]:
    """The value spread evenly over the term with its options, for the first twelve months."""
    starts, ends = call_off.starts_on, call_off.ends_on
    if call_off.value is None or not (starts and ends):
        return []
    days = (extended(ends, (one.months for one in call_off.extensions.all())) - starts).days
    share = call_off.value * min(365, days) / days
    return [f"Spread evenly, {pounds(share)} falls in the first 12 months."]


def _cards(call_off: Contract, law: Law, options) -> list[tuple[str, list[tuple[Fact, str]]]]:
    """All answers by subject, each with the address at which it is changed."""
    today = clock.today()
    standstill = kept_standstill_in_words(call_off, law, today)
    cards = {
        "Who and what": [
            ("title", Fact("Title", call_off.title)),
            ("title", Fact("Reference", call_off.reference)),
            ("body", Fact("For", call_off.body and call_off.body.name)),
            ("supplier", Fact("Supplier", call_off.supplier.name)),
            ("title", Fact("What is bought", call_off.description)),
        ],
        "How it was bought": [
            ("framework", _framework_fact(call_off)),
            ("framework", Fact("Lot", call_off.lot)),
            (
                "route",
                Fact("Chosen by", call_off.get_route_display(), sub=asked_in_words(call_off)),
            ),
            ("route", Fact("Why this way", call_off.route_reason)),
            ("signatures", Fact("Standstill", standstill, unknown="none")),
            (
                "framework",
                Fact("Law that applies", law.regime and Contract.Regime(law.regime).label),
            ),
        ],
        "Money": [
            ("money", Fact("Value", call_off.value, Kind.POUNDS, sub="without VAT, options in")),
            ("money", Fact("With VAT", law.value_with_vat, Kind.POUNDS)),
            ("money", Fact("Ceiling", call_off.ceiling, Kind.POUNDS, unknown="none")),
            *(("prices", fact) for fact in price_facts(call_off)),
            ("declarations", Fact("Cost centre", call_off.cost_centre)),
            ("declarations", Fact("Department", call_off.organisational_unit)),
        ],
        "Dates": [
            ("dates", Fact("Procurement commenced", call_off.commenced_on, Kind.DAY)),
            ("dates", Fact("First day", call_off.starts_on, Kind.DAY)),
            ("dates", Fact("Last day", call_off.ends_on, Kind.LAST_DAY)),
            ("dates", Fact("Give notice by", call_off.notice_due(today), Kind.DAY)),
            ("dates", Fact("Options to extend", options_in_words(options), unknown="none")),
            ("dates", Fact("At its end", call_off.get_renewal_display())),
        ],
        "Decision and signatures": [
            ("declarations", Fact("Declaration of interests", call_off.conflict)),
            ("declarations", Fact("Decision", call_off.decision_reference)),
            ("signatures", Fact("Signed by the council", call_off.signed_on, Kind.DAY)),
            ("signatures", Fact("Signed by the supplier", call_off.supplier_signed_on, Kind.DAY)),
        ],
    }
    return [
        (
            subject,
            [(_open(fact), f"{_address(call_off.pk, step)}?checking") for step, fact in facts],
        )
        for subject, facts in cards.items()
    ]


def _open(fact: Fact) -> Fact:
    """A draft's blank is a question that nobody has answered."""
    return replace(fact, unknown=NOT_ANSWERED) if fact.unknown == "not known" else fact


def _warnings(call_off: Contract, law: Law) -> list[str]:
    found = []
    ends, signed = law.standstill_ends_on, call_off.signed_on
    if ends and signed and signed <= ends:
        found.append(f"It would be signed before the standstill is over on {in_words(ends)}.")
    if call_off.ceiling is not None and call_off.value and call_off.ceiling < call_off.value:
        found.append("Its ceiling is lower than its value: orders stop before the value is spent.")
    if not names_supplier(call_off):
        framework, supplier = call_off.framework, call_off.supplier
        found.append(f"As far as is held, {framework.name} does not name {supplier.name}.")
    found.append("Once it is awarded its answers stand; later changes are kept with a reason.")
    return found


def _what_happens_next(call_off: Contract, law: Law) -> list[str]:
    found = [threshold_in_words(law)]
    found += [notice_in_words(due.code, due.due_on, law) for due in law.notices]
    if law.standstill_ends_on:
        found.append(f"The voluntary standstill ends on {in_words(law.standstill_ends_on)}.")
    found.append("The call-off stands in the list, and lines can be ordered under it.")
    if not call_off.signed_on:
        found.append("You say when it was signed, on its own page.")
    return found
