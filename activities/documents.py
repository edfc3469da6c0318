"""Minutes and attendance sheets as Word files, in the layout in which branches file them.

A4, margins and type as usual for official papers (GB/T 9704): title in the middle, body
in a song or fangson typeface of 16 points, which Word takes from the reader's machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from activities.models import Activity, Attendance, Minutes
from activities.services import attendances, votes
from activities.services import minutes as service

BODY, HEADING = "仿宋", "黑体"


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
    resolutions = list(minutes.resolutions.select_related("member"))
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
    if tellers := ballot.tellers():
        line(paper, _("Tellers:") + "、".join(one.name for one in tellers))
    line(paper, votes.explain(ballot))


def put_signatures(paper: Any, minutes: Minutes) -> None:
    line(paper, "")
    signed = pgettext("minutes", "Signed")
    for label, member, at in (
        (pgettext("minutes", "Chair"), minutes.chair, minutes.chair_signed_at),
        (pgettext("minutes", "Recorder"), minutes.recorder, minutes.recorder_signed_at),
    ):
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


# --- paper ------------------------------------------------------------------------------
def new_paper() -> Any:
    paper = Document()
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    style = paper.styles["Normal"]
    style.font.size = Pt(14)
    style.paragraph_format.space_after = Pt(0)
    typeface(style, BODY)
    paper.core_properties.author = ""
    paper.core_properties.comments = ""
    return paper


def typeface(styled: Any, name: str) -> None:
    """Word asks for the typeface of Chinese characters apart."""
    styled.font.name = name
    styled.element.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), name)


def title(paper: Any, text: str) -> None:
    paragraph = paper.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(12)
    run = paragraph.add_run(clean(text))
    run.font.size = Pt(22)
    typeface(run, HEADING)


def line(
    paper: Any,
    text: str,
    *,
    heading: bool = False,
    centered: bool = False,
    size: float | None = None,
) -> None:
    paragraph = paper.add_paragraph()
    if centered:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run(clean(text))
    if size is not None:
        run.font.size = Pt(size)
    if heading:
        paragraph.paragraph_format.space_before = Pt(10)
        paragraph.paragraph_format.keep_with_next = True
        typeface(run, HEADING)


def table(
    paper: Any, rows: Iterable[Iterable[Any]], *, widths: Iterable[float]
) -> None:
    rows = [list(row) for row in rows]
    made = paper.add_table(len(rows), len(rows[0]), style="Table Grid")
    made.autofit = False
    widths = [Mm(width) for width in widths]
    for row, texts in zip(made.rows, rows, strict=True):
        for cell, text, width in zip(row.cells, texts, widths, strict=True):
            cell.width = width
            run = cell.paragraphs[0].add_run(clean(str(text)))
            run.font.size = Pt(12)


def clean(text: str) -> str:
    """Without the control characters that XML does not know."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n")


def named(member: Any) -> str:
    return member.name if member else ""


def listing(pairs: Iterable[Iterable[str]]) -> str:
    """Names with what stands behind them."""
    return "、".join(f"{name}（{more}）" if more else name for name, more in pairs)


def written(paper: Any) -> bytes:
    file = BytesIO()
    paper.save(file)
    return file.getvalue()
