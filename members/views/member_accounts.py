"""The account of a member, kept by the branch."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from members import access
from members.models import Member, User
from members.services import accounts, second_factor


@never_cache
@require_POST
def account_open(request, pk):
    """Answers with the slip itself: the first password is shown this once."""
    member = member_in_reach(request.user, pk)
    try:
        account, password = accounts.open_account(member, by=request.user)
    except ValidationError as refusal:
        return refused(request, pk, refusal)
    return slip(request, member, account, password)


@never_cache
@require_POST
def account_reset(request, pk):
    member = member_in_reach(request.user, pk)
    account = get_object_or_404(User, member=member, is_active=True)
    if "confirmed" not in request.POST:
        return render(request, "members/account_reset.html", {"member": member})
    password = accounts.reset_password(account, by=request.user)
    return slip(request, member, account, password)


@require_POST
def account_second_factor(request, pk):
    """Take the second factor from an account: the phone is lost, the codes too."""
    member = member_in_reach(request.user, pk)
    account = get_object_or_404(User, member=member)
    if "confirmed" not in request.POST:
        context = {"member": member}
        return render(request, "members/account_second_factor.html", context)
    try:
        second_factor.remove(account, by=request.user)
    except ValidationError as refusal:
        return refused(request, pk, refusal)
    messages.success(request, _("The second step of the sign-in is removed."))
    return redirect("members:member_detail", pk)


@require_POST
def account_switch(request, pk):
    """Switch the account off, or on again."""
    member = member_in_reach(request.user, pk)
    account = get_object_or_404(User, member=member)
    active = request.POST.get("active") == "1"
    if not active and "confirmed" not in request.POST:
        return render(request, "members/account_switch.html", {"member": member})
    try:
        accounts.set_active(account, active, by=request.user)
    except ValidationError as refusal:
        return refused(request, pk, refusal)
    done = (
        _("The account is switched on.")
        if active
        else _("The account is switched off.")
    )
    messages.success(request, done)
    return redirect("members:member_detail", pk)


def member_in_reach(user, pk):
    """The member whose account `user` may keep; a 404 for any other."""
    members = access.reachable(user, Member, "manage_roll").select_related("branch")
    member = get_object_or_404(members, pk=pk)
    if not access.can_open_account(user, member):
        raise Http404
    return member


def slip(request, member, account, password):
    context = {
        "member": member,
        "account": account,
        "password": password,
        "has_phone": member.phone_index is not None,
    }
    return render(request, "members/account_slip.html", context)


def refused(request, pk, refusal):
    messages.error(request, refusal.messages[0])
    return redirect("members:member_detail", pk)
