"""The password, the inbox, and the settings of an account."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from members.forms.accounts import AccountForm, PasswordChangeForm
from members.sentences import sentences
from members.services import inbox as inbox_service
from members.services import passwords
from members.views.sign_in import next_page, password_confirmed

INBOX_LINES = 100


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
@password_confirmed
def password_change(request):
    user = request.user
    form = PasswordChangeForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        passwords.change_password(
            user,
            form.cleaned_data["new_password1"],
            keep=request.session.session_key,
        )
        update_session_auth_hash(request, user)
        messages.success(request, _("Your password is changed."))
        return redirect(request.session.pop("next", "members:account"))
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
