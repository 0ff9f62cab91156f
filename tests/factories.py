"""The smallest valid thing of each kind; a test states only what it is about."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

from allauth.mfa.models import Authenticator

from boroughs.authorization import resolve
from boroughs.models import (
    ApiToken,
    AuditEvent,
    Body,
    ComplianceCertificate,
    Connection,
    Contact,
    Council,
    Delegation,
    Document,
    Gateway,
    GatewayCheck,
    GatewayRequirement,
    Generation,
    IdempotentCall,
    JobRun,
    Membership,
    Note,
    SignInTry,
    Site,
    Supplier,
    SupplierAlias,
    TrailCheck,
    TrailClosing,
    User,
)
from londonpsn.common.text import fold
from procurement.models import (
    Payment,
    PaymentFile,
    SavingsCoverage,
    SavingsMonth,
)
from services.models import (
    Baseline,
    CatalogueItem,
    Charge,
    Contract,
    ContractChange,
    ContractExtension,
    ContractNotice,
    Framework,
    IndexationRun,
    LegalRule,
    Line,
    LineFlag,
    LineMove,
    MigrationStatus,
    Milestone,
    PlannedMove,
    Price,
    Programme,
    Quote,
    RegisterEdition,
    Replacement,
    ReplacementLine,
    ServiceType,
)

numbers = count(1)
AT = datetime(2014, 6, 30, 6, 10, tzinfo=UTC)
TODAY = date(2014, 6, 30)
APRIL = date(2013, 4, 1)


def new_council(**fields) -> Council:
    n = next(numbers)
    return Council.objects.create(
        **{
            "gss_code": f"T{n:08d}",
            "register_code": f"T{n}",
            "official_name": f"Test council {n}",
            "short_name": f"Test {n}",
            "slug": f"test-{n}",
            "kind": "LONDON_BOROUGH",
            "population_2011": 1,
            "population_2021": 1,
            "inland_area_ha": 1,
            "state_funded_schools": 0,
            "centroid_lat": 51.5,
            "centroid_lon": 0,
            "tile_abbreviation": "TST",
            "tile_column": 0,
            "tile_row": 0,
        }
        | fields
    )


def new_body(council=None, **fields) -> Body:
    council = council or new_council()
    return Body.objects.create(
        **{"council": council, "kind": "OTHER", "name": f"Body {next(numbers)}"} | fields
    )


def new_site(body=None, **fields) -> Site:
    n = next(numbers)
    return Site.objects.create(
        **{"body": body or new_body(), "code": f"SITE{n}", "name": f"Site {n}", "kind": "Library"}
        | fields
    )


def new_contact(site=None, **fields) -> Contact:
    facts = {"role": "caretaker", "name": "A caretaker", "phone": "020 7946 0000"}
    return Contact.objects.create(**{"site": site or new_site()} | facts | fields)


def new_generation(**fields) -> Generation:
    n = next(numbers)
    return Generation.objects.create(
        **{"code": f"gen-{n}", "name": "G", "sequence": 100 + n} | fields
    )


def new_connection(site=None, **fields) -> Connection:
    return Connection.objects.create(
        **{
            "site": site or new_site(),
            "generation": new_generation(),
            "reference": f"CON{next(numbers)}",
            "access": "ETHERNET",
            "resilience": "SINGLE",
        }
        | fields
    )


def new_gateway(**fields) -> Gateway:
    return Gateway.objects.create(
        **{"code": f"GW{next(numbers)}", "name": "G", "kind": "n"} | fields
    )


def new_gateway_requirement(council=None, **fields) -> GatewayRequirement:
    return GatewayRequirement.objects.create(
        **{
            "council": council or new_council(),
            "gateway": fields.pop("gateway", None) or new_gateway(),
        }
        | {"starts_on": APRIL}
        | fields
    )


def new_gateway_check(council=None, **fields) -> GatewayCheck:
    fields.setdefault("gateway", None)
    fields["gateway"] = fields["gateway"] or new_gateway()
    fields["generation"] = fields.get("generation") or new_generation()
    return GatewayCheck.objects.create(
        **{"council": council or new_council(), "verified_on": APRIL, "evidence": "test"} | fields
    )


def new_compliance_certificate(council=None, **fields) -> ComplianceCertificate:
    return ComplianceCertificate.objects.create(
        **{
            "council": council or new_council(),
            "reference": f"CERT{next(numbers)}",
            "starts_on": APRIL,
            "ends_on": date(2014, 4, 1),
        }
        | fields
    )


def new_supplier(**fields) -> Supplier:
    n = next(numbers)
    return Supplier.objects.create(**{"code": f"s-{n}", "name": f"Supplier {n}"} | fields)


def new_supplier_alias(name: str | None = None, **fields) -> SupplierAlias:
    name = name or f"Alias {next(numbers)}"
    fields["supplier"] = fields.get("supplier") or new_supplier()
    return SupplierAlias.objects.create(**{"name": name, "folded": fold(name)} | fields)


def new_user(**fields) -> User:
    fields = {"email": f"u{next(numbers)}@test.example", "name": "A person"} | fields
    return User.objects.create(**fields)


def new_membership(**fields) -> Membership:
    place = {"council", "supplier", "programme_wide"} & fields.keys()
    if not place:
        fields["council"] = new_council()
    fields["user"] = fields.get("user") or new_user()
    return Membership.objects.create(**{"role": "VIEWER", "starts_on": APRIL} | fields)


def member(council=None, role="VIEWER", **fields) -> User:
    """Return a person with one role, with what they hold worked out for the tests' day."""
    place = {"council": council} if council else fields or {"programme_wide": True}
    return resolve(new_membership(role=role, **place).user, TODAY)


def new_api_token(**fields) -> ApiToken:
    fields["user"] = fields.get("user") or new_user()
    digest = ApiToken.new_secret()[1]
    return ApiToken.objects.create(**{"name": "t", "digest": digest, "created_at": AT} | fields)


def new_second_factor(user: User, **fields) -> Authenticator:
    data = {"secret": "A" * 32}
    return Authenticator.objects.create(**{"user": user, "type": "totp", "data": data} | fields)


def new_delegation(**fields) -> Delegation:
    fields["membership"] = fields.get("membership") or new_membership(role="APPROVER")
    fields["deputy"] = fields.get("deputy") or new_user()
    days = {"starts_on": APRIL, "ends_on": date(2015, 4, 1)}
    return Delegation.objects.create(**days | {"reason": "leave"} | fields)


def new_sign_in_try(**fields) -> SignInTry:
    return SignInTry.objects.create(**{"account": "0" * 64, "at": AT} | fields)


def new_idempotent_call(**fields) -> IdempotentCall:
    fields["user"] = fields.get("user") or new_user()
    return IdempotentCall.objects.create(**{"key": "k", "digest": "0" * 64, "at": AT} | fields)


def new_document(council=None, **fields) -> Document:
    facts = {"kind": "OTHER", "title": "A letter", "name": "letter.pdf", "size": 1, "added_at": AT}
    facts |= {"media_type": "application/pdf", "sha256": f"{next(numbers):064x}"}
    return Document.objects.create(**{"council": council or new_council()} | facts | fields)


def new_note(council=None, **fields) -> Note:
    return Note.objects.create(
        **{"council": council or new_council(), "text": "Ring twice.", "at": AT} | fields
    )


def new_audit_event(council=None, **fields) -> AuditEvent:
    chain = council.register_code if council else "PROGRAMME"
    event = {"chain": chain, "council_id": council and council.pk, "type": "NOTE_ADDED", "at": AT}
    return AuditEvent.objects.create(**event | fields)


def new_trail_check(**fields) -> TrailCheck:
    facts = {"chain": "PROGRAMME", "checked_at": AT, "sequence": 1, "hash": "0" * 64}
    return TrailCheck.objects.create(**facts | fields)


def new_trail_closing(**fields) -> TrailClosing:
    facts = {"chain": "SECURITY", "month": APRIL, "sequence": 1, "hash": "0" * 64, "closed_at": AT}
    return TrailClosing.objects.create(**facts | fields)


def new_job_run(**fields) -> JobRun:
    if fields.get("kind") != "DEMO_DATA":
        fields["council"] = fields.get("council") or new_council()
    return JobRun.objects.create(**{"kind": "SAVINGS", "requested_at": AT} | fields)


def new_service_type(**fields) -> ServiceType:
    return ServiceType.objects.create(
        **{"code": f"ST{next(numbers)}", "name": "A service", "family": "wan"} | fields
    )


def new_contract(council=None, **fields) -> Contract:
    fields["supplier"] = fields.get("supplier") or new_supplier()
    return Contract.objects.create(
        **{"council": council or new_council(), "reference": f"C{next(numbers)}", "title": "C"}
        | fields
    )


def new_framework(**fields) -> Framework:
    facts = {"code": f"f-{next(numbers)}", "name": "A framework", "owner": "Its owner"}
    return Framework.objects.create(**facts | {"entitles": "EVERYBODY"} | fields)


def new_call_off(council=None, **fields) -> Contract:
    """An awarded call-off of three years from April 2013."""
    council = council or new_council()
    fields["framework"] = fields.get("framework") or new_framework()
    fields["body"] = fields.get("body") or new_body(council)
    facts = {"kind": "CALL_OFF", "stage": "AWARDED", "regime": "PCR2006", "route": "DIRECT_AWARD"}
    facts |= {"commenced_on": APRIL, "starts_on": APRIL, "ends_on": date(2016, 4, 1)}
    return new_contract(council, **facts | fields)


def new_contract_extension(**fields) -> ContractExtension:
    fields["contract"] = fields.get("contract") or new_call_off()
    return ContractExtension.objects.create(**{"number": 1, "months": 12} | fields)


def new_contract_change(**fields) -> ContractChange:
    fields["contract"] = fields.get("contract") or new_call_off()
    facts = {"on": APRIL, "value_change": 1, "reason": "a test", "at": AT}
    return ContractChange.objects.create(**facts | fields)


def new_contract_notice(**fields) -> ContractNotice:
    fields["contract"] = fields.get("contract") or new_call_off()
    return ContractNotice.objects.create(**{"code": "UK6", "due_on": APRIL} | fields)


def new_legal_rule(**fields) -> LegalRule:
    facts = {"kind": "PUBLISH", "regime": "PCR2006", "value": 5000, "starts_on": APRIL}
    return LegalRule.objects.create(**facts | {"source": "a test"} | fields)


def new_register_edition(council=None, **fields) -> RegisterEdition:
    facts = {"quarter": date(2014, 1, 1), "published_on": date(2014, 4, 28), "rows": 0, "at": AT}
    facts |= {"link": "https://example.org/contracts.csv", "sha256": "0" * 64}
    return RegisterEdition.objects.create(**{"council": council or new_council()} | facts | fields)


def new_programme(service_types=(), **fields) -> Programme:
    fields["generation"] = fields.get("generation") or new_generation()
    programme = Programme.objects.create(
        **{
            "code": f"programme-{next(numbers)}",
            "name": "A programme",
            "body_kinds": ["COUNCIL"],
            "frozen_on": APRIL,
        }
        | fields
    )
    programme.service_types.set(service_types)
    return programme


def new_milestone(**fields) -> Milestone:
    fields["programme"] = fields.get("programme") or new_programme()
    return Milestone.objects.create(**{"percent": 50} | fields)


def new_line(body=None, **fields) -> Line:
    for name, make in (
        ("service_type", new_service_type),
        ("generation", lambda: Generation.objects.get(code="LEGACY")),
        ("supplier", new_supplier),
    ):
        fields[name] = fields.get(name) or make()
    return Line.objects.create(
        **{"body": body or new_body(), "reference": f"L{next(numbers)}"} | fields
    )


def new_charge(line=None, **fields) -> Charge:
    return Charge.objects.create(
        **{
            "line": line or new_line(),
            "kind": "RECURRING",
            "amount": Decimal(100),
            "starts_on": APRIL,
        }
        | fields
    )


def new_line_move(line=None, **fields) -> LineMove:
    return LineMove.objects.create(
        **{"line": line or new_line(), "to_stage": "IDENTIFIED", "on": APRIL, "recorded_at": AT}
        | fields
    )


def new_planned_move(line=None, **fields) -> PlannedMove:
    return PlannedMove.objects.create(
        **{"line": line or new_line(), "to_stage": "CUTOVER", "on": APRIL} | fields
    )


def new_line_flag(line=None, **fields) -> LineFlag:
    return LineFlag.objects.create(
        **{"line": line or new_line(), "kind": "EXEMPT", "starts_on": APRIL, "reason": "a test"}
        | fields
    )


def new_replacement(old=(), new=(), **fields) -> Replacement:
    lines = [*new, *old]
    replacement = Replacement.objects.create(
        **{
            "body": lines[0].body if lines else new_body(),
            "service_type": lines[0].service_type if lines else new_service_type(),
        }
        | fields
    )
    for side, members in (("OLD", old), ("NEW", new)):
        for line in members:
            new_replacement_line(replacement=replacement, line=line, side=side)
    return replacement


def new_replacement_line(**fields) -> ReplacementLine:
    fields["replacement"] = fields.get("replacement") or new_replacement()
    fields["line"] = fields.get("line") or new_line()
    return ReplacementLine.objects.create(**{"side": "OLD"} | fields)


def new_baseline(replacement=None, **fields) -> Baseline:
    return Baseline.objects.create(
        **{
            "replacement": replacement or new_replacement(),
            "amount": Decimal(100),
            "method": "CONTRACT_PRICE",
            "grade": "B",
            "starts_on": APRIL,
            "ends_on": date(2018, 4, 1),
        }
        | fields
    )


def new_migration_status(**fields) -> MigrationStatus:
    fields["council"] = fields.get("council") or new_council()
    fields["programme"] = fields.get("programme") or new_programme()
    counts = dict.fromkeys(
        (
            *("lines_in_scope", "lines_to_replace", "lines_connected", "lines_ceased"),
            *("lines_with_mrc", "mrc_in_scope", "mrc_ceased", "lines_billed", "mrc_billed"),
            *("lines_paid_twice", "mrc_paid_twice"),
        ),
        0,
    )
    return MigrationStatus.objects.create(**{"status": "NO_DATA"} | counts | fields)


def new_payment_file(council=None, **fields) -> PaymentFile:
    digest = f"{next(numbers):064x}"
    return PaymentFile.objects.create(
        **{
            "council": council or new_council(),
            "series": "SUPPLIER_PAYMENTS",
            "name": "f.csv",
            "sha256": digest,
            "loaded_at": AT,
        }
        | fields
    )


def new_payment(council=None, **fields) -> Payment:
    council = council or new_council()
    alias = fields.pop("alias", None) or new_supplier_alias()
    return Payment.objects.create(
        **{
            "file": new_payment_file(council),
            "council": council,
            "series": "SUPPLIER_PAYMENTS",
            "month": APRIL,
            "supplier": alias.supplier,
            "alias": alias,
            "published_name": alias.name,
            "amount": Decimal("10.00"),
            "file_line": 2,
            "identity": f"{next(numbers):064x}",
        }
        | fields
    )


def new_savings_month(**fields) -> SavingsMonth:
    fields["council"] = fields.get("council") or new_council()
    fields["service_type"] = fields.get("service_type") or new_service_type()
    return SavingsMonth.objects.create(
        **{
            "body_kind": "COUNCIL",
            "month": APRIL,
            "baseline": 0,
            "legacy": 0,
            "new": 0,
            "one_off": 0,
        }
        | fields
    )


def new_savings_coverage(**fields) -> SavingsCoverage:
    fields["council"] = fields.get("council") or new_council()
    fields["service_type"] = fields.get("service_type") or new_service_type()
    return SavingsCoverage.objects.create(
        **{
            "body_kind": "COUNCIL",
            "lines": 1,
            "lines_covered": 0,
            "amount": 1,
            "amount_covered": 0,
        }
        | fields
    )


def new_catalogue_item(**fields) -> CatalogueItem:
    fields["service_type"] = fields.get("service_type") or new_service_type()
    facts = {"code": f"ITEM-{next(numbers)}", "name": "An item", "unit": "circuit"}
    return CatalogueItem.objects.create(**facts | fields)


def new_price(contract=None, item=None, **fields) -> Price:
    facts = {"contract": contract or new_contract(), "item": item or new_catalogue_item()}
    facts |= {"kind": "RECURRING", "amount": Decimal(100), "starts_on": APRIL}
    return Price.objects.create(**facts | fields)


def new_indexation_run(contract=None, **fields) -> IndexationRun:
    facts = {"contract": contract or new_contract(), "on": APRIL, "percent": 3, "applied": 3}
    return IndexationRun.objects.create(**facts | {"prices_raised": 1, "at": AT} | fields)


def new_quote(contract=None, item=None, **fields) -> Quote:
    contract = contract or new_contract()
    facts = {"contract": contract, "council": contract.council, "number": f"Q{next(numbers)}"}
    facts |= {"item": item or new_catalogue_item(), "monthly": Decimal(100), "one_off": Decimal(50)}
    facts |= {"quoted_on": date(2014, 6, 1), "valid_until": date(2014, 9, 1)}
    return Quote.objects.create(**facts | fields)
