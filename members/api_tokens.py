"""How the API knows who is asking: by a bearer token, or by the session of a browser.

A token goes in the header, `Authorization: Bearer …`, and nowhere else: addresses end up
in logs and histories. Session-signed calls need the CSRF token, token-signed ones none,
since no browser sends a bearer token by itself (IN-06).
"""

import pghistory
from django.conf import settings
from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, permissions
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from members import access, entry
from members.models import ApiToken
from members.models.token import MARK

NAMES_OF_TOKENS = frozenset({"token", "access_token", "api_key", "authorization"})


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer bpt_…`; `request.auth` is the token."""

    def authenticate(self, request):
        refuse_token_in_address(request)
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        today = access.today()
        token = ApiToken.objects.by_text(text.strip(), today)
        if token is None or not token.user.is_active:
            raise AuthenticationFailed(
                _("This token is not known, has ended or was revoked."),
                code="invalid_token",
            )
        refuse_first_password(token.user)
        if access.needs_second_factor(token.user) and not token.is_protected:
            raise second_factor_missing()
        if token.last_used_on != today:
            ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)
        translation.activate(token.user.language or settings.LANGUAGE_CODE)
        # The middleware opened the context of the history before anybody was known.
        pghistory.context(user=token.user.pk, api_token=token.pk)
        return token.user, token

    def authenticate_header(self, request):
        return 'Bearer realm="portal"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of a signed-in browser; `request.auth` is None."""

    def authenticate(self, request):
        found = super().authenticate(request)
        if found is not None:
            refuse_first_password(found[0])
            if entry.next_step(request.session, found[0]):
                raise second_factor_missing()
        return found

    def enforce_csrf(self, request):
        try:
            super().enforce_csrf(WithoutBody(request))
        except PermissionDenied:
            raise PermissionDenied(
                _("Send the CSRF token in the header X-CSRFToken."), code="csrf_failed"
            ) from None


class WithoutBody:
    """A request whose CSRF token is looked for in the header alone: no body is read
    before it is known who sends it, and whether that account may (IN-11)."""

    POST = QueryDict()

    def __init__(self, request):
        self._request = request

    def __getattr__(self, name):
        return getattr(self._request, name)


class MayUseApi(permissions.IsAuthenticated):
    """Signed in, and with a token only what its scope allows."""

    def has_permission(self, request, view):
        if not super().has_permission(request, view):
            return False
        reads = request.method in permissions.SAFE_METHODS
        if not reads and request.auth and request.auth.scope != ApiToken.Scope.WRITE:
            raise PermissionDenied(
                _("This token may only read."), code="read_only_token"
            )
        return True


def refuse_token_in_address(request):
    """Raise AuthenticationFailed, code "token_in_address", for a token in the URL."""
    for name, values in request.query_params.lists():
        if name.lower() in NAMES_OF_TOKENS or any(
            f"{MARK}_" in text for text in values
        ):
            raise AuthenticationFailed(
                _("Send the token in the header Authorization, never in the address."),
                code="token_in_address",
            )


def refuse_first_password(user):
    """Raise PermissionDenied, code "first_password", before the first is changed."""
    if user.needs_new_password:
        raise PermissionDenied(
            _("Change your first password on the page before you use the API."),
            code="first_password",
        )


def second_factor_missing():
    """The refusal where a second factor is needed and was not given (AN-06)."""
    return PermissionDenied(
        _(
            "Set up the code of your phone, or give it, on the page of the portal first."
        ),
        code="second_factor",
    )
