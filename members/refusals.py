"""Refusing what a rule does not allow, at the field that must be mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise


def refusal_at(field: str, message: StrOrPromise, *, code: str) -> ValidationError:
    """A refusal at `field`. `ValidationError({field: message}, code=code)` would lose
    the code."""
    return ValidationError({field: ValidationError(message, code=code)})
