"""The roll: who sees whom, filters, order, pages, and the roll of an earlier day."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members import history
from members.forms import fields
from members.forms.roll import ORDERS
from members.models import Member
from tests import build

pytestmark = pytest.mark.django_db

ROLL = "/members/roll/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-06-30T10:00:00+08:00", tick=False):
        yield


@pytest.fixture
def secretary(client):
    """Signed in; the only other person on the roll is the one of the test."""
    user = build.secretary(of=build.branch("中共东村支部"))
    client.force_login(user)
    return user


def roll(client, **query):
    return client.get(ROLL, query)


def shown(answer):
    """The names on the page, without the secretary's own."""
    return [
        line["name"] for line in answer.context["lines"] if line["name"] != "王书记"
    ]


def found(client, **query):
    return set(shown(roll(client, **query)))


@pytest.fixture
def branch(secretary):
    Member.objects.filter(pk=secretary.member_id).update(name="王书记", pinyin="zz")
    return secretary.member.branch


# --- who sees whom --------------------------------------------------------------------
def test_the_roll_holds_those_of_the_branches_in_scope(client):  # AZ-05
    top, left, right = build.tree()
    build.member("左一", branch=left)
    build.member("右一", branch=right)
    build.member("外一")
    sets = {}
    for name, user in {
        "committee": build.secretary(of=top, home=left),
        "left": build.secretary(of=left),
        "right": build.secretary(of=right),
    }.items():
        client.force_login(user)
        sets[name] = found(client, state="all") & {"左一", "右一", "外一"}

    assert sets == {"committee": {"左一", "右一"}, "left": {"左一"}, "right": {"右一"}}


def test_a_member_without_an_office_has_no_roll(client):
    for user in (
        build.user(member=build.member()),
        build.user(),
        build.administrator("system"),
    ):
        client.force_login(user)
        assert roll(client).status_code == 404


def test_one_who_is_signed_out_signs_in_first(client):
    assert roll(client).url == f"/members/sign-in/?next={ROLL}"


def test_a_named_purpose_on_one_record_opens_no_roll(client):
    user = build.user()
    build.member_grant(user, build.member())
    client.force_login(user)

    assert roll(client).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        {"q": "外一"},
        {"q": "wy"},
        {"q": "waiyi"},
        {"q": "5678"},
        {"ethnic_group": "22"},
        {"flags": "abroad"},
        {"id_number__startswith": "11"},
        {"member__user__username": "x"},
    ],
)
def test_no_filter_tells_of_one_out_of_scope(client, branch, query):  # AZ-05, IN-02
    before = roll(client, **query)
    build.member("外一", phone="13900005678", ethnic_group="22", is_abroad=True)
    after = roll(client, **query)

    assert "外一" not in shown(after)
    assert after.context["page"].count == before.context["page"].count


def test_a_foreign_branch_or_group_is_no_filter(client, branch):  # AZ-06
    elsewhere = build.branch()
    group = build.group(elsewhere)
    build.group(branch)
    build.member("左一", branch=branch)

    assert found(client, party_group=group.pk) == set()
    assert found(client, branch=elsewhere.code) == {"左一"}  # one branch: no such field


def test_a_branch_out_of_scope_is_refused_at_the_field(client):
    top, left, _right = build.tree()
    client.force_login(build.secretary(of=top, home=left))
    elsewhere = build.branch("中共别处支部")

    for typed in (elsewhere.code, "中共别处支部"):
        answer = roll(client, branch=typed)
        assert list(answer.context["filter"].form.errors) == ["branch"]
        assert shown(answer) == []


def test_sealed_values_are_masked(client, branch):  # AZ-11
    member = build.member(
        branch=branch, phone="13912345678", landline="0851-5550123", address="八号"
    )

    page = roll(client).content.decode()

    assert "139****5678" in page
    for value in ("13912345678", member.id_number, "5550123", "八号"):
        assert value not in page


# --- filters --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text", ["欧阳明德", "阳明", "oymd", "ouyangm", "OY", " 8888 "]
)
def test_one_is_found_by_name_pinyin_initials_or_end_of_the_phone(client, branch, text):
    build.member("欧阳明德", branch=branch, phone="13900008888")
    build.member("李四", branch=branch, phone="13900007777")

    assert found(client, q=text) == {"欧阳明德"}


def test_states_are_those_on_the_roll_unless_asked_otherwise(client, branch):
    people = {
        "申请": "applicant",
        "预备": "probationary",
        "正式": "full",
        "停止": "stopped",
        "除名": "removed",
    }
    for name, state in people.items():
        build.member(name, branch=branch, state=state)

    live = {"申请", "预备", "正式", "停止"}
    assert found(client) == live
    assert found(client, state="live") == live
    assert found(client, state="party") == live - {"申请"}
    assert found(client, state="before") == {"申请"}
    assert found(client, state="left") == {"除名"}
    assert found(client, state="all") == set(people)
    assert found(client, state="probationary") == {"预备"}
    assert found(client, state="none of these") == set()


def test_facts_narrow_the_roll(client, branch):
    group = build.group(branch)
    build.member("甲一", branch=branch, party_group=group, sex="2", ethnic_group="22")
    build.member("乙一", branch=branch, education="14", sex="1")

    assert found(client, party_group=group.pk) == {"甲一"}
    assert found(client, sex="2") == {"甲一"}
    assert found(client, sex="1") == {"乙一"}
    assert found(client, ethnic_group="22") == {"甲一"}
    assert found(client, education="10") == {"乙一"}
    assert found(client, education="20") == {"甲一"}


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(1996, 6, 30), "-30"),
        (date(1995, 7, 1), "-30"),
        (date(1995, 6, 30), "31-35"),
        (date(1990, 7, 1), "31-35"),
        (date(1990, 6, 30), "36-40"),
        (date(1966, 6, 30), "56-60"),
        (date(1965, 7, 1), "56-60"),
        (date(1965, 6, 30), "61-"),
    ],
)
def test_ages_are_counted_to_the_birthday(client, branch, born, band):
    build.member("甲一", branch=branch, birth_date=born)

    bands = ("-30", "31-35", "36-40", "41-45", "46-50", "51-55", "56-60", "61-")
    assert {name for name in bands if "甲一" in found(client, age=name)} == {band}


def test_circumstances_narrow_together(client, branch):
    build.member("甲一", branch=branch, is_retired=True)
    build.member("乙一", branch=branch, is_retired=True, is_abroad=True)
    build.member("丙一", branch=branch, is_floating=True, floating_to="深圳")
    build.member("丁一", branch=branch, out_of_contact_since=date(2026, 1, 1))

    assert found(client, flags="retired") == {"甲一", "乙一"}
    assert found(client, flags=["retired", "abroad"]) == {"乙一"}
    assert found(client, flags="floating") == {"丙一"}
    assert found(client, flags="out_of_contact") == {"丁一"}


def test_a_branch_means_it_and_all_below(client):
    top, left, right = build.tree()
    general = build.branch(parent=top, kind="general_branch")
    below = build.branch("中共下村支部", parent=general)
    client.force_login(build.secretary(of=top, home=left))
    for name, where in (("左一", left), ("右一", right), ("下一", below)):
        build.member(name, branch=where)
    people = {"左一", "右一", "下一"}

    assert found(client, branch=top.code) & people == people
    assert found(client, branch=general.code) == {"下一"}
    assert found(client, branch=right.code) == {"右一"}


def test_where_branches_are_many_one_is_typed(client, monkeypatch):
    monkeypatch.setattr(fields, "LONGEST_LIST", 2)
    top, left, right = build.tree()
    client.force_login(build.secretary(of=top, home=left))
    build.member("右一", branch=right)

    assert found(client, branch=right.code) == {"右一"}
    assert found(client, branch="西村") == {"右一"}
    for typed in ("村支部", "没有", "\0", "x" * 10_000):
        answer = roll(client, branch=typed)
        assert list(answer.context["filter"].form.errors) == ["branch"]


@pytest.mark.parametrize(
    "query",
    [{"q": "\0"}, {"q": "x" * 10_000}, {"on": "2026-02-30"}, {"party_group": "9" * 40}],
)
def test_unsound_input_is_answered_at_its_field(client, branch, query):  # IN-10, IN-11
    build.group(branch)
    build.member("甲一", branch=branch)

    answer = roll(client, **query)

    assert answer.status_code == 200
    assert list(answer.context["filter"].form.errors) == list(query)
    assert shown(answer) == []


# --- order and pages ------------------------------------------------------------------
def test_only_the_declared_orders_are_taken(client, branch):  # IN-02
    build.member("安一", branch=branch, birth_date=date(1990, 1, 1))
    build.member("白一", branch=branch, birth_date=date(1960, 1, 1))

    assert shown(roll(client)) == ["安一", "白一"]
    assert shown(roll(client, sort="birth_date")) == ["白一", "安一"]
    assert shown(roll(client, sort="-birth_date"))[0] == "安一"
    for order in ("user__password", "id_number", "phone", "?", "pk"):
        assert shown(roll(client, sort=order)) == []


@pytest.mark.parametrize("sort", ORDERS)
def test_every_order_pages_through_everybody(client, branch, sort):
    for number in range(60):
        build.member(
            f"张{'甲乙丙丁戊己'[number % 6]}",
            branch=branch,
            state="full" if number % 3 else "applicant",
        )

    seen, url = [], f"{ROLL}?sort={sort}"
    while url:
        page = client.get(url).context["page"]
        seen += [member.pk for member in page.rows]
        url = page.next_url and ROLL + page.next_url

    assert sorted(seen) == sorted(Member.objects.values_list("pk", flat=True))


def test_the_page_takes_as_many_queries_for_many_as_for_few(client, branch):
    group = build.group(branch)
    few = queries(client)
    for _number in range(24):
        build.member(branch=branch, party_group=group)
    many = queries(client)

    assert few == many <= 14


def queries(client, **query):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert roll(client, **query).status_code == 200
    return len(captured)


def test_the_fragment_is_the_list_alone(client, branch):
    build.member("甲一", branch=branch)

    part = client.get(ROLL, headers=HTMX).content.decode()

    assert part.lstrip().startswith('<div id="found">')
    assert "甲一" in part
    assert "<html" not in part
    assert "<form" not in part


def test_an_empty_roll_says_what_to_do_first(client):
    top = build.committee()
    home = build.branch()
    client.force_login(build.secretary(of=top, home=home))

    empty = roll(client).content.decode()
    assert "/members/imports/add/" in empty
    none_found = roll(client, q="没有").content.decode()
    assert "/members/imports/add/" not in none_found


# --- an earlier day -------------------------------------------------------------------
def dated(member, *moments):
    events = history.MemberEvent.objects.filter(pgh_obj=member).order_by("pgh_id")
    for event, moment in zip(events, moments, strict=True):
        event.pgh_created_at = moment
        event.save(update_fields=["pgh_created_at"])


def moment(month, day):
    return datetime(2026, month, day, tzinfo=UTC)


def test_the_roll_of_a_day_shows_what_was_recorded_by_then(client, branch):
    came = build.member("新一", branch=branch)
    was = build.member("旧名", branch=branch, state="applicant")
    Member.objects.filter(pk=was.pk).update(name="新名", pinyin="xinming")
    dated(came, moment(3, 1))
    dated(was, moment(1, 5), moment(3, 1))

    assert found(client, on="2026-01-31") == {"旧名"}
    assert found(client, on="2026-03-01") == {"新一", "新名"}
    assert found(client, on="2026-01-31", q="旧") == {"旧名"}
    assert found(client, on="2026-01-31", q="新") == set()
    assert found(client, on="2026-01-31", state="party") == set()
    note = roll(client, on="2026-01-31").content.decode()
    assert "2026-01-31" in note


def test_those_who_went_to_another_branch_are_named_without_a_link(client, branch):
    gone = build.member("走一", branch=branch)
    Member.objects.filter(pk=gone.pk).update(branch=build.branch())
    dated(gone, moment(1, 5), moment(3, 1))
    stayed = build.member("留一", branch=branch)
    dated(stayed, moment(1, 5))

    lines = {
        line["name"]: line["url"]
        for line in roll(client, on="2026-01-31").context["lines"]
    }

    assert lines == {
        "走一": "",
        "留一": f"/members/{stayed.pk}/history/?on=2026-01-31",
    }
    assert found(client) == {"留一"}


def test_those_who_came_later_are_not_on_the_roll_of_before(client, branch):
    came = build.member("来一")
    Member.objects.filter(pk=came.pk).update(branch=branch)
    dated(came, moment(1, 5), moment(3, 1))

    assert found(client, on="2026-01-31") == set()
    assert found(client, on="2026-03-01") == {"来一"}


def test_the_roll_of_a_day_is_masked_and_pages_too(client, branch):
    for number in range(30):
        dated(build.member(branch=branch, phone=f"139{number:04}0000"), moment(1, 5))

    first = roll(client, on="2026-01-31")
    second = client.get(ROLL + first.context["page"].next_url)

    assert (len(first.context["lines"]), len(second.context["lines"])) == (25, 5)
    assert second.context["lines"][0]["phone"].startswith("139****")


def test_the_roll_of_a_day_takes_as_many_queries_for_many_as_for_few(client, branch):
    dated(build.member(branch=branch), moment(1, 5))
    few = queries(client, on="2026-01-31")
    for _number in range(20):
        dated(build.member(branch=branch), moment(1, 5))

    assert queries(client, on="2026-01-31") == few <= 15


@pytest.mark.parametrize("day", ["2026-06-30", "2099-01-01"])
def test_today_and_later_is_the_roll_of_today(client, branch, day):
    build.member("甲一", branch=branch)

    assert roll(client, on=day).context["filter"].day is None
    assert found(client, on=day) == {"甲一"}
