"""What is held about oneself: seen, taken along as a file, deleted where one may."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from members.forms.own_data import OwnDataForm
from members.services import own_data as service
from members.services import own_kinds

# Where a kind is seen; what has no page of its own is in the file.
PAGES = {
    "account": "members:account",
    "preferences": "members:account",
    "interests": "members:own_interests",
    "mail_address": "members:mail_address",
    "api_tokens": "members:token_list",
    "sessions": "members:session_list",
    "notifications": "members:inbox",
    "second_factor": "members:second_factor",
    "passwords": "members:password_change",
    "corrections": "members:correction_list",
    "record": "members:member_self",
    "state_changes": "members:member_self",
    "appointments": "members:member_self",
}


@require_GET
def own_data(request):
    """Every kind that is held, by why it is held; what is not held in one line."""
    user = request.user
    held = own_kinds.held(user)
    deletable = own_kinds.deletable(user, keep=request.session.session_key)
    kinds = own_kinds.kinds_of(user)
    lines = [line(kind, held, deletable, user) for kind in kinds if held[kind.name]]
    context = {
        "groups": [
            (basis, [found for found in lines if found["kind"].basis == basis])
            for basis in own_kinds.Basis
        ],
        "absent": [kind.title for kind in kinds if not held[kind.name]],
        "branch": user.member.branch if user.member else None,
    }
    return render(request, "members/own_data.html", context)


def line(kind, held, deletable, user):
    """A kind, how much there is of it, where it is seen, and how it is deleted."""
    way = own_kinds.DELETIONS.get(kind.name)
    count = held[kind.name]
    return {
        "kind": kind,
        "count": ngettext("%(count)s entry", "%(count)s entries", count)
        % {"count": count},
        "see_url": page_of(kind, user),
        "correct_url": correction_of(kind, user),
        "delete_label": way.label if way and deletable[kind.name] else "",
    }


def page_of(kind, user):
    if kind.name == "record_history":
        return reverse("members:member_history", args=[user.member_id])
    return reverse(PAGES[kind.name]) if kind.name in PAGES else ""


def correction_of(kind, user):
    """Who has left the roll asks the branch by word."""
    may = kind.is_correctable and user.member.is_live
    return reverse("members:correction_ask") if may else ""


@require_http_methods(["GET", "POST"])
def own_data_delete(request):
    """GET asks, POST does; a kind that must be kept is a 404, as no page leads here."""
    name = request.GET.get("kind", "")
    if name not in own_kinds.DELETIONS:
        raise Http404
    if request.method == "GET":
        way = own_kinds.DELETIONS[name]
        context = {"name": name, "way": way}
        return render(request, "members/own_data_delete.html", context)
    user, keep = request.user, request.session.session_key
    done = own_kinds.delete(name, of=user, now=timezone.now(), keep=keep)
    said = _("Done: it holds from now on.") if done else _("There was nothing to do.")
    messages.success(request, said)
    answer = redirect("members:own_data")
    if name == "preferences":
        # This browser remembers the language too.
        answer.delete_cookie(
            settings.LANGUAGE_COOKIE_NAME, samesite=settings.LANGUAGE_COOKIE_SAMESITE
        )
    return answer


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def own_data_copy(request):
    """Answers with the file itself: it is kept nowhere."""
    form = OwnDataForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        options = {"ensure_ascii": False, "indent": 2}
        answer = JsonResponse(service.take(request.user), json_dumps_params=options)
        name = service.file_name(timezone.localdate())
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
    status = 422 if form.errors else 200
    return render(request, "members/own_data_copy.html", {"form": form}, status=status)
