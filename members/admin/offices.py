"""Offices, who holds them, and the grants that follow or stand by themselves."""

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Case, When
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from members import access
from members.admin.base import ReadOnlyAdmin, ScopedAdmin, ServiceForm
from members.models import (
    Appointment,
    Branch,
    BranchGrant,
    Member,
    MemberGrant,
    Office,
    PartyGroup,
)
from members.services import grants, offices

RIGHTS = {
    "view_branch": _("See the branch"),
    "change_branch": _("Change the details of the branch"),
    "view_roll": _("See member records, masked"),
    "manage_roll": _("Add and change member records"),
    "export_roll": _("Export the roll"),
    "manage_tree": _("Set up, move and close branches below"),
    "manage_offices": _("Appoint to offices"),
    "explain_access": _("See who may see what"),
    "reveal_sensitive": _("Read sensitive fields in full"),
    "manage_activities": _("Plan, hold and record activities"),
    "manage_appraisals": _("Manage appraisals and read talks"),
}


def rights_on_branches():
    """The permissions that mean something on a branch, in the order of RIGHTS."""
    place = Case(*(When(codename=name, then=i) for i, name in enumerate(RIGHTS)))
    return Permission.objects.filter(
        content_type__app_label="members",
        content_type__model="branch",
        codename__in=RIGHTS,
    ).order_by(place)


class RightsField(forms.ModelMultipleChoiceField):
    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def label_from_instance(self, obj):
        return RIGHTS.get(obj.codename, obj.name)


class OfficeForm(ServiceForm):
    def write(self):
        given = self.cleaned_data.get("permissions")
        return offices.change_office(self.instance, rights=given, by=self.asked_by)


@admin.register(Office)
class OfficeAdmin(ScopedAdmin):
    """What an office may do; who holds it gains or loses that at once."""

    form = OfficeForm
    list_display = ("__str__", "code", "position", "in_committee", "needs_superior")
    list_filter = ("in_committee", "needs_superior", "of_group")
    search_fields = ("code", "name_zh", "name_en")
    ordering = ("position", "code")
    writes = (
        "name_zh",
        "name_en",
        "position",
        "kinds",
        "seats",
        "in_committee",
        "full_members_only",
        "needs_superior",
        "of_group",
        "permissions",
    )
    fields = (
        ("code", "position"),
        ("name_zh", "name_en"),
        ("kinds", "seats"),
        ("in_committee", "full_members_only"),
        ("needs_superior", "of_group"),
        "permissions",
    )

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "kinds":
            return forms.MultipleChoiceField(
                choices=Branch.Kind.choices,
                label=db_field.verbose_name,
                help_text=db_field.help_text,
                widget=UnfoldAdminCheckboxSelectMultipleWidget,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        return RightsField(
            rights_on_branches(), label=db_field.verbose_name, required=False
        )


class AppointmentForm(ServiceForm):
    def clean(self):
        cleaned = super().clean()
        office, branch = cleaned.get("office"), cleaned.get("branch")
        if office and branch and not access.can_appoint(self.asked_by, office, branch):
            message = _("You may not appoint to this office here.")
            self.add_error("office", message)
        return cleaned

    def write(self):
        given = self.cleaned_data
        if self.instance.pk is None:
            return offices.appoint(**given, by=self.asked_by)
        return offices.end_appointment(
            self.instance,
            on=given["ends_on"],
            reason=given["ended_reason"],
            by=self.asked_by,
        )


@admin.register(Appointment)
class AppointmentAdmin(ScopedAdmin):
    """Appointing, and ending an appointment; nothing else of it changes."""

    form = AppointmentForm
    list_display = ("member", "office", "branch", "starts_on", "ends_on")
    list_filter = ("basis",)
    list_select_related = ("member", "office", "branch")
    search_fields = ("member__name", "branch__name", "branch__code")
    ordering = ("-starts_on", "pk")
    autocomplete_fields = ("member", "branch")
    writes = ("ends_on", "ended_reason")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("member", "office"),
                    ("branch", "party_group"),
                    ("starts_on", "ends_on"),
                    ("basis", "decided_by"),
                    ("document_number", "exception_reason"),
                    "ended_reason",
                    ("recorded_by", "recorded_at"),
                )
            },
        ),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    ("member", "office"),
                    ("branch", "party_group"),
                    ("starts_on", "ends_on"),
                    ("basis", "decided_by"),
                    ("document_number", "exception_reason"),
                )
            },
        ),
    )

    def choices_for(self, db_field, request):
        user = request.user
        if db_field.name == "branch":
            return access.managed_branches(user, "manage_offices")
        if db_field.name == "member":
            return access.reachable(user, Member, "manage_offices")
        if db_field.name == "party_group":
            return access.reachable(user, PartyGroup, "manage_offices").filter(
                dissolved_on=None
            )
        return super().choices_for(db_field, request)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None:
            for name in self.writes:
                if name in form.base_fields:
                    form.base_fields[name].required = True
        return form

    def has_change_permission(self, request, obj=None):
        """Who may end it: who could appoint to it (AZ-08); one that is over stays."""
        if obj is None:
            return super().has_change_permission(request, obj)
        over = obj.ends_on is not None and obj.ends_on < access.today()
        return not over and access.can_appoint(request.user, obj.office, obj.branch)


class BranchGrantForm(ServiceForm):
    rights = RightsField(Permission.objects.none(), label=_("rights on the branch"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.fields["rights"].queryset = rights_on_branches()
        else:
            del self.fields["rights"]

    def _get_validation_exclusions(self):
        return super()._get_validation_exclusions() | {"permission"}

    def validate_unique(self):
        """Left to the service."""

    def write(self):
        given = self.cleaned_data
        if self.instance.pk is not None:
            return grants.set_end(self.instance, given["ends_on"], by=self.asked_by)
        return grants.give(
            given["user"],
            given["content_object"],
            given["rights"],
            purpose=given["purpose"],
            starts_on=given["starts_on"],
            ends_on=given["ends_on"],
            by=self.asked_by,
        )[0]


@admin.register(BranchGrant)
class BranchGrantAdmin(ScopedAdmin):
    """Given by hand for a purpose, with an end; the others follow appointments."""

    form = BranchGrantForm
    list_display = ("user", "right", "content_object", "ground", "starts_on", "ends_on")
    list_select_related = (
        "user",
        "permission",
        "content_object",
        "appointment__office",
    )
    search_fields = ("user__username", "content_object__name", "content_object__code")
    ordering = ("-pk",)
    autocomplete_fields = ("user", "content_object")
    writes = ("ends_on",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("user", "content_object"),
                    ("right", "ground"),
                    ("starts_on", "ends_on"),
                )
            },
        ),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    ("user", "content_object"),
                    "rights",
                    "purpose",
                    ("starts_on", "ends_on"),
                )
            },
        ),
    )

    @admin.display(description=_("right"))
    def right(self, obj):
        return RIGHTS.get(obj.permission.codename, obj.permission.name)

    @admin.display(description=_("ground"))
    def ground(self, obj):
        """The office or the purpose: never the name of a person."""
        return obj.appointment.office.name if obj.appointment else obj.purpose

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        for name in ("purpose", "ends_on"):
            if name in form.base_fields:
                form.base_fields[name].required = True
        return form

    def has_change_permission(self, request, obj=None):
        if obj is not None and obj.appointment_id is not None:
            return False
        return super().has_change_permission(request, obj)


@admin.register(MemberGrant)
class MemberGrantAdmin(ReadOnlyAdmin):
    list_display = ("user", "right", "content_object", "purpose", "ends_on")
    list_select_related = ("user", "permission", "content_object")
    search_fields = ("user__username", "content_object__name")
    ordering = ("-pk",)
    fields = (
        ("user", "content_object"),
        ("right", "purpose"),
        ("starts_on", "ends_on"),
    )

    @admin.display(description=_("right"))
    def right(self, obj):
        return obj.permission.codename
