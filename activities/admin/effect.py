"""What hosts noted of their activities, to read. Answers to surveys are shown to nobody
one by one, here neither."""

from django.contrib import admin

from activities.models import Effect
from members.admin.base import ReadOnlyAdmin


@admin.register(Effect)
class EffectAdmin(ReadOnlyAdmin):
    list_display = ("activity", "survey_until", "written_at")
    list_select_related = ("activity",)
    search_fields = ("activity__title",)
    fields = (
        ("activity", "survey_until"),
        "outcome",
        "change",
        ("written_by", "written_at"),
    )
