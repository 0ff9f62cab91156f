"""What is done to a call-off, each on a page of its own that says first what will come of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from boroughs import authorization
from boroughs.authorization import Permission, can
from boroughs.queries import find_row
from londonpsn.common import clock
from londonpsn.common.errors import NotVisible, Refused
from londonpsn.common.periods import in_words, last_day
from londonpsn.common.template_filters import pounds
from services import law
from services.actions import calloffs as actions
from services.awarding import PRICE_TERMS
from services.calloff_forms import (
    ChangeForm,
    ExtendForm,
    KeepPriceTermsForm,
    NoAnswerForm,
    NoticeForm,
    PublishAwardForm,
    PublishForm,
    ReasonForm,
    SignForm,
)
from services.models import Contract
from services.queries.calloffs import burn_down, is_open
from services.terms import months_later
from services.views.calloff_words import (
    burn_in_words,
    drift_in_words,
    notice_in_words,
    threshold_in_words,
)
from services.views.calloffs import find_call_off, shown_of
from services.views.pages import crumbs

AWARD, OVERRIDE = Permission.CALL_OFF_AWARD, Permission.CEILING_OVERRIDE


@dataclass(frozen=True)
class Verb:
    """One thing that is done to a call-off, on a page of its own.

    ``act`` takes the call-off, the form and who, on which day and when. ``before`` says in
    sentences what will come of it; ``done`` what has come of it.
    """

    title: str
    button: str
    needs: Permission
    act: Callable
    done: str
    form: type[forms.Form] = NoAnswerForm
    before: Callable = lambda call_off, day: []
    initial: Callable = lambda call_off, day: {}
    stage: Contract.Stage = Contract.Stage.AWARDED
    then: str = "calloff"


def _extension_before(call_off: Contract, day) -> list[str]:
    shown = shown_of(call_off, day)
    if shown.ending.has_rolled:
        return ["It has rolled on: its options ended with its first term."]
    if shown.next_option is None:
        return ["No option to extend it is left."]
    ends = months_later(shown.ending.ends_on, shown.next_option.months)
    return [
        f"It ends on {in_words(last_day(shown.ending.ends_on))} now.",
        f"Option {shown.next_option.number} makes it {shown.next_option.months} months longer: "
        f"to {in_words(last_day(ends))}.",
        burn_in_words(shown.burn),
    ]


def _change_before(call_off: Contract, day) -> list[str]:
    shown = shown_of(call_off, day)
    ceiling = call_off.ceiling
    found = [
        f"Its value is {pounds(call_off.value)} without VAT. {threshold_in_words(shown.law)}",
        "It has no ceiling." if ceiling is None else f"Its ceiling is {pounds(ceiling)}.",
        f"It ends on {in_words(last_day(shown.ending.ends_on))}, with the options that were taken.",
        *drift_in_words(shown.drift, shown.law),
    ]
    if shown.law.change_notice and shown.law.is_above:
        found.append(notice_in_words(law.CHANGE, day, shown.law))
    return found


def _sign_before(call_off: Contract, day) -> list[str]:
    shown, found = shown_of(call_off, day), []
    ends = shown.law.standstill_ends_on
    if call_off.signed_on:
        found.append(f"It was signed by the council on {in_words(call_off.signed_on)}.")
    elif ends and ends >= day:
        found.append(f"Its standstill lasts until {in_words(ends)}. Sign it after that day.")
    found += [
        f"{one.code} is not published yet. It has to be, before it is signed."
        for one in shown.notices
        if one.code == law.AWARD and is_open(one)
    ]
    return found


def _notice_before(call_off: Contract, day) -> list[str]:
    end = call_off.ending(day)
    found = []
    if end.ends_on:
        found.append(f"As it stands it ends on {in_words(last_day(end.ends_on))}.")
    if end.notice_by:
        found.append(f"For that, notice has to be given by {in_words(end.notice_by)}.")
    return found


def _override_before(call_off: Contract, day) -> list[str]:
    return [
        burn_in_words(burn_down([call_off], day)[call_off.pk]),
        "Your reason is kept in the trail, and stands among the exceptions.",
    ]


VERBS = {
    "extend": Verb(
        title="Extend this call-off",
        button="Take this extension",
        needs=AWARD,
        form=ExtendForm,
        initial=lambda call_off, day: {
            "number": min(
                (one.number for one in call_off.extensions.all() if one.taken_on is None),
                default=0,
            )
        },
        before=_extension_before,
        act=lambda one, form, on, **who: actions.take_extension(
            call_off_id=one.pk, number=form.cleaned_data["number"], on=on, **who
        ),
        done="The extension is taken.",
    ),
    "change": Verb(
        title="Change its value or term",
        button="Keep this change",
        needs=AWARD,
        form=ChangeForm,
        before=_change_before,
        act=lambda one, form, on, **who: actions.change(
            call_off_id=one.pk, on=on, **form.change_of(one, on), **who
        ),
        initial=lambda call_off, day: {"changes_so_far": call_off.changes.count()},
        done="The change is kept.",
    ),
    "prices": Verb(
        title="How its prices rise, and what leaving early costs",
        button="Keep this",
        needs=AWARD,
        form=KeepPriceTermsForm,
        initial=lambda call_off, day: {name: getattr(call_off, name) for name in PRICE_TERMS},
        before=lambda call_off, day: ["Prices that have risen already stay as they are."],
        act=lambda one, form, on, **who: actions.keep_price_terms(
            call_off_id=one.pk, **form.said, **who
        ),
        done="What is said of its prices is kept.",
    ),
    "notice": Verb(
        title="Say that notice was given",
        button="Notice was given",
        needs=AWARD,
        form=NoticeForm,
        initial=lambda call_off, day: {"given_on": day},
        before=_notice_before,
        act=lambda one, form, on, **who: actions.give_notice(
            contract_id=one.pk, on=on, **form.cleaned_data, **who
        ),
        done="Notice is noted.",
    ),
    "sign": Verb(
        title="Say when it was signed",
        button="It was signed",
        needs=AWARD,
        form=SignForm,
        before=_sign_before,
        initial=lambda call_off, day: {
            "signed_on": call_off.signed_on,
            "supplier_signed_on": call_off.supplier_signed_on,
        },
        act=lambda one, form, on, **who: actions.sign(
            call_off_id=one.pk, on=on, **form.cleaned_data, **who
        ),
        done="The days are kept.",
    ),
    "override": Verb(
        title="Let orders go past the ceiling",
        button="Let orders go past it",
        needs=OVERRIDE,
        form=ReasonForm,
        before=_override_before,
        act=lambda one, form, on, **who: actions.override_ceiling(
            call_off_id=one.pk, on=on, **form.cleaned_data, **who
        ),
        done="Orders may go past the ceiling.",
    ),
    "drop": Verb(
        title="Drop this draft",
        button="Drop it",
        needs=AWARD,
        stage=Contract.Stage.DRAFT,
        before=lambda call_off, day: [
            "Everything that was answered is deleted with it. You cannot get it back."
        ],
        act=lambda one, form, on, **who: actions.drop(call_off_id=one.pk, **who),
        done="The draft is dropped.",
        then="calloffs",
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
def act(request, pk, verb):
    """Do one of VERBS: a page with what will come of it, and the button."""
    call_off = find_call_off(request.user, pk)
    return _do(request, call_off, VERBS[verb])


@require_http_methods(["GET", "HEAD", "POST"])
def contract_notice(request, pk):
    """Say that notice was given on a contract that is no call-off."""
    related = ("council", "supplier")
    contracts = Contract.objects.visible_to(request.user).select_related(*related).with_options()
    contract = find_row(contracts.filter(kind=Contract.Kind.CONTRACT), pk=pk)
    return _do(request, contract, replace(VERBS["notice"], then="contract"))


@require_http_methods(["GET", "HEAD", "POST"])
def publish_notice(request, pk, code):
    """Say where and when a notice was published."""
    call_off = find_call_off(request.user, pk)
    return _do(request, call_off, _about_a_notice(request, call_off, code, is_waived=False))


@require_http_methods(["GET", "HEAD", "POST"])
def waive_notice(request, pk, code):
    """Say why a notice is not needed."""
    call_off = find_call_off(request.user, pk)
    return _do(request, call_off, _about_a_notice(request, call_off, code, is_waived=True))


def _about_a_notice(request, call_off: Contract, code: str, *, is_waived: bool) -> Verb:
    if not can(request.user, Permission.RECORD_VIEW, call_off.council):
        raise NotVisible("Notices are for the council.")
    notice = find_row(call_off.notices.order_by("-pk"), code=code.upper())

    def keep(one, form, on, **who):
        facts = {"call_off_id": one.pk, "code": notice.code, **form.cleaned_data, **who}
        if is_waived:
            return actions.waive_notice(**facts)
        return actions.publish_notice(on=on, **facts)

    words = [notice_in_words(notice.code, notice.due_on, shown_of(call_off, clock.today()).law)]
    may_begin = not (call_off.standstill_from or call_off.signed_on)
    is_award = notice.code == law.AWARD and may_begin
    if is_waived:
        return Verb(
            title=f"{notice.code} is not needed",
            button="It is not needed",
            needs=AWARD,
            form=ReasonForm,
            before=lambda call_off, day: words,
            act=keep,
            done=f"{notice.code} is waived.",
        )
    return Verb(
        title=f"{notice.code} is published",
        button="It is published",
        needs=AWARD,
        form=PublishAwardForm if is_award else PublishForm,
        initial=lambda call_off, day: {"published_on": day},
        before=lambda call_off, day: words,
        act=keep,
        done=f"{notice.code} is published.",
    )


def _do(request, call_off: Contract, verb: Verb):
    user, today = request.user, clock.today()
    authorization.check(user, verb.needs, call_off.council)
    if call_off.stage != verb.stage:
        return redirect("calloff", pk=call_off.pk)
    if request.method == "POST":
        form = verb.form(request.POST)
        if form.is_valid():
            try:
                verb.act(call_off, form, today, by=user, at=clock.now())
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"“{call_off.title or call_off.reference}”: {verb.done}")
                is_list = verb.then == "calloffs"
                return redirect(verb.then, call_off.council.slug if is_list else call_off.pk)
    else:
        form = verb.form(initial=verb.initial(call_off, today))
    is_call_off = call_off.kind == Contract.Kind.CALL_OFF
    lists = ("calloffs", "Call-offs") if is_call_off else ("contracts", "Contracts")
    back = reverse("calloff" if is_call_off else "contract", args=[call_off.pk])
    context = {
        "council": call_off.council,
        "call_off": call_off,
        "verb": verb,
        "form": form,
        "sentences": verb.before(call_off, today),
        "back": back,
        "crumbs": [
            *crumbs(call_off.council, *lists),
            (call_off.title or call_off.reference, back),
        ],
    }
    return render(request, "services/calloff_act.html", context)
