"""What a page shows of a record, field by field, in words; sealed fields masked.

A record is a member, or a version of one from the history: both have the same fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from members.algorithms import years_between
from members.code_tables import title_name
from members.masking import mask, masked
from members.models import Branch, LocalCode, Member, PartyGroup
from members.sealing import SealedField

SECTIONS = (
    (
        gettext_lazy("Person"),
        (
            "name",
            "sex",
            "ethnic_group",
            "birth_date",
            "id_number",
            "file_birth_date",
            "native_place",
        ),
    ),
    (
        gettext_lazy("In the Party"),
        (
            "state",
            "branch",
            "party_group",
            "applied_on",
            "admitted_on",
            "full_member_on",
            "enrolled_on",
            "increase",
        ),
    ),
    (gettext_lazy("Contact"), ("phone", "landline", "address")),
    (
        gettext_lazy("Education and work"),
        (
            "education",
            "occupation",
            "title",
            "post",
            "employer",
            "is_migrant_worker",
        ),
    ),
    (
        gettext_lazy("Circumstances"),
        (
            "is_retired",
            "is_abroad",
            "is_floating",
            "floating_since",
            "floating_to",
            "out_of_contact_since",
            "notes",
        ),
    ),
)
# Shown only where there is something to say.
SELDOM = frozenset(
    {
        "file_birth_date",
        "post",
        "is_migrant_worker",
        "floating_since",
        "floating_to",
        "out_of_contact_since",
        "notes",
    }
)
TONES = {
    Member.State.FULL: "success",
    Member.State.PROBATIONARY: "info",
    Member.State.ON_PROBATION: "warning",
    Member.State.STOPPED: "warning",
}


@dataclass(frozen=True)
class Fact:
    name: str
    label: str
    value: str
    note: str = ""
    is_masked: bool = False


@dataclass
class Names:
    """The names of what records refer to."""

    branches: dict[int, Branch] = field(default_factory=dict)
    groups: dict[int, PartyGroup] = field(default_factory=dict)
    posts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Iterable[Any]) -> Names:
        """Look up what these records refer to, all at once."""
        records = list(records)
        return cls(
            Branch.objects.in_bulk({r.branch_id for r in records}),
            PartyGroup.objects.in_bulk({g for r in records if (g := r.party_group_id)}),
            post_names({p for r in records if (p := r.post)}),
        )


def post_names(codes: set[str]) -> dict[str, str]:
    """The newest name of each of these posts."""
    if not codes:
        return {}
    rows = LocalCode.objects.filter(table=LocalCode.Table.POST, code__in=codes)
    return {row.code: row.name for row in rows.order_by("valid_from")}


def sections(record: Any, names: Names, *, on: date) -> list[tuple[str, list[Fact]]]:
    """The facts of a record under their headings; ages and years as of the day `on`."""
    return [
        (
            str(title),
            [
                fact(record, name, names, on=on)
                for name in fields
                if name not in SELDOM or getattr(record, name)
            ],
        )
        for title, fields in SECTIONS
    ]


def fact(record: Any, name: str, names: Names, *, on: date) -> Fact:
    found = Fact(
        name, label(name), text(record, name, names), is_masked=is_sealed(name)
    )
    if name == "birth_date":
        age = years_between(record.birth_date, on)
        return replace(found, note=_("%(years)s years old") % {"years": age})
    if name == "full_member_on" and (years := standing(record, on)) is not None:
        note = ngettext(
            "%(years)s year of standing", "%(years)s years of standing", years
        )
        return replace(found, note=note % {"years": years})
    return found


def standing(record: Any, on: date) -> int | None:
    """Whole years of standing (MEM-33); None for who is no full member."""
    if record.full_member_on is None or record.state not in Member.STANDING:
        return None
    return years_between(record.full_member_on, on)


def label(name: str) -> str:
    return str(Member._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def text(record: Any, name: str, names: Names) -> str:
    """One field of `record` in words; "" where it holds nothing."""
    model_field = Member._meta.get_field(name)
    if isinstance(model_field, SealedField):
        return masked(record, name)
    value = getattr(record, model_field.attname)  # type: ignore[union-attr]
    if name == "branch":
        return str(names.branches.get(value, ""))
    if name == "party_group":
        return str(names.groups.get(value, ""))
    if name == "post":
        return names.posts.get(value, value)
    return in_words(name, value)


def in_words(name: str, value: Any) -> str:
    """A value of the field `name` in words: the name of a code, a date, yes or no."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name == "title":
        return title_name(value)
    return str(_choices(name).get(value, value))


@cache
def _choices(name: str) -> dict[Any, Any]:
    """The choices of a field; their labels follow the language of whoever reads them."""
    return dict(Member._meta.get_field(name).flatchoices)  # type: ignore[union-attr]


def is_sealed(name: str) -> bool:
    return isinstance(Member._meta.get_field(name), SealedField)


def typed_in_words(name: str, typed: str) -> str:
    """What somebody typed for the field `name`, as a page may show it."""
    return mask(name, typed) if is_sealed(name) else in_words(name, typed)
