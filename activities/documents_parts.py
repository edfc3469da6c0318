"""The parts of a Word file of minutes that only some minutes have."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from activities.models import Minutes
from activities.papers import line, named, table


def put_life(paper: Any, minutes: Minutes) -> None:
    """Own problems, criticism and the correction list (MIN-12)."""
    points = list(minutes.life_points.select_related("member", "speaker"))
    own = [(one.member.name, one.text) for one in points if one.speaker is None]
    said = [
        (named(one.speaker), one.member.name, one.text) for one in points if one.speaker
    ]
    if own:
        line(paper, _("Own problems"), heading=True)
        rows = [(_("Name"), _("Problem")), *own]
        table(paper, rows, widths=(30, 126))
    if said:
        line(paper, _("Criticism"), heading=True)
        rows = [(_("Who said it"), _("To whom"), _("What was said")), *said]
        table(paper, rows, widths=(30, 30, 96))
    found = minutes.resolutions.filter(is_correction=True).select_related("member")
    if found:
        line(paper, _("Correction list"), heading=True)
        head = (_("To correct"), _("Responsible"), pgettext("due", "Until"))
        rows = [(one.text, named(one.member), f"{one.due_on or ''}") for one in found]
        table(paper, [head, *rows], widths=(96, 30, 30))


def put_files(paper: Any, minutes: Minutes) -> None:
    """Which files belong to the minutes (MIN-11)."""
    files = list(minutes.files.defer("content"))
    if files:
        line(paper, _("Files"), heading=True)
        for place, file in enumerate(files, start=1):
            line(paper, f"{place}. {file.caption}（{file.get_kind_display()}）")
