"""Lists of the API: pages by key, declared filters and orders (IN-02, IN-11)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from members.models import Member
from tests import build

pytestmark = pytest.mark.django_db

MEMBERS = "/api/v1/members/"


@pytest.fixture
def branch():
    return build.branch()


@pytest.fixture
def client(branch):
    client = APIClient()
    client.force_login(build.secretary(of=branch))
    return client


def walk(client, url, step="next"):
    """The numbers on every page from `url` on, page by page."""
    pages = []
    while url:
        answer = client.get(url).json()
        pages.append([row["id"] for row in answer["results"]])
        url = answer[step]
    return pages


def test_pages_hold_each_row_once_in_order(client, branch):
    for _number in range(6):
        build.member("张伟", branch=branch)  # all the same in the first column

    pages = walk(client, f"{MEMBERS}?page_size=3")

    everyone = Member.objects.order_by("pinyin", "pk").values_list("pk", flat=True)
    assert [pk for page in pages for pk in page] == list(everyone)
    assert [len(page) for page in pages] == [3, 3, 1]


def test_previous_leads_back_the_same_way(client, branch):
    for _number in range(6):
        build.member(branch=branch)
    url, pages = f"{MEMBERS}?page_size=2", []
    while url:
        last, url = url, client.get(url).json()["next"]

    pages = walk(client, last, step="previous")

    assert pages[::-1] == walk(client, f"{MEMBERS}?page_size=2")


def test_a_row_that_leaves_the_filter_does_not_break_the_walk(client, branch):
    members = [build.member(branch=branch, is_retired=True) for _number in range(3)]
    first = client.get(f"{MEMBERS}?is_retired=true&ordering=id&page_size=1").json()
    Member.objects.filter(pk=members[0].pk).update(is_retired=False)

    assert walk(client, first["next"]) == [[members[1].pk], [members[2].pk]]


def test_a_place_out_of_reach_is_refused_as_one_that_never_was(client):
    foreign = build.member()

    for place in (foreign.pk, 10**15, "x", "-1", "9" * 30):
        answer = client.get(MEMBERS, {"after": place})
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["code"]) == (400, "page_gone")


@pytest.mark.parametrize(
    "size", ["0", "-1", "x", "1.5", "", "٣", "000", "1" * 30, "1e3"]
)
def test_a_page_size_that_is_none_is_refused(client, size):
    answer = client.get(MEMBERS, {"page_size": size})

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (400, "page_size")


def test_a_page_is_cut_to_its_largest_size(client, branch):
    for _number in range(101):
        build.member(branch=branch)

    answer = client.get(MEMBERS, {"page_size": 10**9}).json()

    assert len(answer["results"]) == 100
    assert answer["next"]


@pytest.mark.parametrize(
    "query",
    [
        "member__user__password=x",
        "id_number__startswith=1",
        "phone=13912345678",
        "ordering=id_number",
        "ordering=branch__path",
        "ordering=-pinyin,id",
        "colour=red",
        "state=nonsense",
        "is_retired=perhaps",
        "branch=x",
        "branch=99999999999999999999",
        "within=-1",
        "updated_since=yesterday",
        "search=" + "x" * 51,
        "search=%00",
    ],
)
def test_what_is_not_declared_or_not_sound_is_refused(client, query):
    answer = client.get(f"{MEMBERS}?{query}")

    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


def test_search_takes_anything_in_good_time(client):
    for text in ("%ED%A0%80", "%25_%5C", "'%22;--", "(((((*+?"):
        assert client.get(f"{MEMBERS}?search={text}").json()["results"] == []


def test_a_search_for_what_nobody_sees_is_refused(client):  # IN-11
    answer = client.get(f"{MEMBERS}?search=%E2%80%AE")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "search"


@pytest.fixture
def town():
    top, left, right = build.tree()
    client = APIClient()
    client.force_login(build.secretary(of=top, home=right))
    return client, top, left, right


def found(client, noun, **query):
    rows = client.get(f"/api/v1/{noun}/", query).json()["results"]
    return {row["id"] for row in rows}


def test_filters_of_members(town):
    client, top, left, right = town
    officer = Member.objects.get()
    group = build.group(left)
    here = build.member("陈一", branch=left, party_group=group, is_floating=True)
    here.floating_to, here.is_retired = "广东省", True
    here.save()
    gone = build.member("陈二", branch=left, state="deceased")
    new = build.member("陈三", branch=left, state="applicant", applied_on="2024-05-01")
    everybody = {officer.pk, here.pk, gone.pk, new.pk}

    assert found(client, "members", branch=left.pk) == {here.pk, gone.pk, new.pk}
    assert found(client, "members", within=top.pk) == everybody
    assert found(client, "members", within=right.pk) == {officer.pk}
    assert found(client, "members", within=10**12) == set()
    assert found(client, "members", party_group=group.pk) == {here.pk}
    assert found(client, "members", state=["applicant", "deceased"]) == {
        gone.pk,
        new.pk,
    }
    assert found(client, "members", live="false") == {gone.pk}
    assert found(client, "members", live="true") == everybody - {gone.pk}
    assert found(client, "members", is_floating="true") == {here.pk}
    assert found(client, "members", is_retired="false") == everybody - {here.pk}
    assert found(client, "members", search="陈") == {here.pk, gone.pk, new.pk}
    assert found(client, "members", search="cy") == {here.pk}
    assert found(client, "members", updated_since="2999-01-01T00:00:00Z") == set()


def test_filters_of_branches(town):
    client, top, left, right = town
    closed = build.branch(
        parent=top, setting="organ", established_on="2010-01-01", closed_on="2020-01-01"
    )

    assert found(client, "branches", parent=top.pk) == {left.pk, right.pk, closed.pk}
    assert found(client, "branches", kind="committee") == {top.pk}
    assert found(client, "branches", setting="organ") == {closed.pk}
    assert found(client, "branches", closed="true") == {closed.pk}
    assert found(client, "branches", closed="false") == {top.pk, left.pk, right.pk}
    assert found(client, "branches", within=left.pk) == {left.pk}
    assert found(client, "branches", search="东村") == {left.pk}
    assert found(client, f"branches/{top.pk}/children") == {
        left.pk,
        right.pk,
        closed.pk,
    }
    assert found(client, f"branches/{left.pk}/children") == set()


def test_filters_of_appointments_and_corrections(town):
    client, top, left, _right = town
    holder = build.member(branch=left)
    now = build.appointment(holder, office="organization_officer")
    over = build.appointment(holder, office="publicity_officer", ends_on="2021-01-01")
    asked = build.correction(holder)

    assert found(client, "appointments", branch=left.pk) == {now.pk, over.pk}
    assert found(client, "appointments", member=holder.pk) == {now.pk, over.pk}
    assert found(client, "appointments", office="publicity_officer") == {over.pk}
    assert found(client, "appointments", branch=left.pk, in_force="true") == {now.pk}
    assert found(client, "appointments", in_force="false") == {over.pk}
    assert found(client, "corrections", state="open") == {asked.pk}
    assert found(client, "corrections", member=top.pk) == set()


@pytest.mark.parametrize(
    "url",
    [
        "/api/v1/branches/",
        "/api/v1/branches/{top}/children/",
        "/api/v1/members/",
        "/api/v1/appointments/",
        "/api/v1/corrections/",
    ],
)
def test_a_list_asks_the_same_of_the_database_at_any_size(town, url):
    client, top, _left, _right = town
    url = url.format(top=top.pk)

    def grow():
        member = build.member(branch=build.branch(parent=top))
        build.appointment(member)
        build.correction(member)

    grow()
    client.get(url)
    few = count_queries(client, url)
    for _number in range(5):
        grow()

    assert count_queries(client, url) == few


def count_queries(client, url):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200
    return len(queries)
