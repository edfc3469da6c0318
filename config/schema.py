"""The OpenAPI schema: how the API knows its callers, and what every route may answer."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension

from config.problems import CONTENT_TYPE

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people."},
        "code": {"type": "string", "description": "For programs; it stays."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string", "nullable": True},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "reference": {"type": "string", "description": "With a 500: tell it to us."},
    },
}
ALWAYS = {
    "401": _("Not signed in."),
    "403": _("Not allowed: no right, a token that may only read, or no CSRF token."),
    "406": _("Only JSON is spoken here."),
    "429": _("Too many requests: wait as Retry-After says."),
    "500": _("Our fault."),
}
WITH_BODY = {
    "400": _("Not right: see the errors."),
    "413": _("The body is too large."),
    "415": _("Not in a format that is described here."),
}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "members.api_tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "members.api_tokens.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema):
        name = settings.SESSION_COOKIE_NAME
        return {"type": "apiKey", "in": "cookie", "name": name}


def add_problems(result, generator, request, public):
    """Add the answers that any route may give besides its own."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            answers = dict(ALWAYS)
            if "{" in path:
                answers["404"] = _("There is none, or it is out of your reach.")
            if method != "get":
                answers |= WITH_BODY
            elif operation.get("parameters"):
                answers["400"] = WITH_BODY["400"]
            for status, text in sorted(answers.items()):
                answer = {"description": str(text), "content": content}
                operation["responses"].setdefault(status, answer)
    return result
