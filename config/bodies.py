"""Bodies sent to the API: JSON within bounds (IN-10, IN-11)."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.settings import api_settings

from config.problems import TooLarge
from members.text import HIDDEN, MESSAGE

DEEPEST = 8
MOST_VALUES = 5_000


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
        if isinstance(value, str) and HIDDEN.search(value):
            refuse(name)
        parts = []
        if isinstance(value, dict):
            parts = [part for pair in value.items() for part in pair]
        elif isinstance(value, list):
            parts = value
        waiting += [(name, part, depth + 1) for part in parts]


def refuse(name):
    field = HIDDEN.sub("?", name[:60]) or api_settings.NON_FIELD_ERRORS_KEY
    raise ValidationError({field: [MESSAGE]}, code="forbidden_character")
