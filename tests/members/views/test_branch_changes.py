"""Setting up, changing, moving and closing branches, and terms, through their pages."""

from datetime import date

import pytest
import time_machine

from members.models import Branch, BranchChange
from tests import build

pytestmark = pytest.mark.django_db

NEW = {
    "name": "中共北村支部",
    "code": "N1",
    "kind": "branch",
    "setting": "village",
    "established_on": "2026-06-01",
    "unit_relation": "same",
}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-06-30T10:00:00+08:00", tick=False):
        yield


def url(branch, page):
    return f"/members/branches/{branch.pk}/{page}/"


def refusals(answer):
    assert answer.status_code == 422
    return set(answer.context["form"].errors)


@pytest.mark.parametrize(
    ("page", "allowed"),
    [
        ("add", set()),
        ("edit", {"committee", "secretary"}),
        ("move", {"committee"}),
        ("close", {"committee"}),
        ("terms/add", {"committee", "secretary"}),
        ("groups/add", {"committee", "secretary"}),
        ("appoint", {"committee", "secretary"}),
    ],
)
def test_who_opens_which_page_of_a_branch(client, page, allowed):
    top, left, right = build.tree()
    users = {
        "committee": build.secretary(of=top, home=right),
        "secretary": build.secretary(of=left),
        "publicity": build.officer("publicity_officer", of=left),
        "member": build.user(member=build.member(branch=left)),
        "sibling": build.secretary(of=right),
        "stranger": build.user(),
    }
    opened = set()
    for name, user in users.items():
        client.force_login(user)
        answers = {
            client.get(url(left, page)).status_code,
            client.get(url(left, page), headers={"HX-Request": "true"}).status_code,
        }
        assert answers in ({200}, {404})
        if answers == {200}:
            opened.add(name)
        else:
            assert client.post(url(left, page), NEW).status_code == 404

    assert opened == allowed
    client.logout()
    assert client.get(url(left, page)).url.startswith("/members/sign-in/")


# --- add --------------------------------------------------------------------------------
def test_a_branch_is_set_up_below_the_own_committee(client):
    top, left, _right = build.tree()
    user = build.secretary(of=top, home=left)
    client.force_login(user)
    answer = client.post(url(top, "add"), NEW | {"document_number": "青发〔2026〕3号"})
    made = Branch.objects.get(code="N1")

    assert answer.url == made.get_absolute_url()
    assert (made.parent, made.path) == (top, f"{top.path}{made.pk}.")
    change = BranchChange.objects.get(branch=made)
    assert (change.document_number, change.recorded_by) == ("青发〔2026〕3号", user)


def test_only_what_may_stand_there_is_offered(client):  # ORG-16
    top = build.committee()
    general = build.branch(parent=top, kind="general_branch")
    home = build.branch(parent=general)
    client.force_login(build.secretary(of=general, home=home))

    kinds = client.get(url(general, "add")).context["form"].fields["kind"].choices
    assert {value for value, _label in kinds if value} == set(Branch.BRANCHES)
    answer = client.post(url(general, "add"), NEW | {"kind": "general_branch"})
    assert refusals(answer) == {"kind"}


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"name": ""}, {"name"}),
        ({"code": "taken"}, {"code"}),
        ({"established_on": "2026-07-01"}, {"established_on"}),
        ({"established_on": "x"}, {"established_on"}),
        ({"unit_relation": "legal_person"}, {"credit_code"}),  # MEM-31
        ({"credit_code": "91350100M000100Y44"}, {"credit_code"}),
        ({"region": "990000"}, {"region"}),
        ({"term_years": "7"}, {"term_years"}),
        ({"can_admit": "on"}, {"can_admit"}),
    ],
)
def test_what_is_not_sound_is_refused_at_its_field(client, wrong, fields):
    top, left, _right = build.tree()
    build.branch(parent=top, code="taken")
    client.force_login(build.secretary(of=top, home=left))
    count = Branch.objects.count()

    assert refusals(client.post(url(top, "add"), NEW | wrong)) == fields
    assert Branch.objects.count() == count


def test_a_parent_cannot_be_posted(client):  # AZ-06, AZ-10
    top, left, _right = build.tree()
    elsewhere = build.committee()
    client.force_login(build.secretary(of=top, home=left))
    posted = {"parent": elsewhere.pk, "path": "x", "closed_on": "2026-01-01"}
    client.post(url(top, "add"), NEW | posted)
    made = Branch.objects.get(code="N1")

    assert (made.parent, made.closed_on) == (top, None)


# --- edit -------------------------------------------------------------------------------
def test_a_secretary_keeps_up_what_is_the_branchs_own(client):  # AZ-10
    _top, left, _right = build.tree()
    client.force_login(build.secretary(of=left))
    before = Branch.objects.get(pk=left.pk)
    settled = {"name": "x", "kind": "general_branch", "code": "x", "can_admit": "on"}
    own = {
        "short_name": "东村",
        "unit_relation": "same",
        "credit_code": "91350100M000100Y43",
        "region": "370102",
        "contact_phone": "0531-12345678",
    }
    assert client.post(url(left, "edit"), settled | own).status_code == 302
    left.refresh_from_db()

    assert {name: getattr(left, name) for name in own} == own
    for name in ("name", "kind", "code", "can_admit", "established_on", "path"):
        assert getattr(left, name) == getattr(before, name)


def test_the_superior_changes_the_rest(client):
    top, left, right = build.tree()
    client.force_login(build.secretary(of=top, home=right))
    client.post(url(left, "edit"), NEW | {"kind": "joint_branch"})
    left.refresh_from_db()

    assert (left.name, left.kind) == ("中共北村支部", "joint_branch")


def test_a_kind_that_does_not_fit_the_roll_is_refused(client):
    top, left, right = build.tree()
    build.member(branch=left)
    client.force_login(build.secretary(of=top, home=right))

    answer = client.post(url(left, "edit"), NEW | {"kind": "general_branch"})
    assert refusals(answer) == {"kind"}


# --- move -------------------------------------------------------------------------------
@pytest.fixture
def town():
    """Two towns below a county, the first with a general branch and a branch."""
    county = build.committee("中共青山县委员会", code="COUNTY")
    town = build.committee("中共甲镇委员会", parent=county, code="01")
    other = build.committee("中共乙镇委员会", parent=county, code="02")
    general = build.branch("中共总支", parent=town, kind="general_branch", code="0101")
    branch = build.branch("中共东村支部", parent=town, code="0102")
    build.member(branch=branch)
    return county, town, other, general, branch


DECISION = {"decided_on": "2026-06-01", "document_number": "青发〔2026〕8号"}


def test_a_branch_is_moved_within_the_own_scope(client, town):
    _county, first, _other, general, branch = town
    client.force_login(build.secretary(of=first, home=branch))
    context = client.get(url(branch, "move")).context
    assert (context["below"], context["people"]) == (0, 2)

    answer = client.post(url(branch, "move"), {"parent": general.code, **DECISION})
    branch.refresh_from_db()
    assert (answer.status_code, branch.parent) == (302, general)
    assert BranchChange.objects.get(branch=branch).document_number == "青发〔2026〕8号"


def test_a_branch_is_not_moved_out_of_the_own_scope(client, town):  # AZ-06
    county, first, other, _general, branch = town
    client.force_login(build.secretary(of=first, home=branch))

    for parent in (other, county):
        answer = client.post(url(branch, "move"), {"parent": parent.code, **DECISION})
        assert refusals(answer) == {"parent"}
    branch.refresh_from_db()
    assert branch.parent == first


def test_the_committee_above_both_moves_between_them(client, town):
    county, _first, other, _general, branch = town
    client.force_login(build.secretary(of=county, home=branch))
    client.post(url(branch, "move"), {"parent": "乙镇", **DECISION})
    branch.refresh_from_db()

    assert branch.parent == other


def test_nobody_moves_what_the_own_office_is_in(client, town):
    _county, first, _other, _general, branch = town
    client.force_login(build.secretary(of=first, home=branch))

    assert client.get(url(first, "move")).status_code == 404


def test_a_move_says_what_is_missing(client, town):
    _county, first, _other, general, branch = town
    client.force_login(build.secretary(of=first, home=branch))

    assert refusals(client.post(url(branch, "move"), {})) == {
        "parent",
        "decided_on",
        "document_number",
    }
    tomorrow = DECISION | {"parent": general.code, "decided_on": "2026-07-01"}
    assert refusals(client.post(url(branch, "move"), tomorrow)) == {"decided_on"}


def test_without_another_parent_the_page_says_whom_to_ask(client):
    top, left, right = build.tree()
    client.force_login(build.secretary(of=top, home=right))

    assert "empty-state" in client.get(url(left, "move")).content.decode()


# --- close ------------------------------------------------------------------------------
CLOSE = {"on": "2026-06-30", "document_number": "青发〔2026〕9号"}


def test_what_stands_in_the_way_is_listed_with_links(client, town):
    county, first, _other, _general, branch = town
    client.force_login(build.secretary(of=county, home=branch))

    (on_roll,) = client.get(url(branch, "close")).context["obstacles"]
    assert (on_roll.kind, on_roll.count) == ("members", 2)
    answer = client.get(url(first, "close"))
    assert [one.kind for one in answer.context["obstacles"]] == ["branches"]
    assert f"?open={first.pk}" in answer.content.decode()
    assert refusals(client.post(url(branch, "close"), CLOSE)) == {"__all__"}
    branch.refresh_from_db()
    assert branch.closed_on is None


def test_an_empty_branch_is_closed_by_the_superior(client, town):
    _county, first, _other, _general, branch = town
    empty = build.branch(parent=first)
    client.force_login(build.secretary(of=first, home=branch))
    assert client.get(url(empty, "close")).status_code == 200
    empty.refresh_from_db()
    assert empty.closed_on is None  # a GET changes nothing

    assert client.post(url(empty, "close"), CLOSE).status_code == 302
    empty.refresh_from_db()
    assert empty.closed_on == date(2026, 6, 30)
    assert client.post(url(empty, "close"), CLOSE).status_code == 404


# --- terms ------------------------------------------------------------------------------
def test_an_election_begins_a_term_as_long_as_the_rules_give(client):  # ORG-33
    _top, left, _right = build.tree()
    client.force_login(build.secretary(of=left))
    client.post(url(left, "terms/add"), {"starts_on": "2026-05-10"})
    term = left.terms.get()

    assert (term.number, term.ends_on) == (1, date(2031, 5, 9))


@pytest.mark.parametrize(
    ("posted", "fields"),
    [
        ({}, {"starts_on"}),
        ({"starts_on": "2026-05-10", "ends_on": "2026-05-10"}, {"ends_on"}),
        ({"starts_on": "2026-05-10", "ends_on": "2032-05-10"}, {"ends_on"}),
        ({"starts_on": "2026-05-10", "ends_on": "2027-05-09"}, {"ends_on"}),
        ({"starts_on": "2020-05-10"}, {"starts_on"}),
        ({"starts_on": "2024-05-10"}, {"document_number"}),
    ],
)
def test_a_term_that_is_none_is_refused_at_its_field(client, posted, fields):
    _top, left, _right = build.tree()
    build.term(left, starts_on=date(2022, 1, 1), ends_on=date(2026, 12, 31))
    client.force_login(build.secretary(of=left))

    assert refusals(client.post(url(left, "terms/add"), posted)) == fields
    assert left.terms.count() == 1


def test_a_temporary_branch_has_no_page_for_terms(client):  # ORG-12
    top = build.committee()
    temporary = build.branch(parent=top, kind="temp_branch")
    client.force_login(build.secretary(of=top))

    assert client.get(url(temporary, "terms/add")).status_code == 404
