"""Umbrella agreements that councils buy under."""

from django.urls import reverse
from django.views.decorators.http import require_safe

from boroughs.queries import find_row, sees_summaries
from londonpsn.common import clock
from londonpsn.common.facts import Fact
from londonpsn.common.periods import last_day
from londonpsn.common.tables import Column, Kind, Table
from londonpsn.common.template_filters import day, pounds
from services.models import Framework
from services.queries.frameworks import call_offs_in_all, call_offs_under
from services.queries.prices import ENOUGH
from services.views.pages import list_page, object_page


def _starts(framework: Framework) -> str:
    return day(framework.starts_on) if framework.starts_on else framework.starts_text


def _ends(framework: Framework) -> str:
    return day(last_day(framework.ends_on)) if framework.ends_on else framework.ends_text


FRAMEWORK_COLUMNS = (
    Column(
        "code",
        "Framework",
        value=lambda framework: framework.name,
        sub=lambda framework: framework.code,
        link=lambda framework: reverse("framework", args=[framework.code]),
        order_by="name",
        in_file=False,
    ),
    Column("code", "Code", on_page=False),
    Column("name", "Name", on_page=False),
    Column("owner", "Owner", order_by="owner"),
    Column("regime", "Law it is under", value=lambda f: f.get_regime_display(), order_by="regime"),
    Column("starts", "Starts", value=_starts, order_by="starts_on"),
    Column("ends", "Last day", value=_ends, order_by="ends_on"),
    Column("ceiling", "Ceiling, £", Kind.POUNDS, order_by="ceiling"),
    Column("open_to", "Open to"),
)
CALL_OFF_COLUMNS = (
    Column(
        "reference",
        "Call-off",
        order_by="reference",
        sub=lambda contract: contract.title,
        link=lambda contract: reverse("contract", args=[contract.pk]),
    ),
    Column("council", "Council", value=lambda contract: contract.council.short_name),
    Column("supplier", "Supplier", value=lambda contract: contract.supplier.name),
    Column("stage", "State", value=lambda contract: contract.get_stage_display()),
    Column("starts_on", "Starts", Kind.DAY, order_by="starts_on"),
    Column("ends_on", "Last day", Kind.LAST_DAY, order_by="ends_on"),
    Column("value", "Signed value, £", Kind.POUNDS, order_by="value"),
)


@require_safe
def frameworks(request):
    """Every framework that is held."""
    table = Table(
        name="frameworks",
        columns=FRAMEWORK_COLUMNS,
        rows=Framework.objects.visible_to(request.user),
        order=("name", "pk"),
        caption="Frameworks by name",
        empty="No framework is held yet. An administrator can add one.",
    )
    lede = "Umbrella agreements that councils award call-offs under."
    return list_page(request, table, "Frameworks", lede, None)


@require_safe
def framework(request, code):
    """One framework: its facts, and the call-offs under it that the person sees."""
    user = request.user
    framework = find_row(Framework.objects.visible_to(user), code=code)
    table = Table(
        name="call-offs",
        columns=CALL_OFF_COLUMNS,
        rows=call_offs_under(framework, user).select_related("council", "supplier"),
        order=("council__short_name", "reference", "pk"),
        caption="Call-offs under it",
        scope="of those that you see",
        empty="You see no call-off under it.",
        is_first=False,
    )
    context = {
        "eyebrow": f"Framework {framework.code}",
        "title": framework.name,
        "facts": _facts(framework, user),
        "crumbs": [("Frameworks", reverse("frameworks"))],
    }
    return object_page(request, [table], context, None, about=framework)


def _facts(framework: Framework, user) -> list[Fact]:
    suppliers = [*framework.suppliers.order_by("name").values_list("name", flat=True)]
    if framework.suppliers_text:
        suppliers.append(framework.suppliers_text)
    who = framework.get_entitles_display()
    if framework.entitles == Framework.Entitles.NAMED:
        named = framework.named.order_by("short_name").values_list("short_name", flat=True)
        who += f": {', '.join(named) or 'none yet'}"
    charge = framework.management_charge
    has_expired = framework.has_expired_on(clock.today())
    return [
        Fact("Owner", framework.owner),
        Fact("Suppliers", "; ".join(suppliers)),
        Fact("Who may buy", who, sub=framework.open_to),
        Fact("Law it is under", framework.get_regime_display()),
        Fact("Procurement commenced", framework.commenced_on, Kind.DAY),
        Fact("Starts", _starts(framework)),
        Fact("Last day", _ends(framework), sub="It has expired." if has_expired else ""),
        Fact("Ceiling", framework.ceiling, Kind.POUNDS, sub=framework.ceiling_note),
        Fact("Management charge", None if charge is None else f"{charge}% of suppliers’ sales"),
        *_bought(framework, user),
        Fact("Source", framework.source),
        Fact("Note", framework.note, unknown="none"),
    ]


def _bought(framework: Framework, user) -> list[Fact]:
    """What all have bought under it: open to council people from five councils on."""
    if not sees_summaries(user):
        return []
    in_all = call_offs_in_all(framework)
    if in_all is None:
        return [Fact("Bought in all", None, unknown=f"said from {ENOUGH} councils on")]
    words = f"{in_all.call_offs:,} call-offs of {in_all.councils:,} councils"
    signed = f"{pounds(in_all.value)} signed"
    if in_all.value is None:
        signed = f"what they come to is said from {ENOUGH} councils with a value on"
    return [Fact("Bought in all", words, sub=signed)]
