"""The forms that add a document or a note to a thing."""

from django import forms

from boroughs.actions.documents import LONGEST_NOTE, LONGEST_TITLE
from boroughs.attachments import suppliers_of
from boroughs.models import Council, Document, Supplier
from londonpsn.common.file_kinds import ACCEPT, ENDINGS
from londonpsn.common.uploads import MOST_BYTES


class DocumentForm(forms.Form):
    """One file, what it proves, who else may see it, and how long it is kept.

    What the file holds is looked at by the action. The suppliers are those of the ``council``; a
    document of none is for the people of all.
    """

    file = forms.FileField(
        label="The file",
        help_text=f"{ENDINGS}, up to {MOST_BYTES >> 20} MB",
        widget=forms.FileInput(attrs={"class": "govuk-file-upload", "accept": ACCEPT}),
        error_messages={
            "required": "Choose a file.",
            "empty": "The file is empty. Choose the file that holds the document.",
        },
    )
    title = forms.CharField(
        label="Title",
        help_text="What others read in the list, for example “Quote for the move of June”",
        max_length=LONGEST_TITLE,
        error_messages={"required": "Give the document a title."},
    )
    kind = forms.ChoiceField(
        label="What it proves",
        choices=[("", "Choose"), *Document.Kind.choices],
        error_messages={"required": "Choose what the document proves."},
    )
    for_london_grid = forms.TypedChoiceField(
        label="May London Grid see it?",
        choices=[("no", "No"), ("yes", "Yes")],
        initial="no",
        coerce=lambda value: value == "yes",
    )
    supplier = forms.ModelChoiceField(
        Supplier.objects.none(),
        label="May a supplier see it?",
        required=False,
        empty_label="No",
    )
    retention = forms.ChoiceField(
        label="How long it is kept",
        choices=Document.Retention.choices,
        initial=Document.Retention.BUSINESS,
    )

    def __init__(self, *sent, council: Council | None):
        super().__init__(*sent)
        if council is None:
            del self.fields["for_london_grid"], self.fields["supplier"]
            return
        self.fields["supplier"].queryset = suppliers_of(council).order_by("name")


class NoteForm(forms.Form):
    text = forms.CharField(
        label="What do you want to note?",
        help_text="It cannot be changed afterwards. Everybody who sees the council’s records can "
        "read it, so leave private details of people out.",
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "Write the note."},
    )
