"""Where lines are used: councils to choose from, sites, bodies and connections."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from boroughs.actions.reference import protect_site
from boroughs.authorization import Permission, can, check
from boroughs.models import Body, Connection, Contact, Site
from boroughs.queries import find_council, find_row, visible_councils
from londonpsn.common import clock
from londonpsn.common.facts import Fact
from londonpsn.common.tables import Column, Kind, Table, file_asked
from services.forms import ProtectionForm
from services.models import Line, LineMove
from services.queries import (
    council_choices,
    listed_sites,
    move_rows,
)
from services.views.lines import line_table
from services.views.pages import council_address, crumbs, list_page, object_page

CONTACT_COLUMNS = (
    Column("name", "Name", order_by="name"),
    Column("role", "What for"),
    Column("phone", "Phone"),
    Column("mail", "Mail address"),
    Column("access_notes", "Getting in"),
)
HISTORY = 10  # moves that a site's page shows

COUNCIL_COLUMNS = (
    Column(
        "name",
        "Council",
        order_by="name",
        link=lambda choice: reverse("council", args=[choice.council.slug]),
    ),
    Column(
        "status",
        "Status",
        value=lambda choice: choice.words or None,
        template="services/_status.html",
    ),
)


SITE_COLUMNS = (
    Column(
        "code",
        "Site",
        Kind.REFERENCE,
        order_by="code",
        sub=lambda site: site.name,
        link=lambda site: reverse("site", args=[site.pk]),
    ),
    Column("name", "Name", on_page=False),
    Column("council", "Council", value=lambda site: site.body.council.short_name),
    Column(
        "body",
        "Body",
        value=lambda site: site.body.name,
        sub=lambda site: site.body.get_kind_display(),
        link=lambda site: reverse("body", args=[site.body_id]),
        order_by="body__name",
    ),
    Column("kind", "Kind of site", order_by="kind"),
    Column(
        "postcode",
        "Postcode",
        value=lambda site: "protected" if site.is_protected else site.shown_postcode,
        order_by="shown_postcode",
    ),
    Column("connections", "Connections", Kind.COUNT, value=lambda site: site.connections_held),
    Column("lines", "Lines in use", Kind.COUNT, value=lambda site: site.lines_in_use),
)
CONNECTION_COLUMNS = (
    Column(
        "reference",
        "Connection",
        Kind.REFERENCE,
        order_by="reference",
        link=lambda connection: reverse("connection", args=[connection.pk]),
    ),
    Column("generation", "Network", value=lambda connection: connection.generation.name),
    Column("access", "Kind of access", value=lambda connection: connection.get_access_display()),
    Column(
        "resilience", "Resilience", value=lambda connection: connection.get_resilience_display()
    ),
    Column("live_since", "Live since", Kind.DAY, order_by="live_since"),
    Column("bandwidth", "Mbit/s", Kind.COUNT, order_by="bandwidth"),
)


@require_safe
def councils(request):
    """The councils whose records the person sees, to go to one of them."""
    choices = council_choices(visible_councils(request.user))
    programme = next((c.status.programme for c in choices if c.status), None)
    table = Table(
        name="councils",
        columns=COUNCIL_COLUMNS,
        rows=choices,
        caption="Councils by name",
        scope=f"status in {programme.name}" if programme else "",
        a_page=50,
    )
    if file := file_asked(request, table):
        return file
    context = {"table": table.on_page(request)}
    return render(request, "services/councils.html", context)


@require_safe
def sites(request, slug):
    """The sites of one council, or of all whose records the person sees."""
    user = request.user
    if not user.access.allows_anywhere(Permission.RECORD_VIEW):
        raise PermissionDenied("Sites are for councils and London Grid.")
    council = None if slug == "all" else find_council(visible_councils(user), slug=slug)
    visible = Site.objects.visible_to(user)
    table = Table(
        name="sites",
        columns=[c for c in SITE_COLUMNS if not (council and c.name == "council")],
        rows=listed_sites(visible.of_council(council) if council else visible, clock.today()),
        order=("code", "pk"),
        caption="Sites by code",
        scope=council.short_name if council else "all that you see",
        empty=f"No sites are held{f' for {council.short_name}' if council else ''} yet.",
    )
    lede = "Every place where lines are used, its connections and its lines in use."
    return list_page(request, table, "Sites", lede, council)


@require_safe
def site(request, pk):
    """One site: its facts, connections, lines, and how its lines have moved."""
    user = request.user
    site = find_row(Site.objects.visible_to(user).select_related("body__council"), pk=pk)
    visible = Line.objects.visible_to(user).filter(site=site)
    tables = [
        Table(
            name="connections",
            columns=CONNECTION_COLUMNS,
            rows=list(site.connections.select_related("generation").order_by("reference")),
            caption="Connections",
            empty="No connection of this site is held.",
            is_first=False,
        ),
        line_table(
            user,
            visible,
            clock.today(),
            without=["council", "site"],
            caption="Lines",
            scope=site.name,
            empty="No line is held at this site.",
        ),
        *_contacts(user, site),
    ]
    context = {
        "eyebrow": f"Site {site.code}",
        "title": site.name,
        "facts": [
            Fact("Body", site.body.name, link=reverse("body", args=[site.body_id])),
            Fact("Kind of site", site.kind),
            *_where(user, site),
        ],
        "actions": [("Protect its address", reverse("site-protect", args=[pk]))]
        if can(user, Permission.SITE_PROTECT, site.body.council)
        else [],
        **_history(visible),
        "crumbs": crumbs(site.body.council, "sites", "Sites"),
    }
    return object_page(request, tables, context, site.body.council, about=site)


def _where(user, site) -> list[Fact]:
    """Where a site is; of a protected one only that it is so, but for who may see addresses."""
    protected = [Fact("Protected", site.get_protection_display())] if site.is_protected else []
    if site.is_protected and not can(user, Permission.ADDRESS_VIEW, site.body.council):
        return [Fact("Address", None, unknown="protected: not shown to you")]
    position = f"{site.latitude}, {site.longitude}" if site.position else None
    return [
        *protected,
        Fact("Address", site.address),
        Fact("Postcode", site.postcode),
        Fact("Property number (UPRN)", site.uprn),
        Fact("Position", position, sub=site.get_position_display()),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def site_protect(request, pk):
    """Ask why nobody is to learn where a site is, and keep the answer."""
    user = request.user
    site = find_row(Site.objects.visible_to(user).select_related("body__council"), pk=pk)
    council = site.body.council
    check(user, Permission.SITE_PROTECT, council)
    held = {"protection": site.protection or ProtectionForm.NONE}
    form = ProtectionForm(request.POST if request.method == "POST" else None, initial=held)
    if form.is_valid():
        protection = form.cleaned_data["protection"]
        protect_site(site_id=pk, protection=protection, by=user, at=clock.now())
        said = "protected" if protection else "not protected"
        messages.success(request, f"The address of {site.name} is {said} now.")
        return redirect("site", pk=pk)
    context = {
        "council": council,
        "site": site,
        "form": form,
        "crumbs": [
            *crumbs(council, "sites", "Sites"),
            (site.name, reverse("site", args=[pk])),
        ],
    }
    return render(request, "services/site_protect.html", context)


def _history(lines) -> dict:
    """What a page says of how its lines have moved, latest first."""
    history = move_rows(LineMove.objects.filter(line__in=lines), limit=HISTORY + 1)
    more = f"These are the latest {HISTORY}. The page of each line has all of its own."
    return {
        "history": history[:HISTORY],
        "has_history": True,
        "more": more if len(history) > HISTORY else "",
    }


def _contacts(user, site) -> list[Table]:
    """The table of whom to call; nothing for who may not see people (viewers).

    How one gets into a protected site tells where it is.
    """
    council = site.body.council
    if not can(user, Permission.CONTACT_VIEW, council):
        return []
    sees_where = not site.is_protected or can(user, Permission.ADDRESS_VIEW, council)
    return [
        Table(
            name="contacts",
            columns=[c for c in CONTACT_COLUMNS if sees_where or c.name != "access_notes"],
            rows=Contact.objects.visible_to(user).filter(site=site),
            order=("role", "name", "pk"),
            caption="Contacts",
            empty="Nobody to call is recorded here. An administrator can add a contact.",
            is_first=False,
        )
    ]


@require_safe
def body(request, pk):
    """One council, school or other body: its facts, sites and lines."""
    user, day = request.user, clock.today()
    body = find_row(Body.objects.visible_to(user).select_related("council"), pk=pk)
    tables = [
        Table(
            name="sites",
            columns=[c for c in SITE_COLUMNS if c.name not in ("council", "body")],
            rows=listed_sites(Site.objects.visible_to(user).filter(body=body), day),
            order=("code", "pk"),
            caption="Sites",
            scope=body.name,
            empty="No site of this body is held.",
            is_first=False,
        ),
        line_table(
            user,
            Line.objects.visible_to(user).filter(body=body),
            day,
            without=["council"],
            caption="Lines by site",
            scope=body.name,
            empty="No line of this body is held.",
        ),
    ]
    context = {
        "eyebrow": "Body",
        "title": body.name,
        "facts": [
            Fact("Council", body.council.short_name, link=council_address(body.council)),
            Fact("Kind of body", body.get_kind_display()),
            Fact("Recovers VAT", "Yes" if body.vat_recoverable else "No"),
        ],
        **_history(Line.objects.visible_to(user).filter(body=body)),
        "crumbs": crumbs(body.council, "sites", "Sites"),
    }
    return object_page(request, tables, context, body.council, about=body)


@require_safe
def connection(request, pk):
    """One PSN connection of a site, and the lines that run over it."""
    user = request.user
    related = ("site__body__council", "generation")
    connection = find_row(Connection.objects.visible_to(user).select_related(*related), pk=pk)
    site = connection.site
    table = line_table(
        user,
        Line.objects.visible_to(user).filter(connection=connection),
        clock.today(),
        without=["council", "site"],
        caption="Lines that run over it",
        scope=site.name,
        empty="No line is held that runs over this connection.",
    )
    context = {
        "eyebrow": f"Connection of {site.name}",
        "title": connection.reference,
        "facts": [
            Fact("Site", site.name, link=reverse("site", args=[site.pk])),
            Fact("Body", site.body.name, link=reverse("body", args=[site.body_id])),
            Fact("Network", connection.generation.name),
            Fact("Kind of access", connection.get_access_display()),
            Fact("Bandwidth, Mbit/s", connection.bandwidth, Kind.COUNT),
            Fact("Resilience", connection.get_resilience_display()),
            Fact("Live since", connection.live_since, Kind.DAY),
        ],
        "crumbs": [
            *crumbs(site.body.council, "sites", "Sites"),
            (site.name, reverse("site", args=[site.pk])),
        ],
    }
    return object_page(request, [table], context, site.body.council, about=connection)
