"""Characters that no text of a person holds: they hide, or turn what follows around."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Control characters but tab and line ends, lone surrogates, marks that turn text around.
HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]"
)
MESSAGE = _("Leave out control characters and marks that turn text around.")


def refuse_hidden(text: str) -> None:
    """A validator of every text field of every form (IN-11). Django refuses NUL itself.

    Raises ValidationError, code "forbidden_character".
    """
    if HIDDEN.search(text.replace("\0", "")):
        raise ValidationError(MESSAGE, code="forbidden_character")
