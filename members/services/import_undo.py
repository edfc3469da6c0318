"""Taking an applied import back (docs/decisions/0006-undo-of-an-import.md).

What an import wrote is known by the context of its history: which version of which record
it made. People it put on a roll leave it as entered by mistake; records it changed get the
version before it back. Both only while nobody touched one of these records since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pghistory
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members import access, tasks
from members.copying import copy_in
from members.history import MemberEvent
from members.models import AuditEntry, ImportBatch, Member, StateChange, User
from members.sealing import IndexField, try_open
from members.services import audit, inbox, outbox
from members.services.imports import check_rights, locked, not_open, speaking, tell
from members.services.progress import teller
from members.services.roster_lookup import chunks
from members.signals import member_state_changed

State = ImportBatch.State
_NEW, _CHANGED = "insert", "update"  # how the history labels its versions
_NAMED: Final = 5  # of those in the way
# What the import does not give a record, and an undo does not give back.
_KEPT: Final = frozenset({"id", "created_at", "updated_at"})


def touched_since(batch: ImportBatch) -> models.QuerySet[Member]:
    """The records of an applied import that somebody changed or built upon since.

    A record was touched when it has a later version, and a new one also when anything
    but its first line of states names it: an office, an account, a correction, a grant.
    """
    written = MemberEvent.objects.filter(pgh_context=batch.context)
    later = MemberEvent.objects.filter(
        pgh_obj=OuterRef("pgh_obj"), pgh_id__gt=OuterRef("pgh_id")
    )
    built_upon = Q()
    for relation in Member._meta.related_objects:
        if hasattr(relation.related_model, "pgh_tracked_model"):
            continue
        rows = relation.related_model._base_manager.filter(
            **{relation.field.name: OuterRef("pgh_obj")}
        )
        if relation.related_model is StateChange:
            rows = rows.exclude(from_state="")
        built_upon |= Q(Exists(rows))
    touched = written.filter(Exists(later) | Q(pgh_label=_NEW) & built_upon)
    return Member.objects.filter(pk__in=touched.values("pgh_obj")).order_by("pk")


def check_untouched(batch: ImportBatch) -> None:
    """Raises ValidationError, code "not_open" unless it is applied, "touched" with names."""
    if batch.context is None:
        raise not_open()
    touched = touched_since(batch)
    names = list(touched.values_list("name", flat=True)[:_NAMED])
    if not names:
        return
    count = touched.count()
    message = ngettext(
        "%(count)s record was changed since the import, so it stands: %(names)s.",
        "%(count)s records were changed since the import, so it stands: %(names)s.",
        count,
    )
    shown = _(", ").join(names) + (" …" if count > _NAMED else "")
    raise ValidationError(
        message, code="touched", params={"count": count, "names": shown}
    )


@transaction.atomic
def ask_to_undo(batch: ImportBatch, *, by: User, reason: str) -> ImportBatch:
    """Have a worker take an import back. Asked twice, it is done once.

    Raises ValidationError, code "not_open" or "touched".
    """
    found = locked(batch.pk, State.APPLIED, State.UNDOING, State.UNDONE)
    if found is None:
        raise not_open()
    if found.state != State.APPLIED:
        return found
    check_untouched(found)
    found.state, found.error = State.UNDOING, ""
    found.undone_by, found.undo_reason = by, reason
    found.save(update_fields=["state", "error", "undone_by", "undo_reason"])
    outbox.post(tasks.undo_import, found.pk)
    return found


def undo(batch_id: int) -> None:
    """Take it back, all of it or nothing. A second call finds nothing to do.

    Where a record was touched meanwhile the import stands, and its page says why.
    """
    with transaction.atomic():
        if batch := locked(batch_id, State.UNDOING, wait=True):
            assert batch.undone_by is not None  # noqa: S101  for the type checker
            with speaking(batch):
                _undo(batch, batch.undone_by)


def _undo(batch: ImportBatch, by: User) -> None:
    try:
        check_rights(batch, by)
        with transaction.atomic(), pghistory.context(user=by.pk):
            count = _take_back(batch, by)
    except (ValidationError, IntegrityError) as refusal:
        message = _("An ID number it had changed is on another roll by now.")
        if isinstance(refusal, ValidationError):
            message = " ".join(refusal.messages)
        batch.state, batch.error = State.APPLIED, message[:300]
        batch.undone_by, batch.undo_reason = None, ""
        batch.save()
        tell(batch, inbox.Kind.IMPORT_STANDS, to=by)
        return
    batch.state, batch.undone_at = State.UNDONE, timezone.now()
    batch.save()
    audit.record(
        AuditEntry.Act.IMPORT_UNDONE,
        by=by,
        subject=batch,
        branch=batch.branch,
        reason=batch.undo_reason,
        records=count,
    )
    tell(batch, inbox.Kind.IMPORT_UNDONE, to=by, count=count)


def _take_back(batch: ImportBatch, by: User) -> int:
    written = MemberEvent.objects.filter(pgh_context=batch.context)
    records = Member.objects.filter(pk__in=written.values("pgh_obj")).order_by("pk")
    count = len(records.select_for_update(of=("self",)).values_list("pk"))
    check_untouched(batch)
    new = written.filter(pgh_label=_NEW).order_by("pgh_obj")
    tick, done = teller(batch), 0
    for keys in chunks(new.values_list("pgh_obj", flat=True)):
        _void(keys, by=by, reason=batch.undo_reason)
        tick(done := done + len(keys), count)
    _restore(batch)
    _index_anew(batch)
    return count


def _void(keys: Iterable[int], *, by: User, reason: str) -> None:
    """End records of people who were never to be on a roll."""
    today = access.today()
    members = list(Member.objects.filter(pk__in=keys).select_related("branch"))
    changes = [
        StateChange(
            member=member,
            from_state=member.state,
            to_state=Member.State.VOIDED,
            body=StateChange.Body.NONE,
            decided_on=today,
            effective_on=today,
            reason=reason,
            recorded_by=by,
        )
        for member in members
    ]
    Member.objects.filter(pk__in=keys).update(
        state=Member.State.VOIDED, updated_at=timezone.now()
    )
    copy_in(StateChange, changes)
    for member, change in zip(members, changes, strict=True):
        member.state = Member.State.VOIDED
        member_state_changed.send(Member, member=member, change=change)


def _restore(batch: ImportBatch) -> None:
    """Give changed records the version before the import, sealed values as they lie there:
    both are bound to the same row and column."""
    columns = ", ".join(map(connection.ops.quote_name, _columns_of_versions()))
    before = f"""
        SELECT {columns} FROM members_memberevent before
        WHERE before.pgh_obj_id = made.pgh_obj_id AND before.pgh_id < made.pgh_id
        ORDER BY before.pgh_id DESC LIMIT 1
    """  # noqa: S608  names of columns
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE members_member SET ({columns}) = ({before}), updated_at = now()
            FROM members_memberevent made
            WHERE made.pgh_context_id = %s AND made.pgh_label = %s
                AND members_member.id = made.pgh_obj_id
            """,  # noqa: S608
            [batch.context, _CHANGED],
        )


def _index_anew(batch: ImportBatch) -> None:
    """Let the index fields of restored records follow the sealed ones: versions keep the
    indexes of their time, and index keys may have changed since."""
    restored = MemberEvent.objects.filter(pgh_context=batch.context, pgh_label=_CHANGED)
    fields = Member._meta.concrete_fields
    sources = {field.source for field in fields if isinstance(field, IndexField)}
    for keys in chunks(restored.values_list("pgh_obj", flat=True)):
        members = list(Member.objects.filter(pk__in=keys))
        for member in members:
            for name in sources:
                try_open(member, name)  # an index follows what is open
        Member.objects.bulk_update(members, sorted(sources), batch_size=100)


def _columns_of_versions() -> Iterator[str]:
    known = {field.name for field in MemberEvent._meta.concrete_fields}
    for field in Member._meta.concrete_fields:
        if field.name in known - _KEPT:
            yield str(field.column)
