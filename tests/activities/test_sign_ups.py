"""Seats and the waiting list, by services: the ordinary case, each refusal, twice in a
row, and races (RL-01)."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities import access
from activities.models import Activity, SignUp
from activities.services import activities, sign_ups
from activities.signals import signed_up
from members.models import AuditEntry
from tests import build
from tests.race import codes, race

Act = AuditEntry.Act
SEATS, PEOPLE = 8, 24


def ask(member, activity, *, by=None, now=None, note=""):
    now = now or timezone.now()
    return sign_ups.sign_up(member, activity, by=by, now=now, note=note)


def give_back(sign_up, *, by=None, now=None):
    return sign_ups.withdraw(sign_up, by=by, now=now or timezone.now())


def people(branch, count):
    return [build.member(branch=branch) for _each in range(count)]


def with_a_seat(activity):
    found = activity.sign_ups.with_a_seat().order_by("place")
    return [sign_up.member for sign_up in found]


def waiting(activity):
    return [sign_up.member for sign_up in activity.sign_ups.waiting()]


def refusal(call, *args, **options):
    with pytest.raises(ValidationError) as raised:
        call(*args, **options)
    return codes(raised.value)


@pytest.fixture
def heard():
    """Those of whom it was announced that they have a seat."""
    found = []

    def hear(sender, sign_up, **_more):
        found.append(sign_up.member_id)

    signed_up.connect(hear)
    yield found
    signed_up.disconnect(hear)


# --- signing up -------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_first_have_seats_and_the_others_wait_in_order(heard):
    activity = build.activity(seats=2)
    one, two, three, four = people(activity.branch, 4)

    made = [
        ask(member, activity, note=" 需要接送 ") for member in (one, two, three, four)
    ]

    assert with_a_seat(activity) == [one, two]
    assert waiting(activity) == [three, four]
    assert [sign_ups.waiting_place(each) for each in made] == [None, None, 1, 2]
    assert {each.note for each in activity.sign_ups.all()} == {"需要接送"}
    assert heard == [one.pk, two.pk]


@pytest.mark.django_db
def test_twice_is_once(heard):
    activity = build.activity(seats=1)
    one, two = people(activity.branch, 2)

    assert ask(one, activity) == ask(one, activity)
    assert ask(two, activity) == ask(two, activity)
    assert (with_a_seat(activity), waiting(activity)) == ([one], [two])
    assert heard == [one.pk]


@pytest.mark.django_db
def test_without_a_limit_there_is_room_for_everybody():
    activity = build.activity(needs_sign_up=True)
    members = people(activity.branch, 3)

    for member in members:
        ask(member, activity)

    assert with_a_seat(activity) == members


@pytest.mark.django_db
def test_who_signs_up_again_waits_at_the_end():
    activity = build.activity(seats=1)
    one, two = people(activity.branch, 2)
    first = ask(one, activity)
    asked_at = first.asked_at
    ask(two, activity)
    give_back(first)

    again = ask(one, activity, note="改时间了")

    assert again.pk == first.pk
    assert again.asked_at > asked_at
    assert (with_a_seat(activity), waiting(activity)) == ([two], [one])
    assert activity.sign_ups.get(member=one).note == "改时间了"


@pytest.mark.django_db
def test_each_refusal_of_a_sign_up():
    branch, now = build.branch(), timezone.now()
    member, stranger = build.member(branch=branch), build.member()
    activity = build.activity(
        branch=branch, seats=1, sign_up_ends_at=now + timedelta(days=1)
    )

    def refused(activity, member=member, **options):
        return refusal(ask, member, activity, **options)

    assert refused(build.activity(branch=branch)) == {"no_sign_up"}
    assert refused(activity, now=now + timedelta(days=1)) == {"closed"}
    for state in ("draft", "held"):
        assert refused(build.activity(branch=branch, seats=1, state=state)) == {
            "closed"
        }
    assert refused(activity, stranger) == {"not_invited"}
    assert refused(activity, note="长" * 201) == {"max_length"}
    assert not SignUp.objects.exists()


@pytest.mark.django_db
def test_somebody_signed_up_before_is_told_so_even_once_others_are_invited():
    activity = build.activity(seats=1)
    member = build.member(branch=activity.branch)
    made = ask(member, activity)
    member.branch = build.branch()
    member.save()

    assert ask(member, activity) == made


@pytest.mark.django_db
def test_a_plan_that_changed_since_the_page_was_opened_is_judged_as_it_stands():
    branch = build.branch()
    group = build.group(branch)
    member = build.member(branch=branch)
    seen = build.activity(branch=branch, seats=1)
    stands = Activity.objects.get(pk=seen.pk)
    stands.audience, stands.party_group = "group", group
    activities.change(stands, by=None)

    assert refusal(ask, member, seen) == {"not_invited"}


@pytest.mark.django_db
def test_while_the_lock_is_held_little_is_asked_however_many_there_are():
    activity = build.activity(seats=2)
    members = people(activity.branch, 6)
    counts = []
    for member in members:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            ask(member, activity)
        asked = [query["sql"] for query in queries]
        (lock,) = [n for n, sql in enumerate(asked) if "FOR NO KEY UPDATE" in sql]
        counts.append(len(asked[lock:]) - 1)  # the last releases the savepoint

    assert counts == [3] * len(members)


# --- for somebody else ------------------------------------------------------------------
@pytest.mark.django_db
def test_who_signs_up_another_is_written_down_and_the_other_is_told():
    branch = build.branch()
    helper = build.secretary(of=branch)
    activity = build.activity("植树", branch=branch, seats=1)
    told = build.user(member=build.member(branch=branch))
    unable = build.member(branch=branch)  # has no account

    seat = ask(told.member, activity, by=helper)
    ask(unable, activity, by=helper)
    ask(helper.member, activity, by=helper)
    give_back(seat, by=helper)

    entries = AuditEntry.objects.filter(subject_id=activity.pk).order_by("pk")
    assert list(entries.values_list("act", "member", "by", "branch")) == [
        (Act.SIGNED_UP_FOR, told.member.pk, helper.pk, branch.pk),
        (Act.SIGNED_UP_FOR, unable.pk, helper.pk, branch.pk),
        (Act.WITHDRAWN_FOR, told.member.pk, helper.pk, branch.pk),
    ]
    lines = list(told.notifications.order_by("pk").values_list("kind", flat=True))
    assert lines == ["signed_up_by", "withdrawn_by"]
    assert seat.signed_up_by == helper


@pytest.mark.django_db
def test_who_is_put_on_the_waiting_list_is_told_that_it_is_no_seat():
    branch = build.branch()
    activity = build.activity(branch=branch, seats=1)
    ask(build.member(branch=branch), activity)
    told = build.user(member=build.member(branch=branch))

    ask(told.member, activity, by=build.secretary(of=branch))

    assert told.notifications.get().kind == "listed_by"


# --- giving back and moving up ----------------------------------------------------------
@pytest.mark.django_db
def test_the_first_who_waits_gets_the_seat_is_told_and_may_decline(heard):
    activity = build.activity(seats=1)
    one, two, three = people(activity.branch, 3)
    accounts = [build.user(member=member) for member in (one, two, three)]
    seats = [ask(member, activity) for member in (one, two, three)]

    give_back(seats[0])
    assert (with_a_seat(activity), waiting(activity)) == ([two], [three])
    give_back(seats[1])
    assert (with_a_seat(activity), waiting(activity)) == ([three], [])

    assert heard == [one.pk, two.pk, three.pk]
    told = [
        list(account.notifications.values_list("kind", flat=True))
        for account in accounts
    ]
    assert told == [[], ["seat_given"], ["seat_given"]]


@pytest.mark.django_db
def test_giving_back_twice_is_once():
    activity = build.activity(seats=1)
    seats = [ask(member, activity) for member in people(activity.branch, 3)]

    for _time in range(2):
        give_back(seats[0])

    assert with_a_seat(activity) == [seats[1].member]
    assert waiting(activity) == [seats[2].member]


@pytest.mark.django_db
def test_who_leaves_the_list_moves_nobody_but_those_behind():
    activity = build.activity(seats=1)
    seats = [ask(member, activity) for member in people(activity.branch, 4)]

    give_back(seats[1])

    assert with_a_seat(activity) == [seats[0].member]
    assert [sign_ups.waiting_place(each) for each in seats[2:]] == [1, 2]


@pytest.mark.django_db
def test_each_refusal_of_giving_back():
    activity = build.activity(seats=1)
    seat = ask(build.member(branch=activity.branch), activity)

    assert refusal(give_back, seat, now=activity.starts_at) == {"begun"}
    activities.cancel(activity, reason="下雨", by=None)
    assert refusal(give_back, seat) == {"over"}
    assert with_a_seat(activity) == [seat.member]


@pytest.mark.django_db
@pytest.mark.parametrize(("seats", "seated"), [(1, 1), (3, 3), (9, 4), (None, 4)])
def test_raised_seats_go_to_those_who_wait_in_order(seats, seated):
    activity = build.activity(seats=1)
    members = people(activity.branch, 4)
    for member in members:
        ask(member, activity)

    activity.seats = seats
    activities.change(activity, by=None)

    assert with_a_seat(activity) == members[:seated]
    assert waiting(activity) == members[seated:]


@pytest.mark.django_db
def test_seats_are_not_lowered_below_those_who_have_one():
    activity = build.activity(seats=3)
    members = people(activity.branch, 2)
    for member in members:
        ask(member, activity)

    activity.seats = 1
    assert refusal(activities.change, activity, by=None) == {"taken"}
    activity.seats = 2
    activities.change(activity, by=None)

    assert with_a_seat(activity) == members
    third = build.member(branch=activity.branch)
    ask(third, activity)
    assert waiting(activity) == [third]


@pytest.mark.django_db
def test_when_nobody_needs_to_sign_up_any_more_nobody_waits_any_more():
    activity = build.activity(seats=1)
    members = people(activity.branch, 2)
    for member in members:
        ask(member, activity)

    activity.needs_sign_up, activity.seats = False, None
    activities.change(activity, by=None)

    assert with_a_seat(activity) == members


@pytest.mark.django_db
def test_moving_up_costs_the_same_for_ten_as_for_two(django_assert_num_queries):
    costs = set()
    for waits in (2, 10):
        activity = build.activity(seats=1)
        for member in people(activity.branch, waits + 1):
            build.user(member=member)
            ask(member, activity)
        activity.seats = None
        with CaptureQueriesContext(connection) as queries:
            activities.change(activity, by=None)
        costs.add(len(queries))
        assert len(with_a_seat(activity)) == waits + 1

    assert len(costs) == 1


# --- races (RL-01) ----------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_who_ask_at_once_get_no_seat_too_many_and_nobody_is_lost():
    activity = build.activity(seats=SEATS)
    members = people(activity.branch, PEOPLE)

    states = race(lambda member: ask(member, activity).state, members * 2)

    assert sorted(states) == ["confirmed"] * 2 * SEATS + ["waiting"] * 2 * (
        PEOPLE - SEATS
    )
    assert activity.sign_ups.count() == PEOPLE
    places = activity.sign_ups.order_by("place").values_list("place", flat=True)
    assert list(places) == list(range(1, PEOPLE + 1))


@pytest.mark.django_db(transaction=True)
def test_seats_given_back_at_once_go_to_as_many_in_order():
    activity = build.activity(seats=SEATS)
    seats = [ask(member, activity) for member in people(activity.branch, PEOPLE)]

    race(give_back, seats[:SEATS] * 2)

    assert with_a_seat(activity) == [each.member for each in seats[SEATS : 2 * SEATS]]
    assert waiting(activity) == [each.member for each in seats[2 * SEATS :]]


@pytest.mark.django_db(transaction=True)
def test_what_is_given_back_asked_for_and_raised_at_once_adds_up():
    activity = build.activity(seats=SEATS)
    members = people(activity.branch, 2 * PEOPLE)
    seats = [ask(member, activity) for member in members[:PEOPLE]]

    def raise_seats(count):
        stands = Activity.objects.get(pk=activity.pk)
        stands.seats = count
        return activities.change(stands, by=None)

    acts = [lambda m=m: ask(m, activity) for m in members[PEOPLE:]]
    acts += [lambda s=s: give_back(s) for s in seats[:SEATS]]
    acts += [lambda: raise_seats(SEATS + 2)]
    race(lambda act: act(), acts)

    assert len(with_a_seat(activity)) == SEATS + 2
    assert activity.sign_ups.count() == 2 * PEOPLE
    assert with_a_seat(activity) == [
        each.member for each in seats[SEATS : 2 * SEATS + 2]
    ]


# --- who may help -----------------------------------------------------------------------
@pytest.mark.django_db
def test_whom_one_may_sign_up():
    top, left, right = build.tree()
    group = build.group(left)
    mate = build.member(branch=left, party_group=group)
    other, far = build.member(branch=left), build.member(branch=right)
    build.member(branch=left, state="applicant")
    leader = build.user(member=build.member(branch=left, party_group=group))
    build.appointment(leader.member, office="group_leader", party_group=group)
    activity = build.activity(branch=top, audience="below", seats=1)
    above, secretary = build.secretary(of=top, home=right), build.secretary(of=left)
    member = build.user(member=build.member(branch=left))

    def helped(user):
        return set(access.helped_members(user, activity))

    of_left = {mate, other, leader.member, secretary.member, member.member}
    assert helped(above) == of_left | {far, above.member}
    assert helped(secretary) == of_left
    assert helped(leader) == {mate, leader.member}
    assert helped(member) == set()
    assert helped(build.administrator("system")) == set()
    helps = (above, secretary, leader, member, build.administrator("audit"))
    assert [access.may_help(user) for user in helps] == [True, True, True, False, False]


@pytest.mark.django_db
def test_whose_sign_up_one_may_withdraw():
    top, left, right = build.tree()
    group = build.group(left)
    activity = build.activity(branch=top, audience="below", needs_sign_up=True)
    mate, other, far = (
        build.sign_up(activity, build.member(branch=branch, party_group=of))
        for branch, of in ((left, group), (left, None), (right, None))
    )
    leader = build.user(member=build.member(branch=left, party_group=group))
    build.appointment(leader.member, office="group_leader", party_group=group)

    def helped(user):
        return set(access.helped_sign_ups(user))

    assert helped(build.secretary(of=top, home=right)) == {mate, other, far}
    assert helped(build.secretary(of=left)) == {mate, other}
    assert helped(leader) == {mate}
    assert helped(build.user(member=mate.member)) == set()
    assert helped(build.administrator("system")) == set()
