"""What lists can be narrowed by; kept in the address, so that a link can be sent."""

from datetime import date

from django import forms

from boroughs.models import Body, Generation, Site, Supplier
from londonpsn.common.periods import add_months
from services.models import ServiceType
from services.queries import ToDo, to_do
from services.queries.radar import RadarRow, Standing, due_before, radar_rows, standings_of
from services.queries.together import Together, together
from services.stages import Stage


def any_or(choices) -> list[tuple[str, str]]:
    return [("", "Any"), *choices]


class LineFilterForm(forms.Form):
    """Narrows lines; a value that is not offered is left out rather than refused."""

    q = forms.CharField(label="Reference or site", required=False, max_length=100)
    who = forms.ChoiceField(label="Who uses it", required=False, choices=any_or(Body.Kind.choices))
    kind = forms.ChoiceField(
        label="Kind of service", required=False, choices=any_or(ServiceType.Family.choices)
    )
    stage = forms.ChoiceField(
        label="Stage of old lines", required=False, choices=any_or(Stage.choices)
    )
    generation = forms.ModelChoiceField(
        Generation.objects.order_by("sequence"),
        label="Old or new",
        required=False,
        empty_label="Any",
        to_field_name="code",
    )
    supplier = forms.ModelChoiceField(
        Supplier.objects.order_by("name"), label="Supplier", required=False, empty_label="Any"
    )

    todo = forms.ChoiceField(
        label="Only lines that are", required=False, choices=any_or(ToDo.choices)
    )

    def narrow(self, lines, day):
        """Return the lines that fit every field that was filled in, on the day."""
        self.is_valid()
        chosen = self.cleaned_data
        if text := chosen.get("q"):
            lines = lines.matching(text)
        if chosen.get("who"):
            lines = lines.filter(body__kind=chosen["who"])
        if chosen.get("kind"):
            lines = lines.filter(service_type__family=chosen["kind"])
        if chosen.get("stage"):
            lines = lines.in_stage(chosen["stage"])
        if chosen.get("generation"):
            lines = lines.filter(generation=chosen["generation"])
        if chosen.get("supplier"):
            lines = lines.filter(supplier=chosen["supplier"])
        if chosen.get("todo"):
            lines = to_do(lines, chosen["todo"], day)
        return lines

    def chosen(self) -> list[tuple[str, str, str]]:
        """Return the filters in force: field, label, value in words."""
        found = []
        for name, field in self.fields.items():
            if value := getattr(self, "cleaned_data", {}).get(name):
                words = dict(getattr(field, "choices", [])).get(value, value)
                found.append((name, field.label, str(words)))
        return found


class ProtectionForm(forms.Form):
    """Asks one question: why nobody is to learn from the portal where a site is.

    That it needs no protection is an answer too: without one nothing changes.
    """

    NONE = "NONE"
    protection = forms.ChoiceField(
        label="Why is nobody to learn from the portal where it is?",
        choices=[*Site.Protection.choices, (NONE, "It needs no protection")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why, or that it needs no protection."},
    )

    def clean_protection(self) -> str:
        chosen = self.cleaned_data["protection"]
        return "" if chosen == self.NONE else chosen


class RadarForm(forms.Form):
    """Narrows the contracts that run; what is not offered is taken as not asked.

    Pounds of councils, schools and others are never one sum, so one of them is always chosen.
    """

    within = forms.TypedChoiceField(
        label="Ends or needs notice",
        required=False,
        coerce=int,
        empty_value=12,
        choices=[
            (3, "within 3 months"),
            (6, "within 6 months"),
            (12, "within 12 months"),
            (24, "within 2 years"),
            (1200, "at any time"),
        ],
        initial=12,
    )
    who = forms.ChoiceField(
        label="Lines of", required=False, choices=Body.Kind.choices, initial=Body.Kind.COUNCIL
    )
    family = forms.ChoiceField(
        label="Services", required=False, choices=any_or(ServiceType.Family.choices)
    )
    supplier = forms.ChoiceField(label="Supplier", required=False)
    by = forms.ChoiceField(
        label="Together by",
        required=False,
        choices=[("family", "services"), ("supplier", "supplier")],
        initial="family",
    )
    among = forms.ChoiceField(
        label="Among",
        required=False,
        choices=[("council", "each council’s own"), ("all", "call-offs of all, by supplier")],
        initial="council",
    )

    def __init__(self, data, *, of_all: bool = False):
        """``of_all``: of all councils that the person sees, so that theirs can be held together."""
        filled = {name: data.get(name) or field.initial for name, field in self.base_fields.items()}
        super().__init__({name: value for name, value in filled.items() if value is not None})
        # Which suppliers there are is known later: what was asked is taken until then.
        self.fields["supplier"].choices = any_or([(data.get("supplier"), "")])
        if not of_all:
            del self.fields["among"]
        self.is_valid()

    @property
    def kind(self) -> Body.Kind:
        return Body.Kind(self.cleaned_data.get("who") or Body.Kind.COUNCIL)

    @property
    def by_supplier(self) -> bool:
        return self.cleaned_data.get("by") == "supplier"

    @property
    def is_across(self) -> bool:
        return self.cleaned_data.get("among") == "all"

    def until(self, today: date) -> date:
        return add_months(today, self.cleaned_data.get("within", 12))

    def found(self, contracts, today: date) -> tuple[list[Standing], list[RadarRow]]:
        """Return what is on the radar of a day, and the standings that it was chosen among.

        The first to end is first; the standings hold those of which no end is known too.
        """
        until = self.until(today)
        near = due_before(contracts, until)
        standings = standings_of(near, today)
        due = self.of_supplier([one for one in standings if one.is_due_before(until)])
        return standings, self.of_family(radar_rows(due, near, self.kind, today))

    def together(self, rows: list[RadarRow]) -> list[Together]:
        return together(rows, by_supplier=self.by_supplier, across=self.is_across)

    def of_supplier(self, standings: list[Standing]) -> list[Standing]:
        """Keep those of the supplier chosen, if it is one of theirs, and offer all of theirs."""
        suppliers = {one.contract.supplier_code: one.contract.supplier_name for one in standings}
        in_order = sorted(suppliers.items(), key=lambda item: item[1].casefold())
        self.fields["supplier"].choices = any_or(in_order)
        chosen = self.cleaned_data.get("supplier")
        if chosen not in suppliers:
            return standings
        return [one for one in standings if one.contract.supplier_code == chosen]

    def of_family(self, rows: list[RadarRow]) -> list[RadarRow]:
        family = self.cleaned_data.get("family")
        return [row for row in rows if not family or family in row.provided.families]
