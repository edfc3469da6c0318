"""Materials of an activity: taken in by content and by list, past the scanner (UP-01,
UP-07)."""

from __future__ import annotations

import io
import zipfile

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities import uploads
from activities.models import Activity, ActivityMaterial
from activities.services.activities import State, locked, over
from members.models import User
from members.refusals import refusal_at

Type = ActivityMaterial.Type
MOST = 10
MOST_BYTES = 10 * 1024 * 1024
MOST_PARTS, MOST_UNPACKED = 2_000, 200 * 1024 * 1024
# What a file of the office has in it, and what a file with macros has.
PARTS = {
    "word/document.xml": Type.DOCX,
    "xl/workbook.xml": Type.XLSX,
    "ppt/presentation.xml": Type.PPTX,
}
MACROS = ("vbaproject.bin", "vbadata.xml")


def add(
    activity: Activity, *, title: str, file: bytes | None, link: str, by: User | None
) -> ActivityMaterial:
    """Keep a file or a link. A picture loses what the camera noted.

    Raises ValidationError, code "over" for a cancelled activity, "too_many" past ten; at
    title, "required" and "max_length"; at link, "invalid"; at file, "one_of" for both or
    neither, "empty", "too_large", "type", "macros", "too_heavy", "harmful", "scanner".
    """
    link = link.strip()
    if (file is None) == (not link):
        message = _("Choose a file, or enter the address of a page: one of the two.")
        raise refusal_at("file", message, code="one_of")
    made = ActivityMaterial(
        activity=activity, title=title.strip(), link=link, type=Type.LINK, added_by=by
    )
    made.clean_fields(exclude=["activity", "added_by"])
    if file is not None:
        made.type, made.content = read(file)
        made.size = len(made.content)
    return _keep(made)


@transaction.atomic
def _keep(made: ActivityMaterial) -> ActivityMaterial:
    """Under the lock for as long as it takes to count and write."""
    activity = locked(made.activity)
    if activity.state == State.CANCELLED:
        raise over()
    if activity.materials.count() >= MOST:
        message = _("At most %(most)s materials: take one out first.") % {"most": MOST}
        raise ValidationError(message, code="too_many")
    made.save()
    return made


def remove(material: ActivityMaterial) -> None:
    """Take it out for good. Twice is once. Raises ValidationError, code "over" for a
    cancelled activity."""
    with transaction.atomic():
        if locked(material.activity).state == State.CANCELLED:
            raise over()
        ActivityMaterial.objects.filter(pk=material.pk).delete()


def read(content: bytes) -> tuple[Type, bytes]:
    """The type of a file by its content, and what is kept of it."""
    if not content:
        raise refusal_at("file", _("The file is empty."), code="empty")
    uploads.refuse_large(content, field="file", most=MOST_BYTES)
    uploads.refuse_harmful(content, field="file")
    if content.startswith(b"%PDF-"):
        return Type.PDF, content
    if content.startswith(b"PK\x03\x04"):
        return _office_type(content), content
    try:
        return Type.JPG, uploads.without_metadata(content)
    except ValidationError as refusal:
        if refusal.code == "too_large":
            raise refusal_at("file", refusal.message, code="too_large") from refusal
        raise _wrong_type() from refusal


def _office_type(content: bytes) -> Type:
    """By the list of its parts alone: none of them is unpacked here."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as fault:
        raise _wrong_type() from fault
    names = {part.filename.lower() for part in parts}
    found = {kind for name, kind in PARTS.items() if name in names}
    if len(found) != 1 or "[content_types].xml" not in names:
        raise _wrong_type()
    if any(name.rpartition("/")[2] in MACROS for name in names):
        message = _("The file holds macros: save it without them.")
        raise refusal_at("file", message, code="macros")
    if len(parts) > MOST_PARTS or sum(p.file_size for p in parts) > MOST_UNPACKED:
        message = _("The file unpacks to far more than it should: save it anew.")
        raise refusal_at("file", message, code="too_heavy")
    return found.pop()


def _wrong_type() -> ValidationError:
    message = _("Only PDF, Word, Excel, PowerPoint (without macros) and pictures.")
    return refusal_at("file", message, code="type")
