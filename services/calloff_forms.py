"""What people answer when they award a call-off, and when they do something to it."""

from datetime import date, timedelta

from django import forms

from boroughs.models import Body, Supplier
from londonpsn.common.errors import BadInput
from londonpsn.common.form_fields import DayField, PoundsField
from londonpsn.common.money import ZERO
from londonpsn.common.periods import in_words, last_day
from services.awarding import INDEX_TERMS, NEEDED, STEP_OF
from services.models import Contract
from services.models.contract import IndexationBase, IndexationRounding
from services.terms import days_to_end_on

ONE_DAY = timedelta(days=1)
MOST_OPTIONS = 10
# Asked as the last day with, kept as the first without.
LAST_DAYS = ("ends_on", "minimum_term_ends_on")


class StepForm(forms.Form):
    """One question of the award journey, about the draft ``call_off``.

    With ``later`` nothing is required: what is there is kept, and the rest is asked again.
    """

    def __init__(self, call_off: Contract, data=None, *, later=False):
        super().__init__(data, initial=self.held(call_off))
        self.call_off = call_off
        self.prepare()
        if later:
            for field in self.fields.values():
                field.required = False

    def prepare(self) -> None:
        """Set what depends on the draft: choices, words."""

    @staticmethod
    def held(call_off: Contract) -> dict:
        """Return the draft's answers as the fields have them."""
        answers = {name: getattr(call_off, name) for name in STEP_OF}
        for name in ("supplier", "body", "framework"):
            answers[name] = getattr(call_off, f"{name}_id")
        for name in LAST_DAYS:
            if answers[name]:
                answers[name] = last_day(answers[name])
        return answers

    def answers(self) -> dict:
        """Return what was answered, by the fields of Contract."""
        found = {name: value for name, value in self.cleaned_data.items() if name in STEP_OF}
        for name in LAST_DAYS:
            if found.get(name):
                found[name] += ONE_DAY
        return found

    def extensions(self) -> list[int] | None:
        """Return the months of the options, None where they were not asked."""
        return None


class SupplierForm(forms.Form):
    """The first question; it makes the draft."""

    supplier = forms.ModelChoiceField(
        Supplier.objects.order_by("name"),
        label="Supplier",
        empty_label="Choose a supplier",
        error_messages={"required": "Choose the supplier."},
    )


class SupplierStep(StepForm, SupplierForm):
    pass


class BodyStep(StepForm):
    body = forms.ModelChoiceField(
        Body.objects.none(),
        label="Who it is for",
        empty_label="Choose who it is for",
        help_text="The council itself, one of its schools, or another body of the council.",
        error_messages={"required": "Choose who it is for."},
    )

    def prepare(self):
        bodies = Body.objects.of_council(self.call_off.council)
        self.fields["body"].queryset = bodies.order_by("kind", "name")


class FrameworkStep(StepForm):
    """``choices`` are those of services.queries.framework_choices."""

    framework = forms.ChoiceField(
        label="Framework",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the framework."},
    )
    lot = forms.CharField(
        label="Lot", required=False, max_length=120, help_text="As the framework names it."
    )

    def offer(self, choices) -> None:
        self.frameworks = {str(choice.framework.pk): choice.framework for choice in choices}
        self.fields["framework"].choices = [
            (str(choice.framework.pk), _words_of(choice)) for choice in choices
        ]

    def answers(self):
        chosen = self.cleaned_data
        return {
            "framework": self.frameworks.get(chosen.get("framework")),
            "lot": chosen.get("lot", ""),
        }


def _words_of(choice) -> str:
    framework = choice.framework
    words = [framework.name, framework.owner]
    if framework.ends_on:
        words.append(f"last day {in_words(last_day(framework.ends_on))}")
    if choice.names_supplier:
        words.append("names this supplier")
    if choice.why_not:
        words.append(f"cannot be used: {choice.why_not}")
    return ", ".join(words)


class RouteStep(StepForm):
    route = forms.ChoiceField(
        label="How the supplier was chosen",
        widget=forms.RadioSelect,
        help_text="The answer is published with the award.",
        choices=[
            (
                Contract.Route.DIRECT_AWARD,
                "Direct award: the framework’s prices and terms were enough to pick one supplier",
            ),
            (
                Contract.Route.FURTHER_COMPETITION,
                "Further competition: all suppliers on the lot that can do it were invited",
            ),
        ],
        error_messages={"required": "Say how the supplier was chosen."},
    )
    route_reason = forms.CharField(
        label="Why this way",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Needed for a direct award.",
    )
    invited = forms.IntegerField(
        label="How many suppliers were invited?",
        required=False,
        min_value=0,
        max_value=999,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    bids = forms.IntegerField(
        label="How many bids were received?",
        required=False,
        min_value=0,
        max_value=999,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )

    def clean(self):
        chosen = super().clean()
        invited, bids = chosen.get("invited"), chosen.get("bids")
        if invited is not None and bids is not None and bids > invited:
            self.add_error("bids", "There cannot be more bids than suppliers invited.")
        is_direct = chosen.get("route") == Contract.Route.DIRECT_AWARD
        if is_direct and not chosen.get("route_reason") and self.fields["route"].required:
            self.add_error("route_reason", "Say why it is a direct award.")
        return chosen


class TitleStep(StepForm):
    title = forms.CharField(
        label="Title", max_length=120, error_messages={"required": "Give it a title."}
    )
    reference = forms.CharField(
        label="Reference",
        max_length=60,
        help_text="Proposed by the portal. Write your own if the council has one.",
        error_messages={"required": "Give it a reference."},
    )
    description = forms.CharField(
        label="What is bought",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="For example: hosted voice, SIP, managed wireless. It is published.",
    )

    def answers(self):
        """A blank reference leaves the one there is."""
        return {
            name: value for name, value in super().answers().items() if value or name != "reference"
        }


class MoneyStep(StepForm):
    value = PoundsField(
        label="Value without VAT, £",
        min_value=0,
        help_text="For the whole term, with every option and extension.",
        error_messages={"required": "Write the value without VAT."},
    )
    vat = PoundsField(
        label="VAT on top of it, £",
        min_value=0,
        help_text="Write 0 where there is none. Thresholds of the law count VAT.",
        error_messages={"required": "Write how much VAT comes on top; 0 where there is none."},
    )
    irrecoverable_vat = PoundsField(
        label="Of that, VAT that the council does not get back, £", required=False, min_value=0
    )
    ceiling = PoundsField(
        label="Ceiling, £",
        required=False,
        min_value=0,
        help_text="The most that may be ordered, without VAT. You are warned at 80%, and nothing "
        "more can be ordered at 100%. Leave it empty where there is none.",
    )

    def clean(self):
        chosen = super().clean()
        vat, lost = chosen.get("vat"), chosen.get("irrecoverable_vat")
        if vat is not None and lost is not None and lost > vat:
            self.add_error("irrecoverable_vat", "This is more than all of the VAT.")
        return chosen


class DatesStep(StepForm):
    commenced_on = DayField(
        label="Procurement commenced on",
        help_text="The day on which this call-off’s procurement began: the threshold of that day "
        "applies.",
        error_messages={"required": "Write the day on which its procurement commenced."},
    )
    starts_on = DayField(label="First day", error_messages={"required": "Write the first day."})
    ends_on = DayField(
        label="Last day",
        help_text="Without extensions.",
        error_messages={"required": "Write the last day."},
    )
    extension_count = forms.IntegerField(
        label="Options to extend it",
        required=False,
        min_value=0,
        max_value=MOST_OPTIONS,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="How many times it may be extended.",
    )
    extension_months = forms.IntegerField(
        label="Months of each option",
        required=False,
        min_value=1,
        max_value=120,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    renewal = forms.ChoiceField(
        label="At its end",
        required=False,
        widget=forms.RadioSelect,
        choices=[*Contract.Renewal.choices, ("", "Not known")],
    )
    roll_on_months = forms.IntegerField(
        label="Months by which it rolls on",
        required=False,
        min_value=1,
        max_value=120,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    notice_days = forms.IntegerField(
        label="Days of notice",
        required=False,
        min_value=0,
        max_value=1000,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    minimum_term_ends_on = DayField(label="Last day of the minimum term", required=False)
    review_on = DayField(label="To be reviewed on", required=False)

    def prepare(self):
        months = [option.months for option in self.call_off.extensions.order_by("number")]
        self.initial["extension_count"] = len(months) or None
        if len(set(months)) == 1:
            self.initial["extension_months"] = months[0]
        elif months:
            several = ", ".join(str(some) for some in months)
            words = f"They are of {several} months. What is written here makes all of them alike."
            self.fields["extension_months"].help_text = words

    def clean(self):
        chosen = super().clean()
        starts, ends = chosen.get("starts_on"), chosen.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", "The last day has to lie after the first.")
        least = chosen.get("minimum_term_ends_on")
        if least and ends and least > ends:
            self.add_error("minimum_term_ends_on", "The minimum term cannot outlast the call-off.")
        is_half = bool(chosen.get("extension_count")) != bool(chosen.get("extension_months"))
        if is_half and self._changes_options():
            name = "extension_months" if chosen.get("extension_count") else "extension_count"
            self.add_error(name, "Give both: how many options, and the months of each.")
        if chosen.get("renewal") == Contract.Renewal.ROLLS_ON and not chosen.get("roll_on_months"):
            self.add_error("roll_on_months", "Write by how many months it rolls on.")
        return chosen

    def _changes_options(self) -> bool:
        return bool({"extension_count", "extension_months"} & set(self.changed_data))

    def extensions(self):
        if not self._changes_options():
            return None
        return [self.cleaned_data.get("extension_months")] * (
            self.cleaned_data.get("extension_count") or 0
        )


class PriceTermsForm(forms.Form):
    """How prices rise with an index, and what leaving early costs."""

    index_base = forms.ChoiceField(
        label="Prices rise with an index",
        required=False,
        choices=[("", "They do not"), *IndexationBase.choices],
    )
    index_lag_months = forms.IntegerField(
        label="The index of how many months before",
        required=False,
        min_value=0,
        max_value=36,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="For example 3: a rise in April takes the index of January.",
    )
    index_cap = forms.DecimalField(
        label="By at most, %",
        required=False,
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    index_floor = forms.DecimalField(
        label="By at least, %",
        required=False,
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    index_rounding = forms.ChoiceField(
        label="Raised prices are rounded",
        required=False,
        choices=[("", "To a hundredth of a penny"), *IndexationRounding.choices],
    )
    exit_percent = forms.DecimalField(
        label="Leaving before the minimum term is over costs, % of the charges left of it",
        required=False,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text="Left empty, all of them are counted.",
    )

    def clean(self):
        chosen = super().clean()
        said = [name for name in INDEX_TERMS if chosen.get(name) not in (None, "")]
        if said and not chosen.get("index_base"):
            self.add_error(
                "index_base",
                "Choose how rises are worked out, or leave empty what is said of them below.",
            )
        cap, floor = chosen.get("index_cap"), chosen.get("index_floor")
        if cap is not None and floor is not None and floor > cap:
            self.add_error("index_floor", "The least cannot be more than the most.")
        return chosen


class PricesStep(StepForm, PriceTermsForm):
    pass


class DeclarationsStep(StepForm):
    conflict = forms.CharField(
        label="Declaration of interests",
        error_messages={"required": NEEDED["conflict"]},
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Write “none” where nobody involved has an interest in the supplier; otherwise "
        "what was declared and what was done about it. It is not published.",
    )
    decision_reference = forms.CharField(
        label="Reference of the decision",
        max_length=60,
        help_text="Of the report or minute in which it was decided to award it.",
        error_messages={"required": NEEDED["decision_reference"]},
    )
    cost_centre = forms.CharField(label="Cost centre", required=False, max_length=40)
    organisational_unit = forms.CharField(
        label="Department that is responsible",
        required=False,
        max_length=80,
        help_text="It is published.",
    )


class SignaturesStep(StepForm):
    standstill_from = DayField(
        label="Standstill begins on",
        required=False,
        help_text="The day on which the award is made known. A standstill is voluntary for a "
        "call-off: leave it empty where there is none.",
    )
    standstill_days = forms.IntegerField(
        label="Standstill, working days",
        required=False,
        min_value=1,
        max_value=60,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    signed_on = DayField(
        label="Signed by the council on",
        required=False,
        help_text="Leave it empty where it is not signed yet: you can say it later.",
    )
    supplier_signed_on = DayField(label="Signed by the supplier on", required=False)

    def clean(self):
        chosen = super().clean()
        if bool(chosen.get("standstill_from")) != bool(chosen.get("standstill_days")):
            name = "standstill_days" if chosen.get("standstill_from") else "standstill_from"
            self.add_error(name, "Give both: the first day and how many working days.")
        return chosen


STEP_FORMS: dict[str, type[StepForm]] = {
    "supplier": SupplierStep,
    "body": BodyStep,
    "framework": FrameworkStep,
    "route": RouteStep,
    "title": TitleStep,
    "money": MoneyStep,
    "dates": DatesStep,
    "prices": PricesStep,
    "declarations": DeclarationsStep,
    "signatures": SignaturesStep,
}


# What is done to a call-off from its own page


class ExtendForm(forms.Form):
    number = forms.IntegerField(widget=forms.HiddenInput)


class ChangeForm(forms.Form):
    value_change = PoundsField(
        label="Change of its value without VAT, £",
        required=False,
        help_text="Less than it was: write a minus before it. VAT changes at the same rate.",
    )
    ceiling = PoundsField(
        label="New ceiling, £",
        required=False,
        min_value=0,
        help_text="Leave it empty where the ceiling stays.",
    )
    ends_on = DayField(
        label="New last day",
        required=False,
        help_text="With the options that were taken. Leave it empty where the term stays.",
    )
    reason = forms.CharField(
        label="Why",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why it is changed."},
    )
    changes_so_far = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def change_of(self, call_off: Contract, day: date) -> dict:
        """Return what the action takes. Raises BadInput for a last day that it cannot come to."""
        ends_on, ceiling = self.cleaned_data["ends_on"], self.cleaned_data["ceiling"]
        days = 0
        if ends_on:
            days = days_to_end_on(call_off.terms(day), ends_on + ONE_DAY, day)
        if days is None:
            raise BadInput("Counted in months it cannot end on this day. Try the day before it.")
        return {
            "value_change": self.cleaned_data["value_change"] or ZERO,
            "ceiling_change": ZERO if ceiling is None else ceiling - (call_off.ceiling or ZERO),
            "days_change": days,
            "reason": self.cleaned_data["reason"],
            "changes_so_far": self.cleaned_data["changes_so_far"],
        }


class KeepPriceTermsForm(PriceTermsForm):
    """What was not said at the award, or is said otherwise by the contract."""

    reason = forms.CharField(
        label="Where the contract says it",
        max_length=300,
        help_text="For example: schedule 4, paragraph 2.",
        error_messages={"required": "Say where the contract says it."},
    )

    @property
    def said(self) -> dict:
        """What the action takes."""
        terms = dict(self.cleaned_data)
        return {"reason": terms.pop("reason"), "terms": terms}


class SignForm(forms.Form):
    signed_on = DayField(
        label="Signed by the council on",
        error_messages={"required": "Write the day on which the council signed."},
    )
    supplier_signed_on = DayField(label="Signed by the supplier on", required=False)
    reason = forms.CharField(
        label="Why it is corrected",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed where a day that is kept already was wrong.",
    )


class NoticeForm(forms.Form):
    given_on = DayField(
        label="Given on",
        error_messages={"required": "Write the day on which notice was given."},
    )


class PublishForm(forms.Form):
    link = forms.URLField(
        label="Address at which it can be read",
        max_length=300,
        assume_scheme="https",
        help_text="For example https://www.find-tender.service.gov.uk/Notice/…",
        error_messages={
            "required": "Give the address at which it can be read.",
            "invalid": "This is no address. Copy it from the browser, with https://.",
        },
    )
    published_on = DayField(
        label="Published on",
        error_messages={"required": "Write the day on which it was published."},
    )


class PublishAwardForm(PublishForm):
    """The award notice can begin a standstill."""

    standstill_days = forms.IntegerField(
        label="Standstill from that day, working days",
        required=False,
        min_value=1,
        max_value=60,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="A standstill is voluntary for a call-off: leave it empty where there is none.",
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Why",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why."},
    )


class NoAnswerForm(forms.Form):
    """Only a button."""
