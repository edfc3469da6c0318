"""Why may this person see this? For those who hold explain_access on the branch."""

from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from members import access
from members.forms.access_reasons import AccountCheckForm
from members.models import Branch, Member, User
from members.rates import always, limited
from members.views.branches import trail


@require_safe
@limited("search", when=always)
def branch_access(request, pk):
    explained = access.reachable(request.user, Branch, "explain_access")
    branch = get_object_or_404(explained, pk=pk)
    title = _("Who may see this branch, and why")
    return _answer(request, branch, branch, "branch_access", title)


@require_safe
@limited("search", when=always)
def member_access(request, pk):
    explained = access.reachable(request.user, Member, "explain_access")
    member = get_object_or_404(explained.select_related("branch"), pk=pk)
    return _answer(request, member, member.branch, "member_access", member.name)


def _answer(request, record, branch, page, here):
    asked = "account" in request.GET
    form = AccountCheckForm(request.GET if asked else None)
    context = {
        "record": record,
        "branch": branch,
        "form": form,
        "reasons": access.explain(record),
        "breadcrumbs": trail(request.user, branch, here),
    }
    if asked and form.is_valid():
        name = form.cleaned_data["account"].strip()
        user = User.objects.filter(username=name).first()
        # No account and one that may not: the same answer, so that none is betrayed.
        found = access.explain(record, user=user) if user is not None else []
        context |= {
            "asked": name,
            "found": found,
            "may_view": any("view" in reason.rights for reason in found),
            "may_reveal": all(
                any(right in reason.rights for reason in found)
                for right in ("view", "reveal")
            ),
            "may_change": any("change" in reason.rights for reason in found),
        }
    if request.htmx:
        return render(request, "members/branch_access.html#answer", context)
    return render(request, f"members/{page}.html", context)
