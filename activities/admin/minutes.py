"""Attendance, minutes, totals of votes and resolutions, to read.

They are written on the pages of the portal: by the host, by two signatures, by tellers.
"""

from django.contrib import admin

from activities.admin.activities import PartInline
from activities.models import (
    Attendance,
    Ballot,
    Candidate,
    Election,
    Minutes,
    MinutesItem,
    Resolution,
    Voter,
)
from members.admin.base import ReadOnlyAdmin

BRANCH = ("activity__branch__code", "activity__branch__name")


@admin.register(Attendance)
class AttendanceAdmin(ReadOnlyAdmin):
    """Searched by activity and branch: it is no list of what one person did."""

    list_display = ("activity", "member", "state", "way", "is_guest", "recorded_at")
    list_filter = ("state", "way", "is_guest")
    list_select_related = ("activity", "member")
    search_fields = ("activity__title", *BRANCH)
    ordering = ("-pk",)
    fields = (
        ("activity", "member"),
        ("state", "reason"),
        ("is_guest", "way"),
        ("checked_in_at", "checked_out_at"),
        ("recorded_by", "recorded_at"),
    )


class MinutesItemInline(PartInline):
    model = MinutesItem
    fields = ("position", "title", "speaker", "discussion")


class ResolutionInline(PartInline):
    model = Resolution
    fields = ("text", "member", "due_on", "done_at")
    readonly_fields = ("done_at",)


@admin.register(Minutes)
class MinutesAdmin(ReadOnlyAdmin):
    list_display = ("activity", "number", "revision", "state", "begins_at")
    list_filter = ("state",)
    list_select_related = ("activity",)
    search_fields = ("activity__title", *BRANCH)
    ordering = ("-begins_at", "-pk")
    inlines = (MinutesItemInline, ResolutionInline)
    fields = (
        ("activity", "state"),
        ("number", "revision"),
        "reason",
        ("begins_at", "ends_at"),
        "place",
        ("chair", "recorder"),
        ("chair_signed_at", "recorder_signed_at"),
        "digest",
        ("created_by", "created_at"),
    )


class VoterInline(PartInline):
    """That they voted, and nothing besides."""

    model = Voter
    fields = ("member",)


@admin.register(Ballot)
class BallotAdmin(ReadOnlyAdmin):
    list_display = (
        "motion",
        "rule",
        "is_secret",
        "eligible",
        "present",
        "yes",
        "no",
        "abstain",
        "void",
        "counted_at",
    )
    list_filter = ("rule", "is_secret")
    search_fields = ("motion", "item__minutes__activity__title")
    ordering = ("-pk",)
    inlines = (VoterInline,)
    fields = (
        ("item", "motion"),
        ("rule", "is_secret"),
        ("eligible", "present"),
        ("issued", "returned"),
        ("yes", "no"),
        ("abstain", "void"),
        ("written_opinions", "written_yes"),
        ("candidate", "monitor", "counter"),
        ("counted_at", "counted_by"),
    )


class CandidateInline(PartInline):
    model = Candidate
    fields = ("position", "member", "yes", "no", "abstain")


@admin.register(Election)
class ElectionAdmin(ReadOnlyAdmin):
    list_display = ("title", "kind", "seats", "eligible", "present", "counted_at")
    list_filter = ("kind",)
    search_fields = ("title", "item__minutes__activity__title")
    ordering = ("-pk",)
    inlines = (CandidateInline, VoterInline)
    fields = (
        ("item", "title"),
        ("kind", "seats"),
        ("eligible", "present"),
        ("issued", "returned", "void"),
        ("monitor", "counter"),
        ("counted_at", "counted_by"),
        "for_fewer_seats",
    )


@admin.register(Resolution)
class ResolutionAdmin(ReadOnlyAdmin):
    list_display = ("text", "minutes", "member", "due_on", "done_at")
    list_select_related = ("minutes__activity", "member")
    search_fields = ("text", "minutes__activity__title")
    ordering = ("due_on", "pk")
    fields = ("minutes", "text", ("member", "due_on"), ("done_at", "done_by"))
