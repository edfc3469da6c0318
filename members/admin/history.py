"""The page of what a record was before, from the history that triggers keep."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.template.response import TemplateResponse
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members import access
from members.masking import masked
from members.models import User
from members.sealing import IndexField, SealedField

NEWEST = 100
LABELS = {"insert": gettext_lazy("Added"), "update": gettext_lazy("Changed")}
UNTOLD = frozenset({"id", "path", "created_at", "updated_at"})


@dataclass(frozen=True)
class Step:
    """One version: when it was made, by whom, and what it changed (label, old, new)."""

    at: datetime
    by: str
    label: str
    changes: list[tuple[str, str, str]]


def page(model_admin, request, record):
    steps = steps_of(record, request.user)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("History of %(record)s") % {"record": record},
        "opts": model_admin.opts,
        "original": record,
        "steps": steps,
        "newest": NEWEST,
        "is_cut": len(steps) == NEWEST,
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "admin/members/history.html", context)


def steps_of(record, reader: User) -> list[Step]:
    """The newest versions, latest first, with what `reader` may see of them."""
    events = list(
        type(record)
        .pgh_event_model.objects.filter(pgh_obj_id=record.pk)
        .select_related("pgh_context")
        .order_by("-pgh_id")[: NEWEST + 1]
    )
    fields = [field for field in type(record)._meta.concrete_fields if is_told(field)]
    names = named(events, fields, reader)
    users = User.objects.in_bulk({key for event in events if (key := asker(event))})
    found = []
    for event, before in zip(events, [*events[1:], None], strict=True):
        changes = [
            (
                str(field.verbose_name),
                "" if before is None else shown(before, field, names),
                shown(event, field, names),
            )
            for field in fields
            if differs(before, event, field)
        ]
        if changes:
            by = users.get(asker(event))
            label = LABELS.get(event.pgh_label, event.pgh_label)
            who = by.get_username() if by else ""
            found.append(Step(event.pgh_created_at, who, str(label), changes))
    return found[:NEWEST]


def is_told(field) -> bool:
    return field.name not in UNTOLD and not isinstance(field, IndexField)


def asker(event) -> int | None:
    return event.pgh_context.metadata.get("user") if event.pgh_context else None


def differs(before, event, field) -> bool:
    if not hasattr(event, field.attname):  # such as a password: not in the history
        return False
    if before is None:
        return value(event, field) not in (None, "", False)
    return value(before, field) != value(event, field)


def value(event, field):
    """What tells two versions apart; a sealed one by what may be shown of it."""
    if isinstance(field, SealedField):
        return masked(event, field.name)
    return getattr(event, field.attname)


def named(events, fields, reader) -> dict:
    """The names of the records that the versions point to, where `reader` may see them."""
    found = {}
    for field in fields:
        if isinstance(field, models.ForeignKey):
            keys = {getattr(event, field.attname, None) for event in events} - {None}
            model = field.remote_field.model
            rows = access.reachable(reader, model).in_bulk(keys) if keys else {}
            found[field] = {key: str(row) for key, row in rows.items()}
    return found


def shown(event, field, names) -> str:
    held = value(event, field)
    if held in (None, ""):
        return "-"
    if isinstance(field, models.ForeignKey):
        return names[field].get(held, "-")
    if field.choices:
        return str(dict(field.flatchoices).get(held, held))
    if isinstance(held, bool):
        return _("Yes") if held else _("No")
    return str(localize(held))
