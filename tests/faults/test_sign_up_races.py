"""Seats asked for through two web processes at once: none too many, nobody twice, nobody
lost, and the waiting list moves up once for each seat that is given back (RL-01)."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.urls import reverse

from activities.models import SignUp
from members.models import Notification
from tests import build
from tests.processes import Browser, web

SEATS, PEOPLE, GIVEN_BACK = 10, 100, 5
AT_ONCE = 64


def all_at_once(calls):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda call: call(), calls))


def with_a_seat(activity):
    found = activity.sign_ups.with_a_seat().order_by("place")
    return list(found.values_list("member", flat=True))


def waiting(activity):
    return list(activity.sign_ups.waiting().values_list("member", flat=True))


@pytest.mark.django_db(transaction=True)
def test_seats_asked_for_through_two_processes_each_request_sent_twice():
    activity = build.activity("义务植树", seats=SEATS)
    users = {}
    for _each in range(PEOPLE):
        member = build.member(branch=activity.branch)
        users[member.pk] = build.user(member=member)
    sign_up, give_back = (
        reverse(f"activities:{name}", args=[activity.pk])
        for name in ("sign_up", "sign_up_withdraw")
    )
    with web() as one, web() as other:
        browsers = {
            key: [Browser(port, user) for port in (one, other)]
            for key, user in users.items()
        }
        asked = all_at_once(
            lambda b=browser: b.ask(sign_up, note="")
            for both in browsers.values()
            for browser in both
        )

        assert asked == [302] * 2 * PEOPLE
        seated, waits = with_a_seat(activity), waiting(activity)
        assert (len(seated), len(waits)) == (SEATS, PEOPLE - SEATS)
        assert sorted(seated + waits) == sorted(users)
        assert SignUp.objects.count() == PEOPLE
        places = SignUp.objects.order_by("place").values_list("member", "place")
        assert list(places) == list(
            zip(seated + waits, range(1, PEOPLE + 1), strict=True)
        )
        for place in (1, 45, PEOPLE - SEATS):
            assert shown(browsers[waits[place - 1]][0], activity) == place

        leaving = seated[3 : 3 + GIVEN_BACK]
        given = all_at_once(
            lambda b=browser: b.ask(give_back, sure="1")
            for key in leaving
            for browser in browsers[key]
        )

    assert given == [302] * 2 * GIVEN_BACK
    stay = [key for key in seated if key not in leaving]
    assert with_a_seat(activity) == stay + waits[:GIVEN_BACK]
    assert waiting(activity) == waits[GIVEN_BACK:]
    told = Notification.objects.filter(kind="seat_given").order_by("user__member")
    assert list(told.values_list("user__member", flat=True)) == sorted(
        waits[:GIVEN_BACK]
    )
    assert SignUp.objects.count() == PEOPLE


def shown(browser, activity):
    """The place on the waiting list that the page of the activity shows."""
    assert browser.ask(activity) == 200
    state = re.search(r'<p role="status">.*?</p>', browser.text, re.DOTALL)[0]
    return int(re.search(r"\d+", state)[0])
