"""Minutes: filled by the portal, signed by two, then locked for everybody."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from activities.models import AgendaItem, Minutes, Resolution
from activities.services import (
    attendances,
    minutes,
    resolutions,
    sign_off,
    votes,
)
from activities.services.attendances import Mark
from activities.services.minutes import Decided, Point
from members.models import Notification
from tests import build
from tests.race import race

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def meeting(branch, chair, recorder):
    meeting = build.meeting(branch, title="三季度党员大会", place="二楼会议室")
    for position, title in enumerate(("学习文件", "讨论修路"), start=1):
        AgendaItem.objects.create(activity=meeting, position=position, title=title)
    return meeting


@pytest.fixture
def draft(meeting, recorder):
    return minutes.start(meeting, by=recorder, now=timezone.now())


def mark_all(meeting, **states):
    """Everybody is present but for those named in `states`."""
    marks = [
        Mark(member, *states.get(member.name, ("present",)))
        for member in attendances.listed(meeting)
    ]
    attendances.record(meeting, marks, by=None, now=timezone.now())


def refused(call, *args, **given):
    with pytest.raises(ValidationError) as refusal:
        call(*args, **given)
    error = refusal.value
    if hasattr(error, "error_dict"):
        return {name: found[0].code for name, found in error.error_dict.items()}
    return error.code


def sign(draft, user):
    draft = Minutes.objects.get(pk=draft.pk)
    seen = minutes.digest(draft)
    return sign_off.sign(draft, seen=seen, by=user, now=timezone.now())


def signed(draft, chair, recorder):
    if not draft.activity.attendances.exists():
        mark_all(draft.activity)
    sign(draft, recorder)
    return sign(draft, chair)


# --- the draft --------------------------------------------------------------------------
def test_a_draft_holds_what_the_portal_knows(meeting, draft, chair, recorder):
    """MIN-01 … MIN-06, MEET-06"""
    assert (draft.number, draft.place, draft.revision) == (1, "二楼会议室", 1)
    assert (draft.begins_at, draft.ends_at) == (meeting.starts_at, meeting.ends_at)
    assert (draft.chair, draft.recorder) == (chair.member, recorder.member)
    assert [item.title for item in draft.items.all()] == ["学习文件", "讨论修路"]


def test_started_again_it_is_the_same_draft(meeting, draft, chair):
    assert minutes.start(meeting, by=chair, now=timezone.now()) == draft


def test_who_is_the_chair_is_not_the_recorder_too(meeting, chair):
    assert minutes.start(meeting, by=chair, now=timezone.now()).recorder is None


def test_the_leader_chairs_a_meeting_of_the_group(branch, chair, recorder):  # MEET-06
    group = build.group(branch)
    leader = build.member("组长", branch=branch, party_group=group)
    build.appointment(leader, office="group_leader", party_group=group)
    meeting = build.meeting(
        branch, kind="group_meeting", audience="group", party_group=group
    )

    draft = minutes.start(meeting, by=recorder, now=timezone.now())

    assert draft.chair == leader


def test_meetings_of_a_kind_are_numbered_in_the_year(branch, meeting, draft, recorder):
    def number_of(**fields):
        later = build.meeting(branch, **fields)
        return minutes.start(later, by=recorder, now=timezone.now()).number

    assert number_of() == 2
    assert number_of(kind="committee_meeting") == 1
    assert number_of(starts_at=timezone.now() - timedelta(days=400)) == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"state": "draft"}, "over"),
        ({"starts_at": timezone.now() + timedelta(days=1)}, "not_begun"),
    ],
)
def test_minutes_are_of_what_takes_place(branch, recorder, fields, code):
    meeting = build.meeting(branch, **fields)

    found = refused(minutes.start, meeting, by=recorder, now=timezone.now())

    assert found == code


def test_absences_and_guests_are_told_with_their_reasons(meeting, draft, branch):
    """MIN-04, MIN-05, LIFE-27"""
    build.member("王老", branch=branch)
    build.member("赵忙", branch=branch)
    mark_all(meeting, 王老=("exempt", "年老体弱"), 赵忙=("leave", "出差"))
    attendances.set_guests(meeting, [("钱客", "镇政府")])

    found = minutes.people(draft)

    assert (found["due"], found["present"]) == (3, 2)
    assert found["names"] == ["李记录", "张书记"]
    assert found["exempt"] == [["王老", "年老体弱"]]
    assert found["leave"] == [["赵忙", "出差"]]
    assert found["guests"] == [["钱客", "镇政府"]]


def test_a_draft_is_saved_as_a_whole_and_again(draft, chair):
    first, second = draft.items.all()
    points = [
        Point(str(first.pk), "学习文件", "张书记", "张书记领学。"),
        Point(str(second.pk), "", "", ""),
        Point("new1", "其他事项"),
        Point("new2", ""),
    ]
    decided = [Decided("new1", "修路", chair.member, date(2026, 12, 1))]

    minutes.save(draft, {"place": "村口"}, points, decided)
    row = draft.resolutions.get()
    minutes.save(
        draft, {}, points[:1], [Decided(str(row.pk), "修路", chair.member, row.due_on)]
    )

    draft.refresh_from_db()
    assert draft.place == "村口"
    assert [item.title for item in draft.items.all()] == ["学习文件", "其他事项"]
    assert draft.items.first().discussion == "张书记领学。"
    assert draft.resolutions.get() == row


def test_a_draft_is_saved_before_it_is_known_who_records(draft, chair, recorder):
    minutes.save(draft, {"recorder": None}, [], [])

    draft.refresh_from_db()
    assert draft.recorder is None
    mark_all(draft.activity)
    assert refused(sign, draft, chair) == "incomplete"


@pytest.mark.parametrize(
    ("point", "decided", "code"),
    [
        (Point("new1", "", "", "某人说"), None, {"title_new1": "required"}),
        (None, "修路", {"due_new1": "required"}),
    ],
)
def test_bad_rows_are_named(draft, chair, point, decided, code):
    points = [point] if point else []
    rows = [Decided("new1", decided, chair.member)] if decided else []

    assert refused(minutes.save, draft, {}, points, rows) == code


def test_a_point_with_a_vote_keeps_its_name(draft):
    item = draft.items.first()
    item.ballots.create(motion="修路", rule="decision", eligible=2, present=2)

    found = refused(minutes.save, draft, {}, [Point(str(item.pk), "")], [])

    assert found == {f"title_{item.pk}": "has_ballot"}


def test_the_heads_are_judged(draft, chair, branch, recorder):
    other = build.meeting(branch)
    minutes.start(other, by=recorder, now=timezone.now())
    early = draft.begins_at - timedelta(minutes=1)

    def save(**heads):
        return refused(minutes.save, draft, heads, [], [])

    assert save(recorder=chair.member) == {"recorder": "same"}
    assert save(ends_at=early) == {"ends_at": "range"}
    assert save(number=2) == {"number": "taken"}


# --- signing ----------------------------------------------------------------------------
def test_two_sign_the_same_and_then_nothing_changes(draft, meeting, chair, recorder):
    """MIN-10: by the service and by the database."""
    mark_all(meeting)
    assert sign(draft, recorder).state == "signing"
    locked = sign(draft, chair)

    assert (locked.state, locked.digest) == ("locked", minutes.digest(locked))
    assert locked.people["present"] == 2
    meeting.refresh_from_db()
    assert meeting.state == "held"
    assert refused(minutes.save, locked, {}, [], []) == "signed"
    assert refused(sign_off.take_back, locked, by=chair) == "signed"


def test_signed_twice_is_signed_once(draft, meeting, chair, recorder):
    mark_all(meeting)

    first = sign(draft, recorder)
    again = sign(draft, recorder)

    assert again.recorder_signed_at == first.recorder_signed_at
    assert again.chair_signed_at is None


def test_the_other_is_told_that_minutes_wait(draft, meeting, chair, recorder):
    mark_all(meeting)

    sign(draft, recorder)

    told = Notification.objects.filter(kind="minutes_to_sign")
    assert [line.user for line in told] == [chair]


def test_nobody_else_signs(draft, meeting, branch):
    mark_all(meeting)
    other = build.user(member=build.member(branch=branch))

    assert refused(sign, draft, other) == "not_yours"


def test_what_is_not_complete_is_not_signed(draft, meeting, chair, recorder, branch):
    assert refused(sign, draft, recorder) == "incomplete"  # nobody is marked yet
    mark_all(meeting)
    item = draft.items.first()
    ballot = item.ballots.create(motion="路", rule="decision", eligible=2, present=2)
    assert refused(sign, draft, recorder) == "incomplete"  # a vote is not counted
    ballot.delete()
    Minutes.objects.filter(pk=draft.pk).update(chair=None)
    assert refused(sign, draft, recorder) == "incomplete"


def test_one_signs_only_what_one_saw(draft, meeting, recorder):
    mark_all(meeting)
    seen = minutes.digest(draft)
    draft.items.update(discussion="另一种说法")

    found = refused(sign_off.sign, draft, seen=seen, by=recorder, now=timezone.now())

    assert found == "changed"


def test_the_only_signature_can_be_taken_back(draft, meeting, chair, recorder):
    mark_all(meeting)
    waiting = sign(draft, recorder)
    assert refused(minutes.save, waiting, {}, [], []) == "signed"

    back = sign_off.take_back(waiting, by=recorder)

    assert (back.state, back.digest, back.recorder_signed_at) == ("draft", "", None)
    assert sign_off.take_back(back, by=recorder) == back
    minutes.save(back, {"place": "村口"}, [], [])


def test_the_attendance_list_is_closed_with_the_signatures(
    draft, meeting, chair, recorder
):
    locked = signed(draft, chair, recorder)
    mark = Mark(chair.member, "absent")

    def record():
        attendances.record(meeting, [mark], by=None, now=timezone.now())

    assert refused(record) == "signed"
    sign_off.correct(locked, reason="人数有误", by=chair)
    record()


@pytest.mark.parametrize(
    "change",
    [
        lambda one: Minutes.objects.filter(pk=one.pk).update(place="别处"),
        lambda one: Minutes.objects.filter(pk=one.pk).update(state="draft"),
        lambda one: Minutes.objects.filter(pk=one.pk).delete(),
        lambda one: one.items.update(discussion="别的话"),
        lambda one: one.items.create(position=9, title="新的一项"),
        lambda one: one.items.all().delete(),
        lambda one: one.items.first().ballots.create(
            motion="路", rule="decision", eligible=1, present=1
        ),
        lambda one: one.items.first().ballots.update(yes=0),
        lambda one: one.resolutions.create(text="新决议"),
        lambda one: one.resolutions.update(text="新决议"),
        lambda one: one.resolutions.all().delete(),
    ],
)
def test_the_database_lets_nobody_change_signed_minutes(draft, chair, recorder, change):
    """MIN-10, MIN-14"""
    item = draft.items.first()
    ballot = build_ballot(item)
    count(ballot, recorder, yes=2)
    minutes.save(draft, {}, [], [Decided("new1", "修路")])
    locked = signed(draft, chair, recorder)

    with pytest.raises(IntegrityError), transaction.atomic():
        change(locked)

    assert minutes.digest(Minutes.objects.get(pk=locked.pk)) == locked.digest


def test_one_account_alone_never_locks_minutes(draft, chair, recorder):
    now = timezone.now()

    with pytest.raises(IntegrityError), transaction.atomic():
        Minutes.objects.filter(pk=draft.pk).update(
            state="locked",
            digest="x",
            chair_signed_at=now,
            recorder_signed_at=now,
            chair_signed_by=chair,
            recorder_signed_by=chair,
        )


# --- corrections and objections -----------------------------------------------------------
def test_a_correction_is_a_new_version_with_its_reason(draft, chair, recorder):
    """MIN-14"""
    count(build_ballot(draft.items.first()), recorder, yes=2)
    first = signed(draft, chair, recorder)
    assert refused(sign_off.correct, first, reason=" ", by=chair) == {
        "reason": "required"
    }

    second = sign_off.correct(first, reason="地点写错", by=chair)

    assert (second.revision, second.state, second.reason) == (2, "draft", "地点写错")
    assert sign_off.correct(first, reason="再次", by=chair) == second
    assert list(Minutes.objects.in_force()) == [first]
    minutes.save(second, {"place": "村口"}, [], [])
    second = signed(second, chair, recorder)
    assert list(Minutes.objects.in_force()) == [second]
    assert second.items.first().ballots.get().yes == 2
    first.refresh_from_db()
    assert (first.place, first.digest) == ("二楼会议室", minutes.digest(first))


def test_a_draft_needs_no_correction(draft, chair):
    assert refused(sign_off.correct, draft, reason="错", by=chair) == "not_signed"


def test_who_was_there_may_object_for_three_days(
    draft, meeting, chair, recorder, branch
):
    witness = build.member("孙在场", branch=branch)
    mark_all(meeting)
    waiting = sign(draft, recorder)
    now = timezone.now()

    note = sign_off.object_to(waiting, member=witness, text="我说的是不同意", now=now)
    again = sign_off.object_to(waiting, member=witness, text="我说的是不同意 ", now=now)

    assert again == note
    assert refused(sign_off.object_to, waiting, member=witness, text=" ", now=now) == {
        "text": "required"
    }
    late = now + timedelta(days=3, minutes=1)
    away = build.member(branch=branch)
    for member, moment in ((witness, late), (away, now)):
        found = refused(
            sign_off.object_to, waiting, member=member, text="不对", now=moment
        )
        assert found == "over"


def test_nobody_objects_to_a_draft(draft, meeting, chair):
    mark_all(meeting)

    assert not sign_off.may_object(draft, chair.member, timezone.now())


# --- votes ------------------------------------------------------------------------------
def build_ballot(item, **fields):
    given = {"motion": "修路", "rule": "decision", "eligible": 2, "present": 2} | fields
    return item.ballots.create(**given)


def count(ballot, by, **totals):
    spoken = sum(totals.get(name, 0) for name in ("yes", "no", "abstain", "void"))
    given = {"issued": ballot.present, "returned": spoken} | totals
    return votes.count_ballot(ballot, given, by=by, now=timezone.now())


def test_a_vote_is_counted_and_explained(draft, recorder):  # MIN-08, MEET-02
    ballot = build_ballot(draft.items.first(), eligible=20, present=12)

    assert votes.explain(ballot) == "Not counted yet."
    counted = count(ballot, recorder, yes=10, no=1, abstain=1)
    assert votes.explain(counted) == ("Not passed: 10 in favor, 11 of 20 due needed.")
    again = count(ballot, recorder, yes=11, no=1)
    assert votes.explain(again) == "Passed: 11 in favor, 11 of 20 due needed."


def test_an_election_and_a_missing_quorum_are_explained(
    draft, recorder
):  # EL-04, EL-10
    item = draft.items.first()
    chosen = build_ballot(item, rule="election", eligible=20, present=16)
    few = build_ballot(item, rule="election", eligible=20, present=15)

    assert votes.explain(count(chosen, recorder, yes=9, no=7)) == (
        "Elected: 9 in favor, 9 of 16 present needed."
    )
    assert votes.explain(count(few, recorder, yes=15)) == (
        "No quorum: of 20 due 15 were present, 16 are needed. Nothing is decided."
    )


def test_sums_that_do_not_fit_are_refused(draft, recorder):  # MIN-15, EL-08
    ballot = build_ballot(draft.items.first(), eligible=20, present=12)

    assert refused(count, ballot, recorder, yes=10, returned=12) == {"returned": "sum"}
    assert refused(count, ballot, recorder, yes=13) == {"returned": "more_than_issued"}
    ballot.refresh_from_db()
    assert not ballot.is_counted


def test_only_tellers_count_a_secret_ballot(draft, chair, recorder, branch):
    teller = build.user(member=build.member("监票", branch=branch))
    other = build.member("计票", branch=branch)
    ballot = build_ballot(
        draft.items.first(), is_secret=True, monitor=teller.member, counter=other
    )

    assert refused(count, ballot, chair, yes=2) == "teller"
    assert count(ballot, teller, yes=2).is_counted


def test_a_vote_is_put_on_a_draft_with_its_tellers(draft, chair, recorder):  # EL-13
    def put(**fields):
        given = {"motion": "选举", "rule": "election", "eligible": 2, "present": 2}
        ballot = type(build_ballot(item))(item=item, **(given | fields))
        return refused(votes.put_ballot, ballot)

    item = draft.items.first()
    one, two = chair.member, recorder.member
    assert put(is_secret=True, monitor=one) == {"counter": "tellers"}
    assert put(is_secret=True, monitor=one, counter=one) == {"counter": "tellers"}
    assert put(candidate=one, monitor=one, counter=two) == {"candidate": "candidate"}
    assert put(present=3) == {"present": "more_than_due"}


def test_a_vote_put_there_by_mistake_is_removed_and_a_secret_count_is_not(
    draft, chair, recorder, branch
):
    item = draft.items.first()
    wrong = build_ballot(item)
    secret = build_ballot(
        item, is_secret=True, monitor=chair.member, counter=recorder.member
    )
    count(secret, recorder, yes=2)

    votes.remove_ballot(wrong)
    votes.remove_ballot(wrong)

    assert refused(votes.remove_ballot, secret) == "counted"
    assert list(item.ballots.all()) == [secret]
    signed(draft, chair, recorder)
    assert refused(votes.remove_ballot, secret) == "signed"


def test_full_members_vote_and_the_exempt_are_not_due(meeting, draft, branch):  # EL-02
    build.member("预备", branch=branch, state="probationary")
    build.member("王老", branch=branch)
    build.member("赵忙", branch=branch)
    mark_all(meeting, 王老=("exempt", "年老体弱"), 赵忙=("leave", "出差"))

    assert votes.voters(meeting) == (3, 2)


# --- resolutions ------------------------------------------------------------------------
@pytest.fixture
def resolved(draft, chair, recorder):
    """Signed minutes that give the recorder something to do."""
    rows = [Decided("new1", "修通村道", recorder.member, date(2026, 12, 1))]
    minutes.save(draft, {}, [], rows)
    return signed(draft, chair, recorder)


def test_a_resolution_is_a_to_do_once_signed(draft, chair, recorder):  # MIN-09
    rows = [
        Decided("new1", "修通村道", recorder.member, date(2026, 12, 1)),
        Decided("new2", "同意上次记录"),
    ]
    minutes.save(draft, {}, [], rows)
    assert not Resolution.objects.open().exists()

    signed(draft, chair, recorder)

    assert [one.text for one in Resolution.objects.open()] == ["修通村道"]
    told = Notification.objects.get(kind="resolution_given")
    assert (told.user, told.context["reason"]) == (recorder, "修通村道")


def test_it_comes_back_on_the_next_agenda_until_it_is_ticked(
    branch, resolved, recorder
):
    from activities.models import Activity  # noqa: PLC0415
    from activities.services import activities  # noqa: PLC0415

    def planned(**fields):
        starts = timezone.now() + timedelta(days=30)
        given = {"kind": "general_meeting", "title": "四季度党员大会", "place": "村部"}
        plan = Activity(
            branch=branch,
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            **(given | fields),
        )
        activities.plan(plan, by=recorder)
        return plan

    later = planned()
    assert [(one.title, one.speaker) for one in later.agenda.all()] == [
        ("How it stands: 修通村道", "李记录")
    ]
    assert resolutions.put_on_agenda(later) == 0
    assert not planned(kind="committee_meeting").agenda.exists()
    assert not planned(kind="theme_day").agenda.exists()

    resolutions.tick(resolved.resolutions.get(), by=recorder, now=timezone.now())
    assert not planned().agenda.exists()


def test_ticked_twice_is_ticked_once_and_stays_so_in_a_correction(
    resolved, chair, recorder
):
    first = resolutions.tick(
        resolved.resolutions.get(), by=recorder, now=timezone.now()
    )
    draft = sign_off.correct(resolved, reason="地点写错", by=chair)
    again = resolutions.tick(first, by=chair, now=timezone.now())

    assert (again.done_at, again.done_by) == (first.done_at, recorder)
    signed(draft, chair, recorder)
    assert not Resolution.objects.open().exists()


def test_what_is_done_while_a_correction_is_written_stays_done(
    resolved, chair, recorder
):
    draft = sign_off.correct(resolved, reason="地点写错", by=chair)
    resolutions.tick(resolved.resolutions.get(), by=recorder, now=timezone.now())
    signed(draft, chair, recorder)

    assert not Resolution.objects.open().exists()
    assert Notification.objects.filter(kind="resolution_given").count() == 1


def test_a_resolution_of_a_draft_is_not_ticked(draft, recorder):
    minutes.save(
        draft, {}, [], [Decided("new1", "修路", recorder.member, date(2026, 12, 1))]
    )
    row = draft.resolutions.get()

    found = refused(resolutions.tick, row, by=recorder, now=timezone.now())

    assert found == "superseded"


# --- at the same moment -----------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_both_signing_at_the_same_moment_lock_the_minutes_once(
    draft, meeting, chair, recorder
):
    mark_all(meeting)
    seen = minutes.digest(draft)
    now = timezone.now()

    states = race(
        lambda user: sign_off.sign(draft, seen=seen, by=user, now=now).state,
        [chair, recorder],
    )

    assert sorted(states) == ["locked", "signing"]
    assert Minutes.objects.get().is_locked


@pytest.mark.django_db(transaction=True)
def test_two_who_start_at_the_same_moment_write_one_draft(meeting, chair, recorder):
    now = timezone.now()

    drafts = race(
        lambda user: minutes.start(meeting, by=user, now=now).pk, [chair, recorder]
    )

    assert len(set(drafts)) == 1
    assert Minutes.objects.count() == 1
