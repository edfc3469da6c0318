"""A secretary cannot reach the sibling branch: by address, search, API, export, admin."""

from members.models import Export
from tests import build

HIDDEN, PHONE = "薛丽华", "13955512345"


def fetch(portal, path):
    """The answer to `path`; the browser shows it, unless it is for programs."""
    if path.startswith("/api/"):
        return portal.request.get(portal.origin + path)
    return portal.visit(path)


def test_the_sibling_branch_does_not_exist(portal):
    top = build.committee("中共云溪镇委员会")
    left = build.branch("中共青石村支部委员会", parent=top)
    right = build.branch("中共白水村支部委员会", parent=top)
    hidden = build.member(HIDDEN, branch=right, phone=PHONE)
    secretary = build.secretary(of=left)
    secretary.is_staff = True
    secretary.save()
    portal.sign_in(secretary)

    for path in (
        f"/members/{hidden.pk}/",
        f"/members/{hidden.pk}/edit/",
        f"/members/{hidden.pk}/history/",
        f"/members/branches/{right.pk}/",
        f"/members/branches/{right.pk}/children/",
        f"/api/v1/members/{hidden.pk}/",
        f"/api/v1/branches/{right.pk}/",
    ):
        answer = fetch(portal, path)
        assert answer.status == 404, path
        assert HIDDEN not in answer.text(), path

    for path in (
        "/members/roll/",
        f"/members/roll/?q={HIDDEN}",
        f"/members/roll/?q={PHONE[-4:]}",
        "/members/branches/",
        "/members/branches/?q=白水",
        f"/api/v1/members/?search={HIDDEN}",
        "/api/v1/branches/",
        f"/admin/members/member/?q={HIDDEN}",
        "/admin/members/branch/",
    ):
        answer = fetch(portal, path)
        assert answer.status == 200, path
        shown = portal.locator("body").inner_text()
        if path.startswith("/api/"):
            shown = answer.text()
        assert HIDDEN not in shown.replace(f"“{HIDDEN}”", ""), path
        assert "白水村" not in shown, path

    answer = portal.visit(f"/admin/members/member/{hidden.pk}/change/")
    assert HIDDEN not in portal.content()

    portal.visit("/members/exports/add/")
    options = portal.locator("main").inner_text()
    assert "白水村" not in options
    portal.fill("#id_reason", "核对名册")
    portal.click("main form button.btn-primary")
    portal.wait_for_load_state("networkidle")
    assert Export.objects.get().rows == 1
