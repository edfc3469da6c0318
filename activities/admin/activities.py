"""Activities for staff: read by those with the right, corrected through the service."""

from django.contrib import admin
from unfold.admin import TabularInline

from activities.models import (
    Activity,
    ActivityMaterial,
    AgendaItem,
    CoHost,
    SignUpQuestion,
)
from activities.services import activities
from members.admin.base import ScopedAdmin, ServiceForm


class ActivityForm(ServiceForm):
    def write(self):
        return activities.change(self.instance, by=self.asked_by)


class PartInline(TabularInline):
    """What belongs to the activity: shown, and changed on its page in the portal."""

    extra = 0

    def get_queryset(self, request):
        """Not the usual one, which asks for the permission without a record and then
        holds no rows; the formset takes those of the record that access gave."""
        found = self.model._default_manager.get_queryset()
        names = [name for name in self.fields if self.opts.get_field(name).many_to_one]
        return found.select_related(*names) if names else found

    def has_view_permission(self, request, obj=None):
        return obj is not None

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class CoHostInline(PartInline):
    model = CoHost
    fields = ("branch",)


class AgendaItemInline(PartInline):
    model = AgendaItem
    fields = ("position", "title", "speaker", "needs_ballot")


class QuestionInline(PartInline):
    model = SignUpQuestion
    fields = ("position", "text", "kind", "options", "is_required")


class MaterialInline(PartInline):
    model = ActivityMaterial
    fields = ("title", "type", "link", "size", "added_by", "added_at")
    readonly_fields = fields

    def get_queryset(self, request):
        return super().get_queryset(request).defer("content")


@admin.register(Activity)
class ActivityAdmin(ScopedAdmin):
    """Planned on the pages of the portal; here what was entered wrong is put right."""

    form = ActivityForm
    list_display = ("title", "kind", "branch", "starts_at", "state")
    list_filter = ("kind", "state")
    list_select_related = ("branch",)
    search_fields = ("title", "branch__code", "branch__name")
    ordering = ("-starts_at", "-pk")
    inlines = (AgendaItemInline, QuestionInline, MaterialInline, CoHostInline)
    writes = (
        "title",
        "purpose",
        "starts_at",
        "ends_at",
        "place",
        "is_online",
        "accessibility",
        "transport",
        "credit_hours",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("branch", "kind"),
                    ("party_group", "audience"),
                    ("offices", "occupations", "interests"),
                    ("title", "state"),
                    "cancelled_reason",
                    "purpose",
                    ("starts_at", "ends_at"),
                    ("place", "is_online"),
                    ("accessibility", "transport"),
                    ("needs_sign_up", "seats"),
                    ("sign_up_ends_at", "credit_hours"),
                    ("remind_days", "reminded_at"),
                    ("created_by", "created_at", "updated_at"),
                )
            },
        ),
    )

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        """What is over stays as it was; the service refuses it too."""
        if obj is not None and obj.state in {
            Activity.State.HELD,
            Activity.State.CANCELLED,
        }:
            return False
        return super().has_change_permission(request, obj)
