"""Appraisals and talks, to read, for staff with the right in their own branch.

Nothing written in confidence opens here, and no totals: neither of a poll that is open
nor of one that is closed. Opinions of members and running totals have no page at all.
"""

from django.contrib import admin

from activities.models import Appraisal, AppraisalRound, FollowUp, Talk
from members.admin.base import ReadOnlyAdmin


@admin.register(AppraisalRound)
class AppraisalRoundAdmin(ReadOnlyAdmin):
    list_display = ("branch", "year", "step", "due_on")
    list_filter = ("step",)
    list_select_related = ("branch",)
    search_fields = ("branch__code", "branch__name")
    fields = (
        ("branch", "year"),
        ("step", "due_on"),
        ("poll", "body", "decided_on"),
        ("started_by", "started_at"),
    )


@admin.register(Appraisal)
class AppraisalAdmin(ReadOnlyAdmin):
    list_display = ("member", "round", "takes_grade")
    list_select_related = ("member", "round__branch")
    search_fields = ("member__name", "round__branch__code", "round__branch__name")
    fields = (("member", "round"), ("takes_grade", "is_copied"))


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyAdmin):
    list_display = ("appraisal", "kind", "owner", "due_on", "done_on")
    list_filter = ("kind",)
    list_select_related = ("appraisal__member", "appraisal__round__branch", "owner")
    search_fields = ("appraisal__member__name", "owner__name")
    fields = (("appraisal", "kind"), ("owner", "due_on", "done_on"))


@admin.register(Talk)
class TalkAdmin(ReadOnlyAdmin):
    list_display = ("branch", "held_on", "first", "second", "pair")
    list_filter = ("pair",)
    list_select_related = ("branch", "first", "second")
    search_fields = ("first__name", "second__name", "branch__code")
    fields = (
        ("branch", "held_on"),
        ("first", "second"),
        ("pair", "topic"),
        "recorded_by",
    )
