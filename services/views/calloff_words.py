"""Call-offs in sentences: what the law makes of one, how much is committed, how far it changed."""

from datetime import date

from londonpsn.common.facts import Fact
from londonpsn.common.periods import in_words
from londonpsn.common.template_filters import pounds
from services.awarding import Law
from services.law import NOTICES, Drift, Rule
from services.models import Contract
from services.price_forms import per_cent
from services.queries.calloffs import Burn, BurnDown

UNCHECKED = "not checked in its source"
LAGS = {0: "index of its own month", 1: "index of the month before"}


def notice_in_words(code: str, due_on: date | None, law: Law) -> str:
    """Say what a notice is, and by when it is due."""
    what, when = NOTICES.get(code, ("notice", "by law"))
    unchecked = f" (the rule is {UNCHECKED})" if code in law.unchecked else ""
    if due_on is None:
        return f"{code}, {what}: due {when}{unchecked}."
    return f"{code}, {what}, {when}: due by {in_words(due_on)}{unchecked}."


def _as_held(words: str, rule: Rule) -> str:
    """A figure of the law is no fact where nobody has read it in its source."""
    return words if rule.is_verified else f"{words} ({UNCHECKED})"


def asked_in_words(call_off: Contract) -> str:
    """Say how many were invited and how many bid: ``12 invited, 4 bids``."""
    counts = ((call_off.invited, "invited"), (call_off.bids, "bids"))
    return ", ".join(f"{count} {words}" for count, words in counts if count is not None)


def kept_standstill_in_words(call_off: Contract, law: Law, day: date) -> str | None:
    """Say until when a call-off’s standstill lasts; None where it has none."""
    if law.standstill_ends_on is None:
        return None
    ends = "ended" if law.standstill_ends_on < day else "ends"
    days = f"{call_off.standstill_days} working days"
    return f"Voluntary, {days}, {ends} {in_words(law.standstill_ends_on)}"


def threshold_in_words(law: Law) -> str:
    """Say whether the value reaches the threshold of the day."""
    if not law.regime:
        return "Which law applies is not known yet: it is that of the framework."
    if law.threshold is None:
        return (
            "The threshold of that day is not held, so no notice is worked out. "
            "Nothing is held up by that."
        )
    held = _as_held(f"{pounds(law.threshold.value)} with VAT", law.threshold)
    if law.value_with_vat is None:
        return f"The threshold is {held}."
    worth = pounds(law.value_with_vat)
    if law.is_above:
        return f"{worth} with VAT reaches the threshold of {held}: notices are due."
    return f"{worth} with VAT is below the threshold of {held}: no notice is due."


def rise_in_words(raised_on: date | None, lines: int) -> str:
    """Say how many lines the last rise has left behind; blank for none."""
    if raised_on is None or not lines:
        return ""
    its = "1 line is" if lines == 1 else f"{lines:,} lines are"
    return f"Prices rose on {in_words(raised_on)}; {its} still at the old price here."


def index_in_words(call_off: Contract) -> str:
    """Say what binds a rise by an index: ``at most 3 %, index of 3 months before``."""
    limits = (("at least", call_off.index_floor), ("at most", call_off.index_cap))
    found = [f"{words} {per_cent(limit)}" for words, limit in limits if limit is not None]
    lag = call_off.index_lag_months
    if lag is not None:
        found.append(LAGS.get(lag, f"index of {lag} months before"))
    if call_off.index_rounding:
        found.append(f"rounded {call_off.get_index_rounding_display().lower()}")
    return ", ".join(found)


def price_facts(call_off: Contract) -> list[Fact]:
    """Tell how its prices rise, and what leaving early costs."""
    rise, share = call_off.get_index_base_display(), call_off.exit_percent
    within = index_in_words(call_off) if rise else ""
    leaving = "" if share is None else f"{per_cent(share)} of the charges left of its minimum term"
    return [
        Fact("Prices rise", rise, sub=within, unknown="with no index"),
        Fact("Leaving early costs", leaving, unknown="not held: all that is left is counted"),
    ]


def regime_in_words(law: Law) -> str:
    if not law.regime:
        return "Which law applies is decided by the framework. London Grid says which that is."
    return f"The law that applies: {Contract.Regime(law.regime).label}."


def standstill_in_words(law: Law) -> str:
    if law.standstill is None:
        return (
            "A standstill is voluntary for a call-off. How many days the law of that day has is "
            "not held: write as many as you keep."
        )
    days = _as_held(f"{int(law.standstill.value)} working days", law.standstill)
    return f"A standstill is voluntary for a call-off. The law has {days}, the first day included."


def options_in_words(options) -> str:
    """Say what is left to extend by: ``2 of 12 months``."""
    months = [option.months for option in options]
    if len(set(months)) == 1:
        return f"{len(months)} of {months[0]} months"
    return ", ".join(f"{some} months" for some in months)


def burn_in_words(burn: BurnDown) -> str:
    """Say how much of a ceiling is committed."""
    words = f"{pounds(burn.committed)} ordered: {pounds(burn.so_far)} billed so far, "
    words += f"{pounds(burn.to_come)} to come until its end"
    if burn.ceiling is None:
        words += ". It has no ceiling."
    else:
        words += f"; {burn.percent}% of {pounds(burn.ceiling)}. It is {burn.state}."
        if burn.state in (Burn.REACHED, Burn.OVERRIDDEN):
            words = words.replace("It is ceiling", "Its ceiling is")
    if burn.unpriced:
        words += f" The price of {burn.unpriced:,} of its {burn.lines:,} lines is not known."
    return words


def drift_in_words(drift: Drift, law: Law) -> list[str]:
    """Say what the changes come to, and whether that is past a limit of the law."""
    found = []
    for share, rule, what in (
        (drift.value, law.change_value, "value"),
        (drift.term, law.change_term, "term"),
    ):
        if share is None:
            found.append(f"How far its {what} has changed is not known.")
            continue
        words = f"{what.capitalize()} changed by {share}% in all".replace("-", "−")
        if rule is None:
            found.append(f"{words}; the limit of the law on the day is not held.")
            continue
        limit = f"the limit of {_as_held(f'{rule.value.normalize():f}%', rule)}"
        if abs(share) > rule.value:
            words += f", past {limit} for small changes."
        else:
            words += f", within {limit}: {rule.value - abs(share):.1f}% is left."
        found.append(words)
    return found
