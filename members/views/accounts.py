"""Signing in and out, the password, the inbox, and the settings of an account."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from members.forms.accounts import AccountForm, PasswordChangeForm, SignInForm
from members.sentences import sentences
from members.services import inbox as inbox_service

INBOX_LINES = 100


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
        answer = redirect(target)
        return remember_choices(answer, user)
    return render(request, "members/sign_in.html", {"form": form, "next": target})


def next_page(request):
    """Where to go after signing in: a page of this host, else the desk (IN-07)."""
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


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def password_change(request):
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        first = request.user.must_change_password
        form.user.must_change_password = False
        form.save()
        update_session_auth_hash(request, form.user)
        messages.success(request, _("Your password is changed."))
        return redirect("desk" if first else "members:account")
    return render(request, "members/password_change.html", {"form": form})


@require_http_methods(["GET", "POST"])
def account(request):
    form = AccountForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("members:account")
    context = {"form": form, "mail_is_on": bool(settings.EMAIL_URL)}
    return render(request, "members/account.html", context)


@require_POST
def elder_view(request):
    """Switch the elder view; before sign-in it is a cookie of this browser."""
    answer = redirect(next_page(request))
    if request.user.is_authenticated:
        request.user.elder_view = not request.user.elder_view
        request.user.save(update_fields=["elder_view"])
    elif "elder" in request.COOKIES:
        answer.delete_cookie("elder", samesite="Lax")
    else:
        answer.set_cookie(
            "elder",
            "1",
            max_age=settings.LANGUAGE_COOKIE_AGE,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return answer


@require_http_methods(["GET", "POST"])
def inbox(request):
    """The newest notifications of the account; POST marks all as read."""
    if request.method == "POST":
        inbox_service.mark_read(request.user, now=timezone.now())
        return redirect("members:inbox")
    lines = sentences(request.user.notifications.all()[:INBOX_LINES])
    return render(request, "members/inbox.html", {"lines": lines})
