"""The parts of a Word file of minutes that only some minutes have."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from activities.models import Candidate, Minutes
from activities.papers import line, named, table
from activities.services import elections as service
from activities.services import voted


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


def put_elections(paper: Any, elections: Any) -> None:
    """Totals of each candidate, who is elected, and by which arithmetic (EL-10)."""
    outcomes = {
        "elected": pgettext("election", "Elected"),
        "tied": _("New vote"),
        "not": _("Not elected"),
        "": "",
    }
    for one in elections:
        line(paper, f"{one.title}（{one.get_kind_display()}，{_('secret ballot')}）")
        numbers = [
            (_("Seats"), one.seats),
            (_("Due"), one.eligible),
            (_("Present"), one.present),
        ]
        if one.is_counted:
            numbers += [
                (_("Issued"), one.issued),
                (_("Returned"), one.returned),
                (_("Void"), one.void),
            ]
        table(
            paper,
            zip(*numbers, strict=True),
            widths=[156 / len(numbers)] * len(numbers),
        )
        head = (
            *(pgettext("election", "Candidate"), _("In favor"), _("Against")),
            *(_("Abstained"), pgettext("election", "Outcome")),
        )
        rows = [
            (
                row["candidate"].member.name,
                *("" if n is None else n for n in totals(row["candidate"])),
                outcomes[row["outcome"]],
            )
            for row in service.rows(one)
        ]
        table(paper, [head, *rows], widths=(48, 24, 24, 24, 36))
        put_voters(paper, one)
        tellers = "、".join(named(teller) for teller in (one.monitor, one.counter))
        line(paper, _("Tellers:") + tellers)
        for sentence in service.explain(one):
            line(paper, sentence)


def put_voters(paper: Any, vote: voted.Vote) -> None:
    """How many were given a ballot by name; who is on the page alone."""
    if number := len(voted.people(vote)):
        text = _("Given a ballot: %(number)s people, whose names the portal keeps.")
        line(paper, text % {"number": number})


def totals(candidate: Any) -> list[int | None]:
    return [getattr(candidate, name) for name in Candidate.TOTALS]
