"""The yearly register of organizational life as a Word file, laid across the page."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from docx.enum.section import WD_ORIENT
from docx.shared import Mm

from activities import papers
from activities.services import register
from members.models import Branch


def register_file(branch: Branch, year: int) -> bytes:
    paper = papers.new_paper()
    section = paper.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(20)
    said = {"year": year}
    papers.title(paper, _("Register of organizational life %(year)s") % said)
    papers.line(paper, f"{_('Branch')}：{branch.name}")
    head = (
        *(_("No."), _("Date"), pgettext("activity", "Kind"), _("Title")),
        *(pgettext("minutes", "Place"), pgettext("minutes", "Chair")),
        *(_("Expected / present"), _("Minutes no."), _("Resolutions")),
    )
    rows = [
        cells(place, one) for place, one in enumerate(register.lines(branch, year), 1)
    ]
    widths = (11, 24, 30, 50, 36, 20, 22, 18, 46)
    papers.table(paper, [head, *rows], widths=widths)
    return papers.written(paper)


def cells(place: int, line: register.Line) -> tuple[str, ...]:
    activity = line.activity
    begins = timezone.localtime(activity.starts_at)
    return (
        str(place),
        f"{begins:%Y-%m-%d}",
        activity.get_kind_display(),
        activity.title,
        activity.place,
        line.chair,
        f"{line.expected} / {line.present}",
        f"{line.number or ''}",
        "；".join(line.resolutions),
    )
