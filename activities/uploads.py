"""What is taken in as a file: not too large, past the scanner, pictures as pixels alone."""

from __future__ import annotations

import io

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from members import scanning
from members.refusals import refusal_at

MOST_BYTES = 8 * 1024 * 1024  # of a picture or a paper
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


def refuse_large(content: bytes, *, field: str, most: int = MOST_BYTES) -> None:
    """Raises ValidationError at `field`, code "too_large", above so many bytes."""
    if len(content) > most:
        message = _("The file is too large: at most %(size)s MiB.")
        raise refusal_at(field, message % {"size": most >> 20}, code="too_large")


def without_metadata(content: bytes) -> bytes:
    """The picture as a JPEG of its pixels alone, upright, at most 1600 on a side.

    Raises ValidationError, code "too_large", "no_picture".
    """
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
