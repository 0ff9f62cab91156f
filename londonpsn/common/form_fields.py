"""Fields that forms of several apps ask with."""

from datetime import date

from crispy_forms_gds.widgets import DateInputWidget
from django import forms
from django.core.exceptions import ValidationError

from londonpsn.common.periods import FIRST_YEAR, LAST_YEAR


class DayField(forms.MultiValueField):
    """A day in three boxes: day, month, year. Its value is a date, None where it is left empty."""

    widget = DateInputWidget
    default_error_messages = {
        "invalid": "This is no day. Write it in numbers, for example 30 6 2014.",
        "outside": f"The year has to lie between {FIRST_YEAR} and {LAST_YEAR}.",
    }

    def __init__(self, **options):
        boxes = [forms.IntegerField(required=False) for _ in ("day", "month", "year")]
        super().__init__(boxes, require_all_fields=False, **options)

    def clean(self, value):
        parts = [str(part or "").strip() for part in value or ("", "", "")]
        if not any(parts):
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        return self.compress(parts)

    def compress(self, parts) -> date:
        try:
            day, month, year = (int(part) for part in parts)
            found = date(year, month, day)
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise ValidationError(self.error_messages["outside"], code="outside")
        return found


class PoundsField(forms.DecimalField):
    """Pounds as people write them: with or without the sign and the commas."""

    def __init__(self, **options):
        limits = {"max_digits": 14, "decimal_places": 2}
        widget = forms.TextInput(attrs={"inputmode": "decimal"})
        super().__init__(**limits | {"widget": widget} | options)

    def to_python(self, value):
        text = str(value or "").replace("£", "").replace(",", "").replace("−", "-")
        return super().to_python("".join(text.split()))
