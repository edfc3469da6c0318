"""What hangs on the plans of the demonstration: questions with answers, materials, an
audience by office, interests. A few, in the first branch and above it."""

from datetime import datetime, time, timedelta
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils import timezone
from docx import Document

from activities.models import Activity, ActivityMaterial, SignUp, SignUpQuestion
from config.demo.organization import Calendar
from members.models import Branch, Member, MemberInterest

MEAL, BUS, SIZE = "是否需要安排午餐？", "在哪里上车？", "马甲尺码"
STOPS = ["村委会门口", "镇政府门口", "自行前往"]
ANSWERS = (
    ("yes", STOPS[0], "大号"),
    ("no", STOPS[2], ""),
    ("yes", STOPS[1], "中号"),
    ("yes", STOPS[0], "加大号"),
)
LIKED = ("volunteer", "policy", "culture", "farming", "care", "sports")


def write_plans(calendar: Calendar) -> None:
    """In the first branch with members, which a visitor looks at."""
    branch = Branch.objects.holding_members().order_by("pk").first()
    if branch is None:
        return
    people = Member.objects.in_party().filter(branch=branch).order_by("pk")
    like(people.filter(user__isnull=False)[:20])
    outing = write_outing(branch, calendar)
    ask(outing, people[:4])
    give_materials(outing)
    write_training(branch, calendar)


def give_materials(activity: Activity) -> None:
    """A page of the rules, and a sheet for the day."""
    ActivityMaterial.objects.create(
        activity=activity,
        title="中国共产党章程（共产党员网）",
        type=ActivityMaterial.Type.LINK,
        link="https://www.12371.cn/special/zggcdzc/",
    )
    sheet, written = Document(), BytesIO()
    sheet.add_heading(activity.title, 1)
    for line in ("8:50在青石河大桥集合。", "请穿防滑鞋，戴手套。", "注意水边安全。"):
        sheet.add_paragraph(line, "List Bullet")
    sheet.save(written)
    ActivityMaterial.objects.create(
        activity=activity,
        title="活动须知",
        type=ActivityMaterial.Type.DOCX,
        content=(content := undated(written)),
        size=len(content),
    )


def undated(written: BytesIO) -> bytes:
    """The same archive without the time of packing, so that a seed gives the same."""
    packed = BytesIO()
    with ZipFile(written) as old, ZipFile(packed, "w", ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(ZipInfo(part.filename), old.read(part), ZIP_DEFLATED)
    return packed.getvalue()


def like(members) -> None:
    MemberInterest.objects.bulk_create(
        MemberInterest(member=member, interest=LIKED[(number + step) % len(LIKED)])
        for number, member in enumerate(members)
        for step in range(1 + number % 3)
    )


def write_outing(branch: Branch, calendar: Calendar) -> Activity:
    """Service in ten days, for a few, told to those who like it."""
    return planned(
        branch,
        calendar,
        days=10,
        kind=Activity.Kind.VOLUNTEER,
        title="志愿服务：河道清洁",
        purpose="沿青石河清理垃圾，请穿方便活动的衣服，工具由支部准备。",
        place="青石河大桥",
        seats=12,
        interests=["volunteer", "environment"],
    )


def write_training(branch: Branch, calendar: Calendar) -> None:
    """A training of the committee above, for those who lead the branches below."""
    above = Branch.objects.filter(pk=branch.parent_id).first()
    if above is None:
        return
    planned(
        above,
        calendar,
        days=15,
        kind=Activity.Kind.TRAINING,
        title="党支部书记培训班",
        purpose="学习《中国共产党支部工作条例（试行）》，交流支部工作做法。",
        place="党群服务中心",
        audience=Activity.Audience.BELOW,
        offices=["secretary", "deputy_secretary"],
        seats=40,
        credit_hours="4.0",
    )


def planned(branch: Branch, calendar: Calendar, *, days: int, **fields) -> Activity:
    """Announced yesterday, for a morning."""
    on = calendar.today + timedelta(days=days)
    starts_at = timezone.make_aware(datetime.combine(on, time(9)))
    return Activity.objects.create(
        branch=branch,
        state=Activity.State.PLANNED,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        needs_sign_up=True,
        **fields,
    )


def ask(activity: Activity, members) -> None:
    """Three questions, and who signed up already with the answers."""
    meal, bus, size = (
        SignUpQuestion.objects.create(
            activity=activity,
            position=position,
            text=text,
            kind=kind,
            options=options,
            is_required=position < 3,
        )
        for position, (text, kind, options) in enumerate(
            (
                (MEAL, SignUpQuestion.Kind.YES_NO, []),
                (BUS, SignUpQuestion.Kind.CHOICE, STOPS),
                (SIZE, SignUpQuestion.Kind.TEXT, []),
            ),
            start=1,
        )
    )
    for place, (member, said) in enumerate(
        zip(members, ANSWERS, strict=False), start=1
    ):
        answers = zip((meal, bus, size), said, strict=True)
        SignUp.objects.create(
            activity=activity,
            member=member,
            state=SignUp.State.CONFIRMED,
            place=place,
            answers=[
                {"question": asked.pk, "asked": asked.text, "answer": answer}
                for asked, answer in answers
                if answer
            ],
        )
