"""The member's own interests."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from members.forms.interests import InterestsForm
from members.forms.refusals import add_refusal
from members.services import interests


@require_http_methods(["GET", "HEAD", "POST"])
def own_interests(request):
    """Ticked by the member; who has no record has none."""
    member = request.user.member
    if member is None:
        raise Http404
    chosen = list(member.interests.values_list("interest", flat=True))
    data = request.POST if request.method == "POST" else None
    form = InterestsForm(data, initial={"interests": chosen})
    if form.is_bound and form.is_valid():
        try:
            interests.choose(member, form.cleaned_data["interests"])
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("members:own_interests")
    status = 422 if form.errors else 200
    return render(request, "members/own_interests.html", {"form": form}, status=status)
