"""Reading a sensitive field in full: of others for a reason, of oneself by password.

The value is in the answer to a POST and nowhere else.
"""

from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from members import access, facts
from members.forms.refusals import add_refusal
from members.forms.reveals import (
    COMMON_REASONS,
    OwnRevealForm,
    RevealForm,
    fields_to_reveal,
)
from members.masking import masked
from members.services import reveals
from members.views.records import visible_member


@never_cache
@require_http_methods(["GET", "POST"])
def member_reveal(request, pk):
    """Without a field chosen yet, the page offers the fields."""
    found = access.revealable_members(request.user).select_related("branch")
    member = get_object_or_404(found, pk=pk)

    def read(field, reason):
        return reveals.reveal(member, field, by=request.user, reason=reason)

    context = {
        "member": member,
        "reasons": COMMON_REASONS,
        "action_url": reverse("members:member_reveal", args=[pk]),
        "back_url": member.get_absolute_url(),
        "back_label": member.name,
    }
    return page(request, member, RevealForm, read, context)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def self_reveal(request):
    user = request.user
    if user.member_id is None:
        raise Http404
    member = visible_member(user, user.member_id)

    def read(field, password):
        return reveals.reveal_own(user, field, password=password)

    context = {
        "member": member,
        "is_own": True,
        "action_url": reverse("members:self_reveal"),
        "back_url": reverse("members:member_self"),
    }
    return page(request, member, OwnRevealForm, read, context)


def page(request, member, form_class, read, context):
    """The fields to choose from, the form for one of them, or what it holds."""
    field = request.GET.get("field", "")
    form = form_class(request.POST or None, initial={"field": field})
    if request.method == "POST" and form.is_valid():
        try:
            value = read(**form.cleaned_data)
        except reveals.TooManyReveals as refusal:
            return too_many(request, refusal, context)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            field = form.cleaned_data["field"]
            context |= {"label": facts.label(field), "value": value}
            return render(request, "members/member_revealed.html", context)
    field = form["field"].value()
    if field in reveals.FIELDS:
        context |= {"label": facts.label(field), "now": masked(member, field)}
    context |= {"form": form, "fields": fields_to_reveal()}
    status = 422 if form.errors else 200
    return render(request, "members/member_reveal.html", context, status=status)


def too_many(request, refusal, context):
    minutes = -(-refusal.wait // 60)
    text = ngettext(
        "You can go on in %(count)s minute. The limit protects the members: whoever needs "
        "many numbers asks the committee above.",
        "You can go on in %(count)s minutes. The limit protects the members: whoever "
        "needs many numbers asks the committee above.",
        minutes,
    )
    context |= {"title": refusal.messages[0], "text": text % {"count": minutes}}
    response = render(request, "members/reveal_limit.html", context, status=429)
    response.headers["Retry-After"] = str(refusal.wait)
    return response
