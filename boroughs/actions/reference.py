"""Every write of reference data, and of what is true of a place."""

from collections.abc import Iterable
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model
from django.forms.models import model_to_dict

from boroughs import audit
from boroughs.authorization import Permission, check
from boroughs.models import AuditEvent, Contact, Council, Site, User

Type = AuditEvent.Type


@transaction.atomic
def keep(*, row: Model, by: User, at: datetime) -> Model:
    """Save a row of reference data, with what it was before and is now in the trail.

    A contact is a person, so of it only which fields changed is written.
    """
    check(by, Permission.ADMIN_USE)
    is_new = row.pk is None
    model = type(row)
    held = None if is_new else model.objects.select_for_update(of=["self"]).get(pk=row.pk)
    before = _fields(held) if held else {}
    row.save()
    after = _fields(row)
    changed = [name for name in after if before.get(name) != after[name]]
    if not changed:
        return row
    is_person = isinstance(row, Contact)
    audit.record(
        Type.REFERENCE_ADDED if is_new else Type.REFERENCE_CHANGED,
        by=by,
        at=at,
        council=council_of(row),
        subject=row,
        before=None if is_new or is_person else {name: before[name] for name in changed},
        after=None if is_person else {name: after[name] for name in changed},
        note=f"Changed: {', '.join(changed)}" if is_person else "",
        needs=Permission.ADMIN_USE,
    )
    return row


@transaction.atomic
def keep_links(*, row: Model, name: str, chosen: Iterable[Model], by: User, at: datetime) -> None:
    """Point a row of reference data at other rows of it, as ``keep`` does with its fields."""
    check(by, Permission.ADMIN_USE)
    links = getattr(row, name)
    before, after = sorted(map(str, links.all())), sorted(map(str, chosen))
    if before != after:
        links.set(chosen)
        audit.record(
            Type.REFERENCE_CHANGED,
            by=by,
            at=at,
            council=council_of(row),
            subject=row,
            before={name: before},
            after={name: after},
            needs=Permission.ADMIN_USE,
        )


@transaction.atomic
def protect_site(*, site_id: int, protection: str, by: User, at: datetime) -> Site:
    """Say why nobody is to learn from the portal where a site is; nothing at all lifts that.

    Raises Site.DoesNotExist for a site that the person does not see, and PermissionDenied.
    """
    sites = Site.objects.visible_to(by).select_related("body__council")
    site = sites.select_for_update(of=["self"]).get(pk=site_id)
    check(by, Permission.SITE_PROTECT, site.body.council)
    before = site.protection
    if before and not protection:  # who may not see where it is does not make it seen
        check(by, Permission.ADDRESS_VIEW, site.body.council)
    if before != protection:
        site.protection = protection
        site.save(update_fields=["protection"])
        audit.record(
            Type.SITE_PROTECTED,
            by=by,
            at=at,
            council=site.body.council,
            subject=site,
            before={"protection": before},
            after={"protection": protection},
            needs=Permission.SITE_PROTECT,
        )
    return site


@transaction.atomic
def share_saving(*, council_id: int, shares: bool, by: User, at: datetime) -> Council:
    """Say whether other councils see what the council saves in per cent; never what in pounds.

    Raises Council.DoesNotExist and PermissionDenied.
    """
    council = Council.objects.select_for_update().get(pk=council_id)
    check(by, Permission.SAVING_SHARE, council)
    before = council.shares_saving
    if before != shares:
        council.shares_saving = shares
        council.save(update_fields=["shares_saving"])
        audit.record(
            Type.SAVING_SHARED,
            by=by,
            at=at,
            council=council,
            subject=council,
            before={"shares_saving": before},
            after={"shares_saving": shares},
            needs=Permission.SAVING_SHARE,
        )
    return council


def council_of(row: Model):
    """Return the council that a row belongs to, by the path of its queryset; None without one."""
    path = getattr(type(row).objects.all(), "council_path", None)
    for name in path.split("__") if path else ():
        row = getattr(row, name)
    return row if path else None


def _fields(row: Model) -> dict:
    """Return the row's columns as plain values that compare as they are written."""
    encoder = DjangoJSONEncoder()
    plain = model_to_dict(row, fields=[field.name for field in row._meta.concrete_fields])
    return {name: _plain(value, encoder) for name, value in plain.items() if name != "id"}


def _plain(value, encoder):
    try:
        return encoder.default(value)
    except TypeError:
        return value
