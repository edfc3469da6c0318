"""One lecture from the plan to the cabinet: planned at the desk, signed up for on a phone,
a seat that moves up, ticked, written, signed by two, asked about, filed in the register."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.utils import timezone
from docx import Document
from playwright.sync_api import expect

from activities.models import Activity, Attendance, Minutes, SurveyAnswer
from members.models import CreditHour
from tests import build
from tests.browser.screens import DESKTOP, PHONE

TITLE = "党课：乡村振兴与支部建设"


@pytest.fixture
def people():
    """A branch with a secretary, who chairs, a recorder, and two members."""
    branch = build.branch("中共青石村支部委员会")
    names = ("李记录", "薛丽华", "孟昭庆")
    found = [build.user(member=build.member(name, branch=branch)) for name in names]
    return branch, build.secretary(of=branch), *found


@pytest.mark.parametrize("screen", [DESKTOP], ids=["desktop"], indirect=True)
def test_from_the_plan_to_the_register(portal, axe, people):
    branch, secretary, recorder, first, second = people

    cookies = {}

    def as_(user, screen):
        """Go on as `user`, signed in once: a code of the phone counts once."""
        portal.context.clear_cookies()
        portal.set_viewport_size(screen)
        if user.pk in cookies:
            portal.context.add_cookies(cookies[user.pk])
            portal.visit("/")
        else:
            portal.sign_in(user)
            cookies[user.pk] = portal.context.cookies()

    # The secretary plans it, for one seat, and announces it.
    as_(secretary, DESKTOP)
    begins = timezone.localtime() + timedelta(minutes=50)
    begins -= timedelta(minutes=begins.minute % 5)  # as the field steps
    portal.visit("/activities/add/")
    portal.check("input[name=kind][value=lecture]")
    portal.click("main form button.btn-primary")
    portal.fill("#id_title", TITLE)
    portal.fill("#id_starts_at", f"{begins:%Y-%m-%dT%H:%M}")
    portal.fill("#id_ends_at", f"{begins + timedelta(hours=2):%Y-%m-%dT%H:%M}")
    portal.fill("#id_place", "村委会二楼会议室")
    portal.check("#id_needs_sign_up")
    portal.fill("#id_seats", "1")
    late = f"{begins + timedelta(hours=1):%Y-%m-%dT%H:%M}"
    portal.fill("#id_sign_up_ends_at", late)
    portal.click("main form button.btn-primary")
    portal.locator(".field-error").wait_for()  # sign-up ends before it begins
    portal.fill("#id_sign_up_ends_at", "")
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    activity = Activity.objects.get()
    portal.click("main a[href$='/announce/']")
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")

    # On their phones one gets the seat, the other waits, and moves up.
    panel = portal.locator("#sign-up")
    as_(first, PHONE)
    portal.get_by_role(
        "link", name=TITLE, exact=True
    ).click()  # it stands on the home page
    panel.locator("button.btn-primary").click()
    panel.locator(".tone-success").wait_for()
    as_(second, PHONE)
    portal.visit(activity.get_absolute_url())
    panel.locator("button.btn-primary").click()
    panel.locator(".tone-warning").wait_for()
    axe(portal)
    as_(first, PHONE)
    portal.visit(activity.get_absolute_url())
    panel.locator("summary").click()
    panel.locator("button.btn-danger").click()
    panel.locator("#id_note").wait_for()
    assert activity.sign_ups.get(member=second.member).state == "confirmed"

    # The host ticks the list; who is on leave says why.
    as_(secretary, DESKTOP)
    portal.visit(f"/activities/{activity.pk}/attendance/")
    portal.select_option(f"[name=state_{first.member_id}]", "leave")
    portal.select_option("[name=rest]", "present")
    portal.click("main form button.btn-primary")
    portal.locator(".field-error").wait_for()
    portal.fill(f"[name=reason_{first.member_id}]", "值班")
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    assert Attendance.objects.filter(state="present").count() == 3

    # Time passes, and the minutes begin from all that is known.
    ended = timezone.now() - timedelta(minutes=1)
    Activity.objects.update(starts_at=ended - timedelta(hours=2), ends_at=ended)
    portal.visit("/")
    portal.get_by_role(
        "link", name=TITLE, exact=True
    ).click()  # took place, not recorded yet
    portal.click("#minutes form button")
    portal.wait_for_url("**/edit/")
    portal.select_option("[name=recorder]", str(secretary.member_id))
    portal.fill("[name=title_new1]", "辅导报告")
    portal.fill("[name=discussion_new1]", "书记讲课，党员提问。")
    portal.click("main form button.btn-primary")
    portal.locator(".field-error").wait_for()  # two people sign
    portal.select_option("[name=recorder]", str(recorder.member_id))
    portal.fill("[name=text_new1]", "给外出党员寄学习资料")
    portal.select_option("[name=member_new1]", str(second.member_id))
    portal.fill("[name=due_new1]", "2030-01-31")
    portal.click("main form button.btn-primary")
    portal.wait_for_url(lambda url: "/edit/" not in url)
    portal.click("#signatures button.btn-primary")
    portal.wait_for_selector(".message-success")
    as_(recorder, PHONE)
    portal.get_by_role(
        "link", name=TITLE, exact=True
    ).last.click()  # waits for the signature
    portal.click("#signatures button.btn-primary")
    portal.wait_for_selector(".message-success")
    assert Minutes.objects.get().is_locked
    activity.refresh_from_db()
    assert activity.state == "held"

    # The host asks, a member answers once, and reads the own hours.
    as_(secretary, DESKTOP)
    portal.visit(f"/activities/{activity.pk}/effect/")
    until = timezone.localdate() - timedelta(days=1)
    portal.fill("#id_survey_until", f"{until:%Y-%m-%d}")
    portal.fill("#id_outcome", "到会三人，讨论热烈。")
    portal.click("main form button.btn-primary")
    portal.locator(".field-error").wait_for()  # no day that is over
    portal.fill("#id_survey_until", f"{until + timedelta(days=9):%Y-%m-%d}")
    axe(portal)
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    as_(second, PHONE)
    portal.visit("/activities/mine/")
    axe(portal)
    expect(portal.locator("#attended")).to_contain_text("1.0 学时", use_inner_text=True)
    expect(portal.locator("main")).to_contain_text(
        "给外出党员寄学习资料", use_inner_text=True
    )
    portal.locator("#asked a").click()
    axe(portal)
    portal.locator("input[name=satisfaction][value='5']").check()
    portal.locator("input[name=usefulness][value='4']").check()
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    assert SurveyAnswer.objects.get().satisfaction == 5
    assert CreditHour.objects.filter(member=second.member).total() == 1
    assert portal.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    # It stands in the register, and the register is a file.
    as_(secretary, DESKTOP)
    portal.visit(branch.get_absolute_url())
    portal.locator("main a[href$='/register/']").click()
    axe(portal)
    expect(portal.locator("main table")).to_contain_text(TITLE, use_inner_text=True)
    with portal.expect_download() as taken:
        portal.click("form[action*='/register/file/'] button[value=docx]")
    paper = Document(BytesIO(Path(taken.value.path()).read_bytes()))
    cells = {
        cell.text for table in paper.tables for row in table.rows for cell in row.cells
    }
    assert any(TITLE in text for text in cells)
    portal.locator("main a[href*='/effect/']").click()
    axe(portal)
    expect(portal.locator("main table").first).to_contain_text(
        "4 / 3", use_inner_text=True
    )
