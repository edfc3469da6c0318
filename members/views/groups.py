"""Party groups of a branch."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from members import access
from members.forms.branches import GroupDissolveForm, GroupEditForm, GroupForm
from members.forms.refusals import add_refusal
from members.models import PartyGroup
from members.services import branches
from members.views.branch_changes import form_page, get_or_post, posted


@get_or_post
def group_add(request, pk):
    branch = get_object_or_404(
        access.managed_branches(request.user).holding_members().filter(closed_on=None),
        pk=pk,
    )
    form = GroupForm(posted(request), instance=PartyGroup(branch=branch))
    if form.is_bound and form.is_valid():
        name = form.cleaned_data["name"]
        try:
            group = branches.add_group(branch, name=name, by=request.user)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The Party group is formed: add its members."))
            return redirect("members:group_edit", group.pk)
    return form_page(request, "group_add", branch, form, _("Form a Party group"))


@get_or_post
def group_edit(request, pk):
    group = _managed_group(request, pk)
    branch = group.branch
    roll = None
    if branch.is_within(access.scope(request.user, "manage_roll")):
        roll = access.managed_members(request.user).live().filter(branch=branch)
        roll = roll.select_related("party_group").order_by("pinyin", "pk")
    form = GroupEditForm(posted(request), instance=group, roll=roll)
    if form.is_bound and form.is_valid():
        try:
            branches.change_group(
                group,
                name=form.cleaned_data["name"],
                members=form.cleaned_data.get("members"),
                by=request.user,
            )
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(branch)
    title = _("Edit the Party group")
    return form_page(request, "group_edit", branch, form, title, group=group)


@get_or_post
def group_dissolve(request, pk):
    group = _managed_group(request, pk)
    form = GroupDissolveForm(posted(request))
    if form.is_bound and form.is_valid():
        try:
            branches.dissolve_group(group, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The Party group is dissolved."))
            return redirect(group.branch)
    members = access.roll_members(request.user).live().filter(party_group=group).count()
    title = _("Dissolve the Party group")
    return form_page(
        request,
        "group_dissolve",
        group.branch,
        form,
        title,
        group=group,
        members=members,
    )


def _managed_group(request, pk):
    groups = access.reachable(request.user, PartyGroup, "change")
    groups = groups.filter(dissolved_on=None, branch__closed_on=None)
    return get_object_or_404(groups.select_related("branch"), pk=pk)
