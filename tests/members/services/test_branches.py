"""The verbs of branches: the ordinary case, each refusal, twice, and at once."""

from contextlib import contextmanager
from datetime import date

import pytest
import time_machine
from django.core.exceptions import ValidationError

from members.history import MemberEvent
from members.models import (
    Appointment,
    Branch,
    BranchChange,
    BranchGrant,
    Member,
    PartyGroup,
    Term,
)
from members.services import branches, offices, records
from members.signals import branch_closed, branch_moved
from tests import build
from tests.race import codes, race

TODAY = date(2026, 6, 30)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-06-30T10:00:00+08:00", tick=False):
        yield


@contextmanager
def refused(*expected):
    """The block is refused for exactly these (field, code); "" is no field."""
    with pytest.raises(ValidationError) as caught:
        yield
    refusal = caught.value
    if hasattr(refusal, "error_dict"):
        found = {
            (field, code)
            for field, errors in refusal.error_dict.items()
            for error in errors
            for code in codes(error)
        }
    else:
        found = {("", code) for code in codes(refusal)}
    assert found == set(expected)


@contextmanager
def heard(signal):
    """What `signal` announced in the block."""
    said = []

    def listen(sender, **payload):
        said.append({k: v for k, v in payload.items() if k != "signal"})

    signal.connect(listen)
    try:
        yield said
    finally:
        signal.disconnect(listen)


def new(parent, **fields):
    given = {
        "name": "中共北村支部",
        "code": "N1",
        "kind": "branch",
        "setting": "village",
        "established_on": date(2026, 6, 1),
    }
    return Branch(parent=parent, **given | fields)


def set_up(branch):
    return branches.set_up_branch(branch, by=None)


def move(branch, parent, **given):
    decision = {"decided_on": date(2026, 6, 1), "document_number": "1号", "by": None}
    return branches.move_branch(branch, parent, **decision | given)


def close(branch, **given):
    decision = {"on": TODAY, "document_number": "2号", "by": None}
    return branches.close_branch(branch, **decision | given)


def paths_hold():
    """Every path is that of the parent and the own key."""
    for branch in Branch.objects.select_related("parent"):
        above = branch.parent.path if branch.parent else ""
        assert branch.path == f"{above}{branch.pk}."


# --- set up -----------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_branch_is_set_up_and_filed():  # ORG-11
    top = build.committee()
    made = branches.set_up_branch(new(top), by=None, document_number="3号")
    change = BranchChange.objects.get()

    assert (made.path, made.initials) == (f"{top.path}{made.pk}.", "zgbczb")
    assert (change.branch, change.kind, change.to_parent, change.document_number) == (
        made,
        "set_up",
        top,
        "3号",
    )


@pytest.mark.django_db
def test_a_code_is_given_once():
    top = build.committee()
    set_up(new(top))

    with refused(("code", "unique")):
        set_up(new(top))


# ORG-16: what may stand below what.
CHILDREN = {
    "committee": {*Branch.PARENTS},
    "working_committee": {*Branch.PARENTS},
    "organ_committee": {*Branch.PARENTS},
    "leading_group": set(),
    "discipline": set(),
    "general_branch": {"branch", "joint_branch", "temp_branch", "floating_branch"},
    "branch": set(),
    "joint_branch": set(),
    "temp_branch": set(),
    "floating_branch": set(),
}


@pytest.mark.django_db
@pytest.mark.parametrize("above", CHILDREN)
def test_what_may_stand_below_what(above):
    parent = build.branch(kind=above)
    for kind in Branch.Kind:
        if kind in CHILDREN[above]:
            assert set_up(new(parent, kind=kind, code=kind)).parent == parent
        else:
            with refused(("parent", "wrong_parent")):
                set_up(new(parent, kind=kind, code=kind))


@pytest.mark.django_db
def test_only_a_committee_is_a_root():
    with refused(("parent", "wrong_parent")):
        set_up(new(None))
    assert set_up(new(None, kind="committee")).depth == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"established_on": date(2026, 7, 1)}, "established_on", "in_future"),
        ({"unit_relation": "legal_person"}, "credit_code", "required"),  # MEM-31
        ({"credit_code": "91350100M000100Y44"}, "credit_code", "check_digit"),
        ({"region": "37010"}, "region", "unknown_region"),
        ({"region": "990000"}, "region", "unknown_region"),
        ({"region": "３７０１０２"}, "region", "unknown_region"),
        ({"term_years": 6}, "term_years", "max_value"),
        ({"name": ""}, "name", "blank"),
        ({"kind": "guild"}, "kind", "invalid_choice"),
    ],
)
def test_an_unsound_branch_is_refused(fields, field, code):
    top = build.committee()
    with pytest.raises(ValidationError) as caught:
        set_up(new(top, **fields))
    assert code in {error.code for error in caught.value.error_dict[field]}


@pytest.mark.django_db
def test_a_credit_code_is_kept_in_its_one_spelling():  # MEM-31
    made = set_up(
        new(
            build.committee(),
            unit_relation="legal_person",
            credit_code="91350100m000100y43",
        )
    )

    assert made.credit_code == "91350100M000100Y43"


@pytest.mark.django_db
def test_nothing_is_set_up_below_a_closed_branch():
    closed = build.committee(closed_on=date(2020, 1, 1))

    with refused(("parent", "closed_branch")):
        set_up(new(closed))


# --- change -----------------------------------------------------------------------------
@pytest.mark.django_db
def test_details_change_and_the_place_does_not():
    top, left, right = build.tree()
    left.name, left.parent, left.path = "中共新村支部", right, "x"
    left.closed_on = TODAY
    branches.change_branch(left, by=None)
    left = Branch.objects.get(pk=left.pk)

    assert (left.name, left.initials, left.parent, left.closed_on) == (
        "中共新村支部",
        "zgxczb",
        top,
        None,
    )
    paths_hold()


@pytest.mark.django_db
def test_changing_nothing_twice_writes_no_history():
    _top, left, _right = build.tree()
    left.short_name = "东村"
    branches.change_branch(left, by=None)
    events = left.events.count()
    branches.change_branch(left, by=None)

    assert left.events.count() == events


@pytest.mark.django_db
def test_a_new_kind_must_fit_roll_groups_offices_and_tree():
    top, left, right = build.tree()
    member = build.member(branch=left)
    left.kind = "general_branch"
    with refused(("kind", "holds_members")):
        branches.change_branch(left, by=None)
    member.branch = right
    member.save()
    group = build.group(left)
    with refused(("kind", "holds_members")):
        branches.change_branch(left, by=None)
    group.dissolved_on = TODAY
    group.save()
    held = build.appointment(member, office="youth_officer", branch=left)
    with refused(("kind", "has_offices")):
        branches.change_branch(left, by=None)
    held.ends_on = date(2026, 6, 29)
    held.save()
    assert branches.change_branch(left, by=None).kind == "general_branch"
    below = build.branch(parent=left)
    left.kind = "branch"
    with refused(("parent", "wrong_parent")):
        branches.change_branch(left, by=None)
    top.kind = "general_branch"
    with refused(("parent", "wrong_parent")):
        branches.change_branch(top, by=None)
    assert Branch.objects.get(pk=below.pk).parent.kind == "general_branch"


# --- move -------------------------------------------------------------------------------
@pytest.fixture
def county(db):
    """Two towns below a county; the first with a general branch over two branches."""
    county = build.committee("中共青山县委员会")
    first = build.committee("中共甲镇委员会", parent=county)
    second = build.committee("中共乙镇委员会", parent=county)
    general = build.branch("中共总支", parent=first, kind="general_branch")
    below = [build.branch(parent=general) for _ in range(2)]
    return county, first, second, general, *below


def test_a_branch_moves_with_all_below_it_and_is_filed(county):
    _county, first, second, general, below, _other = county
    member = build.member(branch=below)
    with heard(branch_moved) as said:
        moved = move(general, second, reason="撤并")
    change = BranchChange.objects.get()

    assert (moved.parent, change.from_parent, change.to_parent, change.reason) == (
        second,
        first,
        second,
        "撤并",
    )
    assert said == [{"branch": moved, "change": change}]
    assert set(Member.objects.within([second.path])) == {member}
    paths_hold()


def test_moving_to_where_it_stands_changes_nothing(county):
    _county, _first, second, general, *_ = county
    move(general, second)
    with heard(branch_moved) as said:
        move(general, second)

    assert (said, BranchChange.objects.count()) == ([], 1)


def test_moves_that_are_refused(county):
    top, first, second, general, below, other = county
    for branch, parent, field, code in [
        (first, general, "parent", "cycle"),
        (first, first, "parent", "cycle"),
        (top, second, "parent", "cycle"),
        (second, general, "parent", "wrong_parent"),  # ORG-16
        (below, other, "parent", "wrong_parent"),
    ]:
        with refused((field, code)):
            move(branch, parent)
    with refused(("decided_on", "in_future")):
        move(general, second, decided_on=date(2026, 7, 1))
    with refused(("parent", "closed_branch")):
        move(general, build.committee(parent=top, closed_on=date(2020, 1, 1)))
    with refused(("parent", "closed_branch")):
        move(build.branch(parent=first, closed_on=date(2020, 1, 1)), second)
    assert not BranchChange.objects.exists()
    paths_hold()


@pytest.mark.django_db(transaction=True)
def test_two_branches_moved_into_each_other_at_once_make_no_cycle():
    top = build.committee()
    for _ in range(3):
        pair = [build.committee(parent=top) for _ in range(2)]
        results = race(lambda way: move(*way), [pair, pair[::-1]])

        assert sum(result == "cycle" for result in results) == 1
        paths_hold()


@pytest.mark.django_db(transaction=True)
def test_a_branch_moved_below_one_that_moves_goes_along():
    top = build.committee()
    other = build.committee(parent=top)
    for _ in range(4):
        parent = build.committee(parent=top)
        below = build.committee(parent=parent)
        late = build.committee(parent=top)
        race(lambda way: move(*way), [(parent, other), (late, below), (below, late)])
        paths_hold()


@pytest.mark.django_db(transaction=True)
def test_a_branch_set_up_while_its_parent_moves_gets_the_new_path():
    top = build.committee()
    other = build.committee(parent=top)
    for number in range(4):
        parent = build.committee(parent=top)
        below = build.committee(parent=parent)
        race(
            lambda call: call(),
            [
                lambda parent=parent: move(parent, other),
                lambda below=below, n=number: set_up(new(below, code=f"R{n}")),
            ],
        )
        paths_hold()


# --- close ------------------------------------------------------------------------------
@pytest.mark.django_db
def test_an_empty_branch_is_closed_and_what_hangs_on_it_ends():  # ORG-14
    _top, left, right = build.tree()
    user = build.officer("first_secretary", of=left, home=right)
    coming = build.appointment(
        build.member(branch=right),
        office="secretary",
        branch=left,
        starts_on=date(2026, 9, 1),
    )
    group = build.group(left)
    term = build.term(left, ends_on=date(2026, 12, 31))
    with heard(branch_closed) as said:
        closed = close(left, reason="并入西村")
    change = BranchChange.objects.get()

    assert (closed.closed_on, change.kind, change.reason) == (
        TODAY,
        "closed",
        "并入西村",
    )
    assert said == [{"branch": closed, "change": change}]
    assert Appointment.objects.get(member=user.member).ends_on == TODAY
    assert PartyGroup.objects.get(pk=group.pk).dissolved_on == TODAY
    assert Term.objects.get(pk=term.pk).ends_on == TODAY
    assert not BranchGrant.objects.filter(appointment=coming).exists()
    assert not Term.objects.due(TODAY).exists()


@pytest.mark.django_db
def test_closing_twice_changes_nothing():
    _top, left, _right = build.tree()
    close(left)
    with heard(branch_closed) as said:
        assert close(left, on=date(2026, 6, 1)).closed_on == TODAY

    assert (said, BranchChange.objects.count()) == ([], 1)


@pytest.mark.django_db
def test_a_closing_recorded_late_leaves_what_was_over():
    _top, left, right = build.tree()
    over = build.appointment(
        build.member(branch=right), branch=left, ends_on=date(2026, 3, 31)
    )
    close(left, on=date(2026, 1, 31))

    assert Appointment.objects.get(pk=over.pk).ends_on == date(2026, 3, 31)


@pytest.mark.django_db
def test_closings_that_are_refused():
    top, left, _right = build.tree()
    with refused(("on", "in_future")):
        close(left, on=date(2026, 7, 1))
    with refused(("on", "before_start")):
        close(left, on=date(2010, 6, 30))
    build.member(branch=left, state="applicant")
    with refused(("", "not_empty")):
        close(left)
    with refused(("", "not_empty")):
        close(top)
    assert [found.kind for found in branches.reasons_not_to_close(top)] == ["branches"]
    assert not Branch.objects.exclude(closed_on=None).exists()


@pytest.mark.django_db
def test_those_who_left_do_not_keep_a_branch_open():
    _top, left, _right = build.tree()
    build.member(branch=left, state="deceased")

    assert close(left).is_closed


def enroll(branch):
    person = Member(
        name="赵小明",
        sex="1",
        ethnic_group="01",
        birth_date=date(1990, 1, 1),
        state="applicant",
        applied_on=date(2026, 6, 1),
        branch=branch,
    )
    return records.enroll(person, by=None)


@pytest.mark.django_db(transaction=True)
def test_nobody_is_enrolled_into_a_branch_that_closes_at_that_moment():
    top = build.committee()
    for _ in range(4):
        branch = build.branch(parent=top)
        closed, enrolled = race(lambda call, b=branch: call(b), [close, enroll])

        assert {closed, enrolled} & {"not_empty", "closed_branch"}
        branch.refresh_from_db()
        assert branch.is_closed != branch.members.exists()


@pytest.mark.django_db(transaction=True)
def test_no_branch_is_set_up_below_one_that_closes_at_that_moment():
    top = build.committee()
    for number in range(4):
        parent = build.committee(parent=top)
        race(
            lambda call: call(),
            [
                lambda parent=parent: close(parent),
                lambda parent=parent, n=number: set_up(new(parent, code=f"S{n}")),
            ],
        )
        parent.refresh_from_db()
        assert parent.is_closed != parent.children.exists()


# --- terms ------------------------------------------------------------------------------
def start(branch, starts_on=date(2026, 5, 10), **given):
    return branches.start_term(branch, starts_on=starts_on, by=None, **given)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "setting", "ends_on"),
    [
        ("branch", "village", date(2031, 5, 9)),  # ORG-33
        ("branch", "community", date(2031, 5, 9)),
        ("branch", "organ", date(2029, 5, 9)),  # ORG-34
        ("general_branch", "state_firm", date(2029, 5, 9)),  # ORG-35
        ("committee", "organ", date(2031, 5, 9)),  # ORG-36
        ("general_branch", "university", date(2031, 5, 9)),  # ORG-37
        ("branch", "university", date(2029, 5, 9)),
    ],
)
def test_a_term_lasts_as_the_rules_give(kind, setting, ends_on):
    branch = build.branch(parent=build.committee(), kind=kind, setting=setting)

    assert start(branch).ends_on == ends_on


@pytest.mark.django_db
def test_the_superior_is_reminded_six_months_before():  # ORG-39
    branch = build.branch()
    term = start(branch, date(2022, 5, 11))

    assert (term.ends_on, term.remind_on) == (date(2027, 5, 10), date(2026, 11, 10))
    assert not Term.objects.due(date(2026, 11, 9)).exists()
    assert Term.objects.due(date(2026, 11, 10)).get() == term


@pytest.mark.django_db
def test_an_early_election_ends_the_running_term():  # ORG-40
    branch = build.branch()
    first = start(branch, date(2022, 1, 1))
    second = start(branch, date(2026, 3, 1))
    first.refresh_from_db()

    assert (second.number, first.ends_on) == (2, date(2026, 2, 28))


@pytest.mark.django_db
def test_the_same_term_twice_is_one():
    branch = build.branch()

    assert start(branch) == start(branch)
    assert branch.terms.count() == 1


@pytest.mark.django_db
def test_terms_that_are_refused():
    branch = build.branch()
    start(branch, date(2022, 1, 1))
    with refused(("starts_on", "overlap")):
        start(branch, date(2022, 1, 2))
    with refused(("ends_on", "too_long")):  # ORG-38
        start(branch, ends_on=date(2031, 5, 11))
    with refused(("ends_on", "too_short")):
        start(branch, ends_on=date(2029, 5, 8))
    with refused(("document_number", "needs_document")):  # ORG-40
        start(branch, date(2025, 12, 31))
    with refused(("document_number", "needs_document")):
        start(branch, date(2028, 1, 2))
    with refused(("", "no_elections")):  # ORG-12
        start(build.branch(kind="temp_branch"))
    with refused(("parent", "closed_branch")):
        start(build.branch(closed_on=TODAY))
    assert start(branch, date(2025, 12, 31), document_number="4号").number == 2


# --- groups -----------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_group_is_part_of_a_branch_with_a_roll():  # ORG-07, ORG-16
    for kind in Branch.HOLD_MEMBERS:
        group = branches.add_group(build.branch(kind=kind), name=" 第一组 ", by=None)
        assert group.name == "第一组"
    for kind in set(Branch.Kind) - Branch.HOLD_MEMBERS:
        with refused(("", "wrong_parent")):
            branches.add_group(build.branch(kind=kind), name="第一组", by=None)
    with refused(("parent", "closed_branch")):
        branches.add_group(build.branch(closed_on=TODAY), name="第一组", by=None)


@pytest.mark.django_db
def test_a_name_is_free_again_once_its_group_is_dissolved():
    branch = build.branch()
    group = branches.add_group(branch, name="第一组", by=None)
    with refused(("name", "name_taken")):
        branches.add_group(branch, name="第一组", by=None)
    with refused(("name", "blank")):
        branches.add_group(branch, name=" ", by=None)
    branches.dissolve_group(group, on=TODAY, by=None)
    assert branches.add_group(branch, name="第一组", by=None).pk != group.pk


@pytest.mark.django_db
def test_a_group_holds_exactly_those_put_into_it():
    branch = build.branch()
    first, second = build.group(branch), build.group(branch)
    stays, comes, goes = (build.member(branch=branch) for _ in range(3))
    Member.objects.filter(pk__in=[stays.pk, goes.pk]).update(party_group=first)
    Member.objects.filter(pk=comes.pk).update(party_group=second)
    former = build.member(branch=branch, state="removed", party_group=first)
    for _ in range(2):
        branches.change_group(first, name="一组", members=[stays, comes], by=None)

    assert set(first.members.all()) == {stays, comes, former}
    assert list(second.members.all()) == []
    assert Member.objects.get(pk=goes.pk).party_group is None
    branches.change_group(first, name="甲组", by=None)
    assert first.members.live().count() == 2


@pytest.mark.django_db
def test_groups_refuse_who_and_what_does_not_belong():
    branch = build.branch()
    group = build.group(branch)
    other = build.group(branch)
    for person in (build.member(), build.member(branch=branch, state="removed")):
        with refused(("members", "elsewhere")):
            branches.change_group(group, name="一组", members=[person], by=None)
    with refused(("name", "name_taken")):
        branches.change_group(group, name=other.name, by=None)
    with refused(("on", "in_future")):
        branches.dissolve_group(group, on=date(2026, 7, 1), by=None)
    build.member(branch=branch, party_group=group)
    with refused(("", "not_empty")):
        branches.dissolve_group(group, on=TODAY, by=None)
    branches.dissolve_group(other, on=TODAY, by=None)
    with refused(("", "dissolved")):
        branches.change_group(other, name="一组", by=None)


@pytest.mark.django_db
def test_dissolving_twice_keeps_the_first_day():
    group = build.group(build.branch())
    leader = build.member(branch=group.branch)
    held = build.appointment(leader, office="group_leader", party_group=group)
    branches.dissolve_group(group, on=date(2026, 6, 1), by=None)
    branches.dissolve_group(group, on=TODAY, by=None)
    group.refresh_from_db()

    assert group.dissolved_on == date(2026, 6, 1)
    assert Appointment.objects.get(pk=held.pk).ends_on == date(2026, 6, 1)
    assert (
        offices.end_each(
            Appointment.objects.filter(pk=held.pk), on=TODAY, reason="x", by=None
        )
        == 0
    )


@pytest.mark.django_db
def test_a_moved_branch_takes_the_paths_of_its_members_along():
    """In the same transaction, and without a version of their records."""
    top, left, right = build.tree()
    general = build.branch(parent=top, kind="general_branch")
    member, other = build.member(branch=left), build.member(branch=right)
    versions = MemberEvent.objects.count()

    move(left, general)

    paths = dict(Member.objects.values_list("pk", "branch_path"))
    assert paths == {
        member.pk: f"{general.path}{left.pk}.",
        other.pk: right.path,
    }
    assert set(Member.objects.within([general.path])) == {member}
    assert MemberEvent.objects.count() == versions


@pytest.mark.django_db
def test_the_path_of_a_member_is_that_of_the_branch_however_it_was_written():
    _top, left, right = build.tree()
    member = build.member(branch=left)
    assert Member.objects.get().branch_path == left.path

    Member.objects.filter(pk=member.pk).update(branch=right)
    assert Member.objects.get().branch_path == right.path

    member.branch_path = "9."
    member.branch = left
    Member.objects.bulk_update([member], ["branch", "branch_path"])
    assert Member.objects.get().branch_path == left.path
