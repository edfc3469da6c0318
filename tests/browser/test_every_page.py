"""Every page on both screens: readable by axe, nothing cut off, also in the elder view."""

import pytest

from members.models import User
from tests.browser.screens import PHONE
from tests.walk import PAGES, make_world, path_of

# Who looks: the first of these who may open the page.
LOOKERS = ("member", "secretary", "above", "system")
# Answers that are no page: a file, a word, JSON, a part of a page.
NO_PAGE = {
    "healthz",
    "readyz",
    "members:branch_children",
    "members:import_template",
    "members:import_refused",
    "members:export_download",
    "activities:program_photo",
    "activities:check_in_worker",
    "activities:minutes_attachment",
    "activities:material_file",
}


def pages_of(role):
    return {
        name: page
        for name, page in PAGES.items()
        if name not in NO_PAGE
        and page.sees
        and next((looker for looker in LOOKERS if looker in page.sees), None) == role
    }


def is_cut_off(page):
    """Whether one has to scroll sideways."""
    return page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )


@pytest.mark.parametrize("elder", [False, True], ids=["ordinary", "elder"])
@pytest.mark.parametrize("role", LOOKERS)
def test_every_page_is_readable(portal, axe, screen, role, elder):
    world = make_world()
    User.objects.filter(pk=world.users[role].pk).update(elder_view=elder)
    portal.sign_in(world.users[role])
    for name, page in pages_of(role).items():
        portal.visit(path_of(world, name, page))
        axe(portal)
        assert not is_cut_off(portal), name
        if elder and screen is PHONE:
            assert too_small(portal) == [], name


def too_small(page):
    """The elder view: text under 18 px, and buttons under 60 px high."""
    return page.evaluate(
        """() => {
            const shown = (e) => e.offsetParent !== null && e.getClientRects().length;
            const found = [];
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const parent = walker.currentNode.parentElement;
                if (!walker.currentNode.data.trim() || !shown(parent)) continue;
                if (parent.closest('.visually-hidden, option, script')) continue;
                if (parseFloat(getComputedStyle(parent).fontSize) < 18)
                    found.push('text ' + walker.currentNode.data.trim().slice(0, 20));
            }
            for (const e of document.querySelectorAll('main button, main .btn, main select, main input:not([type=hidden]):not([type=checkbox]):not([type=radio])'))
                if (shown(e) && e.getBoundingClientRect().height < 60)
                    found.push('target ' + e.outerHTML.slice(0, 60));
            return found;
        }"""
    )


@pytest.mark.parametrize("path", ["/members/sign-in/", "/members/nowhere/"])
def test_pages_before_signing_in_are_readable(portal, axe, path):
    portal.visit(path)
    axe(portal)

    assert not is_cut_off(portal)


def test_a_page_that_is_not_there_says_what_to_do(portal, axe):
    world = make_world()
    portal.sign_in(world.users["member"])
    portal.visit("/members/999999/")
    axe(portal)

    assert portal.locator("main a").count() >= 1
