"""The list to tick, and the code at the door."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models import Attendance, Guest
from activities.services.attendances import Mark
from members.forms.widgets import QuickInput, QuickSelect

State = Attendance.State
MOST_GUESTS = 100


class AttendanceForm(forms.Form):
    """Three fields for each person, "state_<pk>", "reason_<pk>" and "left_<pk>"."""

    rest = forms.ChoiceField(
        label=_("Those not marked above"),
        required=False,
        choices=[
            ("", _("Leave them open")),
            (State.PRESENT, _("Were all present")),
            (State.ABSENT, _("Were all absent")),
        ],
    )
    guests = forms.CharField(
        label=pgettext_lazy("activity", "Guests"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line: name, then a comma and where they are from."),
    )
    on_paper = forms.BooleanField(
        label=_("I copy a list that was signed on paper"), required=False
    )

    def __init__(self, *args, activity, people, found=(), **kwargs):
        """people: those on the list; found: those looked up besides."""
        super().__init__(*args, **kwargs)
        self.activity, self.people = activity, [*people, *found]
        standing = {row.member_id: row for row in activity.attendances.all()}
        for member in self.people:
            self._add(member, standing.get(member.pk))
        self.initial.setdefault(
            "guests",
            "\n".join(
                f"{guest.name}，{guest.unit}" if guest.unit else guest.name
                for guest in activity.guests.all()
            ),
        )

    def _add(self, member: Any, row: Attendance | None) -> None:
        key, name = member.pk, member.name
        choices = [*State.choices]
        if row is None:
            choices = [("", "—"), *choices]
        self.fields[f"state_{key}"] = forms.ChoiceField(
            label=name,
            required=False,
            choices=choices,
            initial=row.state if row else "",
            widget=QuickSelect(attrs={"aria-label": name}),
        )
        self.fields[f"reason_{key}"] = forms.CharField(
            label=_("%(name)s: reason") % {"name": name},
            required=False,
            max_length=200,
            initial=row.reason if row else "",
            widget=QuickInput(
                attrs={"aria-label": _("%(name)s: reason") % {"name": name}}
            ),
        )
        left = row.checked_out_at if row else None
        self.fields[f"left_{key}"] = forms.TimeField(
            label=_("%(name)s: left at") % {"name": name},
            required=False,
            initial=f"{timezone.localtime(left):%H:%M}" if left else "",
            widget=QuickInput(
                attrs={
                    "type": "time",
                    "aria-label": _("%(name)s: left at") % {"name": name},
                }
            ),
        )

    def rows(self):
        """Each person with the three fields."""
        for member in self.people:
            yield (
                member,
                self[f"state_{member.pk}"],
                self[f"reason_{member.pk}"],
                self[f"left_{member.pk}"],
            )

    def clean_guests(self) -> list[tuple[str, str]]:
        found = []
        for number, line in enumerate(self.cleaned_data["guests"].splitlines(), 1):
            name, _comma, unit = (
                part.strip() for part in re.sub("[，、]", ",", line).partition(",")
            )
            if not name:
                continue
            for text, field in ((name, "name"), (unit, "unit")):
                if len(text) > (Guest._meta.get_field(field).max_length or 0):
                    message = _("Line %(number)s is too long.") % {"number": number}
                    raise ValidationError(message, code="max_length")
            found.append((name, unit))
        if len(found) > MOST_GUESTS:
            message = _("No more than %(most)s guests.") % {"most": MOST_GUESTS}
            raise ValidationError(message, code="max_length")
        return found

    def marks(self) -> list[Mark]:
        """What was entered, of those about whom something was."""
        given = self.cleaned_data
        found = []
        for member in self.people:
            state = given.get(f"state_{member.pk}") or given.get("rest")
            if state:
                left = given.get(f"left_{member.pk}")
                reason = given.get(f"reason_{member.pk}", "")
                found.append(Mark(member, state, reason, self._moment(left)))
        return found

    def _moment(self, left: Any) -> datetime | None:
        """The hour on the day of the activity, or after midnight on the next one."""
        if left is None:
            return None
        begins = timezone.localtime(self.activity.starts_at)
        moment = begins.replace(hour=left.hour, minute=left.minute, second=0)
        if moment < begins and self.activity.ends_at.date() > begins.date():
            moment += timedelta(days=1)
        return moment


class DoorCodeForm(forms.Form):
    code = forms.RegexField(
        r"^\s*[0-9]{6}\s*$",
        label=_("The six digits at the door"),
        error_messages={"invalid": _("Six digits, as the door shows them.")},
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "off",
                "maxlength": 8,
            }
        ),
    )

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).strip()
