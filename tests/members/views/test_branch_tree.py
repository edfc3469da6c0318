"""The tree of branches: what of it one sees, level by level, and its search."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.views import branch_tree
from tests import build

pytestmark = pytest.mark.django_db

TREE = "/members/branches/"
HTMX = {"HX-Request": "true"}


def names(level):
    return [node.branch.name for node in level.nodes]


@pytest.fixture
def town():
    """A town with a general branch over two branches, and a branch of its own."""
    town = build.committee("中共青山镇委员会", code="01")
    general = build.branch(
        "中共实业总支", parent=town, kind="general_branch", code="0101"
    )
    east = build.branch("中共东村支部", parent=general, code="010101")
    west = build.branch("中共西村支部", parent=general, code="010102")
    south = build.branch("中共南村支部", parent=town, code="0102")
    return town, general, east, west, south


def test_a_single_root_is_opened_by_itself(client, town):
    client.force_login(build.secretary(of=town[0], home=town[2]))
    level = client.get(TREE).context["level"]

    assert names(level) == ["中共青山镇委员会"]
    assert names(level.nodes[0].level) == ["中共实业总支", "中共南村支部"]
    assert level.nodes[0].level.nodes[0].level is None


def test_who_holds_offices_in_two_branches_sees_two_roots(client, town):
    _town, general, east, _west, south = town
    user = build.secretary(of=general, home=east)
    build.appointment(user.member, office="publicity_officer", branch=south)
    client.force_login(user)

    assert names(client.get(TREE).context["level"]) == ["中共实业总支", "中共南村支部"]


def test_a_grant_below_another_makes_no_second_root(client, town):
    _town, general, east, _west, _south = town
    user = build.secretary(of=general, home=east)
    build.appointment(user.member, office="publicity_officer", branch=east)
    client.force_login(user)

    assert names(client.get(TREE).context["level"]) == ["中共实业总支"]


def test_a_member_sees_the_own_branch_without_its_numbers(client, town):
    east = town[2]
    client.force_login(build.user(member=build.member(branch=east)))
    (node,) = client.get(TREE).context["level"].nodes

    assert (node.branch, node.children, node.members) == (east, 0, None)


def test_an_account_without_branch_is_told_what_to_do(client):
    client.force_login(build.user())

    assert "empty-state" in client.get(TREE).content.decode()


def test_signed_out_one_is_led_to_the_sign_in(client, town):
    for url in (TREE, f"{TREE}{town[0].pk}/children/"):
        answer = client.get(url)
        assert (answer.status_code, answer.url.split("?")[0]) == (
            302,
            reverse("members:sign_in"),
        )


def test_a_node_shows_how_many_stand_below_and_on_its_roll(client, town):
    _town, general, east, west, _south = town
    for state in ("full", "applicant", "removed"):
        build.member(branch=west, state=state)
    build.branch(parent=general, closed_on="2020-01-01")
    client.force_login(build.secretary(of=general, home=east))
    top = client.get(TREE).context["level"].nodes[0]

    assert (top.children, top.members) == (2, None)
    assert [node.members for node in top.level.nodes] == [1, 2]


def test_the_way_to_a_branch_is_opened_without_scripts(client, town):
    top, _general, east, west, south = town
    client.force_login(build.secretary(of=top, home=south))
    level = client.get(f"{TREE}?open={east.pk}").context["level"]
    general_node, south_node = level.nodes[0].level.nodes

    assert names(general_node.level) == [east.name, west.name]
    assert south_node.level is None


def test_a_branch_elsewhere_cannot_be_opened(client, town):  # AZ-03
    _town, general, east, _west, south = town
    client.force_login(build.secretary(of=general, home=east))
    absent = "999999999"

    for key in (str(south.pk), absent, "x", "9" * 40, "²"):
        assert client.get(f"{TREE}?open={key}").status_code == 404
    for key in (south.pk, absent):
        assert client.get(f"{TREE}{key}/children/").status_code == 404
        assert client.get(f"{TREE}{key}/children/", headers=HTMX).status_code == 404


def test_htmx_gets_the_level_alone(client, town):
    _town, general, east, west, _south = town
    client.force_login(build.secretary(of=general, home=east))
    answer = client.get(f"{TREE}{general.pk}/children/", headers=HTMX)
    page = answer.content.decode()

    assert page.strip().startswith("<li>")
    assert page.index(east.name) < page.index(west.name)
    assert "<html" not in page


def test_without_htmx_the_children_are_a_page(client, town):
    _town, general, east, _west, _south = town
    client.force_login(build.secretary(of=general, home=east))
    answer = client.get(f"{TREE}{general.pk}/children/")

    assert answer.url == f"{TREE}?open={general.pk}"


def test_a_long_level_goes_on_where_it_was_cut(client, monkeypatch):
    monkeypatch.setattr(branch_tree, "LEVEL", 2)
    top = build.committee(code="T")
    made = [build.branch(parent=top, code=f"T{i}") for i in range(5)]
    client.force_login(build.secretary(of=top, home=made[0]))

    first = client.get(TREE).context["level"].nodes[0].level
    assert (names(first), first.after) == ([b.name for b in made[:2]], "T1")
    rest = client.get(f"{TREE}?open={top.pk}&after=T1").context["level"].nodes[0].level
    assert (names(rest), rest.after) == ([b.name for b in made[2:4]], "T3")
    last = client.get(f"{TREE}{top.pk}/children/?after=T3", headers=HTMX)
    assert [one.name in last.content.decode() for one in made] == [False] * 4 + [True]


def test_what_is_opened_is_shown_though_its_turn_has_not_come(client, monkeypatch):
    monkeypatch.setattr(branch_tree, "LEVEL", 2)
    top = build.committee(code="T")
    made = [build.branch(parent=top, code=f"T{i}") for i in range(5)]
    client.force_login(build.secretary(of=top, home=made[0]))

    level = client.get(f"{TREE}?open={made[4].pk}").context["level"].nodes[0].level
    assert (names(level), level.after) == ([made[i].name for i in (0, 1, 4)], "T1")


def count_queries(client, url):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_a_deeper_and_wider_tree_costs_no_more_queries(client):
    top = build.committee(code="T")
    home = build.branch(parent=top, code="T0")
    client.force_login(build.secretary(of=top, home=home))
    few = count_queries(client, f"{TREE}?open={home.pk}")
    below = top
    for depth in range(4):
        below = build.committee(parent=below, code=f"D{depth}")
        for i in range(5):
            build.member(branch=build.branch(parent=below, code=f"D{depth}{i}"))

    assert count_queries(client, f"{TREE}?open={below.pk}") == few


# --- search -------------------------------------------------------------------------
@pytest.mark.parametrize("typed", ["东村", "010101", "dczb", " DCZB "])
def test_a_branch_is_found_by_name_code_and_initials(client, town, typed):
    top, general, east, _west, south = town
    east.initials = "zgdczb"
    east.save()
    client.force_login(build.secretary(of=top, home=south))
    found = client.get(TREE, {"q": typed}).context["results"]

    assert found == [(east, f"{top} / {general}")]


def test_the_search_finds_nothing_elsewhere(client, town):  # AZ-05
    _town, general, east, _west, south = town
    client.force_login(build.secretary(of=general, home=east))

    for typed in (south.name, south.code):
        assert client.get(TREE, {"q": typed}).context["results"] == []


def test_closed_branches_are_found_when_asked_for(client, town):
    top, _general, _east, _west, south = town
    gone = build.branch("中共旧村支部", parent=top, closed_on="2020-01-01")
    client.force_login(build.secretary(of=top, home=south))

    assert client.get(TREE, {"q": "旧村"}).context["results"] == []
    found = client.get(TREE, {"q": "旧村", "closed": "on"}).context["results"]
    assert found == [(gone, str(top))]


def test_a_long_result_says_that_it_is_cut(client, town, monkeypatch):
    monkeypatch.setattr(branch_tree, "RESULTS", 2)
    client.force_login(build.secretary(of=town[0], home=town[4]))
    answer = client.get(TREE, {"q": "中共"})

    assert (len(answer.context["results"]), answer.context["more"]) == (2, True)


@pytest.mark.parametrize("typed", ["\0", "x" * 5000, "%", "_", "\\"])
def test_odd_text_finds_nothing_and_breaks_nothing(client, town, typed):  # IN-10, IN-11
    client.force_login(build.secretary(of=town[0], home=town[4]))
    answer = client.get(TREE, {"q": typed}, headers=HTMX)

    assert answer.status_code == 200
    assert not answer.context.get("results")
