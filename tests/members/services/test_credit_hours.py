"""Credit hours are given once, and taken back by a line of their own (EDU-01, EDU-11)."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from members.models import CreditHour
from members.services import credit_hours
from tests import build
from tests.race import race

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 5)


def credit(member, hours, key="7"):
    return credit_hours.credit(member, Decimal(hours), DAY, "activity", key, "党课")


def lines(member):
    return [line.hours for line in member.credit_hours.order_by("turn")]


def test_hours_are_given_once_however_often_they_are_asked_for():
    member = build.member()

    assert (credit(member, "1.5"), credit(member, "1.5")) == (Decimal("1.5"), 0)
    assert lines(member) == [Decimal("1.5")]


def test_a_change_takes_back_and_gives_anew_and_the_year_is_right():
    member = build.member()
    credit(member, "1.5")
    credit(member, "2")
    assert lines(member) == [Decimal("1.5"), Decimal("-1.5"), Decimal(2)]
    assert credit_hours.of_year(member, 2026) == 2

    credit_hours.take_back(member, "activity", "7", on=DAY)
    credit_hours.take_back(member, "activity", "7", on=DAY)
    assert credit_hours.of_year(member, 2026) == 0
    assert len(lines(member)) == 4
    credit(member, "1")
    assert credit_hours.of_year(member, 2026) == 1


@pytest.mark.parametrize("hours", ["-1", "100.5"])
def test_hours_out_of_range_are_refused(hours):
    with pytest.raises(ValidationError) as refusal:
        credit(build.member(), hours)
    assert refusal.value.code == "range"


def test_the_same_line_cannot_be_written_twice():
    member = build.member()
    credit(member, "1")
    with pytest.raises(IntegrityError), transaction.atomic():
        CreditHour.objects.create(
            member=member, hours=1, on=DAY, source="activity", key="7"
        )


def test_many_members_cost_as_many_queries_as_one(django_assert_num_queries):
    for number in (1, 8):
        wanted = {build.member().pk: Decimal(1) for _ in range(number)}
        with django_assert_num_queries(5):  # two of them the savepoint
            credit_hours.settle(wanted, on=DAY, source="lesson", key=str(number))


def test_what_the_rules_ask_is_told_by_office():
    """EDU-01, EDU-02"""
    member, secretary = build.member(), build.member()
    build.appointment(secretary)
    applicant = build.member(state="applicant")

    asked = [credit_hours.demand(m, 2026) for m in (member, secretary, applicant)]
    assert asked == [32, 56, None]


@pytest.mark.django_db(transaction=True)
def test_two_who_settle_the_same_at_once_give_it_once():
    member = build.member()

    added = race(lambda hours: credit(member, hours), ["1.5"] * 4)

    assert sorted(added) == [0, 0, 0, Decimal("1.5")]
    assert lines(member) == [Decimal("1.5")]


@pytest.mark.django_db(transaction=True)
def test_two_who_disagree_leave_what_one_of_them_said():
    member = build.member()

    race(lambda hours: credit(member, hours), ["1", "2", "3"])

    total = credit_hours.of_year(member, 2026)
    assert total in {1, 2, 3}
    assert sum(lines(member)) == total
