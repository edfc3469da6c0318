"""Bodies sent to the API: JSON within bounds (IN-10, IN-11)."""

import re

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.settings import api_settings

from config.problems import TooLarge

DEEPEST = 8
MOST_VALUES = 5_000
# Control characters but tab and line ends, lone surrogates, marks that turn text around.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]"
)


class BoundedJSONParser(JSONParser):
    """JSON of bounded size, depth and number of values, without characters that hide.

    Answers 413 for a body that is too large, else 400.
    """

    def parse(self, stream, media_type=None, parser_context=None):
        length = parser_context["request"].META.get("CONTENT_LENGTH") or 0
        if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        try:
            sent = super().parse(stream, media_type, parser_context)
        except (ParseError, RecursionError):
            raise ParseError(_("The body is not sound JSON.")) from None
        check(sent)
        return sent


def check(sent):
    """Raise ParseError for too much, ValidationError at the field for bad characters."""
    fields = sent.items() if isinstance(sent, dict) else [("", sent)]
    waiting = [(name, part, 1) for name, value in fields for part in (name, value)]
    for count, (name, value, depth) in enumerate(waiting):
        if depth > DEEPEST or count > MOST_VALUES:
            raise ParseError(_("The body holds too much."), code="too_complex")
        if isinstance(value, str) and FORBIDDEN.search(value):
            refuse(name)
        parts = []
        if isinstance(value, dict):
            parts = [part for pair in value.items() for part in pair]
        elif isinstance(value, list):
            parts = value
        waiting += [(name, part, depth + 1) for part in parts]


def refuse(name):
    message = _("Leave out control characters and marks that turn text around.")
    field = FORBIDDEN.sub("?", name[:60]) or api_settings.NON_FIELD_ERRORS_KEY
    raise ValidationError({field: [message]}, code="forbidden_character")
