"""Where the page of a branch leads in organizational life."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from activities.access import RIGHT
from members.models import Branch
from members.services import branch_links
from members.services.branch_links import Link


def links(branch: Branch, rights: Collection[str]) -> Iterator[Link]:
    """Its duties for all who see it; the rest for who manages its activities."""

    def link(label: str, name: str) -> Link:
        return Link(label, reverse(f"activities:{name}", args=[branch.pk]))

    yield link(_("Duties"), "branch_duties")
    if RIGHT in rights:
        yield link(_("Register of organizational life"), "branch_register")
        yield link(_("Effect of activities"), "branch_effect")
        if not branch.is_closed:
            yield link(_("Modules"), "branch_modules")


branch_links.register(links)
