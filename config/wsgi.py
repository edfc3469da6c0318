"""What gunicorn serves."""

import os
import re

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.http.multipartparser import MultiPartParserError
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# A parameter in a charset of its own (RFC 2231) has no place in these headers.
PARSED_HEADERS = ("CONTENT_TYPE", "HTTP_ACCEPT")
EXTENDED = re.compile(r"\*\s*=")


class Utf8Request(WSGIRequest):
    """A request whose text is UTF-8, whatever it declares (IN-10).

    Django decodes by what is declared, and Python has codecs that give lone surrogates,
    which no database takes, or no text at all: a fault, or one before any view.
    """

    def __init__(self, environ):
        for name in PARSED_HEADERS:
            if EXTENDED.search(environ.get(name, "")):
                del environ[name]
        super().__init__(environ)

    def _set_content_type_params(self, environ):
        self.content_type, self.content_params = parse_header_parameters(
            environ.get("CONTENT_TYPE", "")
        )

    def parse_file_upload(self, META, post_data):  # noqa: N803 - as Django calls it
        try:
            return super().parse_file_upload(META, post_data)
        except LookupError:  # a part names its charset
            raise MultiPartParserError("no such charset") from None


application = get_wsgi_application()
application.request_class = Utf8Request

# Without the keys there is no portal: better no start than a page that fails (CR-05).
from members.key_ring import key_ring  # noqa: E402  settings come first

key_ring()
