"""What stands in the way of awarding a call-off, and what the law makes of it. Pure.

A contract here is one with its framework and body beside it; rules are dated rows of law.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from londonpsn.common.periods import in_words, last_day
from services import law
from services.law import Due, Rule
from services.terms import standstill_ends


@dataclass(frozen=True, slots=True)
class Step:
    """One question of the journey that awards a call-off, and the facts that answer it."""

    code: str
    question: str
    fields: tuple[str, ...]


INDEX_TERMS = ("index_cap", "index_floor", "index_lag_months", "index_rounding")
PRICE_TERMS = ("index_base", *INDEX_TERMS, "exit_percent")
STEPS = (
    Step("supplier", "Which supplier is it with?", ("supplier",)),
    Step("body", "Who is it for?", ("body",)),
    Step("framework", "Which framework is it under?", ("framework", "lot")),
    Step(
        "route",
        "How was the supplier chosen?",
        ("route", "route_reason", "invited", "bids"),
    ),
    Step("title", "What is it called, and what is bought?", ("title", "reference", "description")),
    Step("money", "What is it worth?", ("value", "vat", "irrecoverable_vat", "ceiling")),
    Step(
        "dates",
        "When does it run?",
        (
            *("commenced_on", "starts_on", "ends_on", "minimum_term_ends_on", "notice_days"),
            *("renewal", "roll_on_months", "review_on"),
        ),
    ),
    Step(
        "prices",
        "Do prices rise, and what does leaving early cost?",
        PRICE_TERMS,
    ),
    Step(
        "declarations",
        "Who decided, and who pays?",
        ("conflict", "decision_reference", "cost_centre", "organisational_unit"),
    ),
    Step(
        "signatures",
        "When is it signed?",
        ("signed_on", "supplier_signed_on", "standstill_from", "standstill_days"),
    ),
)
CHECK = "check"
STEP_OF = {field: step.code for step in STEPS for field in step.fields}
# Without these nothing is awarded, and how the gap is told.
NEEDED = {
    "body": "Say who it is for.",
    "framework": "Choose the framework.",
    "route": "Say how the supplier was chosen.",
    "title": "Give it a title.",
    "value": "Say what it is worth without VAT.",
    "vat": "Say how much VAT comes on top; write 0 where there is none.",
    "commenced_on": "Say on which day its procurement commenced.",
    "starts_on": "Say on which day it starts.",
    "ends_on": "Say which is its last day.",
    "conflict": "Declare interests; write “none” where nobody has one.",
    "decision_reference": "Give the reference of the decision to award it.",
}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a call-off cannot be awarded, in a sentence with the remedy, and the step to go to."""

    step: str
    text: str


def obstacles(contract, *, rules: Iterable[Rule], is_entitled: bool, on: date) -> list[Obstacle]:
    """Return what stands in the way of awarding the draft on a day (decisions 30)."""
    found = [
        Obstacle(STEP_OF[name], text)
        for name, text in NEEDED.items()
        if getattr(contract, name) in (None, "")
    ]
    if contract.route == "DIRECT_AWARD" and not contract.route_reason:
        found.append(Obstacle("route", "Say why it is a direct award."))
    if contract.framework is not None:
        found += _about_its_framework(contract, rules, is_entitled, on)
    if contract.commenced_on and contract.commenced_on > judged_on(contract, on):
        found.append(
            Obstacle(
                "dates",
                f"Its procurement cannot have commenced on {in_words(contract.commenced_on)}, "
                "after it is signed or awarded. Correct the day.",
            )
        )
    return found


def judged_on(contract, on: date) -> date:
    """Return the day on which its framework has to run: of the award, or of a signature before."""
    return min(contract.signed_on or on, on)


def _about_its_framework(
    contract, rules: Iterable[Rule], is_entitled: bool, on: date
) -> Iterator[Obstacle]:
    framework, day = contract.framework, judged_on(contract, on)
    if framework.has_expired_on(day):
        ended = in_words(last_day(framework.ends_on))
        yield Obstacle(
            "framework",
            f"{framework.name} has expired on {ended}. Choose one that still runs.",
        )
    if framework.starts_on and day < framework.starts_on:
        begins = in_words(framework.starts_on)
        yield Obstacle(
            "framework", f"{framework.name} begins only on {begins}. Choose one that has begun."
        )
    if contract.body and not is_entitled:
        yield Obstacle(
            "framework",
            f"{contract.body.name} may not buy under {framework.name}. Choose another framework.",
        )
    if not regime_of(contract, rules):
        yield Obstacle(
            "framework",
            f"London Grid has not said which law {framework.name} is under. "
            "Ask them, or choose another framework.",
        )


def regime_of(contract, rules: Iterable[Rule]) -> str:
    """Return the law a call-off is under: that of its framework.

    That is what is held of the framework, else the law of the day on which its own procurement
    commenced. Empty where neither is known; the day of the call-off itself does not decide.
    """
    framework = contract.framework
    if framework is None:
        return ""
    if framework.regime or framework.commenced_on is None:
        return framework.regime
    return law.regime_of(rules, framework.commenced_on) or ""


def digest(contract, options: Iterable[int]) -> str:
    """Return what tells one set of answers from another, to see that they are still the same.

    ``options`` are the months of the options, in order.
    """
    answers = [getattr(getattr(contract, name), "pk", getattr(contract, name)) for name in STEP_OF]
    if contract.framework:
        framework = contract.framework
        answers += [framework.regime, framework.commenced_on, framework.ends_on]
    words = json.dumps([*answers, *options], default=str)
    return hashlib.sha256(words.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Law:
    """What the law makes of a call-off as it stands. None is not held, or not known yet.

    ``value_with_vat`` is pounds with options and extensions. ``unchecked`` are the codes of notices
    of which the rule was not read in its source.
    """

    regime: str
    threshold: Rule | None
    value_with_vat: Decimal | None
    notices: tuple[Due, ...]
    standstill: Rule | None
    standstill_ends_on: date | None
    change_value: Rule | None
    change_term: Rule | None
    change_notice: Rule | None
    unchecked: frozenset[str] = frozenset()

    @property
    def is_above(self) -> bool | None:
        if self.threshold is None or self.value_with_vat is None:
            return None
        return self.value_with_vat >= self.threshold.value


def law_of(contract, rules: Iterable[Rule], *, on: date) -> Law:
    """Return what the rules in force make of a draft, or of an awarded call-off.

    ``on`` is the day of the award, or of the look at it.
    """
    rules = list(rules)
    regime = contract.regime or regime_of(contract, rules)
    commenced, signed = contract.commenced_on, contract.signed_on
    published = contract.standstill_from or signed or on
    worth = None
    if contract.value is not None and contract.vat is not None:
        worth = contract.value + contract.vat
    notices = []
    if regime and commenced and worth is not None:
        notices = law.notices_due(
            rules,
            regime=regime,
            commenced_on=commenced,
            value_with_vat=worth,
            signed_on=signed,
            before=published,
        )
    ends = None
    if contract.standstill_from and contract.standstill_days:
        ends = standstill_ends(contract.standstill_from, contract.standstill_days)
    return Law(
        regime=regime,
        threshold=commenced and law.figure(rules, "THRESHOLD", regime, commenced, law.BUYER),
        value_with_vat=worth,
        notices=tuple(notices),
        standstill=law.figure(rules, "STANDSTILL", regime, published),
        standstill_ends_on=ends,
        change_value=law.figure(rules, "CHANGE_VALUE", regime, on),
        change_term=law.figure(rules, "CHANGE_TERM", regime, on),
        change_notice=law.figure(rules, "NOTICE", regime, on, law.CHANGE),
        unchecked=frozenset(
            rule.code
            for rule in rules
            if (rule.kind, rule.regime) == ("NOTICE", regime) and not rule.is_verified
        ),
    )
