"""A secretary plans a theme day and announces it; a member sees it, and helps."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from activities.models import Activity
from tests import build


def test_a_plan_becomes_an_announcement_that_members_see(portal, axe):
    branch = build.branch("中共青石村支部委员会")
    member = build.user(member=build.member("薛丽华", branch=branch))
    secretary = build.secretary(of=branch)
    begins = timezone.localtime() + timedelta(days=9)

    portal.sign_in(secretary)
    portal.visit("/activities/")
    axe(portal)
    portal.click("main a[href$='/activities/add/']")
    portal.check("input[name=kind][value=theme_day]")
    axe(portal)
    portal.click("main form button.btn-primary")
    portal.fill("#id_title", "主题党日：义务植树")
    portal.fill("#id_starts_at", f"{begins:%Y-%m-%d}T14:30")
    portal.fill("#id_ends_at", f"{begins:%Y-%m-%d}T13:30")
    portal.fill("#id_place", "村口水库")
    portal.click("main form button.btn-primary")
    expect(portal.locator(".field-error")).to_have_count(1)
    axe(portal)
    portal.fill("#id_ends_at", f"{begins:%Y-%m-%d}T16:30")
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    activity = Activity.objects.get()
    assert activity.state == "draft"

    portal.click("main a[href$='/agenda/']")
    portal.fill("#id_row-0-title", "重温入党誓词")
    portal.fill("#id_row-1-title", "植树")
    axe(portal)
    portal.click("main form button.btn-primary")
    portal.wait_for_url(f"**/activities/{activity.pk}/")
    portal.click("main a[href$='/tasks/add/']")
    portal.fill("#id_title", "领取铁锹")
    portal.select_option("#id_member", label="薛丽华")
    portal.click("main form button.btn-primary")
    portal.wait_for_url(f"**/activities/{activity.pk}/")
    portal.click("main a[href$='/announce/']")
    axe(portal)
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    activity.refresh_from_db()
    assert activity.state == "planned"

    portal.context.clear_cookies()
    portal.sign_in(member)
    portal.visit("/activities/")
    portal.get_by_role("link", name="主题党日：义务植树").click()
    portal.wait_for_url(f"**/activities/{activity.pk}/")
    text = portal.locator("main").inner_text()
    assert all(word in text for word in ("村口水库", "14:30", "重温入党誓词"))
    expect(portal.locator("main a[href$='/edit/']")).to_have_count(0)
    axe(portal)
    portal.click("main form[action$='/done/'] button")
    portal.wait_for_selector(".message-success")
    assert activity.tasks.get().done_at is not None
