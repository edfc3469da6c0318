"""What went wrong, in one shape for the whole API (RFC 9457, problem details).

    {"type": "about:blank", "title": "…", "status": 400, "detail": "…", "code": "invalid",
     "errors": [{"field": "parent", "code": "wrong_parent", "message": "…"}]}

`code` is for programs and stays; `title`, `detail` and `message` are for people and
follow the language. A fault of ours shows a reference and nothing else (IN-13).
"""

import logging
import math

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.exceptions import ValidationError as Refusal
from django.core.signals import got_request_exception
from django.http import Http404, HttpResponseServerError, JsonResponse
from django.template.loader import get_template
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from config.throttles import AddressThrottle
from members.origin import origin

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: _("The request is not right"),
    401: _("Not signed in"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("Method not allowed"),
    406: _("No such format"),
    413: _("Too large"),
    415: _("No such format"),
    429: _("Too many requests"),
    500: _("Something went wrong"),
}


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = _("The body is too large.")
    default_code = "too_large"


class OurFault(exceptions.APIException):
    status_code = 500
    default_detail = _("The fault is ours and has been recorded. Try again later.")
    default_code = "fault"


# --- inside the views of the API --------------------------------------------------
def problem(error, context):
    """The exception handler of REST framework."""
    request, headers, fault = context["request"], {}, error
    error, errors = translate(error)
    if error.status_code == 401:
        error = slowed(error, request, context["view"])
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None) is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.wait)))
    body = describe(error, errors)
    if error.status_code == 500:
        body["reference"] = record(fault, request)
    set_rollback()
    # Whatever format was asked for, a problem is JSON.
    request.accepted_renderer = renderer = JSONRenderer()
    request.accepted_media_type = renderer.media_type
    return Response(body, error.status_code, None, headers, False, CONTENT_TYPE)


def translate(error):
    """`error` as an exception of REST framework, and the list of its `errors`."""
    if isinstance(error, Refusal):
        return exceptions.ValidationError(), refusals(error)
    if isinstance(error, exceptions.ValidationError):
        return error, list(flatten(error.detail))
    if isinstance(error, exceptions.APIException):
        return error, []
    if isinstance(error, Http404):
        return exceptions.NotFound(), []
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(), []
    if isinstance(error, RequestDataTooBig):
        return TooLarge(), []
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError(), []
    return OurFault(), []


def slowed(error, request, view):
    """Count a failed sign-in of a program; past the limit of its address, say so."""
    throttle = AddressThrottle()
    if throttle.allow_request(request, view):
        return error
    return exceptions.Throttled(throttle.wait())


def describe(error, errors):
    status, detail = error.status_code, error.detail
    if isinstance(error, exceptions.ValidationError):
        code = error.default_code
        detail = _("Some of what was sent is not right: see the errors.")
    else:
        code = error.get_codes()
    return {
        "type": "about:blank",
        "title": str(TITLES.get(status, detail)),
        "status": status,
        "detail": str(detail),
        "code": code,
        "errors": errors,
    }


def flatten(detail, field=None):
    """The lines of `errors`; "a.0.b" is a field inside a field, null the whole."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = api_settings.NON_FIELD_ERRORS_KEY
            path = field if name == own else f"{field}.{name}" if field else str(name)
            yield from flatten(inner, path)
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from flatten(inner, f"{field or ''}.{position}" if nested else field)
    else:
        yield {"field": field, "code": detail.code, "message": str(detail)}


def refusals(error):
    """The lines for a refusal of a service or a model.

    Django drops the code of an error made from a dict of messages; it is still the
    second argument it was made with.
    """
    given = error.args[1] if len(error.args) > 1 else None
    if not hasattr(error, "error_dict"):
        return [line(None, inner, given) for inner in error.error_list]
    return [
        line(None if field == NON_FIELD_ERRORS else field, inner, given)
        for field, inners in error.error_dict.items()
        for inner in inners
    ]


def line(field, error, code):
    message = " ".join(error.messages)
    return {"field": field, "code": error.code or code or "invalid", "message": message}


def record(fault, request):
    """Log the exception; returns the reference under which to find it."""
    reference = origin.get().request_id
    place = request.resolver_match.view_name
    logger.error("Fault %s at %s %s", reference, request.method, place, exc_info=fault)
    got_request_exception.send(sender=None, request=request)
    return reference


# --- outside of them: no such path, or a fault before the view ----------------------
def bad_request(request, exception):
    if not is_api(request):
        return defaults.bad_request(request, exception)
    return answer(exceptions.ParseError())


def page_not_found(request, exception):
    if not is_api(request):
        return defaults.page_not_found(request, exception)
    return answer(exceptions.NotFound())


def server_error(request):
    """Django has logged the exception already, with the same reference (IN-13)."""
    reference = origin.get().request_id
    if is_api(request):
        return answer(OurFault(), reference=reference)
    page = get_template("500.html").render({"reference": reference})
    return HttpResponseServerError(page)


def is_api(request):
    return request.path.startswith("/api/")


def answer(error, **more):
    return JsonResponse(
        describe(error, []) | more,
        status=error.status_code,
        content_type=CONTENT_TYPE,
        json_dumps_params={"ensure_ascii": False},
    )
