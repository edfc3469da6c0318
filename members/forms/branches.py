"""Branches: searching, setting up, changing, moving, closing; terms and Party groups."""

from django import forms
from django.utils.translation import gettext_lazy as _

from members import access
from members.forms.fields import BranchField
from members.models import Branch, Member, PartyGroup, Term

# What a branch keeps up itself; the rest is settled by its superior.
OWN_FIELDS = (
    "short_name",
    "unit_relation",
    "credit_code",
    "region",
    "contact_person",
    "contact_phone",
    "notes",
)
MOST_IN_LIST = 400  # a form has at most 500 fields


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def document_number(*, required=False, help_text="") -> forms.CharField:
    return forms.CharField(
        label=_("Document number"),
        max_length=60,
        required=required,
        help_text=help_text,
    )


class BranchSearchForm(forms.Form):
    q = forms.CharField(
        label=_("Name, code or pinyin initials"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    closed = forms.BooleanField(label=_("Closed ones too"), required=False)


class DayForm(forms.Form):
    on = forms.DateField(label=_("As of"), widget=day_input(), required=False)


class BranchForm(forms.ModelForm):
    class Meta:
        model = Branch
        fields = (
            "name",
            "short_name",
            "code",
            "kind",
            "setting",
            "established_on",
            "unit_relation",
            "credit_code",
            "region",
            "term_years",
            "can_admit",
            "contact_person",
            "contact_phone",
            "notes",
        )
        widgets = {"established_on": day_input()}
        help_texts = {
            "region": _("Six digits of GB/T 2260, such as 370102."),
            "credit_code": _("18 characters; a legal person of its own must have one."),
            "unit_relation": _("A joint branch joins at most 5 units as a rule."),
        }

    def __init__(self, *args, kinds, whole=True, **kwargs):
        """kinds: what may stand there; whole: with what the superior settles."""
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [
            ("", "---------"),
            *((kind.value, kind.label) for kind in Branch.Kind if kind in kinds),
        ]
        if not kinds & Branch.COMMITTEES:
            del self.fields["can_admit"]
        if not whole:
            for name in set(self.fields) - set(OWN_FIELDS):
                del self.fields[name]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("can_admit") and cleaned.get("kind") not in Branch.COMMITTEES:
            self.add_error("can_admit", _("Only a committee may admit members."))
        return cleaned


class BranchAddForm(BranchForm):
    document_number = document_number(help_text=_("Of the decision that set it up."))

    field_order = ("name", "short_name", "code", "kind", "setting", "established_on")


class BranchMoveForm(forms.Form):
    parent = BranchField(label=_("New parent branch"))
    decided_on = forms.DateField(label=_("Decided on"), widget=day_input())
    document_number = document_number(required=True)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args, parents, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["parent"].offer(parents)


class BranchCloseForm(forms.Form):
    on = forms.DateField(label=_("Last day"), widget=day_input(), initial=access.today)
    document_number = document_number(required=True)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class TermForm(forms.ModelForm):
    ends_on = forms.DateField(
        label=_("Ends on"),
        widget=day_input(),
        required=False,
        help_text=_("Empty: as long as the rules give for this branch."),
    )

    class Meta:
        model = Term
        fields = ("starts_on", "ends_on", "document_number")
        labels = {"starts_on": _("Elected on")}
        widgets = {"starts_on": day_input()}
        help_texts = {
            "document_number": _(
                "Of the superior's reply; needed when the election was over a year "
                "early or late."
            )
        }

    def clean(self):
        cleaned = super().clean()
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and ends_on <= starts_on:
            self.add_error("ends_on", _("A term ends after it starts."))
        return cleaned


class GroupForm(forms.ModelForm):
    class Meta:
        model = PartyGroup
        fields = ("name",)


class GroupEditForm(GroupForm):
    """The name and, for who manages the roll, the members by check list."""

    def __init__(self, *args, roll, **kwargs):
        """roll: the people one may put into the group; None without that right."""
        super().__init__(*args, **kwargs)
        self.is_cut = False
        if roll is None:
            return
        # Those in the group come first, so that a cut list cannot lose one.
        group = self.instance
        inside = roll.filter(party_group=group)
        outside = roll.exclude(party_group=group)
        people = [*inside, *outside[: MOST_IN_LIST + 1]]
        self.is_cut = len(people) > MOST_IN_LIST
        self.fields["members"] = forms.ModelMultipleChoiceField(
            roll,
            label=_("Members of the group"),
            required=False,
            initial=[
                member.pk for member in people if member.party_group_id == group.pk
            ],
            widget=forms.CheckboxSelectMultiple,
        )
        self.fields["members"].choices = [
            (member.pk, _person(member, group)) for member in people[:MOST_IN_LIST]
        ]


def _person(member: Member, group: PartyGroup) -> str:
    other = member.party_group
    if other is None or other.pk == group.pk:
        return member.name
    return f"{member.name} ({other.name})"


class GroupDissolveForm(forms.Form):
    on = forms.DateField(label=_("Last day"), widget=day_input(), initial=access.today)
