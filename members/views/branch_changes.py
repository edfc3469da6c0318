"""Setting up, changing, moving and closing a branch; its terms."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from members import access
from members.forms.branches import (
    BranchAddForm,
    BranchCloseForm,
    BranchForm,
    BranchMoveForm,
    TermForm,
)
from members.forms.refusals import add_refusal
from members.models import Branch, Member, Term
from members.services import branches
from members.views.branches import kinds_below, roll_url, trail

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@get_or_post
def branch_add(request, pk):
    """Set up a branch below the branch `pk`."""
    parent = get_object_or_404(
        access.managed_branches(request.user, "manage_tree").filter(closed_on=None),
        pk=pk,
    )
    kinds = kinds_below(parent)
    if not kinds:
        raise Http404
    form = BranchAddForm(posted(request), instance=Branch(parent=parent), kinds=kinds)
    if form.is_bound and form.is_valid():
        number = form.cleaned_data["document_number"]
        try:
            branch = branches.set_up_branch(
                form.instance, by=request.user, document_number=number
            )
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The branch is set up."))
            return redirect(branch)
    return form_page(request, "branch_add", parent, form, _("Add a branch below"))


@get_or_post
def branch_edit(request, pk):
    stored = _standing(access.managed_branches(request.user), pk)
    branch = Branch.objects.get(pk=pk)
    kinds = {*Branch.COMMITTEES}
    if branch.parent is not None:
        kinds = kinds_below(branch.parent)
    form = BranchForm(
        posted(request),
        instance=branch,
        kinds=kinds,
        whole=access.can_restructure(request.user, stored),
    )
    if form.is_bound and form.is_valid():
        try:
            branches.change_branch(form.instance, by=request.user)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(stored)
    return form_page(request, "branch_edit", stored, form, _("Edit the branch"))


@get_or_post
def branch_move(request, pk):
    branch = _standing(access.visible_branches(request.user), pk)
    if not access.can_move(request.user, branch):
        raise Http404
    parents = (
        access.managed_branches(request.user, "manage_tree")
        .filter(closed_on=None, kind__in=Branch.PARENTS[Branch.Kind(branch.kind)])
        .exclude(path__startswith=branch.path)
        .exclude(pk=branch.parent_id)
    )
    form = BranchMoveForm(posted(request), parents=parents)
    if form.is_bound and form.is_valid():
        try:
            branches.move_branch(branch, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The branch is moved."))
            return redirect(branch)
    below = Branch.objects.within([branch.path]).exclude(pk=branch.pk)
    context = {
        "below": below.filter(closed_on=None).count(),
        "people": Member.objects.live().within([branch.path]).count(),
        "has_parents": parents.exists(),
    }
    return form_page(
        request, "branch_move", branch, form, _("Move the branch"), **context
    )


@get_or_post
def branch_close(request, pk):
    branch = _standing(access.visible_branches(request.user), pk)
    if not access.can_close(request.user, branch):
        raise Http404
    form = BranchCloseForm(posted(request))
    if form.is_bound and form.is_valid():
        try:
            branches.close_branch(branch, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The branch is closed."))
            return redirect(branch)
    obstacles = branches.reasons_not_to_close(branch)
    return form_page(
        request,
        "branch_close",
        branch,
        form,
        _("Close the branch"),
        obstacles=obstacles,
        roll_url=roll_url(branch),
    )


@get_or_post
def term_add(request, pk):
    branch = _standing(access.managed_branches(request.user), pk)
    if branch.years_of_term is None:  # ORG-12
        raise Http404
    form = TermForm(posted(request), instance=Term(branch=branch))
    if form.is_bound and form.is_valid():
        try:
            branches.start_term(branch, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The term is recorded."))
            return redirect(branch)
    last = branch.terms.first()
    return form_page(
        request, "term_add", branch, form, _("Record an election"), last=last
    )


def posted(request):
    """What a form is bound to: nothing on GET, and on POST also when all was empty."""
    return request.POST if request.method == "POST" else None


def _standing(among, pk):
    """A branch that is not closed, or a 404."""
    return get_object_or_404(among.filter(closed_on=None), pk=pk)


def form_page(request, page, branch, form, title, **context):
    """The page `page` about `branch` with its form; 422 once something was refused."""
    context |= {
        "branch": branch,
        "form": form,
        "title": title,
        "breadcrumbs": trail(request.user, branch, title),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, f"members/{page}.html", context, status=status)
