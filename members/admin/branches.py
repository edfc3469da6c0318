"""Branches, what was decided on them, their terms and Party groups."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from members import access
from members.admin.base import ReadOnlyAdmin, ScopedAdmin, ServiceForm
from members.models import Branch, BranchChange, PartyGroup, Term
from members.services import branches


class BranchForm(ServiceForm):
    document_number = forms.CharField(
        label=_("Document number"),
        max_length=60,
        required=False,
        help_text=_("Of the decision that set it up."),
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            del self.fields["document_number"]

    def clean(self):
        cleaned = super().clean()
        if (
            "parent" in self.fields
            and not self.asked_by.administrator
            and cleaned.get("parent") is None
        ):
            self.add_error("parent", _("Choose the organization above."))
        return cleaned

    def write(self):
        if self.instance.pk is None:
            number = self.cleaned_data.get("document_number", "")
            return branches.set_up_branch(
                self.instance, by=self.asked_by, document_number=number
            )
        return branches.change_branch(self.instance, by=self.asked_by)


# What a branch keeps up itself; the rest is settled by its superior.
OWN_WRITES = (
    "short_name",
    "unit_relation",
    "credit_code",
    "region",
    "contact_person",
    "contact_phone",
    "notes",
)
ALL_WRITES = (
    *OWN_WRITES,
    "name",
    "code",
    "kind",
    "setting",
    "established_on",
    "term_years",
    "can_admit",
)


@admin.register(Branch)
class BranchAdmin(ScopedAdmin):
    """Moving and closing are verbs of the portal, with their checks."""

    form = BranchForm
    list_display = ("name", "code", "kind", "setting", "established_on", "closed_on")
    list_filter = ("kind", "setting")
    search_fields = ("name",)
    search_help_text = _("Name, code or pinyin initials")
    ordering = ("path",)
    autocomplete_fields = ("parent",)
    unit = (
        ("unit_relation", "credit_code"),
        ("region", "established_on"),
        ("contact_person", "contact_phone"),
        ("notes",),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    ("parent", "document_number"),
                    ("name", "short_name"),
                    ("code",),
                    ("kind", "setting"),
                    ("term_years", "can_admit"),
                )
            },
        ),
        (_("Unit"), {"fields": unit}),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("parent", "closed_on"),
                    ("name", "short_name"),
                    ("code", "initials"),
                    ("kind", "setting"),
                    ("term_years", "can_admit"),
                )
            },
        ),
        (_("Unit"), {"fields": unit}),
    )

    def get_search_results(self, request, queryset, search_term):
        return (queryset.search(search_term) if search_term else queryset), False

    def get_writes(self, request, obj):
        user = request.user
        settles = bool(user.administrator) or access.can_restructure(user, obj)
        return ALL_WRITES if settles else OWN_WRITES

    def has_add_permission(self, request):
        user = request.user
        if user.administrator:
            return super().has_add_permission(request)
        return access.may(user, "members.manage_tree")

    def choices_for(self, db_field, request):
        if db_field.name == "parent" and not request.user.administrator:
            return access.managed_branches(request.user, "manage_tree")
        return super().choices_for(db_field, request)


@admin.register(BranchChange)
class BranchChangeAdmin(ReadOnlyAdmin):
    list_display = ("branch", "kind", "decided_on", "document_number")
    list_filter = ("kind",)
    list_select_related = ("branch",)
    search_fields = ("branch__name", "branch__code")
    fields = (
        ("branch", "kind"),
        ("from_parent", "to_parent"),
        ("decided_on", "document_number"),
        ("reason",),
        ("recorded_by", "recorded_at"),
    )


class TermForm(ServiceForm):
    def _get_validation_exclusions(self):
        """The number and an empty end are the service's to fill in."""
        return super()._get_validation_exclusions() | {"number", "ends_on"}

    def write(self):
        if self.instance.pk is not None:
            return branches.correct_term(
                self.instance,
                document_number=self.cleaned_data["document_number"],
                by=self.asked_by,
            )
        return branches.start_term(
            self.cleaned_data["branch"],
            starts_on=self.cleaned_data["starts_on"],
            ends_on=self.cleaned_data["ends_on"],
            document_number=self.cleaned_data["document_number"],
            by=self.asked_by,
        )


@admin.register(Term)
class TermAdmin(ScopedAdmin):
    form = TermForm
    list_display = ("branch", "number", "starts_on", "ends_on", "document_number")
    list_select_related = ("branch",)
    search_fields = ("branch__name", "branch__code")
    autocomplete_fields = ("branch",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("branch", "number"),
                    ("starts_on", "ends_on"),
                    "document_number",
                )
            },
        ),
    )
    add_fieldsets = (
        (
            None,
            {"fields": ("branch", ("starts_on", "ends_on"), "document_number")},
        ),
    )
    writes = ("document_number",)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "ends_on":
            field.required = False
            field.help_text = _("Empty: as long as the rules give for this branch.")
        return field

    def choices_for(self, db_field, request):
        if db_field.name == "branch":
            return access.reachable(request.user, Branch, "change")
        return super().choices_for(db_field, request)


class PartyGroupForm(ServiceForm):
    def write(self):
        if self.instance.pk is None:
            return branches.add_group(
                self.cleaned_data["branch"],
                name=self.cleaned_data["name"],
                by=self.asked_by,
            )
        return branches.change_group(
            self.instance, name=self.cleaned_data["name"], by=self.asked_by
        )


@admin.register(PartyGroup)
class PartyGroupAdmin(ScopedAdmin):
    form = PartyGroupForm
    list_display = ("name", "branch", "dissolved_on")
    list_select_related = ("branch",)
    search_fields = ("name", "branch__name", "branch__code")
    autocomplete_fields = ("branch",)
    fieldsets = ((None, {"fields": ("branch", "name", "dissolved_on")}),)
    add_fieldsets = ((None, {"fields": ("branch", "name")}),)
    writes = ("name",)

    def choices_for(self, db_field, request):
        if db_field.name == "branch":
            managed = access.managed_branches(request.user)
            return managed.holding_members().filter(closed_on=None)
        return super().choices_for(db_field, request)

    def has_change_permission(self, request, obj=None):
        if obj is not None and obj.dissolved_on is not None:
            return False
        return super().has_change_permission(request, obj)
