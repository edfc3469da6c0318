"""Filters and order of the roll."""

from functools import reduce
from operator import or_

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members import access, code_tables, history
from members.algorithms import add_years
from members.forms.fields import LONGEST_LIST, BranchField
from members.forms.widgets import (
    KeptSelect,
    QuickCheckboxes,
    QuickDateInput,
    QuickInput,
    QuickSelect,
)
from members.models import Member, PartyGroup
from members.models.member import is_phone, matching
from members.names import ways_to

GROUPS_OF_STATES = {
    "live": Member.LIVE,
    "party": Member.IN_PARTY,
    "before": Member.BEFORE_ADMISSION,
    "left": tuple(
        state
        for state in Member.State
        if state not in {*Member.LIVE, Member.State.VOIDED}
    ),
    "all": tuple(Member.State),
}
STATES = [
    ("live", _("On the roll")),
    ("party", _("In the Party")),
    ("before", _("Before admission")),
    ("left", _("No longer on the roll")),
    ("all", _("All")),
    (_("One state"), Member.State.choices),
]
AGES = {
    "-30": _("30 and younger"),
    "31-35": _("31 to 35"),
    "36-40": _("36 to 40"),
    "41-45": _("41 to 45"),
    "46-50": _("46 to 50"),
    "51-55": _("51 to 55"),
    "56-60": _("56 to 60"),
    "61-": _("61 and older"),
}
FLAGS = {
    "floating": (_("Floating"), Q(is_floating=True)),
    "out_of_contact": (_("Out of contact"), Q(out_of_contact_since__isnull=False)),
    "retired": (_("Retired"), Q(is_retired=True)),
    "abroad": (_("Abroad"), Q(is_abroad=True)),
}
# The declared orders, and no others (IN-02).
ORDERS = {
    "pinyin": (_("Name"), ("pinyin", "pk")),
    "branch": (_("Branch"), ("branch_path", "pinyin", "pk")),
    "admitted_on": (_("Admitted, earliest first"), ("admitted_on", "pinyin", "pk")),
    "-admitted_on": (_("Admitted, latest first"), ("-admitted_on", "pinyin", "pk")),
    "full_member_on": (
        _("Full member, longest first"),
        ("full_member_on", "pinyin", "pk"),
    ),
    "-full_member_on": (
        _("Full member, newest first"),
        ("-full_member_on", "pinyin", "pk"),
    ),
    "birth_date": (_("Oldest first"), ("birth_date", "pinyin", "pk")),
    "-birth_date": (_("Youngest first"), ("-birth_date", "pinyin", "pk")),
}
ANY = _("Any")
GROUP_SHOWN = ("pk", "name", "branch", "branch__short_name", "branch__name")


class BranchFilter(django_filters.Filter):
    field_class = BranchField


def kept(choices, **options):
    """A filter whose choices never change. They are given as a function, for a list
    would be copied for every request."""
    return django_filters.ChoiceFilter(
        choices=lambda: choices, widget=KeptSelect(), **options
    )


class RollFilter(django_filters.FilterSet):
    """What of the roll is shown. Give it the roll of today; with a day in `on` it takes
    the roll of that day in its place."""

    q = django_filters.CharFilter(
        method="search",
        max_length=50,
        label=_("Search"),
        widget=QuickInput(
            attrs={
                "type": "search",
                "autocomplete": "off",
                "placeholder": _("Name, initials, last 4 digits of a phone"),
            }
        ),
    )
    branch = BranchFilter(method="below", required=False, label=_("Branch"))
    state = kept(
        STATES,
        empty_label=None,
        method="shown_only",
        label=pgettext_lazy("member", "State"),
    )
    sort = kept(
        [(name, label) for name, (label, _order) in ORDERS.items()],
        empty_label=None,
        method="shown_only",
        label=_("Order"),
    )
    party_group = django_filters.ModelChoiceFilter(
        queryset=PartyGroup.objects.none(), empty_label=ANY, label=_("Party group")
    )
    sex = kept(code_tables.SEX.choices, empty_label=ANY, label=_("Sex"))
    ethnic_group = kept(
        code_tables.ETHNIC_GROUP.choices, empty_label=ANY, label=_("Ethnic group")
    )
    education = kept(
        [
            (code, label)
            for code, label in code_tables.EDUCATION.choices
            if code.endswith("0")
        ],
        empty_label=ANY,
        method="of_education",
        label=_("Education"),
    )
    age = kept(list(AGES.items()), empty_label=ANY, method="of_age", label=_("Age"))
    flags = django_filters.MultipleChoiceFilter(
        choices=[(name, label) for name, (label, _condition) in FLAGS.items()],
        method="with_flags",
        widget=QuickCheckboxes,
        label=_("Circumstances"),
    )
    on = django_filters.DateFilter(
        method="shown_only",
        label=_("As of the day"),
        help_text=_("Shows the roll as it was recorded by the end of that day."),
        widget=QuickDateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    MORE = ("party_group", "sex", "ethnic_group", "education", "age", "flags", "on")

    form_class = None

    def __init__(self, data, queryset, *, request):
        super().__init__(data, queryset, request=request)
        user, form = request.user, self.form
        self.paths = access.scope(user, "view_roll")
        branches = access.managed_branches(user, "view_roll")
        self.offered = form.fields["branch"].offer(branches, empty_label=ANY)
        if self.offered < 2:
            del form.fields["branch"]
        form.fields["on"].widget.attrs["max"] = access.today().isoformat()
        self._offer_groups(form, access.reachable(user, PartyGroup, "view_roll"))

    def get_form_class(self):
        """Made once: its fields stay the same, and each form has copies of them."""
        if RollFilter.form_class is None:
            RollFilter.form_class = super().get_form_class()
        return RollFilter.form_class

    def _offer_groups(self, form, groups):
        """The groups of the branches offered, or of the one asked for, if that is not
        too many."""
        offered = []
        if code := BranchField.code_in(self.data.get("branch")):
            groups = groups.filter(branch__code=code)
        if code or self.offered <= LONGEST_LIST:
            groups = groups.filter(dissolved_on=None).order_by("branch__path", "name")
            offered = list(groups.values_list(*GROUP_SHOWN)[: LONGEST_LIST + 1])
        if not offered or len(offered) > LONGEST_LIST:
            del form.fields["party_group"]
            return
        several = len({of for _key, _name, of, *_names in offered}) > 1
        form.fields["party_group"] = forms.TypedChoiceField(
            choices=[
                ("", ANY),
                *(
                    (key, f"{short or long} · {name}" if several else name)
                    for key, name, _of, short, long in offered
                ),
            ],
            coerce=int,
            empty_value=None,
            required=False,
            widget=QuickSelect,
            label=_("Party group"),
        )

    @property
    def day(self):
        """The past day whose roll is shown; None for today's."""
        if not self.is_valid():
            return None
        day = self.form.cleaned_data.get("on")
        return day if day and day < access.today() else None

    @property
    def order(self):
        chosen = self.form.cleaned_data.get("sort") if self.is_valid() else None
        if chosen == "branch" and self.day:
            return ("branch__path", "pinyin", "pk")
        return ORDERS[chosen or "pinyin"][1]

    @property
    def in_use(self):
        """Whether anything narrows the list."""
        used = [name for name in self.data if self.data.get(name)]
        return any(name in self.filters and name != "sort" for name in used)

    @property
    def more_in_use(self):
        return any(self.data.get(name) for name in self.MORE)

    def everything(self):
        """What is filtered: the roll of today or, by its history, of the day asked for."""
        return history.roll_on(self.paths, self.day) if self.day else self.queryset

    def filter_queryset(self, queryset):
        if not self.is_valid():
            return queryset.none()
        state = self.form.cleaned_data.get("state") or "live"
        states = GROUPS_OF_STATES.get(state, (state,))
        found = self.everything().filter(state__in=states)
        if self.order[0] == "branch_path":
            # Says nothing new, but where in the order of paths to begin.
            starts = (Q(branch_path__startswith=path) for path in self.paths)
            found = found.filter(reduce(or_, starts))
        return super().filter_queryset(found)

    @property
    def ways(self):
        """How those that are searched for are found, each by an index of its own; none
        where `qs` is narrowed to them already."""
        text = self.form.cleaned_data.get("q", "") if self.is_valid() else ""
        return () if self.day or not text or is_phone(text) else ways_to(text)

    def search(self, queryset, name, value):
        return queryset if self.ways else queryset.filter(matching(value))

    def below(self, queryset, name, value):
        if self.day:  # versions of a record know the branch they were of alone
            return queryset.filter(branch__path__startswith=value.path)
        return queryset.filter(branch_path__below=value.path)

    def of_education(self, queryset, name, value):
        return queryset.filter(education__startswith=value[0])

    def of_age(self, queryset, name, value):
        least, most = value.split("-")
        today = self.day or access.today()
        if least:
            queryset = queryset.filter(birth_date__lte=add_years(today, -int(least)))
        if most:
            queryset = queryset.filter(birth_date__gt=add_years(today, -int(most) - 1))
        return queryset

    def with_flags(self, queryset, name, value):
        for flag in value:
            queryset = queryset.filter(FLAGS[flag][1])
        return queryset

    def shown_only(self, queryset, name, value):
        """Judged elsewhere: the state with its default, the order, the day."""
        return queryset
