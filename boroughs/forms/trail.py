"""What the trail and the exceptions can be narrowed by; kept in the address."""

import re
from datetime import timedelta

from django import forms

from boroughs.models import AuditEvent
from londonpsn.common.exceptions import moments_within
from londonpsn.common.periods import FIRST_YEAR, LAST_YEAR, Period

LARGEST_KEY = 2**63 - 1
SUBJECT = re.compile(r"(?P<label>[a-z]{1,30}\.[a-z]{1,30}):(?P<key>[0-9]{1,19})")


class DayField(forms.DateField):
    """A day of the years that people ask for, or none."""

    def __init__(self, label: str):
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, required=False, widget=widget)

    def clean(self, value):
        day = super().clean(value)
        if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise forms.ValidationError(f"Choose a day from {FIRST_YEAR} to {LAST_YEAR}.")
        return day


class DaysForm(forms.Form):
    """From a day to a day, both included."""

    def __init__(self, data):
        super().__init__(data)
        self.fields["from"] = DayField("From")
        self.fields["to"] = DayField("To, included")

    def clean(self):
        chosen = super().clean()
        first, last = chosen.get("from"), chosen.get("to")
        if first and last and last < first:
            self.add_error("to", "This day lies before the first one. Swap them.")
        return chosen

    @property
    def period(self) -> Period:
        """The days that a valid form names, open on the sides that are left blank."""
        last = self.cleaned_data["to"]
        return Period(self.cleaned_data["from"], last and last + timedelta(days=1))

    @property
    def problem(self) -> str:
        """The first thing that is wrong, in words."""
        return next(iter(self.errors.values()))[0]


class SubjectField(forms.CharField):
    """A thing as addresses name it: ``services.line:123``; its value is the kind and the number."""

    widget = forms.HiddenInput

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        found = SUBJECT.fullmatch(text)
        if not found or int(found["key"]) > LARGEST_KEY:
            raise forms.ValidationError(
                f"“{text}” names nothing. Write kind and number, for example services.line:123."
            )
        return found["label"], int(found["key"])


class TrailFilterForm(DaysForm):
    """Narrows the trail; ``people`` are names by number, ``chains`` names by code."""

    type = forms.ChoiceField(
        label="What", required=False, choices=[("", "Anything"), *AuditEvent.Type.choices]
    )
    person = forms.TypedChoiceField(label="Who", required=False, coerce=int, empty_value=None)
    chain = forms.ChoiceField(label="Trail of", required=False)
    subject = SubjectField(required=False)
    request = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, data, *, people: dict[int, str], chains: dict[str, str]):
        super().__init__(data)
        self.fields["person"].choices = [("", "Anybody"), *people.items()]
        self.fields["chain"].choices = [("", "All"), *chains.items()]
        if len(chains) < 2:
            del self.fields["chain"]

    def narrow(self, events):
        """Return the events that fit every field that was filled in; none while one is wrong."""
        if not self.is_valid():
            return events.none()
        chosen = self.cleaned_data
        plain = {"type": "type", "person": "user_id", "chain": "chain", "request": "request_id"}
        wanted = {field: chosen[name] for name, field in plain.items() if chosen.get(name)}
        if chosen["subject"]:
            wanted["subject_type"], wanted["subject_id"] = chosen["subject"]
        return events.filter(moments_within("at", self.period), **wanted)


class ExceptionFilterForm(DaysForm):
    """Narrows the exceptions; ``kinds`` are those that there are, names by code."""

    kind = forms.ChoiceField(label="Kind", required=False)

    def __init__(self, data, *, kinds: dict[str, str]):
        super().__init__(data)
        self.fields["kind"].choices = [("", "Any"), *sorted(kinds.items())]
