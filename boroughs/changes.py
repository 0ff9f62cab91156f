"""What changed, field by field, as people read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from boroughs.models import User

NOTHING = "nothing"
PEOPLE = {"user", "deputy"}  # numbers of people in events about something else


@dataclass(frozen=True, slots=True)
class Change:
    """One field: what it was and what it became; None where it is not said."""

    label: str
    before: str | None
    after: str | None

    def __str__(self):
        if self.before is None:
            return f"{self.label}: {self.after}"
        return f"{self.label}: {self.before} → {self.after or NOTHING}"


def model_called(label: str) -> type[models.Model] | None:
    """Return the model of ``services.line``; None for one that there is not, or not any more."""
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def changes(
    model: type[models.Model] | None,
    before: Mapping | None,
    after: Mapping | None,
    names: Mapping[int, str],
) -> list[Change]:
    """Return what differs between two states of a thing; one of them may be missing.

    ``names`` are those of people by number.
    """
    found = []
    for name in {**(before or {}), **(after or {})}:
        old, new = (_value_in(state, name) for state in (before, after))
        if old == new:
            continue
        field = _field(model, name)
        words = [
            None if value is ... else _words(field, name, value, names) for value in (old, new)
        ]
        found.append(Change(_label(field, name), *words))
    return found


def people_in(model: type[models.Model] | None, *states: Mapping | None) -> Iterator[int]:
    """Yield the numbers of people that the states of a thing name."""
    for state in states:
        for name, value in (state or {}).items():
            if isinstance(value, int) and _is_person(_field(model, name), name):
                yield value


def _value_in(state: Mapping | None, name: str) -> Any:
    """Return a field's value, ``...`` where the state does not say it."""
    return ... if state is None else state.get(name, ...)


def _field(model: type[models.Model] | None, name: str) -> models.Field | None:
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _is_person(field: models.Field | None, name: str) -> bool:
    return (name in PEOPLE) if field is None else getattr(field, "related_model", None) is User


def _label(field: models.Field | None, name: str) -> str:
    words = getattr(field, "verbose_name", None) or name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _words(field: models.Field | None, name: str, value: Any, names: Mapping[int, str]) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and _is_person(field, name):
        return names.get(value, f"Person {value}")
    labels = dict(getattr(field, "choices", None) or ())
    if value in labels:
        return str(labels[value])
    if isinstance(value, Decimal):
        return f"{value:,f}"
    return _day(value) or str(value)


def _day(value: Any) -> str:
    """Return ``1 April 2013`` for the text of a day, nothing for anything else."""
    try:
        return f"{date.fromisoformat(value):%-d %B %Y}" if len(value) == 10 else ""
    except (TypeError, ValueError):
        return ""
