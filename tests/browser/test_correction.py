"""A member asks for a correction; the secretary accepts it; the member reads so."""

from members.models import Correction, Member
from tests import build


def test_a_member_asks_and_is_answered(portal, axe):
    branch = build.branch("中共青石村支部委员会")
    member = build.user(
        member=build.member("薛丽华", branch=branch, phone="13955512345")
    )
    secretary = build.secretary(of=branch)

    portal.sign_in(member)
    portal.visit("/members/me/")
    portal.locator("a[href*='corrections'][href$='field=phone']").click()
    portal.fill("#id_proposed", "1395551")
    portal.click("main form button.btn-primary")
    assert portal.locator(".field-error").count() == 1
    axe(portal)
    portal.fill("#id_proposed", "139 5551 9999")
    portal.click("main form button.btn-primary")
    portal.wait_for_url(lambda url: "corrections/add" not in url)
    assert Correction.objects.get().state == "open"

    portal.context.clear_cookies()
    portal.sign_in(secretary)
    assert "薛丽华" in portal.locator("main").inner_text()
    portal.get_by_role("link", name="薛丽华").first.click()
    portal.wait_for_url("**/corrections/**")
    assert "13955519999" not in portal.content()
    axe(portal)
    portal.locator("form[action*='accept'] button.btn-primary").click()
    portal.wait_for_load_state("networkidle")
    assert Correction.objects.get().state == "accepted"
    assert Member.objects.get(pk=member.member_id).phone == "13955519999"

    portal.context.clear_cookies()
    portal.sign_in(member)
    assert "手机号码" in portal.locator("main").inner_text()
