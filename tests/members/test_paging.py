"""Pages found by the place of a row: nobody is skipped or shown twice."""

from datetime import date
from itertools import pairwise

import pytest
from django.db.models import Case, F, Value, When
from django.http import QueryDict

from members import paging
from members.models import Member
from members.paging import Keyset
from tests import build

pytestmark = pytest.mark.django_db

ORDERS = [
    ("pinyin", "pk"),
    ("-pinyin", "-pk"),
    ("applied_on", "pinyin", "pk"),
    ("-applied_on", "pinyin", "pk"),
    ("party_group__name", "-birth_date", "pk"),
    ("branch__path", "-applied_on", "-pk"),
    ("turn", "-pk"),
]


@pytest.fixture
def people():
    """Eleven, some of them with equal values, some with none."""
    branch = build.branch()
    group = build.group(branch, "第一组")
    names = [
        "安一",
        "白二",
        "白二",
        "白二",
        "曹三",
        "丁四",
        "方五",
        "高六",
        "何七",
        "姜八",
        "李九",
    ]
    for number, name in enumerate(names):
        build.member(
            name,
            branch=branch,
            state="applicant",
            birth_date=date(1970 + number % 3, 1, 1),
            applied_on=None if number % 3 == 0 else date(2020, 1, 1 + number % 2),
            party_group=group if number % 4 == 0 else None,
        )
    turn = Case(When(name="白二", then=Value(0)), default=Value(1))
    return Member.objects.annotate(turn=turn)


def page(rows, order, address="", **given):
    query = QueryDict(address.removeprefix("?"))
    return Keyset(rows, order, query=query, size=3, **given)


def keys(rows):
    return [row.pk for row in rows]


def in_order(rows, order):
    """All of them, empty values last either way."""
    columns = [
        F(name[1:]).desc(nulls_last=True)
        if name[0] == "-"
        else F(name).asc(nulls_last=True)
        for name in order
    ]
    return list(rows.order_by(*columns).values_list("pk", flat=True))


@pytest.mark.parametrize("order", ORDERS)
def test_forward_through_all_pages_meets_everybody_once(people, order):
    seen, now = [], page(people, order)
    while True:
        seen += keys(now.rows)
        if now.next_url is None:
            break
        now = page(people, order, now.next_url)

    assert seen == in_order(people, order)
    assert now.last_url is None


@pytest.mark.parametrize("order", ORDERS)
def test_backward_through_all_pages_meets_everybody_once(people, order):
    seen, now = [], page(people, order, "last=1")
    while True:
        seen = keys(now.rows) + seen
        if now.previous_url is None:
            break
        now = page(people, order, now.previous_url)

    assert seen == in_order(people, order)
    assert now.first_url is None


@pytest.mark.parametrize("descending", ["", "-"])
def test_empty_values_stand_last_either_way(people, descending):
    rows = Keyset(
        people, (f"{descending}applied_on", "pk"), query=QueryDict(), size=100
    ).rows

    empty = [row.applied_on is None for row in rows]
    assert all(not after or later for after, later in pairwise(empty))
    assert empty.count(True) == 4


def test_the_first_page_knows_no_way_back(people):
    first = page(people, ("pinyin", "pk"))

    assert (first.first_url, first.previous_url) == (None, None)
    assert first.next_url == f"?after={first.rows[-1].pk}"
    assert first.last_url == "?last=1"


def test_filters_stay_in_the_address_and_the_place_is_the_key_alone(people):
    second = page(people, ("pinyin", "pk"), "state=all&q=a&after=x")

    assert second.next_url == f"?state=all&q=a&after={second.rows[-1].pk}"


@pytest.mark.parametrize(
    "place",
    ["after=", "after=x", "after=-1", "after=0", "before=" + "9" * 30, "after=²"],
)
def test_a_key_that_leads_nowhere_gives_the_first_page(people, place):
    order = ("pinyin", "pk")

    assert keys(page(people, order, place).rows) == keys(page(people, order).rows)


def test_a_key_out_of_sight_tells_nothing(people):
    hidden = build.member("曹三")
    seen = people.exclude(pk=hidden.pk)
    order = ("pinyin", "pk")

    assert keys(page(seen, order, f"after={hidden.pk}").rows) == keys(
        page(seen, order).rows
    )


def test_a_row_that_left_the_list_still_marks_its_place(people):
    order = ("pinyin", "pk")
    first = page(people, order)
    left = first.rows[-1]
    rest = people.exclude(pk=left.pk)

    assert keys(page(rest, order, first.next_url, among=people).rows) == keys(
        page(people, order, first.next_url).rows
    )


def test_one_page_takes_two_queries_and_the_place_a_third(
    people, django_assert_num_queries
):
    with django_assert_num_queries(2):
        first = page(people, ("pinyin", "pk"))
        assert first.count == 11
    with django_assert_num_queries(3):
        assert page(people, ("pinyin", "pk"), first.next_url).count == 11


def test_many_are_counted_only_so_far(people, monkeypatch):
    assert page(people, ("pk",)).count_text.count("11") == 1

    monkeypatch.setattr(paging, "COUNTED_EXACTLY", 10)
    assert "10" in page(people, ("pk",)).count_text
    assert page(people, ("pk",)).count == 11
