"""What is entered wrong is said at its place in Chinese, and nothing of it is kept."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from activities.models import (
    Activity,
    ActivityMaterial,
    AgendaItem,
    Attendance,
    Milestone,
    Minutes,
    ProgramPhoto,
    Talk,
)
from activities.services import minutes
from tests import build
from tests.browser.screens import PHONE

SEND = "button.btn-primary, button.btn-danger"
NOT_A_PICTURE = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}


@dataclass(frozen=True)
class Wrong:
    """Values by name on the page of `path`, and what is said."""

    path: str
    values: dict
    said: str


@pytest.fixture
def world():
    """A branch in which something is planned, something was held, and much is open."""
    branch = build.branch("中共青石村支部委员会")
    host = build.secretary(of=branch)
    member = build.member("薛丽华", branch=branch)
    now = timezone.now()
    planned = build.activity("义务植树", branch=branch, seats=4)
    begun = build.meeting(branch, title="党员大会")
    AgendaItem.objects.create(activity=begun, position=1, title="讨论修路")
    draft = minutes.start(begun, by=host, now=now)
    held = build.activity(
        "上党课", branch=branch, state="held", starts_at=now - timedelta(days=2)
    )
    program = build.program(branch)
    return {
        "host": host,
        "member": member,
        "branch": branch.pk,
        "planned": planned.pk,
        "begun": begun.pk,
        "held": held.pk,
        "draft": draft.pk,
        "item": draft.items.get().pk,
        "program": program.pk,
    }


def faults(world):
    day = timezone.localdate()
    soon, later = day + timedelta(days=3), day + timedelta(days=5)
    member, host = world["member"].pk, world["host"].member_id
    plan = {"title": "上党课", "place": "村委会"}
    return [
        Wrong(
            "/activities/add/?kind=theme_day",
            plan
            | {"starts_at": f"{later:%Y-%m-%d}T09:00"}
            | {"ends_at": f"{soon:%Y-%m-%d}T09:00"},
            "结束时间应晚于开始时间",
        ),
        Wrong(
            "/activities/add/?kind=theme_day",
            plan
            | {"starts_at": f"{soon:%Y-%m-%d}T09:00"}
            | {"ends_at": f"{soon:%Y-%m-%d}T11:00"}
            | {"sign_up_ends_at": f"{later:%Y-%m-%d}T09:00", "needs_sign_up": True},
            "报名截止时间不能晚于活动开始时间",
        ),
        Wrong("/activities/{planned}/cancel/", {}, "请说明原因"),
        Wrong(
            "/activities/{planned}/materials/add/",
            {"title": "须知"},
            "请选择文件或填写网址，二者取其一",
        ),
        Wrong(
            "/activities/{planned}/materials/add/",
            {"title": "须知", "file": NOT_A_PICTURE},
            "仅支持PDF、Word、Excel、PowerPoint（不含宏）和图片",
        ),
        Wrong("/activities/{planned}/attendance/", {"rest": "present"}, "活动尚未开始"),
        Wrong(
            "/activities/{begun}/attendance/",
            {f"state_{member}": "leave"},
            "请填写薛丽华请假或免于考勤的原因",
        ),
        Wrong("/activities/{begun}/attend/", {"code": "000000"}, "签到码"),
        Wrong(
            "/activities/minutes/{draft}/edit/",
            {"chair": str(host), "recorder": str(host)},
            "主持人和记录人应为两人",
        ),
        Wrong(
            "/activities/minutes/{draft}/edit/",
            {"text_new1": "修通村道", "member_new1": str(member)},
            "请填写完成期限",
        ),
        Wrong(
            "/activities/minutes/points/{item}/vote/",
            {"rule": "decision", "motion": "修路", "is_secret": True},
            "无记名投票应有监票人、计票人各一名",
        ),
        Wrong(
            "/activities/{held}/effect/",
            {"survey_until": f"{day - timedelta(days=1):%Y-%m-%d}"},
            "从今天起，最多到 60 天后",
        ),
        Wrong(
            "/activities/programs/{program}/milestones/add/",
            {"title": "开工", "due_on": "2026-05-01", "done_on": f"{later:%Y-%m-%d}"},
            "这一天尚未到来",
        ),
        Wrong(
            "/activities/programs/{program}/photos/add/",
            {"caption": "新路", "image": NOT_A_PICTURE},
            "无法识别为图片",
        ),
        Wrong("/activities/programs/{program}/stop/", {}, "请说明停止的原因"),
        Wrong(
            "/activities/talks/add/",
            {"second": str(member), "topic": "work", "held_on": f"{later:%Y-%m-%d}"},
            "不晚于今天，限今年或去年",
        ),
    ]


def fill(portal, name, value):
    found = portal.locator(f"main form [name='{name}']").first
    if isinstance(value, dict):
        found.set_input_files(value)
    elif value is True:
        found.check()
    elif found.evaluate("field => field.tagName") == "SELECT":
        found.select_option(value)
    elif found.get_attribute("type") == "radio":
        portal.check(f"main form [name='{name}'][value='{value}']")
    else:
        found.fill(value)


@pytest.mark.parametrize("screen", [PHONE], ids=["phone"], indirect=True)
def test_each_refusal_is_said_in_chinese_at_its_place(portal, axe, world):
    portal.sign_in(world["host"])
    kept = (Activity, ActivityMaterial, Attendance, Milestone, Minutes)
    kept += (ProgramPhoto, Talk)
    before = [list(model.objects.order_by("pk").values()) for model in kept]

    for wrong in faults(world):
        path = wrong.path.format(**world)
        assert portal.visit(path).status == 200, path
        for name, value in wrong.values.items():
            fill(portal, name, value)
        # The browser's own checks stand aside: the portal judges for itself.
        form = portal.locator(f"main form:has({SEND})").last
        form.evaluate("form => { form.noValidate = true; }")
        form.locator(SEND).last.click()
        said = portal.locator(".field-error, .form-errors, .message-error").first
        said.wait_for()
        expect(portal.locator("main"), path).to_contain_text(
            wrong.said, use_inner_text=True
        )
        axe(portal)
        assert portal.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    assert [list(model.objects.order_by("pk").values()) for model in kept] == before
