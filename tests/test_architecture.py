"""The arrow of imports follows the foreign keys, and no page is open to strangers."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db.models import DecimalField
from django.urls import URLPattern, URLResolver, get_resolver

from boroughs.kept_rows import KEPT
from boroughs.models.row_history import TrackedRow
from services.stages import Stage

ROOT = Path(settings.BASE_DIR)
LAYERS = ["londonpsn", "procurement", "services", "boroughs", "londonpsn.common"]
PUBLIC = {
    *("help", "accessibility", "privacy", "cookies", "security-txt"),
    *("account_login", "account_logout"),
    *("account_reset_password", "account_reset_password_done"),
    *("account_reset_password_from_key", "account_reset_password_from_key_done"),
    *("openid_connect_login", "openid_connect_callback"),  # 404 unless switched on
}
# Apps are ready only after models are loaded, so their configs import inside ready().
MAY_IMPORT_INSIDE = {"apps.py", "manage.py"}
KNOWS_DRF = {
    "londonpsn/api.py",
    "londonpsn/home/api.py",
    "londonpsn/settings.py",
    "londonpsn/urls.py",
}


def sources() -> list[Path]:
    found = [
        path
        for app in ("londonpsn", "procurement", "services", "boroughs")
        for path in (ROOT / app).rglob("*.py")
        if "node_modules" not in path.parts and "migrations" not in path.parts
    ]
    return [*found, ROOT / "manage.py"]


def layer_of(module: str) -> int | None:
    """The floor that a module stands on, 0 at the top; None for what is not ours."""
    if module.startswith("londonpsn.common"):
        return 4
    return LAYERS.index(module.split(".")[0]) if module.split(".")[0] in LAYERS else None


def imports_of(path: Path):
    """Yield (module, whether it stands at the top of the file)."""
    tree = ast.parse(path.read_text())
    top = set(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node in top
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node in top


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down_and_stand_at_the_top(path):
    here = ".".join(path.relative_to(ROOT).with_suffix("").parts)

    for module, at_top in imports_of(path):
        target, floor = layer_of(module), layer_of(here)
        if target is not None and floor is not None:
            assert target >= floor, f"{here} imports {module}, which stands above it"
        if not path.name.startswith(tuple(MAY_IMPORT_INSIDE)):
            assert at_top, f"{here} imports {module} inside a function"


def test_only_the_api_knows_the_rest_framework():
    knowing = {
        str(path.relative_to(ROOT))
        for path in sources()
        if "/api/" not in str(path)
        and any(
            module.startswith(("rest_framework", "drf_spectacular"))
            for module, _ in imports_of(path)
        )
    }

    assert knowing - KNOWS_DRF == set()


def test_every_change_of_a_model_has_its_migration(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_psycopg_3_is_not_importable():
    """Django would switch to it silently (DESIGN, parts)."""
    with pytest.raises(ImportError):
        __import__("psycopg")


def patterns(resolver=None, prefix=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.name


def address(route: str) -> str:
    """Fill a route's parameters with something of the right kind."""
    values = {
        "<slug:slug>": "camden",
        "<slug:programme>": "psn-network",
        "<slug:code>": "bt",
        "<slug:kind>": "line",
        "<slug:step>": "check",
        "<int:pk>": "1",
        "<int:transaction>": "1",
        "(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)": "1-x",
        "<slug:provider_id>": "council",
        "<uuid:batch>": "00000000-0000-0000-0000-000000000000",
        "<path:object_id>": "1",
        "<path:url>": "x",
        "<int:content_type_id>": "1",
        "<app_label>": "boroughs",
        "<id>": "1",
        "(?P<url>.*)$": "x",
        "(?P<pk>[^/.]+)": "1",
        r"(?P<pk>\d+)": "1",
        "(?P<app_label>boroughs|services|procurement)": "boroughs",
    }
    for parameter, value in values.items():
        route = route.replace(parameter, value)
    return "/" + route.replace("^", "").replace("$", "").replace("\\", "")


def test_no_page_is_open_to_strangers(client, db):
    open_to_all = set()
    for route, name in patterns():
        if name in PUBLIC:
            continue
        response = client.get(address(route), follow=True)
        sent_to_sign_in = (
            response.redirect_chain and "/accounts/login/" in response.redirect_chain[-1][0]
        )
        if not sent_to_sign_in and response.status_code not in (401, 403, 405):
            open_to_all.add((route, response.status_code))

    assert open_to_all == set()


# Writing


ACTIONS = sorted(path for app in LAYERS[1:4] for path in (ROOT / app / "actions").glob("*.py"))
RECORDS = {"record", "record_each", "record_security"}
WRITES = {"save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
WRITES |= {"copy_rows", "delete", "update"}
STATEMENT = re.compile(r"\b(INSERT INTO|DELETE FROM|UPDATE \S+ SET|TRUNCATE)\b")
# What writes beside the actions, and why it may.
WRITERS = {
    "boroughs/audit.py": "the trail itself",
    "boroughs/trail.py": "its checks, and what of it expires",
    "boroughs/jobs.py": "job runs: what was asked for and what came of it",
    "boroughs/models/people.py": "the manager by which a person is made",
    "boroughs/models/row_sql.py": "what migrations make of kept rows",
    "boroughs/api/authentication.py": "when a token was last used",
    "boroughs/reference/__init__.py": "reference data of the first start",
    "services/reference/__init__.py": "reference data of the first start",
    "londonpsn/demo/load.py": "the demonstration's data",
    "londonpsn/demo/catalogue.py": "the demonstration's price book",
    "londonpsn/common/tabular.py": "a workbook, and no row",
    "londonpsn/home/signing_in/tries.py": "tries to sign in, which are forgotten after a day",
    "londonpsn/home/signing_in/adapters.py": "a password, with its event",
    "londonpsn/home/signing_in/openid.py": "a person whom their council's own sign-in vouches for",
    "londonpsn/home/signing_in/sessions.py": "sign-ins that are over, which are forgotten",
    "londonpsn/home/signing_in/second_factor.py": "that a code was used",
}


def names_called(node: ast.AST) -> set[str]:
    called = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
    return {
        one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in called
    }


def definitions() -> list[ast.FunctionDef | ast.ClassDef]:
    """Every function and class at the top of the actions' modules."""
    return [
        node
        for path in ACTIONS
        for node in ast.parse(path.read_text()).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    ]


def records(node: ast.AST, among: dict[str, ast.AST], seen=()) -> bool:
    """Answer whether an action writes an event, itself or through another one that it calls."""
    called = names_called(node)
    if called & RECORDS:
        return True
    others = (called & among.keys()) - {*seen}
    return any(records(among[other], among, (*seen, other)) for other in others)


def test_every_action_of_a_person_writes_an_event():
    among = {node.name: node for node in definitions()}
    by_a_person = [
        node
        for node in definitions()
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and {"by", "upload"} & {each.arg for each in (*node.args.args, *node.args.kwonlyargs)}
    ]

    assert len(by_a_person) >= 15
    silent = {node.name for node in by_a_person if not records(node, among)}
    assert not silent, f"{', '.join(sorted(silent))}: call audit.record() last."


def written_in(path: Path) -> set[str]:
    """The calls and statements in a file that write rows.

    ``update`` and ``delete`` are those of querysets.
    """
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            source = ast.unparse(node.func)
            of_rows = (
                name not in ("update", "delete") or ".objects" in source or ".filter(" in source
            )
            without_commit = any(word.arg == "commit" for word in node.keywords)
            if name in WRITES and of_rows and not without_commit:
                found.add(f"{source}()")
        elif isinstance(node, ast.Constant) and STATEMENT.search(str(node.value)):
            found.add(str(node.value).strip()[:40])
    return found


def test_nothing_but_actions_writes():
    """Views, the API, the administration, queries and work read, and call actions."""
    writers = {
        name: written
        for path in sources()
        if "/actions/" not in (name := str(path.relative_to(ROOT)))
        and not name.startswith(("londonpsn/embedded", "londonpsn/management"))
        and (written := written_in(path))
    }

    others = {name: written for name, written in writers.items() if name not in WRITERS}
    assert others == {}, f"Write through an action, or say in WRITERS why not: {others}"
    assert WRITERS.keys() == writers.keys()


# What is money, a stage or a right is kept as it was


KEPT_BY_NONE = {
    "MigrationStatus": "derived: comes back the same from what it is made of",
    "SavingsMonth": "derived",
    "SavingsByMonth": "derived: a view",
    "SavingsCoverage": "derived",
}
RIGHTS = {"Membership", "Delegation", "ApiToken", "User", "HeldFactor", "LinkedSignIn"}
# Of these only what gives or guards a right; figures among the rest are an area and a place.
RIGHTS_OF_PLACES = {
    "Council": {"mail_domains", "shares_saving"},
    "Site": {"body", "protection"},
    "Body": {"council", "kind"},
    "Document": {"council", "supplier", "for_london_grid"},
    "Replacement": {"body", "service_type"},
}
# That these changed is kept, and never what they are.
SECRETS = {
    ("ApiToken", "digest"): "secret changed",
    ("User", "password"): "password changed",
    ("User", "email"): "mail address changed",
    ("HeldFactor", "data"): "secret changed",
    ("LinkedSignIn", "uid"): "account changed",
}
# Everything else, and why its rows are not kept as they were.
HOLDS_NO_RIGHT = {
    **dict.fromkeys(("AuditEvent", "TrailCheck", "TrailClosing"), "the trail itself"),
    **dict.fromkeys(("JobRun", "IdempotentCall", "SignInTry"), "what was done, soon forgotten"),
    **dict.fromkeys(("Note", "RegisterEdition"), "written once, with its event"),
    **dict.fromkeys(("PaymentFile",), "where kept payments came from"),
    **dict.fromkeys(("Contact", "Connection", "Gateway", "GatewayCheck"), "how things are"),
    **dict.fromkeys(("GatewayRequirement", "ComplianceCertificate"), "how things are"),
    **dict.fromkeys(("Supplier", "SupplierAlias", "Generation", "ServiceType"), "reference data"),
    **dict.fromkeys(("CatalogueItem", "Programme", "Milestone"), "reference data"),
}


def test_every_table_of_money_a_stage_or_a_right_keeps_what_its_rows_were():
    ours = [model for app in LAYERS[1:4] for model in apps.get_app_config(app).get_models()]
    tracked = {model.pgh_tracked_model: model for model in ours if issubclass(model, TrackedRow)}
    to_keep = {
        model
        for model in ours
        if not issubclass(model, TrackedRow)
        and (
            model.__name__ in RIGHTS | RIGHTS_OF_PLACES.keys()
            or any(
                isinstance(field, DecimalField) or list(field.choices or ()) == Stage.choices
                for field in model._meta.concrete_fields
            )
        )
    }

    missing = {model.__name__ for model in to_keep - tracked.keys()}
    assert missing == KEPT_BY_NONE.keys(), "decorate it with keep_rows(), or say why not"
    for model in to_keep & tracked.keys():
        held = {field.name for field in tracked[model]._meta.concrete_fields}
        if of_a_place := RIGHTS_OF_PLACES.get(model.__name__):
            assert of_a_place <= held
            continue
        for field in model._meta.concrete_fields:
            of_worth = isinstance(field, DecimalField) or field.choices or field.name == "is_active"
            assert not of_worth or field.name in held, f"{model.__name__}.{field.name} is not kept"


def test_every_model_keeps_its_rows_or_it_is_said_why_not():
    ours = [model for app in LAYERS[1:4] for model in apps.get_app_config(app).get_models()]
    tracked = {model.pgh_tracked_model for model in ours if issubclass(model, TrackedRow)}
    others = {m.__name__ for m in ours if not issubclass(m, TrackedRow) and m not in tracked}

    assert others == KEPT_BY_NONE.keys() | HOLDS_NO_RIGHT.keys()
    assert {model._meta.label_lower for model in tracked} == KEPT.keys(), "register() it"


@pytest.mark.parametrize(("model", "field"), SECRETS)
def test_that_a_secret_changed_is_kept_and_never_what_it_is(model, field):
    found = apps.get_model("boroughs", model)
    triggers = {trigger.label for trigger in found._meta.triggers if hasattr(trigger, "label")}

    assert SECRETS[model, field] in triggers
    kept = found._meta.get_field("rows").related_model
    assert field not in {one.name for one in kept._meta.concrete_fields}


# Roles stand in one table


KNOWS_ROLES = {
    "boroughs/authorization.py",
    "boroughs/queries/access.py",  # lists who holds which
    "boroughs/trail.py",  # mails the heads to auditors
}


def asks_for_a_role(node: ast.AST) -> bool:
    """Answer whether it compares a role, or looks rows up by one."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return any(ast.unparse(side).split(".")[-1] == "role" for side in sides) or any(
            "Role." in ast.unparse(side) for side in sides
        )
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".filter", ".exclude")):
        return any((word.arg or "").startswith("role") for word in node.keywords)
    return False


def test_what_a_role_may_is_asked_of_the_table_of_grants_alone():
    knowing = {
        name
        for path in sources()
        if not (name := str(path.relative_to(ROOT))).startswith("londonpsn/demo")
        and any(asks_for_a_role(node) for node in ast.walk(ast.parse(path.read_text())))
    }

    assert knowing == KNOWS_ROLES, "ask for a permission: user.access.allows(Permission.…)"
