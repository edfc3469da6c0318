"""The rules of organizational life, as the system administrator keeps them."""

from django import forms
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from activities.models import BranchSize, DutyRule
from activities.services import duties
from members.admin.base import ReadOnlyAdmin, ScopedAdmin, ServiceForm


class DutyRuleForm(ServiceForm):
    """A new rule, or a new version of one: those that stand are never changed."""

    def write(self):
        return duties.add_version(
            self.instance, by=self.asked_by, today=timezone.localdate()
        )


@admin.register(DutyRule)
class DutyRuleAdmin(ScopedAdmin):
    form = DutyRuleForm
    list_display = (
        "code",
        "version",
        "name",
        "period",
        "times",
        "is_required",
        "in_force_from",
        "in_force_until",
    )
    list_filter = ("period", "activity_kind", "is_required")
    search_fields = ("code", "name_zh", "name_en")
    actions_detail = ("new_version",)
    rule = (
        ("code", "calendar"),
        ("name_zh", "name_en"),
        ("source_zh", "source_en"),
        ("note_zh", "note_en"),
        ("period", "times"),
        ("activity_kind", "is_required"),
        ("in_force_from", "in_force_until"),
    )
    whom = (
        ("branch_kinds", "exempt_kinds"),
        ("settings",),
        ("least_members", "most_members"),
        ("only_with_committee", "per_group"),
    )
    add_fieldsets = (
        (None, {"fields": rule}),
        (_("To whom it applies"), {"fields": whom}),
    )
    fieldsets = (
        (None, {"fields": (("version", "created_at"), *rule)}),
        (_("To whom it applies"), {"fields": whom}),
    )

    @admin.display(description=_("name"))
    def name(self, obj):
        return obj.name

    def get_fieldsets(self, request, obj=None):
        return self.add_fieldsets if obj is None else self.fieldsets

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if isinstance(db_field, ArrayField):
            return forms.MultipleChoiceField(
                choices=db_field.base_field.choices,
                label=db_field.verbose_name,
                help_text=db_field.help_text,
                required=not db_field.blank,
                widget=UnfoldAdminCheckboxSelectMultipleWidget,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request):
        """A new version begins as a copy of the one it follows."""
        key = request.GET.get("of", "")
        if not (key.isascii() and key.isdigit() and len(key) < 19):
            return {}
        rule = self.get_queryset(request).filter(pk=int(key)).first()
        if rule is None:
            return {}
        names = [
            field.name for field in DutyRule._meta.concrete_fields if field.editable
        ]
        given = {name: getattr(rule, name) for name in names}
        return given | {"in_force_from": None, "in_force_until": None}

    @action(description=_("New version"), permissions=["new_version"])
    def new_version(self, request, object_id):
        page = reverse("admin:activities_dutyrule_add")
        return HttpResponseRedirect(f"{page}?of={object_id}")

    def has_new_version_permission(self, request, object_id=None):
        return self.has_add_permission(request)


@admin.register(BranchSize)
class BranchSizeAdmin(ReadOnlyAdmin):
    """What committee meetings and rules for large or small branches are judged by."""

    list_display = ("branch", "month", "full_members")
    list_select_related = ("branch",)
    search_fields = ("branch__code", "branch__name")
    fields = (("branch", "month"), "full_members")
