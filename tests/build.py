"""One plain builder for each model. Every argument is optional; nothing is random.

What a builder leaves out takes the next number of one counter, so that two calls never
collide. Rows are written as they are asked for: rules are the services' concern.
"""

from datetime import date, timedelta
from itertools import count

from django.contrib.auth.models import Permission
from django.utils import timezone

from activities.models import (
    Activity,
    ActivityMaterial,
    Appraisal,
    AppraisalRound,
    Attendance,
    FollowUp,
    HelperTask,
    Indicator,
    Milestone,
    Minutes,
    MinutesFile,
    Program,
    ProgramItem,
    ProgramPhoto,
    SignUp,
    SignUpQuestion,
    Talk,
)
from activities.services import minutes
from members import access, romanize
from members.algorithms import check_id_number, next_demo_id_number
from members.models import (
    ApiToken,
    Appointment,
    Authenticator,
    Branch,
    BranchGrant,
    Correction,
    MailAddress,
    Member,
    MemberGrant,
    Office,
    PartyGroup,
    Term,
    User,
)
from members.models.second_factor import new_key
from members.services import accounts, offices

numbers = count(1)
PASSWORD = "a-long-enough-passphrase"


def branch(name="", *, parent=None, kind="branch", setting="village", **fields):
    number = next(numbers)
    return Branch.objects.create(
        name=name or f"中共第{number}支部",
        code=fields.pop("code", f"B{number:05}"),
        parent=parent,
        kind=kind,
        setting=setting,
        established_on=fields.pop("established_on", date(2010, 7, 1)),
        **fields,
    )


def committee(name="", *, parent=None, **fields):
    return branch(name, parent=parent, kind="committee", **fields)


def tree():
    """A committee with two branches: (committee, left, right)."""
    top = committee("中共测试镇委员会")
    return top, branch("中共东村支部", parent=top), branch("中共西村支部", parent=top)


def member(name="", *, branch=None, state="full", **fields):
    number = next(numbers)
    name = name or f"王{'甲乙丙丁戊己庚辛壬癸'[number % 10]}"
    born = fields.pop("birth_date", date(1970, 1, 1))
    id_number = fields.pop(
        "id_number", next_demo_id_number("110000", born, number * 2 % 1000)
    )
    if id_number and "sex" not in fields:
        fields["sex"] = check_id_number(id_number, date.today()).sex  # noqa: DTZ011
    in_party = state in Member.IN_PARTY or state in Member.EXITS
    fields.setdefault("admitted_on", date(2000, 7, 1) if in_party else None)
    standing = state in Member.STANDING or state in Member.EXITS
    fields.setdefault("full_member_on", date(2001, 7, 1) if standing else None)
    return Member.objects.create(
        name=name,
        pinyin=romanize.pinyin(name),
        initials=romanize.initials(name),
        branch=branch or globals()["branch"](),
        state=state,
        birth_date=born,
        id_number=id_number,
        sex=fields.pop("sex", "1"),
        ethnic_group=fields.pop("ethnic_group", "01"),
        education=fields.pop("education", "21"),
        phone=fields.pop("phone", f"139{number:08}"),
        enrolled_on=fields.pop("enrolled_on", date(2015, 1, 1)),
        **fields,
    )


def user(username="", *, member=None, **fields):
    """An account that has changed its first password to PASSWORD."""
    account = User.objects.create_user(
        username or f"user{next(numbers)}",
        PASSWORD,
        member=member,
        must_change_password=fields.pop("must_change_password", False),
        **fields,
    )
    if member is not None:
        accounts.own_record(account)
    return account


def administrator(role):
    return user(role, administrator=role, is_staff=True)


def appointment(member=None, *, office="secretary", branch=None, **fields):
    branch = branch or (member.branch if member else globals()["branch"]())
    made = Appointment.objects.create(
        member=member or globals()["member"](branch=branch),
        office=Office.objects.get(code=office),
        branch=branch,
        starts_on=fields.pop("starts_on", date(2020, 1, 1)),
        basis=fields.pop("basis", "elected"),
        decided_by=fields.pop("decided_by", "支部党员大会"),
        **fields,
    )
    offices.give_rights(made)
    return made


def officer(office="secretary", *, of, home=None, **fields):
    """The account of a member who holds `office` in the branch `of`.

    The member is on the roll of `home`, by default of `of` or a new branch below it.
    """
    if home is None:
        home = of if of.holds_members else branch(parent=of)
    holder = member(branch=home)
    account = user(member=holder)
    appointment(holder, office=office, branch=of, **fields)
    return account


def secretary(*, of, **fields):
    return officer("secretary", of=of, **fields)


def branch_grant(user, branch, right, **fields):
    return BranchGrant.objects.create(
        user=user,
        permission=_permission("branch", right),
        content_object=branch,
        purpose=fields.pop("purpose", "inspection"),
        starts_on=fields.pop("starts_on", date(2020, 1, 1)),
        ends_on=fields.pop("ends_on", date(2099, 1, 1)),
        **fields,
    )


def member_grant(user, member, right="view_member", **fields):
    return MemberGrant.objects.create(
        user=user,
        permission=_permission("member", right),
        content_object=member,
        purpose=fields.pop("purpose", "inspection"),
        starts_on=fields.pop("starts_on", date(2020, 1, 1)),
        ends_on=fields.pop("ends_on", date(2099, 1, 1)),
    )


def activity(title="", *, branch=None, state="planned", starts_at=None, **fields):
    """In a week, for two hours, unless it says otherwise."""
    starts_at = starts_at or timezone.now() + timedelta(days=7)
    return Activity.objects.create(
        title=title or f"第{next(numbers)}次活动",
        branch=branch or globals()["branch"](),
        kind=fields.pop("kind", "theme_day"),
        state=state,
        starts_at=starts_at,
        ends_at=fields.pop("ends_at", starts_at + timedelta(hours=2)),
        place=fields.pop("place", "村委会二楼会议室"),
        needs_sign_up=fields.pop("needs_sign_up", bool(fields.get("seats"))),
        **fields,
    )


def sign_up(activity, member, *, state="confirmed", **fields):
    last = activity.sign_ups.count()
    return SignUp.objects.create(
        activity=activity,
        member=member,
        state=state,
        place=fields.pop("place", last + 1),
        **fields,
    )


def question(activity, text="是否用餐？", *, kind="yes_no", **fields):
    return SignUpQuestion.objects.create(
        activity=activity,
        text=text,
        kind=kind,
        position=fields.pop("position", activity.questions.count() + 1),
        **fields,
    )


def material(activity, title="学习材料", *, content=b"%PDF-1.7 text", **fields):
    return ActivityMaterial.objects.create(
        activity=activity,
        title=title,
        type=fields.pop("type", "pdf"),
        content=content,
        size=len(content or b""),
        **fields,
    )


def helper_task(activity, title="布置会场", *, member=None, **fields):
    return HelperTask.objects.create(
        activity=activity, title=title, member=member, **fields
    )


def meeting(branch=None, *, kind="general_meeting", **fields):
    """Under way since an hour ago, unless it says otherwise."""
    fields.setdefault("starts_at", timezone.now() - timedelta(hours=1))
    return activity(branch=branch, kind=kind, **fields)


def attendance(activity, member, *, state="present", **fields):
    return Attendance.objects.create(
        activity=activity, member=member, state=state, **fields
    )


def draft_minutes(activity, *, number=9, **fields):
    """Minutes that are written; nobody is to sign them yet."""
    return Minutes.objects.create(
        activity=activity,
        revision=1,
        number=number,
        begins_at=activity.starts_at,
        ends_at=activity.ends_at,
        place=activity.place,
        **fields,
    )


def votes(draft, *, tellers):
    """An open vote and an election on a new point of a draft, not counted."""
    point = draft.items.create(position=1, title="讨论接收预备党员")
    vote = point.ballots.create(motion="接收", rule="decision", eligible=3, present=3)
    election = point.elections.create(
        title="选举支部委员会",
        kind="again",
        seats=1,
        eligible=3,
        present=3,
        monitor=tellers[0],
        counter=tellers[1],
    )
    return vote, election


def signed_minutes(
    activity, *, number=1, resolutions=(), signers=(), files=(), **fields
):
    """Minutes that two accounts signed just now; resolutions: of text and member."""
    now = timezone.now()
    chair, recorder = signers or (
        user(member=member(branch=activity.branch)) for _ in range(2)
    )
    made = Minutes.objects.create(
        activity=activity,
        revision=1,
        number=number,
        begins_at=activity.starts_at,
        ends_at=activity.ends_at,
        place=activity.place,
        chair=chair.member,
        recorder=recorder.member,
        people=minutes.people_of(activity),
        **fields,
    )
    for text, responsible in resolutions:
        made.resolutions.create(
            text=text, member=responsible, due_on=timezone.localdate()
        )
    for file in files:
        made.files.create(**file)
    Minutes.objects.filter(pk=made.pk).update(
        state="locked",
        digest=minutes.digest(made),
        chair_signed_at=now,
        chair_signed_by=chair,
        recorder_signed_at=now,
        recorder_signed_by=recorder,
    )
    return Minutes.objects.get(pk=made.pk)


def minutes_draft(branch=None, *, kind="general_meeting", **fields):
    """Minutes that nobody signed yet."""
    held = meeting(branch, kind=kind)
    usual = {"number": next(numbers), "begins_at": held.starts_at} | fields
    return Minutes.objects.create(
        activity=held, revision=1, ends_at=held.ends_at, place="会议室", **usual
    )


def minutes_file(draft, *, content=b"%PDF-1.7 slides %%EOF", **fields):
    usual = {"kind": "slides", "caption": "课件", "format": "pdf"} | fields
    return MinutesFile.objects.create(
        minutes=draft, content=content, digest=f"{next(numbers):064}", **usual
    )


def program(branch=None, *, state="under_way", **fields):
    """Of two years since 2025, of a village, unless it says otherwise."""
    return Program.objects.create(
        branch=branch or globals()["branch"](),
        preset=fields.pop("preset", "revitalization"),
        module=fields.pop("module", "revitalization"),
        has_flow=fields.pop("has_flow", True),
        title=fields.pop("title", f"第{next(numbers)}个专项"),
        goals=fields.pop("goals", "增收"),
        starts_on=fields.pop("starts_on", date(2025, 1, 1)),
        ends_on=fields.pop("ends_on", date(2027, 1, 1)),
        state=state,
        **fields,
    )


def program_part(model, program, **fields):
    """An indicator, milestone, item or photo of `program`."""
    usual = {
        Indicator: {"name": "人均收入", "unit": "元", "baseline": 10, "target": 20},
        Milestone: {"title": "开工", "due_on": date(2026, 5, 1)},
        ProgramItem: {"kind": "project", "title": "修路"},
        ProgramPhoto: {"caption": "新路", "image": b"picture"},
    }
    return model.objects.create(program=program, **usual[model] | fields)


def appraisal_round(branch=None, *members, step="self", year=2026, **fields):
    """A round with `members`; `round.appraisals` are in their order."""
    made = AppraisalRound.objects.create(
        branch=branch or globals()["branch"](),
        year=year,
        due_on=fields.pop("due_on", date(2026, 11, 30)),
        step=step,
        **fields,
    )
    Appraisal.objects.bulk_create(
        Appraisal(
            round=made, member=one, takes_grade=one.state != Member.State.PROBATIONARY
        )
        for one in members
    )
    return made


def follow_up(appraisal, owner=None, **fields):
    usual = {"kind": "talk", "plan": "谈一次", "due_on": date(2026, 12, 31)} | fields
    return FollowUp.objects.create(
        appraisal=appraisal, owner=owner or appraisal.member, **usual
    )


def talk(first, second, **fields):
    return Talk.objects.create(
        branch=first.branch,
        first=first,
        second=second,
        held_on=fields.pop("held_on", timezone.localdate()),
        pair=fields.pop("pair", "members"),
        topic=fields.pop("topic", "work"),
        **fields,
    )


def _permission(model, codename):
    return Permission.objects.get(
        content_type__app_label="members",
        content_type__model=model,
        codename=codename,
    )


def group(branch, name=""):
    return PartyGroup.objects.create(
        branch=branch, name=name or f"第{next(numbers)}党小组"
    )


def term(branch, *, starts_on=date(2024, 1, 1), ends_on=date(2026, 12, 31), number=1):
    return Term.objects.create(
        branch=branch, number=number, starts_on=starts_on, ends_on=ends_on
    )


def correction(member, *, field="phone", proposed="13900001111", by=None):
    return Correction.objects.create(
        member=member,
        field=field,
        proposed=proposed,
        asked_by=by or user(member=member),
    )


def code(user):
    """A code that the phone of `user` shows about now and that was not used yet."""
    return Authenticator.objects.get(user=user).next_code()


def authenticator(user):
    """The phone of `user`, set up; `build.code(user)` is what it shows."""
    return Authenticator.objects.get_or_create(user=user, defaults={"key": new_key()})[
        0
    ]


def api_token(user, *, scope="write", created_on=None, expires_on=None, **fields):
    """A token for the API and its text; by default made today, to end today.

    Its account gets a second factor where it needs one.
    """
    if access.needs_second_factor(user):
        authenticator(user)
    today = timezone.localdate()
    token = ApiToken(
        user=user,
        name=fields.pop("name", "roster program"),
        scope=scope,
        created_on=created_on or today,
        expires_on=expires_on or today,
        **fields,
    )
    text = token.make_secret()
    token.save()
    return token, text


def mail_address(user, address="anna@example.org", **fields):
    """A confirmed one, unless `confirmed_at` says otherwise."""
    now = timezone.now()
    return MailAddress.objects.create(
        user=user,
        address=address,
        asked_at=fields.pop("asked_at", now),
        confirmed_at=fields.pop("confirmed_at", now),
        **fields,
    )
