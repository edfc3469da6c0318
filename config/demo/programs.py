"""Programs of the demonstration: one for each preset, the village's two years old and
with its whole decision (KIND-01 … KIND-10)."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

from django.utils import translation
from PIL import Image, ImageDraw

from activities import presets
from activities.models import (
    Activity,
    FlowStep,
    Indicator,
    Milestone,
    Program,
    ProgramItem,
    Reading,
)
from activities.services import photos, programs
from config.demo.organization import Calendar
from members.algorithms import add_months
from members.models import Branch

BODIES = ("村党支部委员会", "村“两委”会", "支部党员大会", "村民代表会议")
POSTED = "村务公开栏"
LINKED = (Activity.Kind.VOLUNTEER, Activity.Kind.THEME_DAY)
ITEMS = {
    "post": ("安全生产示范岗", "一车间", "班前提醒，隐患当班整改"),
    "service": ("便民代办", "行动不便的老人", "每周一次上门代办"),
    "topic": ("服务事项办理流程", "哪些环节可以减少", "合并重复材料"),
    "project": ("通组道路硬化", "三个村民小组", "硬化道路1.8公里"),
}


def write_programs(calendar: Calendar) -> None:
    """For each preset, in the first open branch of its setting."""
    with translation.override("zh-hans"):
        for preset in presets.all_presets().values():
            branch = (
                Branch.objects.holding_members()
                .filter(setting__in=preset.settings, closed_on=None)
                .order_by("pk")
                .first()
            )
            if branch is not None:
                write_one(branch, preset, calendar)


def write_one(branch: Branch, preset: presets.Preset, calendar: Calendar) -> None:
    months = 24 if preset.has_flow else 6
    starts_on = max(add_months(calendar.today, -months), branch.established_on)
    program = programs.drafted(branch, preset, starts_on=starts_on)
    program.ends_on = max(program.ends_on, add_months(calendar.today, 6))
    program.state = Program.State.UNDER_WAY
    program.save()
    passed = max((calendar.yesterday - starts_on).days, 1)
    for name, unit, first, aim in preset.indicators():
        one = Indicator.objects.create(
            program=program, name=name, unit=unit, baseline=first, target=aim
        )
        for part in (1, 2, 3):
            value = first + (aim - first) * Decimal(part) / 4
            on = starts_on + timedelta(days=passed * part // 3)
            Reading.objects.create(indicator=one, on=on, value=round(value))
    for title, after in preset.milestones():
        due_on = min(add_months(starts_on, after), program.ends_on)
        done_on = due_on if due_on <= calendar.yesterday else None
        Milestone.objects.create(
            program=program, title=title, due_on=due_on, done_on=done_on
        )
    title, subject, content = ITEMS[preset.item_kind]
    ProgramItem.objects.create(
        program=program,
        kind=preset.item_kind,
        title=title,
        subject=subject,
        content=content,
    )
    held = Activity.objects.held().filter(
        branch=branch, kind__in=LINKED, starts_at__date__gte=starts_on
    )
    for activity in held.order_by("-starts_at")[:3]:
        programs.link(program, activity)
    if preset.has_flow and passed > 200:
        write_flow(program)
        photos.add(program, picture(), caption="通组道路完工后的样子", by=None)


def picture() -> bytes:
    """A road through fields to the hills, drawn."""
    drawn = Image.new("RGB", (1200, 800), "#bcd9ee")
    draw = ImageDraw.Draw(drawn)
    draw.polygon([(0, 420), (300, 250), (620, 430), (900, 280), (1200, 440)], "#7f9f8d")
    draw.rectangle((0, 420, 1200, 800), "#9fbf6a")
    draw.polygon([(560, 420), (600, 420), (880, 800), (380, 800)], "#8d8d8a")
    draw.line([(581, 430), (630, 800)], "#f4f1e6", 8)
    written = BytesIO()
    drawn.save(written, "JPEG")
    return written.getvalue()


def write_flow(program: Program) -> None:
    """All six steps: the decision in the first weeks, the result half a year later."""
    for number, step in enumerate(FlowStep.Step):
        publishes, votes = step in FlowStep.PUBLISHING, step in FlowStep.VOTING
        days = 180 if step == FlowStep.Step.PUBLISH_RESULT else 3 * number
        FlowStep.objects.create(
            program=program,
            step=step,
            on=program.starts_on + timedelta(days=days),
            body="" if publishes else BODIES[number],
            yes=21 if votes else None,
            no=1 if votes else None,
            abstain=2 if votes else None,
            place=POSTED if publishes else "",
            days=7 if publishes else None,
        )
