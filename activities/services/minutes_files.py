"""Files of minutes: by choice, looked at by the scanner, without what a camera noted."""

from __future__ import annotations

import hashlib

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities import uploads
from activities.models import Minutes, MinutesFile
from activities.services.minutes import locked_draft
from members.models import User
from members.refusals import refusal_at

MOST = 10
Format = MinutesFile.Format


@transaction.atomic
def add(
    minutes: Minutes, content: bytes, *, kind: str, caption: str, by: User
) -> MinutesFile:
    """Add a file to a draft; the same content twice is one file.

    Raises ValidationError, code "signed", "too_many"; at caption "no_caption"; and at
    "content" "too_large", "harmful", "scanner", "no_picture" for a photo that is none,
    "no_paper" for what is neither a picture nor a PDF.
    """
    found = locked_draft(minutes)
    if not caption.strip():
        message = _("Say what it shows.")
        raise refusal_at("caption", message, code="no_caption")
    uploads.refuse_large(content, field="content")
    uploads.refuse_harmful(content, field="content")
    form, kept = _kept(content, kind)
    digest = hashlib.sha256(kept).hexdigest()
    standing = found.files.filter(digest=digest).defer("content").first()
    if standing is not None:
        return standing
    if found.files.count() >= MOST:
        message = _("At most %(most)s files: a few say enough.") % {"most": MOST}
        raise ValidationError(message, code="too_many")
    return MinutesFile.objects.create(
        minutes=found,
        kind=kind,
        caption=caption.strip()[:80],
        format=form,
        content=kept,
        digest=digest,
        added_by=by,
    )


def _kept(content: bytes, kind: str) -> tuple[str, bytes]:
    """What is kept of a file, by what it is and never by its name (UP-01)."""
    if kind != MinutesFile.Kind.PHOTO and _is_pdf(content):
        return Format.PDF, content
    try:
        return Format.JPG, uploads.without_metadata(content)
    except ValidationError as refusal:
        if kind == MinutesFile.Kind.PHOTO or refusal.code != "no_picture":
            code = refusal.code or ""
            raise refusal_at("content", refusal.message, code=code) from refusal
        message = _("Slides and papers are kept as PDF or as a picture of them.")
        raise refusal_at("content", message, code="no_paper") from refusal


def _is_pdf(content: bytes) -> bool:
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:]


@transaction.atomic
def remove(file: MinutesFile) -> None:
    """Take it off a draft. Twice is once. Raises ValidationError, code "signed"."""
    locked_draft(file.minutes)
    MinutesFile.objects.filter(pk=file.pk).delete()
