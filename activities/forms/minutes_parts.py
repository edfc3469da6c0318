"""Files of minutes, and the three parts of an organizational-life meeting."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.forms.minutes import people_of
from activities.models import LifePoint, Minutes, MinutesFile
from activities.services.life_meetings import CORRECT, Said
from activities.services.minutes import Decided
from members.forms.branches import day_input

Kind = LifePoint.Kind
NEW_ROWS = 1


class FileForm(forms.Form):
    kind = forms.ChoiceField(
        label=pgettext_lazy("file", "kind"), choices=MinutesFile.Kind.choices
    )
    content = forms.FileField(
        label=_("File"),
        help_text=_(
            "JPEG, PNG, WebP or PDF, at most 8 MiB. Place and camera are removed from "
            "pictures; slides are saved as PDF before."
        ),
        widget=forms.FileInput(
            attrs={"accept": "image/jpeg,image/png,image/webp,application/pdf"}
        ),
    )
    caption = forms.CharField(
        label=_("What it shows"),
        max_length=80,
        help_text=_("Ask those who can be recognized before you add it."),
    )


class LifeForm(forms.Form):
    """ "text_<key>" with "member_<key>", and "speaker_<key>" or "due_<key>"; the key of a
    new row begins with what it is of: "own_new1"."""

    def __init__(self, *args: Any, minutes: Minutes, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = people_of(minutes)
        self.names = [("", "---------"), *self.people.values_list("pk", "name")]
        points = list(minutes.life_points.all())
        self.keys: dict[str, list[str]] = {}
        for kind in Kind:
            own = {str(one.pk): one for one in points if one.kind == kind}
            self.keys[kind] = [*own, *self._new(kind)]
            for key in self.keys[kind]:
                self._add_point(kind, key, own.get(key))
        rows = minutes.resolutions.filter(is_correction=True)
        decided = {f"{CORRECT}{one.pk}": one for one in rows}
        self.keys["correct"] = [*decided, *self._new("correct")]
        for key in self.keys["correct"]:
            self._add_correction(key, decided.get(key))

    def _new(self, kind: str) -> list[str]:
        return [f"{kind}_new{number}" for number in range(1, NEW_ROWS + 1)]

    def _add_point(self, kind: str, key: str, point: LifePoint | None) -> None:
        of_whom = _("whose problem") if kind == Kind.OWN else _("who is criticized")
        self._add_person("member", key, of_whom, getattr(point, "member_id", None))
        if kind == Kind.CRITICISM:
            said_by = getattr(point, "speaker_id", None)
            self._add_person("speaker", key, _("who said it"), said_by)
        self.fields[f"text_{key}"] = forms.CharField(
            label=pgettext_lazy("life meeting", "what"),
            required=False,
            max_length=2000,
            initial=getattr(point, "text", ""),
            widget=forms.Textarea(attrs={"rows": 3}),
        )

    def _add_correction(self, key: str, decided: Any) -> None:
        self.fields[f"text_{key}"] = forms.CharField(
            label=_("what is corrected, and how"),
            required=False,
            max_length=500,
            initial=getattr(decided, "text", ""),
        )
        owner = getattr(decided, "member_id", None)
        self._add_person("member", key, _("responsible"), owner)
        self.fields[f"due_{key}"] = forms.DateField(
            label=_("until"),
            required=False,
            initial=getattr(decided, "due_on", None),
            widget=day_input(),
        )

    def _add_person(self, name: str, key: str, label: Any, initial: int | None) -> None:
        field = forms.ModelChoiceField(
            self.people, label=label, required=False, initial=initial
        )
        field.choices = self.names
        self.fields[f"{name}_{key}"] = field

    def parts(self) -> list[tuple[Any, list[list[Any]]]]:
        """Each part with its rows of fields."""
        names = {
            Kind.OWN: (_("Own problem"), ("member", "text")),
            Kind.CRITICISM: (_("Criticism"), ("speaker", "member", "text")),
            "correct": (_("To correct"), ("text", "member", "due")),
        }
        return [
            (
                title,
                [[self[f"{name}_{key}"] for name in fields] for key in self.keys[part]],
            )
            for part, (title, fields) in names.items()
        ]

    def said(self) -> list[Said]:
        given = self.cleaned_data
        return [
            Said(
                key,
                kind,
                given[f"text_{key}"],
                given[f"member_{key}"],
                given.get(f"speaker_{key}"),
            )
            for kind in Kind
            for key in self.keys[kind]
        ]

    def corrections(self) -> list[Decided]:
        given = self.cleaned_data
        return [
            Decided(
                key,
                given[f"text_{key}"],
                given[f"member_{key}"],
                given[f"due_{key}"],
            )
            for key in self.keys["correct"]
        ]
