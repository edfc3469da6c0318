"""From the list at the meeting to the file in the cabinet: ticked, written, signed by two,
taken away in Word."""

from io import BytesIO
from pathlib import Path

from django.utils import timezone
from docx import Document
from playwright.sync_api import expect

from activities import door
from activities.models import AgendaItem, Attendance, Minutes
from tests import build


def test_attendance_minutes_two_signatures_and_a_word_file(portal, axe):
    branch = build.branch("中共青石村支部委员会")
    chair = build.user(member=build.member("张书记", branch=branch))
    build.appointment(chair.member, branch=branch)
    recorder = build.user(member=build.member("李记录", branch=branch))
    old = build.member("王老伯", branch=branch)
    meeting = build.meeting(branch, title="三季度支部党员大会")
    AgendaItem.objects.create(activity=meeting, position=1, title="讨论修路")

    portal.sign_in(chair)
    portal.visit(f"/activities/{meeting.pk}/")
    axe(portal)
    portal.click("#attendance a[href$='/attendance/']")
    axe(portal)
    portal.select_option(f"[name=state_{old.pk}]", "exempt")
    portal.select_option("[name=rest]", "present")
    portal.fill("[name=guests]", "钱客，镇政府")
    portal.click("main form button.btn-primary")
    expect(portal.locator(".field-error")).to_have_count(1)  # why is he exempt?
    portal.fill(f"[name=reason_{old.pk}]", "年老体弱")
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    assert Attendance.objects.filter(state="present").count() == 2

    portal.click("#minutes form button")
    portal.wait_for_url("**/edit/")
    axe(portal)
    assert portal.input_value("[name=place]") == meeting.place
    item = Minutes.objects.get().items.get()
    portal.fill(f"[name=discussion_{item.pk}]", "李记录介绍情况，大家同意。")
    portal.select_option("[name=recorder]", str(recorder.member_id))
    portal.fill("[name=text_new1]", "修通村道")
    portal.select_option("[name=member_new1]", str(recorder.member_id))
    portal.fill("[name=due_new1]", "2026-12-31")
    portal.click("main form button.btn-primary")
    portal.wait_for_url(lambda url: "/edit/" not in url)
    expect(portal.locator("main")).to_contain_text("大家同意", use_inner_text=True)
    axe(portal)
    portal.click("#signatures button.btn-primary")
    portal.wait_for_selector(".message-success")

    portal.context.clear_cookies()
    portal.sign_in(recorder)
    portal.visit("/members/inbox/")
    portal.click(".inbox a[href*='/minutes/']")
    portal.click("#signatures button.btn-primary")
    portal.wait_for_selector(".message-success")
    assert Minutes.objects.get().is_locked
    with portal.expect_download() as taken:
        portal.click("form[action$='/file/'] button[value=docx]")
    paper = Document(BytesIO(Path(taken.value.path()).read_bytes()))
    assert any("大家同意" in one.text for one in paper.paragraphs)

    portal.visit("/activities/resolutions/")
    axe(portal)
    portal.click("main table form button")
    portal.wait_for_selector(".message-success")
    expect(portal.locator("main table")).to_have_count(0)


def test_a_member_scans_the_door_and_is_there(portal, axe):
    branch = build.branch("中共青石村支部委员会")
    host = build.secretary(of=branch)
    member = build.user(member=build.member("薛丽华", branch=branch))
    meeting = build.meeting(branch)

    portal.sign_in(host)
    portal.visit(f"/activities/{meeting.pk}/door/")
    axe(portal)
    assert portal.locator("#door img").is_visible()

    portal.context.clear_cookies()
    portal.sign_in(member)
    code = door.code_at(meeting.pk, timezone.now())
    portal.visit(f"/activities/{meeting.pk}/attend/?code={code}")
    axe(portal)
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    assert Attendance.objects.get().way == "code"
