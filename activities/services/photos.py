"""Photos that somebody chose to add: written anew, so that nothing the camera noted, the
place least of all, is kept."""

from __future__ import annotations

import io

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from activities.models import Program, ProgramPhoto
from activities.services.programs import locked
from members import scanning
from members.models import User
from members.refusals import refusal_at
from members.services import audit

MOST = 6
MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 40_000_000
SIDE = 1600
UNREADABLE = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
FORMATS = ("JPEG", "PNG", "WEBP")


def without_metadata(content: bytes) -> bytes:
    """The picture as a JPEG of its pixels alone, upright, at most 1600 on a side.

    Raises ValidationError, code "too_large", "no_picture".
    """
    if len(content) > MOST_BYTES:
        message = _("The file is too large: at most %(size)s MiB.")
        raise ValidationError(message % {"size": MOST_BYTES >> 20}, code="too_large")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                message = _("The picture has too many pixels: make it smaller.")
                raise ValidationError(message, code="too_large")
            opened.draft("RGB", (SIDE, SIDE))
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except UNREADABLE as fault:
        message = _("This is no picture that can be read: JPEG, PNG or WebP.")
        raise ValidationError(message, code="no_picture") from fault
    upright.thumbnail((SIDE, SIDE))
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)
    written = io.BytesIO()
    clean.save(written, "JPEG", quality=82)
    return written.getvalue()


def refuse_harmful(content: bytes, *, field: str) -> None:
    """Raises ValidationError at `field`, code "harmful" or "scanner"."""
    try:
        scanning.refuse_infected(content)
    except scanning.Infected as found:
        message = _("The virus scanner found this file harmful.")
        raise refusal_at(field, message, code="harmful") from found
    except scanning.ScannerDown as fault:
        message = _("The virus scanner does not answer: try again later.")
        raise refusal_at(field, message, code="scanner") from fault


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
    refuse_harmful(content, field="image")
    try:
        image = without_metadata(content)
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
