"""Photos that somebody chose to add: written anew, so that nothing the camera noted, the
place least of all, is kept."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities import uploads
from activities.models import Program, ProgramPhoto
from activities.services.programs import locked
from members.models import User
from members.refusals import refusal_at
from members.services import audit

MOST = 6


@transaction.atomic
def add(
    program: Program, content: bytes, *, caption: str, by: User | None
) -> ProgramPhoto:
    """Raises ValidationError by field, code "over", "too_many", "no_caption", and at
    image, "too_large", "no_picture", "harmful", "scanner"."""
    program = locked(program)
    if program.photos.count() >= MOST:
        message = _("At most %(most)s photos: a few say enough.") % {"most": MOST}
        raise ValidationError(message, code="too_many")
    if not caption.strip():
        message = _("Say what the picture shows.")
        raise refusal_at("caption", message, code="no_caption")
    uploads.refuse_large(content, field="image")
    uploads.refuse_harmful(content, field="image")
    try:
        image = uploads.without_metadata(content)
    except ValidationError as refusal:
        raise refusal_at("image", refusal.message, code=refusal.code or "") from refusal
    return ProgramPhoto.objects.create(
        program=program, caption=caption.strip()[:80], image=image, added_by=by
    )


@transaction.atomic
def remove(photo: ProgramPhoto, *, by: User) -> None:
    """Take it out for good, of a program that is over too: somebody may ask for it."""
    audit.record(
        audit.Act.PROGRAM_CHANGED,
        by=by,
        subject=photo.program,
        branch=photo.program.branch,
        photo_removed=photo.pk,
    )
    photo.delete()
