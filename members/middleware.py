"""What holds for every request of an account."""

import uuid

import pghistory
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from members import entry
from members.hashing import TooBusy
from members.origin import Origin, client_address, origin
from members.services import refusals, sessions

ALWAYS_OPEN = frozenset({"members:sign_out", "members:elder_view"})
# What is open to an account at each step before entry.
OPEN_AT = {
    entry.SECOND_FACTOR: ALWAYS_OPEN | {entry.SECOND_FACTOR},
    entry.NEW_PASSWORD: ALWAYS_OPEN | {entry.NEW_PASSWORD, "members:password_confirm"},
    entry.SET_UP: ALWAYS_OPEN | {entry.SET_UP, "members:password_confirm"},
}


# What the routes call the key of the record they are about.
KEYS = ("pk", "object_id")


def note_origin(get_response):
    """Let what is written down name the client's address and the request."""

    def middleware(request):
        here = Origin(client_address(request), uuid.uuid4().hex)
        request.request_id = here.request_id  # for what is logged after us
        token = origin.set(here)
        try:
            response = get_response(request)
        finally:
            origin.reset(token)
        response.headers["X-Request-Id"] = here.request_id
        return response

    return middleware


def note_refusals(get_response):
    """Write down that somebody was refused a record, once all else is rolled back.

    The entry says what was asked for, whether that exists or not (AZ-03).
    """

    def middleware(request):
        response = get_response(request)
        asked, user = request.resolver_match, request.user
        if response.status_code in {403, 404} and asked and user.is_authenticated:
            key = next((asked.kwargs[n] for n in KEYS if n in asked.kwargs), None)
            if key is not None:
                refusals.note_refusal(
                    user, route=asked.view_name, method=request.method, key=str(key)
                )
        return response

    return middleware


def signed_in_everywhere(get_response):
    """Send whoever is signed out to the sign-in, but for the public pages (AZ-02).

    The API answers 401 by itself.
    """

    def middleware(request):
        if request.user.is_authenticated or request.path.startswith("/api/"):
            return get_response(request)
        name = url_name(request)
        if name is None or name in settings.PUBLIC_PAGES:
            return get_response(request)
        return redirect_to_login(request.get_full_path())

    return middleware


def session_limits(get_response):
    """End a session that was unused for too long or is too old (SEC-26, AN-05).

    The sign-in page says why, and leads back to where one was.
    """

    def middleware(request):
        user = request.user
        if user.is_authenticated:
            if why := sessions.why_over(request.session, user):
                return signed_out(request, why) or get_response(request)
            sessions.note_use(request.session)
        return get_response(request)

    return middleware


def signed_out(request, why):
    """Sign out; returns the way to the sign-in, None where a page needs none."""
    idle = settings.SESSION_IDLE_MINUTES[sessions.role_of(request.user)]
    request.signed_out_because = why
    logout(request)
    if request.path.startswith("/api/") or url_name(request) in settings.PUBLIC_PAGES:
        return None
    if why == "idle":
        text = _(
            "For your safety you were signed out after %(minutes)s minutes without use. "
            "Sign in again to go on where you were."
        )
    else:
        text = _("You were signed in for long: sign in again to go on where you were.")
    messages.info(request, text % {"minutes": idle})
    return redirect_to_login(request.get_full_path())


def before_entry(get_response):
    """Lead an account to what it must do before anything else, wherever it goes: give the
    second factor, change a first or old password, set a second factor up (AN-06, AN-09).

    The API refuses it by itself.
    """

    def middleware(request):
        if request.user.is_authenticated and not request.path.startswith("/api/"):
            step = entry.next_step(request.session, request.user)
            if step and url_name(request) not in settings.PUBLIC_PAGES | OPEN_AT[step]:
                return redirect(step)
        return get_response(request)

    return middleware


def busy(get_response):
    """Ask to try again in a moment where too many passwords wait to be checked (CR-10)."""

    def middleware(request):
        return get_response(request)

    def process_exception(request, exception):
        if not isinstance(exception, TooBusy):
            return None
        answer = render(request, "503.html", status=503)
        answer.headers["Retry-After"] = "5"
        return answer

    middleware.process_exception = process_exception
    return middleware


def history_context(get_response):
    """Note in the history of each changed record which account changed it."""

    def middleware(request):
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return get_response(request)
        with pghistory.context(user=request.user.pk):
            return get_response(request)

    return middleware


def url_name(request):
    """The URL name a request leads to; None if it leads nowhere."""
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return None
