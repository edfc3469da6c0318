"""What the portal notes about its own running: alarms, jobs, and what waits to be done."""

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from members.admin.base import ReadOnlyAdmin
from members.models import Alarm, JobRun, Outbox, User
from members.services import outbox


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    list_display = ("kind", "about", "since", "times", "last_at")
    list_filter = ("kind",)
    fields = ("kind", "about", ("since", "last_at"), "times")


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ("task", "on", "done_at")
    list_filter = ("task",)
    fields = ("task", ("on", "done_at"))


class Waiting(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "waits"

    def lookups(self, request, model_admin):
        return [
            ("waiting", _("Waiting")),
            ("stuck", _("Given up")),
            ("done", _("Done")),
        ]

    def queryset(self, request, queryset):
        stuck = Outbox.objects.stuck(timezone.now()).values("pk")
        return {
            "waiting": queryset.filter(done_at=None).exclude(pk__in=stuck),
            "stuck": queryset.filter(pk__in=stuck),
            "done": queryset.filter(done_at__isnull=False),
        }.get(self.value(), queryset)


@admin.register(Outbox)
class OutboxAdmin(ReadOnlyAdmin):
    """Tasks that were posted and how they went; their arguments are numbers of records."""

    list_display = ("task", "created_at", "sends", "sent_at", "done_at", "error")
    list_filter = (Waiting, "task")
    ordering = ("-created_at", "pk")
    fields = ("task", "args", ("created_at", "sent_at"), ("sends", "done_at"), "error")
    actions = ("send_again",)

    @action(description=_("Send again what was given up"), permissions=["send_again"])
    def send_again(self, request, queryset):
        now = timezone.now()
        count = sum(
            outbox.send_again(row, now=now, by=request.user) for row in queryset
        )
        self.message_user(
            request,
            ngettext(
                "%(count)s task will be sent again.",
                "%(count)s tasks will be sent again.",
                count,
            )
            % {"count": count},
        )

    def has_send_again_permission(self, request, object_id=None):
        return request.user.administrator == User.Administrator.SYSTEM
