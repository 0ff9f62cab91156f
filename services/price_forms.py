"""What the pages of prices and quotes ask."""

from datetime import timedelta
from decimal import Decimal

from django import forms
from django.db.models import Q

from boroughs.models import Site
from londonpsn.common.form_fields import DayField, PoundsField
from londonpsn.common.text import tidy
from londonpsn.common.uploads import RowsField
from services.models import CatalogueItem, Contract, Framework, Quote, ServiceType
from services.price_book import MOST_MONTHS

FAMILIES = [("", "Any"), *ServiceType.Family.choices]
ONE_DAY = timedelta(days=1)
MOST_QUANTITY = 1_000_000
WHICH_DAY = {"required": "Say which day."}


class PriceFilterForm(forms.Form):
    """Narrows the book; a value that is not offered is left out rather than refused."""

    q = forms.CharField(label="Item or call-off", required=False, max_length=100)
    family = forms.ChoiceField(label="Kind of service", required=False, choices=FAMILIES)
    day = forms.DateField(
        label="In force on",
        required=False,
        help_text="The portal’s day unless you say",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def narrow(self, prices):
        """Return the prices that fit what was filled in, the day left aside."""
        chosen = self.chosen
        if text := tidy(chosen.get("q") or ""):
            named = Q(item__code__icontains=text) | Q(item__name__icontains=text)
            prices = prices.filter(named | Q(contract__reference__icontains=text))
        if family := chosen.get("family"):
            prices = prices.filter(item__service_type__family=family)
        return prices

    @property
    def chosen(self) -> dict:
        self.is_valid()
        return self.cleaned_data


class PriceUploadForm(forms.Form):
    file = RowsField(label="The price book")


class RiseForm(forms.Form):
    """A rise by an index: of which call-off or framework, by how much, from which day on."""

    framework = forms.ModelChoiceField(
        Framework.objects.none(),
        label="All call-offs under a framework",
        required=False,
        empty_label="None: one call-off alone",
        error_messages={"invalid_choice": "No call-off under this framework has an indexation."},
    )
    contract = forms.ModelChoiceField(
        Contract.objects.none(),
        label="Call-off",
        required=False,
        empty_label="Choose one",
        error_messages={
            "invalid_choice": "This call-off has no indexation, or you do not keep its prices.",
        },
    )
    percent = forms.DecimalField(
        label="The index asks for, %",
        help_text="For example 3.4; the call-off’s own floor and cap are applied to it",
        min_value=-100,
        max_value=100,
        max_digits=6,
        decimal_places=3,
        error_messages={
            "required": "Say by how much, for example 3.4.",
            "invalid": "This is no number. Write the per cent, for example 3.4.",
        },
    )
    on = DayField(
        label="From which day on",
        help_text="Up to three months ahead, for example 15 3 2015",
        error_messages=WHICH_DAY,
    )

    def __init__(self, data, *, contracts, frameworks):
        super().__init__(data)
        self.fields["contract"].queryset = contracts
        self.fields["contract"].label_from_instance = lambda one: f"{one.reference}, {one.title}"
        self.fields["framework"].queryset = frameworks
        if not frameworks:
            self.fields["framework"].widget = forms.HiddenInput()

    def clean(self):
        chosen = super().clean()
        if self.errors.keys() & {"contract", "framework"}:
            return chosen
        if not chosen.get("contract") and not chosen.get("framework"):
            self.add_error("contract", "Choose the call-off.")
        if chosen.get("contract") and chosen.get("framework"):
            self.add_error("contract", "Choose the framework or one call-off, not both.")
        return chosen

    @property
    def rise(self) -> dict:
        return {name: self.cleaned_data[name] for name in ("percent", "on")}


class CompareForm(forms.Form):
    """What to hold beside each other: a kind of service, how many, over how many months."""

    family = forms.ChoiceField(
        label="Kind of service",
        choices=[("", "Choose one"), *ServiceType.Family.choices],
        error_messages={"required": "Choose the kind of service."},
    )
    quantity = forms.IntegerField(
        label="How many",
        min_value=1,
        max_value=MOST_QUANTITY,
        error_messages={"required": "Say how many, for example 1."},
    )
    months = forms.IntegerField(
        label="Over how many months",
        min_value=1,
        max_value=MOST_MONTHS,
        error_messages={"required": "Say over how many months, for example 36."},
    )
    option = forms.MultipleChoiceField(
        label="Show only", required=False, widget=forms.CheckboxSelectMultiple
    )

    def offer(self, offers) -> None:
        """Let people choose among what was found; what was chosen stays so."""
        self.fields["option"].choices = [
            (one.key, f"{one.label}, {one.reference}") for one in offers
        ]

    @property
    def options(self) -> set[str]:
        return set(self.data.getlist("option"))


class QuoteForm(forms.Form):
    """A quote to keep, as the supplier made it."""

    contract = forms.ModelChoiceField(
        Contract.objects.none(),
        label="Call-off",
        empty_label="Choose one",
        error_messages={"required": "Choose the call-off that it was made under."},
    )
    number = forms.CharField(
        label="Number of the quote",
        max_length=40,
        error_messages={"required": "Write the number that the supplier gave it."},
    )
    item = forms.ModelChoiceField(
        CatalogueItem.objects.order_by("name", "pk"),
        label="Item",
        empty_label="Choose one",
        error_messages={"required": "Choose what it is for."},
    )
    site = forms.CharField(
        label="Site",
        required=False,
        max_length=24,
        help_text="Its code, for example CMD-HQ01; blank where it is for no one site",
    )
    quantity = forms.IntegerField(label="Quantity", min_value=1, max_value=MOST_QUANTITY, initial=1)
    monthly, one_off = (
        PoundsField(
            label=f"£ {when}, for the whole quantity",
            help_text="Without VAT that is recovered",
            min_value=0,
            decimal_places=4,
            error_messages={"required": "Write pounds; 0 where nothing is asked."},
        )
        for when in ("a month", "once")
    )
    term_months = forms.IntegerField(
        label="Term in months",
        required=False,
        min_value=1,
        max_value=MOST_MONTHS,
        help_text="Blank where none was agreed",
    )
    quoted_on = DayField(label="Made on", error_messages=WHICH_DAY)
    last_day = DayField(
        label="Holds until",
        help_text="The last day on which it can be ordered",
        error_messages=WHICH_DAY,
    )
    survey = forms.ChoiceField(
        label="Survey of the site",
        required=False,
        choices=[("", "Not made, or not known"), *Quote.Survey.choices],
    )

    def __init__(self, data=None, *, council, contracts):
        super().__init__(data)
        self.council = council
        self.fields["contract"].queryset = contracts
        self.fields["contract"].label_from_instance = lambda one: f"{one.reference}, {one.title}"
        self.fields["item"].label_from_instance = lambda one: f"{one.name} ({one.code})"

    def clean_site(self):
        """Return the council's site of that code, None for none."""
        code = self.cleaned_data["site"].strip()
        if not code:
            return None
        site = Site.objects.of_council(self.council).filter(code__iexact=code).first()
        if site is None:
            raise forms.ValidationError(
                f"{self.council.short_name} has no site “{code}”. Look it up under Sites."
            )
        return site

    @property
    def facts(self) -> dict:
        """What the action keeps: the first day without, in place of the last day."""
        names = ("number", "quantity", "monthly", "one_off", "term_months", "quoted_on", "survey")
        said = {name: self.cleaned_data[name] for name in names}
        return said | {"valid_until": self.cleaned_data["last_day"] + ONE_DAY}


def per_cent(value: Decimal) -> str:
    """Write a per cent without the zeros at its end."""
    return f"{value.normalize():f} %".replace("-", "−")
