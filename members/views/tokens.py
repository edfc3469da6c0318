"""The API tokens of an account: seen, made, revoked."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from members import access
from members.forms.refusals import add_refusal
from members.forms.tokens import TokenForm
from members.services import tokens
from members.views.sign_in import password_confirmed

LINES = 100


@require_GET
def token_list(request):
    today = access.today()
    found = access.visible_tokens(request.user)[:LINES]
    lines = [(token, *state_of(token, today)) for token in found]
    return render(request, "members/token_list.html", {"lines": lines})


def state_of(token, today):
    """What a token is good for: the words, their tone, and whether it can be revoked."""
    if token.revoked_at is not None:
        return _("Revoked"), "neutral", False
    if token.expires_on < today:
        return _("Ended"), "neutral", False
    return _("Usable"), "success", True


@never_cache
@require_http_methods(["GET", "POST"])
@password_confirmed
def token_add(request):
    """Answers with the token itself: it is shown this once."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = {name: form.cleaned_data[name] for name in form.Meta.fields}
        try:
            token, text = tokens.issue_token(request.user, **wanted)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            context = {"token": token, "token_text": text}
            return render(request, "members/token_shown.html", context)
    return render(request, "members/token_add.html", {"form": form})


@require_http_methods(["GET", "POST"])
def token_revoke(request, pk):
    token = get_object_or_404(access.visible_tokens(request.user), pk=pk)
    if request.method == "GET":
        return render(request, "members/token_revoke.html", {"token": token})
    tokens.revoke_token(token, now=timezone.now())
    messages.success(request, _("The token is revoked: nobody can use it any more."))
    return redirect("members:token_list")
