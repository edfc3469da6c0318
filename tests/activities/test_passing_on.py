"""A seat that became free is taken or passed on, and those who no longer take part leave
theirs to who waits (RL-01, MEM-07)."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from activities.services import releases, sign_ups
from members.sentences import sentences
from members.services import states
from tests import build
from tests.activities.test_sign_up_pages import HTMX, address, client_of, text_of
from tests.activities.test_sign_ups import give_back, waiting, with_a_seat
from tests.race import codes

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch():
    return build.branch()


def offered(branch, *, waits=1):
    """An account that moved up a moment ago, and who waits behind it."""
    activity = build.activity("义务植树", branch=branch, seats=1)
    first = build.sign_up(activity, build.member(branch=branch))
    user = build.user(member=build.member(branch=branch))
    build.sign_up(activity, user.member, state="waiting")
    behind = [
        build.sign_up(activity, build.member(branch=branch), state="waiting")
        for _each in range(waits)
    ]
    give_back(first)
    return activity, user, behind


def release(**given):
    return releases.release(now=timezone.now(), **given)


# --- taken or passed on -----------------------------------------------------------------
def test_who_moved_up_keeps_the_seat_and_may_say_so_once(branch):
    activity, user, _behind = offered(branch)
    own = activity.sign_ups.get(member=user.member)
    assert own.moved_up_at is not None

    for _time in range(2):
        sign_ups.take_seat(own)

    own.refresh_from_db()
    assert (own.state, own.moved_up_at) == ("confirmed", None)
    give_back(own)
    with pytest.raises(ValidationError) as refused:
        sign_ups.take_seat(own)
    assert codes(refused.value) == {"passed_on"}


def test_who_signs_up_at_once_is_offered_nothing(branch):
    activity = build.activity(branch=branch, seats=1)
    made = sign_ups.sign_up(
        build.member(branch=branch), activity, by=None, now=timezone.now()
    )
    assert made.moved_up_at is None


def test_the_inbox_leads_to_the_offer_and_the_page_makes_it(branch, in_english):
    _activity, user, _behind = offered(branch)
    line = user.notifications.get()
    ((_line, sentence),) = sentences([line])
    assert "take it, or pass it on at once" in sentence
    assert line.url.endswith("#sign-up")

    page = text_of(client_of(user).get(line.url))

    assert "you keep it without doing anything" in page
    assert "I take it" in page
    assert "Pass it on" in page
    assert "Give the seat back" not in page


@pytest.mark.parametrize("more", [{}, HTMX], ids=["page", "fragment"])
def test_it_is_taken_by_a_click(branch, more):
    activity, user, _behind = offered(branch)
    client = client_of(user)

    client.post(address("seat_take", activity), **more)

    page = text_of(client.get(activity.get_absolute_url()))
    assert "Pass it on" not in page
    assert "Give the seat back" in page
    assert with_a_seat(activity) == [user.member]


@pytest.mark.parametrize("more", [{}, HTMX], ids=["page", "fragment"])
def test_it_is_passed_on_by_a_click_and_the_next_has_it_at_once(branch, more):
    activity, user, behind = offered(branch, waits=2)
    client = client_of(user)

    client.post(address("sign_up_withdraw", activity), **more)

    assert with_a_seat(activity) == [behind[0].member]
    assert waiting(activity) == [behind[1].member]
    late = client.post(address("seat_take", activity), **HTMX)
    assert late.status_code == 422
    assert "This seat was passed on already." in text_of(late)


def test_it_is_taken_by_the_api(branch):
    activity, user, _behind = offered(branch)
    client = APIClient()
    client.force_login(user)
    url = f"/api/v1/activities/{activity.pk}/sign-up/"
    assert client.get(url).json()["sign_up"]["moved_up_at"]

    answers = [client.post(f"{url}take/").json() for _time in range(2)]

    assert [one["moved_up_at"] for one in answers] == [None, None]
    client.delete(url)
    late = client.post(f"{url}take/")
    assert [error["code"] for error in late.json()["errors"]] == ["passed_on"]
    client.force_login(build.user(member=build.member(branch=branch)))
    assert client.post(f"{url}take/").status_code == 404


# --- who takes part no more -------------------------------------------------------------
@pytest.mark.parametrize("state", ["stopped", "resigned", "deceased"])
def test_who_leaves_the_party_leaves_the_seat_at_once(branch, state):
    activity = build.activity(branch=branch, seats=1)
    member = build.member(branch=branch)
    build.sign_up(activity, member)
    next_one = build.sign_up(activity, build.member(branch=branch), state="waiting")
    body = "none" if state == "deceased" else "superior"

    states.change_state(
        member,
        state,
        body=body,
        decided_on=date(2026, 1, 5),
        document_number="1号",
        by=None,
    )

    assert with_a_seat(activity) == [next_one.member]


def test_who_left_the_branch_leaves_the_seat_by_night(branch):
    top, left, right = build.tree()
    own = build.activity(branch=left, seats=1)
    together = build.activity(branch=left, seats=1)
    together.co_hosts.create(branch=right)
    of_all = build.activity(branch=top, audience="below", seats=1)
    far = build.activity(branch=build.branch(), audience="below", seats=1)
    far.co_hosts.create(branch=top)
    user = build.user(member=build.member(branch=left))
    for activity in (own, together, of_all, far):
        build.sign_up(activity, user.member)
    next_one = build.sign_up(own, build.member(branch=left), state="waiting")
    user.member.branch = right
    user.member.save()

    assert (release(), release()) == (1, 0)

    assert with_a_seat(own) == [next_one.member]
    assert with_a_seat(together) == with_a_seat(of_all) == with_a_seat(far)
    assert user.notifications.get().kind == "seat_released"


def test_what_began_or_was_held_stays_as_it_was(branch):
    now = timezone.now()
    gone = build.member(branch=branch, state="resigned")
    for fields in ({"starts_at": now}, {"state": "held"}, {"state": "draft"}):
        build.sign_up(build.activity(branch=branch, seats=1, **fields), gone)

    assert release() == 0


def test_who_only_no_longer_fits_an_office_keeps_the_seat(branch):
    activity = build.activity(branch=branch, seats=1, offices=["secretary"])
    build.sign_up(activity, build.member(branch=branch))

    assert release() == 0


def test_releasing_costs_the_same_for_many_of_one_activity(branch):
    costs = set()
    for count in (1, 9):
        activity = build.activity(branch=branch, seats=count)
        for _each in range(count):
            member = build.member(branch=branch, state="resigned")
            build.sign_up(activity, member, state="waiting")
        with CaptureQueriesContext(connection) as queries:
            assert release() == count
        costs.add(len(queries) - count)  # one for each that is ended

    assert len(costs) == 1
