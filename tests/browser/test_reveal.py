"""A secretary reads a phone number in full for a reason; the member sees who, when, why."""

from playwright.sync_api import expect

from members.models import AuditEntry
from tests import build

PHONE = "13955512345"


def test_a_reveal_is_seen_by_the_person_concerned(portal, axe):
    branch = build.branch("中共青石村支部委员会")
    person = build.member("薛丽华", branch=branch, phone=PHONE)
    member, secretary = build.user(member=person), build.secretary(of=branch)

    portal.sign_in(secretary)
    portal.visit(person.get_absolute_url())
    assert PHONE not in portal.content()
    axe(portal)
    portal.locator("a[href$='field=phone']").click()
    portal.fill("#id_reason", "核对")
    portal.click("main form button.btn-primary")
    portal.locator(".field-error").wait_for()
    assert PHONE not in portal.content()
    axe(portal)
    portal.fill("#id_reason", "走访慰问困难党员")
    portal.click("main form button.btn-primary")
    portal.get_by_text(PHONE).wait_for()
    axe(portal)
    assert AuditEntry.objects.get(act="revealed").member == person

    portal.context.clear_cookies()
    portal.sign_in(member)
    portal.visit("/members/inbox/")
    expect(portal.locator("main")).to_contain_text(
        secretary.member.name, use_inner_text=True
    )
    portal.visit("/members/me/#reveals")
    told = portal.locator("#reveals").inner_text()
    for word in (secretary.member.name, "书记", "走访慰问困难党员"):
        assert word in told
    assert PHONE not in portal.content()
    axe(portal)
    portal.locator("main a[href$='me/reveal/?field=phone']").click()
    portal.fill("#id_password", build.PASSWORD)
    portal.click("main form button.btn-primary")
    portal.get_by_text(PHONE).wait_for()
