"""Call-offs in sentences: what the law makes of one, how much is committed, how far it changed."""

from datetime import date

from londonpsn.common.periods import in_words
from londonpsn.common.template_filters import pounds
from services.awarding import Law
from services.law import Drift
from services.models import Contract
from services.queries.calloffs import Burn, BurnDown

NOTICES = {
    "UK6": "contract award notice, before it is signed",
    "UK7": "contract details notice, after it is signed",
}


def notice_in_words(code: str, due_on: date | None) -> str:
    by = f"due by {in_words(due_on)}" if due_on else "due when it is signed"
    return f"{code}, {NOTICES.get(code, 'notice')}: {by}."


def threshold_in_words(law: Law) -> str:
    """Say whether the value reaches the threshold of the day."""
    if not law.regime:
        return "Which law applies is not known yet: the day on which the procurement commenced."
    if law.threshold is None:
        return (
            "The threshold of that day is not held, so no notice is worked out. "
            "Nothing is held up by that."
        )
    held = f"{pounds(law.threshold.value)} with VAT"
    if law.value_with_vat is None:
        return f"The threshold is {held}."
    worth = pounds(law.value_with_vat)
    if law.is_above:
        return f"{worth} with VAT reaches the threshold of {held}: notices are due."
    return f"{worth} with VAT is below the threshold of {held}: no notice is due."


def regime_in_words(law: Law) -> str:
    if not law.regime:
        return "Which law applies is decided by the framework, or by the day of commencement."
    return f"The law that applies: {Contract.Regime(law.regime).label}."


def standstill_in_words(law: Law) -> str:
    if law.standstill is None:
        return (
            "A standstill is voluntary for a call-off. How many days the law of that day has is "
            "not held: write as many as you keep."
        )
    return (
        f"A standstill is voluntary for a call-off. The law has {int(law.standstill.value)} "
        "working days, the first day included."
    )


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
            words += "; the limit of the law on the day is not held."
        elif abs(share) > rule.value:
            words += f", past the limit of {rule.value.normalize():f}% for small changes."
        else:
            words += f", within the limit of {rule.value.normalize():f}%."
        found.append(words)
    return found
