"""Signing in and out, and giving the password once more for what is sensitive."""

import math
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from members import entry
from members.forms.accounts import PasswordConfirmForm, SignInForm
from members.services import sessions


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request):
    target = next_page(request)
    if request.user.is_authenticated:
        return redirect(target)
    form = SignInForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.get_user()
        login(request, user)
        if entry.next_step(request.session, user):
            request.session["next"] = target
        answer = redirect(target)
        return remember_choices(answer, user)
    return render(request, "members/sign_in.html", {"form": form, "next": target})


def next_page(request):
    """Where to go on: a page of this host, else the desk (IN-07)."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    fine = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if fine and url.startswith("/") else resolve_url("desk")


def remember_choices(answer, user):
    """Bring the account's language and view to this browser."""
    if user.language:
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            user.language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            samesite=settings.LANGUAGE_COOKIE_SAMESITE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
    return answer


@require_POST
def sign_out(request):
    logout(request)
    messages.success(request, _("You are signed out."))
    return redirect("members:sign_in")


def locked_out(request, response, credentials):
    """What django-axes answers instead of the page on which a try was refused (AN-02)."""
    left = request.axes_lock.until - timezone.now()
    seconds = max(1, math.ceil(left.total_seconds()))
    context = {"minutes": math.ceil(seconds / 60), "signing_in": True}
    answer = render(request, "429.html", context, status=429)
    answer.headers["Retry-After"] = str(seconds)
    return answer


# --- once more ------------------------------------------------------------------------
def password_confirmed(view):
    """Ask for the password first, unless it was given in the last minutes (AN-10)."""

    @wraps(view)
    def inner(request, *args, **kwargs):
        return ask_password(request) or view(request, *args, **kwargs)

    return inner


def ask_password(request):
    """The way to the password and back to this page; None if it was given just now."""
    if sessions.is_confirmed(request.session):
        return None
    if request.method == "POST":
        messages.info(request, _("Give your password, then send the form again."))
    asked = urlencode({"next": request.get_full_path()})
    return redirect(f"{resolve_url('members:password_confirm')}?{asked}")


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def password_confirm(request):
    form = PasswordConfirmForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        sessions.confirm(request.session)
        return redirect(next_page(request))
    context = {"form": form, "next": next_page(request)}
    return render(request, "members/password_confirm.html", context)
