"""Rules are database constraints: each is broken here, and the database says which it was."""

from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from boroughs.models.row_history import TrackedRow
from tests import factories as new
from tests.conftest import OURS, TRIGGERS_OFF

BEFORE = date(2013, 3, 1)


def twice(make, *args, **fields):
    make(*args, **fields)
    make(*args, **fields)


def overlapping_charges():
    line = new.new_line()
    new.new_charge(line, starts_on=date(2013, 4, 1), ends_on=date(2013, 6, 1))
    new.new_charge(line, starts_on=date(2013, 5, 31))


def same_reference_with_other_spaces_and_capitals():
    supplier = new.new_supplier()
    new.new_line(supplier=supplier, reference="ab 12/3")
    new.new_line(supplier=supplier, reference="AB12 / 3")


def overlapping_memberships():
    user, council = new.new_user(), new.new_council()
    new.new_membership(user=user, council=council, ends_on=date(2014, 4, 1))
    new.new_membership(user=user, council=council, starts_on=date(2014, 3, 31))


def overlapping_requirements():
    council, gateway = new.new_council(), new.new_gateway()
    new.new_gateway_requirement(council, gateway=gateway)
    new.new_gateway_requirement(council, gateway=gateway, starts_on=date(2020, 1, 1))


def two_open_replacements_of_a_line():
    line = new.new_line()
    new.new_replacement(old=[line])
    new.new_replacement(new=[line])


def a_line_twice_in_a_replacement():
    line = new.new_line()
    replacement = new.new_replacement(old=[line])
    new.new_replacement_line(replacement=replacement, line=line, side="NEW", let_go_on=new.APRIL)


def shared(make, *names, **fields):
    """Break a uniqueness rule over the foreign keys named."""
    makers = {
        "council": new.new_council,
        "programme": new.new_programme,
        "service_type": new.new_service_type,
        "replacement": new.new_replacement,
        "line": new.new_line,
        "body": new.new_body,
        "contract": new.new_call_off,
        "user": new.new_user,
    }
    twice(make, **{name: makers[name]() for name in names}, **fields)


def past_the_triggers(**fields):
    """Write an event as the database's owner could, past what numbers and chains it."""
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS_OFF)
    new.new_audit_event(**{"sequence": 1, "hash": "0" * 64} | fields)


def same_number_in_a_chain():
    past_the_triggers(chain="T")
    past_the_triggers(chain="T")


def overlapping_delegations():
    fields = {"membership": new.new_membership(role="APPROVER"), "deputy": new.new_user()}
    new.new_delegation(**fields, ends_on=date(2014, 4, 1))
    new.new_delegation(**fields, starts_on=date(2014, 3, 31))


def overlapping_prices():
    band = {"contract": new.new_contract(), "item": new.new_catalogue_item()}
    new.new_price(**band, ends_on=date(2014, 4, 1))
    new.new_price(**band, starts_on=date(2014, 3, 31))


def same_quote_number():
    contract = new.new_contract()
    twice(new.new_quote, contract, number="Q-1")


def same_indexation_run():
    twice(new.new_indexation_run, new.new_contract())


def same_gateway_check():
    fields = {"gateway": new.new_gateway(), "generation": new.new_generation()}
    twice(new.new_gateway_check, new.new_council(), **fields)


def same_alias():
    new.new_supplier_alias("BT plc")
    new.new_supplier_alias(" bt  PLC")


BREAKS = {
    "council_kind_is_known": lambda: new.new_council(kind="PARISH"),
    "body_kind_is_known": lambda: new.new_body(kind="CLUB"),
    "body_name_is_unique_in_its_council": lambda: shared(new.new_body, "council", name="One"),
    "body_one_council_per_council": lambda: [
        council := new.new_council(),
        new.new_body(council, kind="COUNCIL"),
        new.new_body(council, kind="COUNCIL"),
    ],
    "site_position_comes_with_its_source": lambda: new.new_site(latitude=51, longitude=0),
    "site_postcode_is_well_formed": lambda: new.new_site(postcode="E1 6CN"),
    "site_property_is_unique_in_its_body": lambda: shared(new.new_site, "body", uprn="100"),
    "contact_can_be_reached": lambda: new.new_contact(phone="", mail=""),
    "supplier_name_is_unique": lambda: [
        new.new_supplier(name="Acme"),
        new.new_supplier(name="ACME"),
    ],
    "supplier_company_number_is_unique": lambda: twice(new.new_supplier, company_number="01"),
    "supplier_alias_is_not_blank": lambda: new.new_supplier_alias(" \ufffd "),
    "connection_access_is_known": lambda: new.new_connection(access="PIGEON"),
    "connection_resilience_is_known": lambda: new.new_connection(resilience="TRIPLE"),
    "connection_bandwidth_is_above_zero": lambda: new.new_connection(bandwidth=0),
    "gateway_requirement_ends_after_it_starts": lambda: new.new_gateway_requirement(
        ends_on=new.APRIL
    ),
    "gateway_requirement_one_at_a_time": overlapping_requirements,
    "gateway_check_once_a_day": same_gateway_check,
    "compliance_certificate_ends_after_it_starts": lambda: new.new_compliance_certificate(
        ends_on=BEFORE
    ),
    "user_email_is_in_lower_case": lambda: new.new_user(email="A@b.example"),
    "membership_role_is_known": lambda: new.new_membership(role="MAYOR"),
    "membership_does_not_end_before_it_starts": lambda: new.new_membership(
        ends_on=date(2013, 3, 31)
    ),
    "membership_is_of_exactly_one_place": lambda: new.new_membership(
        council=new.new_council(), programme_wide=True
    ),
    "membership_at_a_supplier_is_an_agent": lambda: new.new_membership(
        supplier=new.new_supplier(), role="BUYER"
    ),
    "membership_of_the_programme_has_a_programme_role": lambda: new.new_membership(
        role="ADMINISTRATOR"
    ),
    "membership_of_the_programme_reads_or_runs_it": lambda: new.new_membership(
        role="APPROVER", programme_wide=True
    ),
    "membership_one_at_a_time": overlapping_memberships,
    "membership_limit_is_not_negative": lambda: new.new_membership(role="APPROVER", limit=-1),
    "membership_with_a_limit_is_an_approver": lambda: new.new_membership(role="BUYER", limit=1),
    "membership_is_confirmed_by_somebody": lambda: new.new_membership(confirmed_on=new.APRIL),
    "delegation_does_not_end_before_it_starts": lambda: new.new_delegation(
        ends_on=date(2013, 3, 31)
    ),
    "delegation_has_a_reason": lambda: new.new_delegation(reason=""),
    "delegation_one_at_a_time_per_deputy": overlapping_delegations,
    "sign_in_try_account_is_sha256": lambda: new.new_sign_in_try(account="a@b.example"),
    "document_kind_is_known": lambda: new.new_document(kind="POEM"),
    "document_retention_is_known": lambda: new.new_document(retention="EVER"),
    "document_is_not_empty": lambda: new.new_document(size=0),
    "document_sha256_is_one": lambda: new.new_document(sha256="x"),
    "note_says_something": lambda: new.new_note(text=""),
    "site_protection_is_known": lambda: new.new_site(protection="SECRET"),
    "audit_event_type_is_known": lambda: new.new_audit_event(type="GOSSIP"),
    "audit_event_is_numbered_in_its_chain": same_number_in_a_chain,
    "audit_event_hash_is_sha256": lambda: past_the_triggers(hash="x"),
    "trail_closing_once_a_month": lambda: twice(new.new_trail_closing),
    "trail_closing_month_is_its_first": lambda: new.new_trail_closing(month=date(2013, 4, 2)),
    "trail_closing_is_of_the_security_log": lambda: new.new_trail_closing(chain="CMD"),
    "api_token_scope_is_known": lambda: new.new_api_token(scope="ALL"),
    "api_token_digest_is_sha256": lambda: new.new_api_token(digest="secret"),
    "api_token_expires_after_it_was_made": lambda: new.new_api_token(expires_at=new.AT),
    "job_run_kind_is_known": lambda: new.new_job_run(kind="TEA"),
    "job_run_starts_before_it_finishes": lambda: new.new_job_run(finished_at=new.AT),
    "job_run_of_figures_has_a_council": lambda: new.JobRun.objects.create(
        kind="SAVINGS", requested_at=new.AT
    ),
    "job_run_waits_once_per_kind_and_council": lambda: shared(new.new_job_run, "council"),
    "service_type_family_is_known": lambda: new.new_service_type(family="pets"),
    "contract_proration_is_known": lambda: new.new_contract(proration="THIRTY_DAY"),
    "contract_ends_after_it_starts": lambda: new.new_contract(
        starts_on=new.APRIL, ends_on=new.APRIL
    ),
    "contract_reference_is_unique_in_its_council": lambda: shared(
        new.new_contract, "council", reference="C"
    ),
    "contract_kind_is_known": lambda: new.new_call_off(kind="GIFT"),
    "contract_stage_is_known": lambda: new.new_call_off(stage="LOST"),
    "contract_renewal_is_known": lambda: new.new_contract(renewal="MAYBE"),
    "contract_route_is_known": lambda: new.new_call_off(route="DARTS"),
    "contract_regime_is_known": lambda: new.new_call_off(regime="PCR1991"),
    "contract_index_base_is_known": lambda: new.new_contract(index_base="MOON"),
    "contract_index_rounding_is_known": lambda: new.new_contract(index_rounding="MOON"),
    "contract_exit_percent_is_a_part": lambda: new.new_contract(exit_percent=Decimal("100.01")),
    "contract_index_is_of_three_years_before_at_most": lambda: new.new_contract(
        index_lag_months=37
    ),
    "contract_value_is_not_negative": lambda: new.new_contract(value=Decimal("-0.01")),
    "contract_ceiling_is_not_negative": lambda: new.new_contract(ceiling=Decimal("-0.01")),
    "contract_drafted_is_a_call_off": lambda: new.new_contract(stage="DRAFT"),
    "contract_awarded_call_off_has_its_facts": lambda: new.new_call_off(commenced_on=None),
    "contract_rolls_on_for_some_months": lambda: new.new_contract(
        renewal="ROLLS_ON", roll_on_months=0
    ),
    "contract_extension_has_months": lambda: new.new_contract_extension(months=0),
    "contract_extension_once": lambda: shared(new.new_contract_extension, "contract"),
    "contract_change_changes_something": lambda: new.new_contract_change(value_change=0),
    "contract_change_has_a_reason": lambda: new.new_contract_change(reason=""),
    "contract_notice_is_open_once": lambda: shared(new.new_contract_notice, "contract"),
    "contract_notice_is_published_somewhere": lambda: new.new_contract_notice(
        published_on=new.APRIL
    ),
    "idempotent_call_once_per_key": lambda: shared(new.new_idempotent_call, "user"),
    "idempotent_call_digest_is_sha256": lambda: new.new_idempotent_call(digest="x"),
    "catalogue_item_net_is_known": lambda: new.new_catalogue_item(net="MOON"),
    "price_kind_is_known": lambda: new.new_price(kind="TIP"),
    "price_amount_is_not_negative": lambda: new.new_price(amount=Decimal("-0.01")),
    "price_ends_after_it_starts": lambda: new.new_price(ends_on=new.APRIL),
    "price_is_from_one_on": lambda: new.new_price(from_quantity=0),
    "price_one_at_a_time_per_item_and_band": overlapping_prices,
    "indexation_run_once_a_day": same_indexation_run,
    "quote_monthly_is_not_negative": lambda: new.new_quote(monthly=Decimal("-0.01")),
    "quote_one_off_is_not_negative": lambda: new.new_quote(one_off=Decimal("-0.01")),
    "quote_is_for_something": lambda: new.new_quote(quantity=0),
    "quote_survey_is_known": lambda: new.new_quote(survey="BLUE"),
    "quote_holds_for_a_day": lambda: new.new_quote(valid_until=date(2014, 6, 1)),
    "quote_number_is_unique": same_quote_number,
    "programme_one_is_default": lambda: new.new_programme(is_default=True),
    "programme_body_kinds_are_known": lambda: new.new_programme(body_kinds=["CLUB"]),
    "programme_stops_after_it_is_frozen": lambda: new.new_programme(hard_stop=BEFORE),
    "milestone_percent_is_1_to_100": lambda: new.new_milestone(percent=101),
    "milestone_once_per_programme_and_percent": lambda: shared(new.new_milestone, "programme"),
    "legal_rule_kind_is_known": lambda: new.new_legal_rule(kind="HABIT"),
    "legal_rule_regime_is_known": lambda: new.new_legal_rule(regime="ROMAN"),
    "legal_rule_value_is_not_negative": lambda: new.new_legal_rule(value=-1),
    "legal_rule_ends_after_it_starts": lambda: new.new_legal_rule(ends_on=new.APRIL),
    "legal_rule_has_a_source": lambda: new.new_legal_rule(source=""),
    "legal_rule_one_at_a_time": lambda: twice(new.new_legal_rule),
    "framework_regime_is_known": lambda: new.new_framework(regime="ROMAN"),
    "framework_entitles_somebody": lambda: new.new_framework(entitles=""),
    "framework_ends_after_it_starts": lambda: new.new_framework(
        starts_on=new.APRIL, ends_on=new.APRIL
    ),
    "framework_ceiling_is_not_negative": lambda: new.new_framework(ceiling=-1),
    "framework_charge_is_not_negative": lambda: new.new_framework(management_charge=-1),
    "register_edition_is_numbered": lambda: shared(new.new_register_edition, "council"),
    "register_edition_begins_a_quarter": lambda: new.new_register_edition(quarter=date(2014, 2, 1)),
    "register_edition_sha256_is_one": lambda: new.new_register_edition(sha256="x"),
    "line_ends_after_it_starts": lambda: new.new_line(starts_on=new.APRIL, ends_on=new.APRIL),
    "line_is_billed_until_after_it_is_billed_from": lambda: new.new_line(
        billed_from=new.APRIL, billed_until=BEFORE
    ),
    "line_quantity_is_above_zero": lambda: new.new_line(quantity=0),
    "line_reference_is_not_blank": lambda: new.new_line(reference=""),
    "line_reference_is_unique_per_supplier": same_reference_with_other_spaces_and_capitals,
    "charge_kind_is_known": lambda: new.new_charge(kind="TIP"),
    "charge_amount_is_not_negative": lambda: new.new_charge(amount=Decimal("-0.01")),
    "charge_ends_after_it_starts": lambda: new.new_charge(ends_on=new.APRIL),
    "charge_once_has_no_end": lambda: new.new_charge(kind="ONE_OFF", ends_on=date(2013, 5, 1)),
    "charge_one_recurring_at_a_time_per_line": overlapping_charges,
    "line_move_comes_from_a_known_stage": lambda: new.new_line_move(from_stage="MOON"),
    "line_move_goes_to_a_known_stage": lambda: new.new_line_move(to_stage="MOON"),
    "planned_move_goes_to_a_known_stage": lambda: new.new_planned_move(to_stage="MOON"),
    "planned_move_once_per_line_and_stage": lambda: shared(new.new_planned_move, "line"),
    "line_flag_kind_is_known": lambda: new.new_line_flag(kind="RED"),
    "line_flag_ends_after_it_starts": lambda: new.new_line_flag(ends_on=new.APRIL),
    "line_flag_has_a_reason": lambda: new.new_line_flag(reason=""),
    "replacement_line_side_is_known": lambda: new.new_replacement_line(side="MID"),
    "replacement_line_is_in_one_open_replacement": two_open_replacements_of_a_line,
    "replacement_line_is_named_once": a_line_twice_in_a_replacement,
    "baseline_grade_is_that_of_its_method": lambda: new.new_baseline(method="GUESS", grade="A"),
    "baseline_amount_is_not_negative": lambda: new.new_baseline(amount=-1),
    "baseline_ends_after_it_starts": lambda: new.new_baseline(ends_on=new.APRIL),
    "baseline_version_is_unique": lambda: shared(new.new_baseline, "replacement"),
    "migration_status_is_known": lambda: new.new_migration_status(status="FINE"),
    "migration_status_once_per_programme": lambda: shared(
        new.new_migration_status, "council", "programme"
    ),
    "payment_file_series_is_known": lambda: new.new_payment_file(series="GIFTS"),
    "payment_file_is_held_once": lambda: shared(new.new_payment_file, "council", sha256="0" * 64),
    "payment_file_sha256_is_one": lambda: new.new_payment_file(sha256="x"),
    "payment_series_is_known": lambda: new.new_payment(series="GIFTS"),
    "payment_month_is_its_first_day": lambda: new.new_payment(month=date(2013, 4, 2)),
    "savings_month_body_kind_is_known": lambda: new.new_savings_month(body_kind="CLUB"),
    "savings_month_is_a_first_day": lambda: new.new_savings_month(month=date(2013, 4, 2)),
    "savings_month_changes_once_a_month": lambda: shared(
        new.new_savings_month, "council", "service_type"
    ),
    "savings_coverage_body_kind_is_known": lambda: new.new_savings_coverage(body_kind="CLUB"),
    "savings_coverage_once_per_key": lambda: shared(
        new.new_savings_coverage, "council", "service_type"
    ),
    "savings_coverage_is_a_part": lambda: new.new_savings_coverage(lines_covered=2),
}


@pytest.mark.parametrize("name", BREAKS)
def test_the_database_refuses(db, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        BREAKS[name]()


def our_models():
    """Every model of ours; what keeps rows is written by the database, a proxy has no table."""
    models = [model for app in OURS for model in apps.get_app_config(app).get_models()]
    return [m for m in models if not (issubclass(m, TrackedRow) or m._meta.proxy)]


def test_every_constraint_is_broken_by_a_test():
    constraints = {c.name for model in our_models() for c in model._meta.constraints}

    assert constraints == BREAKS.keys()


def test_aliases_are_unique_by_their_folded_form(db):
    with pytest.raises(IntegrityError, match="folded"), transaction.atomic():
        same_alias()


def test_money_is_numeric():
    floats = [
        f"{model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.get_fields()
        if getattr(field, "get_internal_type", lambda: "")() == "FloatField"
    ]

    assert floats == []


def test_every_choice_is_checked():
    """A field with choices is named by a check, so that nothing else is ever stored."""
    unchecked = [
        f"{model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.concrete_fields
        if field.choices
        and not any(
            f"{field.name}" in str(getattr(constraint, "condition", ""))
            for constraint in model._meta.constraints
        )
    ]

    assert unchecked == ["SavingsByMonth.body_kind"]  # a view over rows that are checked


def test_every_model_has_a_factory():
    made = {name.removeprefix("new_").replace("_", "") for name in dir(new) if "new_" in name}
    models = {model.__name__.lower() for model in our_models()} - {"savingsbymonth"}

    assert models - made == set()


@pytest.mark.parametrize("make", [new.new_line_move, new.new_contract_change])
def test_moves_and_changes_are_only_added_to(db, make):
    fact = make()

    for change in (
        lambda: type(fact).objects.filter(pk=fact.pk).update(reason="rewritten"),
        lambda: type(fact).objects.filter(pk=fact.pk).delete(),
    ):
        with pytest.raises(Exception, match="append_only"), transaction.atomic():
            change()
