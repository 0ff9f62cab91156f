"""What the contract of an awarded call-off says of prices (savings.md 4.4 rules 4 and 6)."""

from decimal import Decimal

import pytest

from londonpsn.common.errors import BadInput
from services.actions import calloffs
from tests import factories as new
from tests.factories import AT, member
from tests.services.test_calloffs import awarded, events

TERMS = {"index_base": "ORIGINAL", "index_lag_months": 3, "exit_percent": Decimal(50)}


@pytest.fixture
def council(db):
    return new.new_council(short_name="Zedborough")


@pytest.fixture
def buyer(council):
    return member(council, "BUYER")


def said_of_prices(call_off, by, reason="Schedule 4", **terms):
    return calloffs.keep_price_terms(
        call_off_id=call_off.pk, terms=terms, reason=reason, by=by, at=AT
    )


def test_what_a_contract_says_of_prices_is_kept_after_the_award_too(council, buyer):
    call_off = awarded(council, buyer)

    said_of_prices(call_off, buyer, **TERMS)

    call_off.refresh_from_db()
    assert (call_off.index_base, call_off.index_lag_months) == ("ORIGINAL", 3)
    assert call_off.exit_percent == Decimal(50)
    (event,) = events("CALL_OFF_CHANGED")
    assert event.before == {"index_base": "", "index_lag_months": None, "exit_percent": None}
    assert event.after == {"index_base": "ORIGINAL", "index_lag_months": 3, "exit_percent": "50"}
    assert event.note == "Schedule 4"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"index_lag_months": 37}, "at most 36 months before"),
        ({"exit_percent": Decimal(-5)}, "0 to 100 per cent"),
        ({"exit_percent": Decimal(900)}, "0 to 100 per cent"),
        ({"index_floor": Decimal(8), "index_cap": Decimal(3)}, "cannot be more than the most"),
        ({"index_base": ""}, "or leave empty what is said of them"),
        ({"value": Decimal(1)}, "value: this is not said of prices"),
        ({"reason": " "}, "Say why"),
    ],
)
def test_what_contradicts_itself_is_not_kept_of_prices(council, buyer, wrong, words):
    call_off = awarded(council, buyer)

    with pytest.raises(BadInput, match=words):
        said_of_prices(call_off, buyer, **TERMS | wrong)

    call_off.refresh_from_db()
    assert (call_off.index_base, call_off.exit_percent) == ("", None)


def test_the_same_of_prices_once_more_changes_nothing(council, buyer):
    call_off = awarded(council, buyer)
    said_of_prices(call_off, buyer, **TERMS)

    with pytest.raises(BadInput, match="Nothing changes"):
        said_of_prices(call_off, buyer, **TERMS)
