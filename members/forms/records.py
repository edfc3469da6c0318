"""Adding somebody to a roll, editing a record, changing a state."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members import access
from members.algorithms import check_mobile, check_phone
from members.forms.fields import LONGEST_LIST, BranchField, TitleField
from members.forms.refusals import add_refusal
from members.masking import masked
from members.models import LocalCode, Member, PartyGroup, StateChange
from members.services import states

SEALED = ("id_number", "phone", "landline", "address")

WHO = _("Who"), _("As on the ID card. Sex and birth date follow from the ID number.")
CONTACT = _("Contact"), _("Kept sealed: pages show only a part of it.")
WORK = _("Education and work"), ""
CIRCUMSTANCES = _("Circumstances"), _("Several may be true at once.")


class DateInput(forms.DateInput):
    def __init__(self):
        super().__init__(format="%Y-%m-%d", attrs={"type": "date"})


class MemberForm(forms.ModelForm):
    """The fields of a record that adding and editing have in common.

    Sealed fields stand outside `Meta.fields`, so nothing of theirs is ever put into the
    page; what was typed comes back only in the answer that refuses it.
    """

    id_number = forms.CharField(
        label=_("citizen ID number"), required=False, max_length=40
    )
    phone = forms.CharField(
        label=_("mobile phone"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    landline = forms.CharField(label=_("landline"), required=False, max_length=30)
    address = forms.CharField(
        label=_("home address"),
        required=False,
        max_length=200,
        help_text=_("To the door number."),
    )
    title = TitleField(label=_("professional title"))

    class Meta:
        model = Member
        fields = (
            "name",
            "sex",
            "birth_date",
            "file_birth_date",
            "ethnic_group",
            "native_place",
            "party_group",
            "applied_on",
            "admitted_on",
            "full_member_on",
            "education",
            "occupation",
            "title",
            "post",
            "employer",
            "is_migrant_worker",
            "is_retired",
            "is_abroad",
            "is_floating",
            "floating_since",
            "floating_to",
            "out_of_contact_since",
            "notes",
        )

    sections_of = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.DateField):
                field.widget = DateInput()
        for name in SEALED:
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.fields["notes"].widget.attrs["rows"] = 3
        self._offer_posts()

    def _offer_posts(self):
        """Posts are a list that each place keeps; without one there is no field."""
        rows = LocalCode.objects.filter(table=LocalCode.Table.POST).filter(
            Q(valid_until=None) | Q(valid_until__gte=access.today())
        )
        posts = {row.code: row.name for row in rows}
        if self.instance.post:
            posts.setdefault(self.instance.post, self.instance.post)
        if not posts:
            del self.fields["post"]
            return
        self.fields["post"] = forms.ChoiceField(
            choices=[("", "---------"), *posts.items()],
            required=False,
            label=self.fields["post"].label,
        )

    def add_error(self, field, error):
        """What the record refuses at a field that is not on this page is said on top."""
        if field is None and hasattr(error, "error_dict"):
            add_refusal(self, error)
        else:
            super().add_error(field, error)

    def sections(self):
        """The fields under their headings, for the page."""
        return [
            {
                "title": title,
                "text": text,
                "fields": [self[name] for name in names if name in self.fields],
            }
            for (title, text), names in self.sections_of
        ]

    def clean_phone(self):
        number = self.cleaned_data["phone"]
        return check_mobile(number) if number else ""

    def clean_landline(self):
        number = self.cleaned_data["landline"]
        return check_phone(number) if number else ""

    def clean(self):
        """Take over the sealed fields. Whether the ID number is free is for the service
        to say: it counts who asks (so nothing here looks for equal rows)."""
        for name in SEALED:
            if value := self.cleaned_data.get(name):
                setattr(self.instance, name, value)
        return self.cleaned_data


class MemberAddForm(MemberForm):
    """Somebody new on a roll, with the decision that brought the person there."""

    branch = BranchField(label=pgettext_lazy("member", "branch"))
    decided_on = forms.DateField(
        label=_("decided on"),
        required=False,
        help_text=_("Empty: the day the state began."),
    )
    decided_by = forms.CharField(
        label=_("deciding body"), required=False, max_length=120
    )
    document_number = forms.CharField(
        label=_("document number"), required=False, max_length=60
    )

    class Meta(MemberForm.Meta):
        fields = (*MemberForm.Meta.fields, "branch", "state", "enrolled_on", "increase")

    sections_of = (
        (
            WHO,
            (
                "name",
                "id_number",
                "sex",
                "birth_date",
                "file_birth_date",
                "ethnic_group",
                "native_place",
            ),
        ),
        (
            (
                _("State and branch"),
                _("Where the person stands today, and since when."),
            ),
            (
                "branch",
                "party_group",
                "state",
                "increase",
                "applied_on",
                "admitted_on",
                "full_member_on",
                "enrolled_on",
                "decided_on",
                "decided_by",
                "document_number",
            ),
        ),
        (CONTACT, ("phone", "landline", "address")),
        (
            WORK,
            (
                "education",
                "occupation",
                "title",
                "post",
                "employer",
                "is_migrant_worker",
            ),
        ),
        (
            CIRCUMSTANCES,
            (
                "is_retired",
                "is_abroad",
                "is_floating",
                "out_of_contact_since",
                "floating_since",
                "floating_to",
                "notes",
            ),
        ),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        branches = access.managed_branches(user, "manage_roll")
        branches = branches.holding_members().filter(closed_on=None)
        self.fields["branch"].offer(branches)
        self._offer_groups(branches)
        self.fields["state"].choices = [
            ("", "---------"),
            *((state.value, state.label) for state in Member.LIVE),
        ]
        for name in ("sex", "birth_date"):
            self.fields[name].required = False
        self.fields["sex"].help_text = _("Empty: as the ID number says.")
        self.fields["birth_date"].help_text = _("Empty: as the ID number says.")
        self.fields["enrolled_on"].required = False
        self.fields["enrolled_on"].help_text = _("Empty: today.")
        self.fields["applied_on"].help_text = _("The day of the written application.")
        self.fields["admitted_on"].help_text = _(
            "The day of the branch meeting that admitted the person; empty before it."
        )
        self.fields["full_member_on"].help_text = _(
            "The day the probation ended; empty before it."
        )

    def _offer_groups(self, branches):
        groups = PartyGroup.objects.filter(branch__in=branches, dissolved_on=None)
        chosen = self.data.get("branch") or self.initial.get("branch")
        if code := BranchField.code_in(chosen):
            groups = groups.filter(branch__code=code)
        groups = groups.select_related("branch").order_by("branch__path", "name")
        offered = len(groups[: LONGEST_LIST + 1])
        if not 0 < offered <= LONGEST_LIST and not self.data.get("party_group"):
            del self.fields["party_group"]
            return
        self.fields["party_group"].queryset = groups
        self.fields["party_group"].label_from_instance = lambda g: f"{g.branch} · {g}"

    def clean(self):
        cleaned = super().clean()
        for name, message in (
            ("sex", _("Choose the sex, or enter the ID number.")),
            ("birth_date", _("Enter the birth date, or the ID number.")),
        ):
            missing = not cleaned.get(name) and name not in self.errors
            if missing and not self.data.get("id_number", "").strip():
                self.add_error(name, ValidationError(message, code="required"))
        return cleaned


class MemberEditForm(MemberForm):
    """Everything of a record but its state and its branch: they change by decisions."""

    clear_landline = forms.BooleanField(
        label=_("Delete the landline number"), required=False
    )
    clear_address = forms.BooleanField(
        label=_("Delete the home address"), required=False
    )

    class Meta(MemberForm.Meta):
        fields = (*MemberForm.Meta.fields, "pinyin", "initials")

    sections_of = (
        (
            WHO,
            (
                "name",
                "pinyin",
                "initials",
                "id_number",
                "sex",
                "birth_date",
                "file_birth_date",
                "ethnic_group",
                "native_place",
            ),
        ),
        (
            (_("In the Party"), ""),
            ("party_group", "applied_on", "admitted_on", "full_member_on"),
        ),
        (
            CONTACT,
            ("phone", "landline", "clear_landline", "address", "clear_address"),
        ),
        MemberAddForm.sections_of[3],
        MemberAddForm.sections_of[4],
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in SEALED:
            mask = masked(self.instance, name)
            self.fields[name].widget.attrs["placeholder"] = mask
            if mask:
                self.fields[name].help_text = _("Leave empty to keep it.")
        for name in ("landline", "address"):
            if not masked(self.instance, name):
                del self.fields[f"clear_{name}"]
        groups = PartyGroup.objects.filter(branch=self.instance.branch_id)
        self.fields["party_group"].queryset = groups.filter(
            Q(dissolved_on=None) | Q(pk=self.instance.party_group_id)
        )
        self.fields["pinyin"].help_text = _(
            "Correct it where a name is read unusually."
        )

    def clean(self):
        cleaned = super().clean()
        for name in ("landline", "address"):
            if cleaned.get(f"clear_{name}") and not cleaned.get(name):
                setattr(self.instance, name, "")
        return cleaned


class StateForm(forms.Form):
    """The next state and what decided it (MEM-11)."""

    to_state = forms.ChoiceField(label=_("new state"))
    body = forms.ChoiceField(
        label=_("deciding body"),
        choices=[("", "---------"), *StateChange.Body.choices],
    )
    decided_by = forms.CharField(
        label=_("name of the body"),
        required=False,
        max_length=120,
        help_text=_("As it signs its decisions."),
    )
    decided_on = forms.DateField(label=_("decided on"), widget=DateInput)
    effective_on = forms.DateField(
        label=_("takes effect on"),
        widget=DateInput,
        required=False,
        help_text=_("Empty: the day of the decision."),
    )
    document_number = forms.CharField(
        label=_("document number"), required=False, max_length=60
    )
    reason = forms.CharField(label=_("reason"), required=False, max_length=200)

    def __init__(self, *args, member, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to_state"].choices = [
            ("", "---------"),
            *states.next_states(member),
        ]
        for name in ("decided_on", "effective_on"):
            self.fields[name].widget.attrs["max"] = access.today().isoformat()
