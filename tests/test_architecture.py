"""The arrow of imports follows the foreign keys, and no page is open to strangers."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(settings.BASE_DIR)
LAYERS = ["londonpsn", "procurement", "services", "boroughs", "londonpsn.common"]
PUBLIC = {"login", "help", "accessibility", "privacy", "cookies", "security-txt"}
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
        "<slug:step>": "check",
        "<int:pk>": "1",
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
