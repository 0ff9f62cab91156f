"""The administration: who gets in, and what even an administrator cannot change there."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import models
from django.urls import get_resolver, reverse

from boroughs.admin import Kept, Looked
from boroughs.models import AuditEvent, JobRun
from boroughs.models.row_history import TrackedRow
from services.models import Contract, LineMove, MigrationStatus
from tests.test_isolation import held, rolled_back, text_of, world  # noqa: F401, fixtures
from tests.two_councils import PEOPLE

REGISTERED = sorted(admin.site._registry.items(), key=lambda pair: pair[0]._meta.label)
MODELS = [pytest.param(model, id=model._meta.label_lower) for model, _ in REGISTERED]
OTHERS = [name for name in PEOPLE if name != "ADMINISTRATOR"]
VIEWS = ("changelist", "add", "change", "delete", "history")


def name_of(model: type[models.Model], view: str) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}"


def row_of(model: type[models.Model]) -> models.Model | None:
    rows = model._base_manager.order_by("-pk")
    if model is Contract:
        rows = rows.filter(stage="AWARDED")  # a draft is there for the council's buyers alone
    return rows.first()


def addresses(model: type[models.Model]) -> Iterator[tuple[str, str]]:
    """Yield each view of a model with its address; of its last row, or of one that is not there."""
    row = row_of(model)
    for view in VIEWS:
        of_a_row = view not in ("changelist", "add")
        yield view, reverse(name_of(model, view), args=[row.pk if row else 1] if of_a_row else [])


def site_pages() -> list[str]:
    """The pages of the administration that are of no model, those of Django's own among them."""
    names = ("index", "password_change", "password_change_done", "autocomplete", "jsi18n")
    pages = [reverse(f"admin:{name}") for name in names]
    pages += [reverse("admin:app_list", args=[app]) for app in ("boroughs", "services")]
    return [*pages, reverse("admin:view_on_site", args=[1, 1]), "/admin/nothing/here/"]


def test_every_page_of_the_administration_is_covered():
    """Django names them; a page that a model's administration adds has to be tested here."""
    covered = {name_of(model, view) for model, _ in REGISTERED for view in VIEWS}
    covered |= {f"admin:{name}" for name in ("index", "login", "logout", "app_list", "jsi18n")}
    covered |= {"admin:password_change", "admin:password_change_done"}
    covered |= {"admin:autocomplete", "admin:view_on_site"}
    _, site = get_resolver().namespace_dict["admin"]

    missing = {f"admin:{name}" for name in site.reverse_dict if isinstance(name, str)} - covered

    assert not missing, f"Add a test of {', '.join(sorted(missing))} to {__file__}."


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_but_an_administrator_gets_in(world, who):  # noqa: F811
    """Existing rows, rows that are not there, and models that are not registered: all the same."""
    person, before, wrong = world.people[who], held(), {}
    pages = [page for model, _ in REGISTERED for _, page in addresses(model)] + site_pages()
    sign_in = (reverse("admin:login"), *(["/accounts/login/"] if who == "STRANGER" else []))
    for page in pages:
        for method in ("get", "post"):
            response = getattr(person.client, method)(page, {"name": "changed"})
            is_sent_away = response.status_code == 302 and response.url.startswith(sign_in)
            if not is_sent_away or world.told(person, text_of(response)):
                wrong[method, page] = response.status_code

    assert wrong == {}
    assert held() == before
    answer = person.client.get(reverse("admin:login"))
    assert answer.status_code == (302 if who == "STRANGER" else 403)


@pytest.mark.parametrize("model", MODELS)
def test_an_administrator_sees_every_list_and_row_and_deletes_nothing(world, model):  # noqa: F811
    person, row = world.people["ADMINISTRATOR"], row_of(model)
    kept = isinstance(admin.site._registry[model], Kept)
    get, answers = person.client.get, {}
    for view, page in addresses(model):
        response = get(page)
        answers[view] = response.status_code
        assert not world.told(person, text_of(response)), page

    assert answers == {
        "changelist": 200,
        "add": 200 if kept else 403,
        "change": 200 if row else 302,
        "delete": 403 if row else 302,
        "history": 302,  # to the trail
    }
    assert get(reverse(name_of(model, "changelist")), {"q": "mark"}).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_what_has_a_life_of_its_own_cannot_be_changed_in_the_administration(world, model):  # noqa: F811
    """Derived rows, stages, money and the trail: shown without a field to fill in."""
    person, row = world.people["ADMINISTRATOR"], row_of(model)
    if isinstance(admin.site._registry[model], Kept) or row is None:
        return
    page, before = reverse(name_of(model, "change"), args=[row.pk]), held()
    was = model._base_manager.filter(pk=row.pk).values().get()
    fields = {field.name: "1" for field in model._meta.concrete_fields}

    shown = person.client.get(page).content.decode()
    answers = [
        person.client.post(page, fields).status_code,
        person.client.post(reverse(name_of(model, "add")), fields).status_code,
        person.client.post(reverse(name_of(model, "delete"), args=[row.pk]), {"post": "yes"}),
    ]
    listed = reverse(name_of(model, "changelist"))
    person.client.post(
        listed, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    )

    assert 'name="_save"' not in shown
    assert answers[:2] == [403, 403]
    assert answers[2].status_code == 403
    assert held() == before
    assert model._base_manager.filter(pk=row.pk).values().get() == was


def test_what_must_never_be_changed_there_is_only_looked_at():
    for model in (AuditEvent, JobRun, LineMove, MigrationStatus):
        assert not isinstance(admin.site._registry[model], Kept)
    assert all(isinstance(shown, Looked) for shown in admin.site._registry.values())
    assert not any(issubclass(model, TrackedRow) for model in admin.site._registry)


def test_what_an_administrator_may_change_is_reference_data_and_people():
    kept = {model.__name__ for model, shown in REGISTERED if isinstance(shown, Kept)}

    assert kept == {
        *("User", "Supplier", "Council", "Generation", "Gateway", "Contact"),
        *("ServiceType", "Programme", "Framework", "LegalRule", "CatalogueItem"),
    }
