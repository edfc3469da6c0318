"""Minutes and attendance sheets as Word files."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from activities.documents_parts import put_elections, put_files, put_life, put_voters
from activities.models import Activity, Attendance, Minutes
from activities.papers import line, listing, named, new_paper, table, title, written
from activities.services import attendances, votes
from activities.services import minutes as service


def minutes_file(minutes: Minutes) -> bytes:
    """The minutes as they stand, with a line that says so while they are not signed."""
    paper = new_paper()
    activity = minutes.activity
    title(paper, _("Minutes of %(kind)s") % {"kind": activity.get_kind_display()})
    if not minutes.is_locked:
        line(paper, _("Draft, not signed by both"), centered=True)
    people = service.people(minutes)
    begins, ends = map(timezone.localtime, (minutes.begins_at, minutes.ends_at))
    number = _("No. %(number)s of %(year)s") % {
        "number": minutes.number,
        "year": begins.year,
    }
    facts = [
        (_("Branch"), activity.branch.name),
        (_("Title"), f"{activity.title}（{number}）"),
        (_("Time"), f"{begins:%Y-%m-%d %H:%M} – {ends:%H:%M}"),
        (pgettext("minutes", "Place"), minutes.place),
        (pgettext("minutes", "Chair"), named(minutes.chair)),
        (pgettext("minutes", "Recorder"), named(minutes.recorder)),
        (_("Expected"), str(people["due"])),
        (_("Present"), f"{people['present']}　{'、'.join(people['names'])}"),
        (_("On leave"), listing(people["leave"])),
        (_("Absent"), listing(people["absent"])),
        (_("Exempt"), listing(people["exempt"])),
        (pgettext("activity", "Guests"), listing(people["guests"])),
    ]
    if minutes.reason:
        facts.append((_("Corrected"), f"{minutes.revision}：{minutes.reason}"))
    table(paper, facts, widths=(35, 121))
    for place, item in enumerate(service.items(minutes), start=1):
        speaker = f"（{item.speaker}）" if item.speaker else ""
        line(paper, f"{place}. {item.title}{speaker}", heading=True)
        for text in item.discussion.splitlines():
            line(paper, text)
        for ballot in item.ballots.all():
            put_ballot(paper, ballot)
        put_elections(paper, item.elections.all())
    put_life(paper, minutes)
    decided = minutes.resolutions.filter(is_correction=False)
    resolutions = list(decided.select_related("member"))
    if resolutions:
        line(paper, _("Resolutions"), heading=True)
        rows = [
            (one.text, named(one.member), f"{one.due_on or ''}") for one in resolutions
        ]
        table(
            paper,
            [(_("Resolution"), _("Responsible"), pgettext("due", "Until")), *rows],
            widths=(96, 30, 30),
        )
    objections = list(minutes.objections.select_related("member"))
    if objections:
        line(paper, _("Objections"), heading=True)
        for one in objections:
            at = timezone.localtime(one.at)
            line(paper, f"{one.member.name}（{at:%Y-%m-%d %H:%M}）：{one.text}")
    put_files(paper, minutes)
    put_signatures(paper, minutes)
    return written(paper)


def put_ballot(paper: Any, ballot: Any) -> None:
    line(paper, ballot.motion)
    ways = [ballot.get_rule_display()]
    ways += [_("secret ballot")] if ballot.is_secret else []
    line(paper, "，".join(ways))
    if ballot.is_counted:
        totals = [
            (_("Due"), ballot.eligible),
            (_("Present"), ballot.present),
            (_("Issued"), ballot.issued),
            (_("Returned"), ballot.returned),
            (_("In favor"), ballot.yes),
            (_("Against"), ballot.no),
            (_("Abstained"), ballot.abstain),
            (_("Void"), ballot.void),
            (_("Written"), ballot.written_opinions),
        ]
        names, numbers = zip(*totals, strict=True)
        table(paper, [names, numbers], widths=[156 / len(totals)] * len(totals))
    put_voters(paper, ballot)
    if tellers := ballot.tellers():
        line(paper, _("Tellers:") + "、".join(one.name for one in tellers))
    line(paper, votes.explain(ballot))


def put_signatures(paper: Any, minutes: Minutes) -> None:
    line(paper, "")
    for label, member, at in (
        (pgettext("minutes", "Chair"), minutes.chair, minutes.chair_signed_at),
        (pgettext("minutes", "Recorder"), minutes.recorder, minutes.recorder_signed_at),
    ):
        signed = pgettext("minutes", "Signed") if at else pgettext("paper", "Signature")
        moment = f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else "________"
        line(paper, f"{label}：{named(member)}　{signed}：{moment}")
    if minutes.digest:
        line(paper, f"SHA-256：{minutes.digest}", size=9)


def attendance_file(activity: Activity) -> bytes:
    """The attendance sheet: filled as far as it is known, with room to sign on paper."""
    paper = new_paper()
    title(paper, _("Attendance sheet"))
    begins = timezone.localtime(activity.starts_at)
    numbers = attendances.counts(activity)
    facts = [
        (_("Branch"), activity.branch.name),
        (_("Title"), activity.title),
        (_("Time"), f"{begins:%Y-%m-%d %H:%M}"),
        (pgettext("minutes", "Place"), activity.place),
        (_("Expected"), str(numbers.due)),
        (_("Present"), str(numbers.present)),
    ]
    table(paper, facts, widths=(35, 121))
    line(paper, "")
    standing = {row.member_id: row for row in activity.attendances.all()}
    rows = [
        (_("No."), _("Name"), _("Attendance"), _("Reason"), _("Signature")),
        *(
            (str(place), member.name, *marked(standing.get(member.pk)), "")
            for place, member in enumerate(attendances.listed(activity)[:MOST], start=1)
        ),
        *(
            ("", str(guest), pgettext("attendance", "Guest"), "", "")
            for guest in activity.guests.all()
        ),
    ]
    table(paper, rows, widths=(14, 42, 25, 40, 35))
    return written(paper)


MOST = 1000


def marked(row: Attendance | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    return row.get_state_display(), row.reason
