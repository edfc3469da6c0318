"""Rosters that come in, and rolls that go out."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from members.forms.fields import BranchField
from members.models import Export, Member
from members.roster.cells import plain
from members.roster.files import kind_of

MOST_MB = settings.IMPORT_MAX_BYTES // 1024 // 1024


class ImportForm(forms.Form):
    branch = BranchField(
        label=_("Import into"),
        help_text=_(
            "A branch, or a committee whose file names the branch of each person."
        ),
    )
    file = forms.FileField(
        label=_("Roster"),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        help_text=format_lazy(
            _("Excel (.xlsx) or .csv, up to {rows} rows and {most} MB."),
            rows=f"{settings.IMPORT_MAX_ROWS:,}",
            most=MOST_MB,
        ),
        error_messages={
            "required": format_lazy(
                _("Choose a file of at most {most} MB."), most=MOST_MB
            ),
            "empty": _("The file is empty."),
        },
    )

    def __init__(self, *args, branches, **kwargs):
        super().__init__(*args, **kwargs)
        choose_first(self, branches)

    def clean_file(self):
        """Judge the kind by the content alone (UP-01); the worker reads the rest."""
        file = self.cleaned_data["file"]
        file.name = plain(file.name) or "roster"
        if file.size > settings.IMPORT_MAX_BYTES:
            raise ValidationError(
                self.fields["file"].error_messages["required"], code="too_big"
            )
        self.cleaned_data["content"] = content = file.read()
        kind_of(content)
        return file


class ApplyForm(forms.Form):
    """Whether to leave out the refused rows, where there are some."""

    leave_out_refused = forms.BooleanField(required=False)

    def __init__(self, *args, refused, **kwargs):
        super().__init__(*args, **kwargs)
        if not refused:
            del self.fields["leave_out_refused"]
            return
        self.fields["leave_out_refused"].label = ngettext(
            "Leave out the refused row, and apply the others",
            "Leave out the %(count)s refused rows, and apply the others",
            refused,
        ) % {"count": refused}


class UndoForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Stands in the history of each person, and in the audit log."),
    )


class ExportForm(forms.Form):
    branch = BranchField(label=_("Roll of"), help_text=_("With all branches below."))
    state = forms.ChoiceField(
        label=pgettext_lazy("export", "Who"),
        required=False,
        choices=[
            ("", _("Everybody on the roll")),
            *((state, Member.State(state).label) for state in Member.LIVE),
        ],
    )
    format = forms.ChoiceField(
        label=_("Format"),
        choices=Export.Format.choices,
        initial=Export.Format.XLSX,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("What for"),
        max_length=200,
        help_text=_("Kept with the export, for those who check."),
    )

    def __init__(self, *args, branches, **kwargs):
        super().__init__(*args, **kwargs)
        choose_first(self, branches)


def choose_first(form, branches):
    """Offer `branches`, the topmost of them already chosen."""
    form.fields["branch"].offer(branches)
    if form.initial.get("branch") is None:
        form.initial["branch"] = branches.first()
