"""Bodies sent to the API: JSON within bounds, and where config/api.py says so a form with
one file (IN-10, IN-11)."""

from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser, DataAndFiles, JSONParser
from rest_framework.settings import api_settings

from config.problems import TooLarge
from members.text import HIDDEN, MESSAGE

DEEPEST = 8
MOST_VALUES = 5_000
AROUND_A_FILE = 64 * 1024  # its fields and boundaries


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


class BoundedFormParser(BaseParser):
    """A form with one file at most, which stays in memory, and each field once.

    `view.most_bytes` is how large the file may be. Answers 413 for a body that is too
    large, before it is read, else 400; a form that was cut off is none.
    """

    media_type = "multipart/form-data"

    def parse(self, stream, media_type=None, parser_context=None):
        request, most = parser_context["request"], parser_context["view"].most_bytes
        if int(request.META.get("CONTENT_LENGTH") or 0) > most + AROUND_A_FILE:
            raise TooLarge
        meta = request.META | {"CONTENT_TYPE": media_type}
        watched = Watched(stream)
        try:
            parser = MultiPartParser(meta, watched, [OneFile()], "utf-8")
            fields, files = parser.parse()
        except (MultiPartParserError, LookupError, ValueError):
            raise unsound_form() from None
        boundary = parse_header_parameters(media_type)[1]["boundary"]
        if f"--{boundary}--".encode() not in watched.end:
            raise unsound_form()
        if any(len(values) > 1 for _name, values in fields.lists()):
            raise unsound_form()
        if sum(len(text) for text in fields.values()) > AROUND_A_FILE:
            raise TooLarge
        check(fields.dict())
        return DataAndFiles(fields, files)


class OneFile(MemoryFileUploadHandler):
    """On a disk an upload would lie readable (CR-01)."""

    def new_file(self, *args, **options):
        if self.file_name is not None:
            raise ParseError(_("Send one file at a time."), code="too_many_files")
        super().new_file(*args, **options)


class Watched:
    """A stream, and the end of what was read of it."""

    def __init__(self, stream):
        self.stream, self.end = stream, b""

    def read(self, size):
        read = self.stream.read(size)
        self.end = (self.end + read)[-512:]
        return read


def unsound_form():
    return ParseError(_("The form is not sound: each field once, and to its end."))


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
