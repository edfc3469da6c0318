"""The tree of the branches one may see, opened level by level, and its search."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from members import access
from members.forms.branches import BranchSearchForm
from members.models import Branch
from members.rates import limited, searching

LEVEL = 200  # children shown at once
RESULTS = 50


@dataclass
class Node:
    """A branch of the tree. members: None where the reader may not see the roll."""

    branch: Branch
    children: int
    members: int | None
    level: Level | None = None


@dataclass
class Level:
    """Some of the children of one branch. after: where "show more" goes on, if at all."""

    nodes: list[Node]
    parent: Branch | None = None
    after: str = ""


@require_safe
@limited("search", when=searching)
def branch_tree(request):
    form = BranchSearchForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    context = {"form": form, "text": text}
    if text:
        context |= results(request.user, text, closed=form.cleaned_data["closed"])
    else:
        opened = _opened(request)
        after = request.GET.get("after", "") if opened else ""
        context["level"] = tree(request.user, opened, after)
    page = "members/branch_tree.html"
    return render(request, f"{page}#branches" if request.htmx else page, context)


@require_safe
def branch_children(request, pk):
    """The next level below one branch; without htmx the tree opened there."""
    branch = get_object_or_404(access.visible_branches(request.user), pk=pk)
    after = request.GET.get("after", "")[:32].replace("\0", "")
    if not request.htmx:
        place = {"open": pk} | ({"after": after} if after else {})
        return redirect(f"{reverse('members:branch_tree')}?{urlencode(place)}")
    level = children(request.user, branch, after)
    return render(request, "members/branch_tree.html#level", {"level": level})


def _opened(request) -> Branch | None:
    key = request.GET.get("open", "")
    if not key:
        return None
    if not (key.isascii() and key.isdigit()):
        raise Http404
    return get_object_or_404(access.visible_branches(request.user), pk=int(key))


def tree(user, opened: Branch | None, after: str = "") -> Level:
    """The first level, and the levels on the way to `opened` and below it.

    A single root is opened by itself. Four queries, however deep and however large.
    """
    tops = list(access.top_branches(user).filter(closed_on=None).order_by("code"))
    way = set()
    if opened is not None:
        way = {int(key) for key in opened.path.split(".")[:-1]}
    elif len(tops) == 1:
        opened, way = tops[0], {tops[0].pk}
    place = Window(RowNumber(), partition_by=F("parent"), order_by="code")
    below = access.visible_branches(user).filter(parent__in=way, closed_on=None)
    if after and opened is not None:
        below = below.exclude(parent=opened, code__lte=after[:32].replace("\0", ""))
    rows = below.annotate(place=place).filter(Q(place__lte=LEVEL + 1) | Q(pk__in=way))
    by_parent: dict[int | None, list[Branch]] = {}
    for row in rows.order_by("code"):
        by_parent.setdefault(row.parent_id, []).append(row)
    found = [*tops, *(row for family in by_parent.values() for row in family)]
    nodes = {node.branch.pk: node for node in counted(user, found)}
    for parent, family in by_parent.items():
        if parent in nodes:
            nodes[parent].level = _level(
                [nodes[row.pk] for row in family],
                nodes[parent].branch,
                most=LEVEL,
                keep=way,
            )
    return Level([nodes[top.pk] for top in tops])


def children(user, branch: Branch, after: str = "", *, most: int = 0) -> Level:
    """The children of `branch` whose code comes after `after`; `most`, or a level."""
    most = most or LEVEL
    below = access.visible_branches(user).filter(parent=branch, closed_on=None)
    rows = below.filter(code__gt=after).order_by("code")[: most + 1]
    return _level(counted(user, list(rows)), branch, most=most)


def _level(
    nodes: list[Node], parent: Branch, *, most: int, keep: Collection[int] = ()
) -> Level:
    if len(nodes) <= most:
        return Level(nodes, parent)
    shown, rest = nodes[:most], nodes[most:]
    # One on the way to what was asked for is shown though its turn has not come.
    early = [node for node in rest if node.branch.pk in keep]
    return Level([*shown, *early], parent, after=shown[-1].branch.code)


def counted(user, branches: list[Branch]) -> list[Node]:
    """These branches with the numbers of their children and of the people on their roll.

    Two queries for all of them; only what `user` may see is counted.
    """
    keys = [branch.pk for branch in branches]
    below = access.visible_branches(user).filter(parent__in=keys, closed_on=None)
    roll = access.roll_members(user).live().filter(branch__in=keys)
    children = dict(below.order_by().values_list("parent").annotate(Count("pk")))
    members = dict(roll.order_by().values_list("branch").annotate(Count("pk")))
    seen = access.scope(user, "view_roll")
    return [
        Node(
            branch,
            children.get(branch.pk, 0),
            members.get(branch.pk, 0)
            if branch.holds_members and branch.is_within(seen)
            else None,
        )
        for branch in branches
    ]


def results(user, text: str, *, closed: bool) -> dict:
    """What a search finds among the branches one may see, with the names above each."""
    found = access.visible_branches(user).search(text)
    if not closed:
        found = found.filter(closed_on=None)
    branches = list(found.order_by("code")[: RESULTS + 1])
    keys = {int(key) for branch in branches for key in branch.path.split(".")[:-2]}
    names = {branch.pk: str(branch) for branch in Branch.objects.filter(pk__in=keys)}

    def above(branch: Branch) -> str:
        return " / ".join(names[int(key)] for key in branch.path.split(".")[:-2])

    return {
        "results": [(branch, above(branch)) for branch in branches[:RESULTS]],
        "more": len(branches) > RESULTS,
        "most": RESULTS,
    }
