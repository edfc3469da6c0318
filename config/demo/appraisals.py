"""Appraisals and talks of the branch that a visitor looks at: last year's round finished,
this year's at its poll, and the talks of both (LIFE-08, LIFE-09, LIFE-20 … LIFE-26)."""

from datetime import date, datetime, time, timedelta
from random import Random

from django.utils import timezone

from activities import access_appraisal
from activities.appraisal_rules import most_excellent
from activities.models import (
    Appraisal,
    AppraisalResult,
    AppraisalRound,
    AppraisalTally,
    FollowUp,
    Grade,
    MutualOpinion,
    Talk,
)
from activities.services import polls, talks
from config.demo.accounts import people
from config.demo.organization import Calendar
from members.models import Branch, Member

Step = AppraisalRound.Step
SELF = (
    "一年来能按时参加组织生活，按月交纳党费。联系的三户群众都走访过，困难及时反映。不足是理论学习"
    "抓得不紧，遇到急事有时性子急。明年坚持每周学习，多听群众意见。",
    "今年承担了村道养护和防汛值守，没有耽误。学习上以看为主，记得少、用得少。明年打算结合自己的"
    "活把学到的用起来，带头参加志愿服务。",
    "年纪大了，重活干不动，但支部的会尽量到，力所能及帮着调解邻里。不足是手机上的学习不熟练，"
    "请年轻同志多帮助。",
)
ON_OTHERS = (
    "工作踏实，群众有事愿意找他。建议多参加集体学习，把经验讲给大家。",
    "为人正派，组织生活到得齐。有时说话急，建议再耐心一些。",
)
OPINIONS = {
    Grade.EXCELLENT: "能发挥先锋模范作用，工作主动，群众认可。希望继续带动身边的同志。",
    Grade.QUALIFIED: "能履行党员义务，按时参加组织生活。希望在学习和服务群众上再用心。",
    Grade.BASIC: "一年中有几次无故未参加组织生活，作用发挥不够。支部将谈话提醒，一起订改进计划。",
}
PLAN = "每月谈一次心，约定参加主题党日和一项志愿服务，半年后看改进情况。"
OUTCOME = "近半年组织生活均到会，承担了一次环境整治，态度有明显改进。"
NOTES = (
    "家中老人住院，近期忙不过来，支部帮助协调了陪护。",
    "想参加技能培训，已记下报名时间。",
    "",
)


def write_appraisals(seed: int, calendar: Calendar) -> None:
    branch = Branch.objects.holding_members().order_by("pk").first()
    if branch is None:
        return
    random = Random(f"{seed} appraisals")  # noqa: S311  no secret
    members = list(access_appraisal.participants(branch).order_by("pinyin", "pk"))
    if len(members) < 4:
        return
    before = calendar.today.year - 1
    if calendar.begins <= date(before, 11, 1):
        last_year(branch, members, before, random)
    this_year(branch, members, calendar, random)
    write_talks(branch, members, calendar, random)


def round_of(branch: Branch, members: list[Member], due_on: date, step: Step, **fields):
    """A round with its members, the probationary without a grade (LIFE-22)."""
    made = AppraisalRound.objects.create(
        branch=branch,
        due_on=due_on,
        step=step,
        poll=AppraisalRound.Poll.ON_LINE,
        **fields,
    )
    parts = Appraisal.objects.bulk_create(
        Appraisal(
            round=made,
            member=member,
            takes_grade=member.state != Member.State.PROBATIONARY,
        )
        for member in members
    )
    return made, parts


def last_year(branch: Branch, members: list[Member], year: int, random: Random) -> None:
    """Finished: everybody told; one was helped (LIFE-21, LIFE-26)."""
    members = [one for one in members if one.enrolled_on.year <= year]
    _made, parts = round_of(
        branch,
        members,
        date(year, 12, 10),
        Step.DONE,
        year=year,
        body=AppraisalRound.Body.MEETING,
        decided_on=date(year, 12, 28),
    )
    graded = [one for one in parts if one.takes_grade]
    best = set(random.sample(range(len(graded)), most_excellent(len(graded))))
    weak = min(set(range(len(graded))) - best, default=None)
    for place, one in enumerate(parts):
        one.self_text = SELF[place % len(SELF)]
        one.has_voted = True
        one.save()
    voters = len(parts) - 1
    for place, one in enumerate(graded):
        grade = Grade.EXCELLENT if place in best else Grade.QUALIFIED
        grade = Grade.BASIC if place == weak else grade
        votes = dict.fromkeys(Grade.values, 0)
        spread = voters * 2 // 5 if grade == Grade.BASIC else min(voters // 4, 2)
        votes[grade] = voters - spread
        votes[Grade.QUALIFIED if grade != Grade.QUALIFIED else Grade.BASIC] += spread
        told(one, grade, OPINIONS[grade], year, votes)
        if grade == Grade.BASIC:
            FollowUp.objects.create(
                appraisal=one,
                kind=FollowUp.Kind.TALK,
                plan=PLAN,
                owner=next(each.member for each in graded if each is not one),
                due_on=date(year + 1, 6, 30),
                done_on=date(year + 1, 6, 20),
                outcome=OUTCOME,
            )
    for one in parts:
        if not one.takes_grade:
            told(one, "", OPINIONS[Grade.QUALIFIED], year, {})


def told(
    one: Appraisal, grade: str, opinion: str, year: int, votes: dict[str, int]
) -> None:
    at = datetime.combine(
        date(year, 12, 30), time(19), tzinfo=timezone.get_default_timezone()
    )
    blank = {"blank": 0} if votes else {}
    AppraisalResult.objects.create(
        appraisal=one, grade=grade, opinion=opinion, read_at=at, **votes, **blank
    )


def this_year(
    branch: Branch, members: list[Member], calendar: Calendar, random: Random
) -> None:
    """At the poll: most have voted, the accounts to look with have not yet."""
    shown = {member.pk for _n, _role, member, _reach in people() if member}
    made, parts = round_of(
        branch,
        members,
        calendar.today,
        Step.POLL,
        year=calendar.today.year,
    )
    graded = [one.pk for one in parts if one.takes_grade]
    counts = {key: dict.fromkeys(Grade.values, 0) for key in graded}
    for place, one in enumerate(parts):
        one.self_text = SELF[(place + 1) % len(SELF)]
        one.has_voted = one.member_id not in shown and random.random() < 0.7
        one.save()
        for key in graded if one.has_voted else ():
            if key != one.pk:
                likely = [Grade.EXCELLENT, Grade.QUALIFIED, Grade.QUALIFIED]
                counts[key][random.choice(likely)] += 1
        author = parts[(place + 1) % len(parts)].member
        if place % 3 == 0:
            text = ON_OTHERS[place % len(ON_OTHERS)]
            MutualOpinion.objects.create(appraisal=one, author=author, text=text)
    AppraisalTally.objects.create(round=made, counts=polls.told(counts))


def write_talks(
    branch: Branch, members: list[Member], calendar: Calendar, random: Random
) -> None:
    """Most had a talk this year; a few wait for one."""
    waiting = max(len(members) // 8, 1)
    for place, first in enumerate(members[:-waiting]):
        second = members[(place + 1) % (len(members) - waiting)]
        days = (calendar.yesterday - date(calendar.today.year, 1, 1)).days
        on = calendar.yesterday - timedelta(days=random.randint(0, max(days, 0)))
        for day in (on, on.replace(year=on.year - 1, day=min(on.day, 28))):
            made = Talk(
                branch=branch,
                held_on=day,
                first=first,
                second=second,
                topic=Talk.Topic.values[place % 3],
                note=NOTES[place % len(NOTES)],
            )
            made.pair = talks.pair_of(made)
            made.save()
