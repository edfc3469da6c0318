"""What holds for every request of an account."""

import uuid

import pghistory
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from members.origin import Origin, client_address, origin

# Open to an account that has not changed its first password yet.
BEFORE_PASSWORD_CHANGE = frozenset(
    {"members:password_change", "members:sign_out", "members:elder_view"}
)


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


def first_password(get_response):
    """Lead an account with a first password to changing it, wherever it goes.

    The API refuses it by itself.
    """

    def middleware(request):
        user = request.user
        if request.path.startswith("/api/"):
            return get_response(request)
        if user.is_authenticated and user.must_change_password:
            name = url_name(request)
            if name not in settings.PUBLIC_PAGES | BEFORE_PASSWORD_CHANGE:
                return redirect("members:password_change")
        return get_response(request)

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
