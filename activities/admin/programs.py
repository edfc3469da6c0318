"""Programs for staff: read by those with the right, corrected through the service."""

from django.contrib import admin

from activities.admin.activities import PartInline
from activities.models import BranchModule, Indicator, Milestone, Program
from activities.services import programs
from members.admin.base import ReadOnlyAdmin, ScopedAdmin, ServiceForm


class ProgramForm(ServiceForm):
    def write(self):
        return programs.change(self.instance, by=self.asked_by)


class IndicatorInline(PartInline):
    model = Indicator
    fields = ("name", "unit", "baseline", "target")


class MilestoneInline(PartInline):
    model = Milestone
    fields = ("title", "due_on", "done_on", "note")


@admin.register(Program)
class ProgramAdmin(ScopedAdmin):
    """Begun on the pages of the portal; here what was entered wrong is put right."""

    form = ProgramForm
    list_display = ("title", "branch", "starts_on", "ends_on", "state")
    list_filter = ("module", "state")
    list_select_related = ("branch",)
    search_fields = ("title", "branch__code", "branch__name")
    ordering = ("-starts_on", "-pk")
    inlines = (IndicatorInline, MilestoneInline)
    writes = (
        *("title", "purpose", "goals", "starts_on", "ends_on"),
        *("budget_yuan", "budget_note"),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("branch", "module"),
                    ("title", "state"),
                    "stopped_reason",
                    "purpose",
                    "goals",
                    ("starts_on", "ends_on"),
                    ("budget_yuan", "budget_note"),
                    ("created_by", "created_at", "updated_at"),
                )
            },
        ),
    )

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        """What is over stays as it was; the service refuses it too."""
        if obj is not None and not obj.is_open:
            return False
        return super().has_change_permission(request, obj)


@admin.register(BranchModule)
class BranchModuleAdmin(ReadOnlyAdmin):
    """Switched on the page of the branch."""

    list_display = ("branch", "module", "is_on", "switched_at")
    list_filter = ("module", "is_on")
    list_select_related = ("branch",)
    search_fields = ("branch__code", "branch__name")
    fields = (("branch", "module"), ("is_on", "switched_at"))
