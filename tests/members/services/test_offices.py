"""Appointing: the ordinary case, each refusal, twice, and at once."""

from datetime import date

import pytest
import time_machine
from django.contrib.auth.models import Permission

from members import access
from members.models import Appointment, BranchGrant, Member, Office, User
from members.services import offices, states
from members.signals import appointment_ended, appointment_made
from tests import build
from tests.members.services.test_branches import heard, refused
from tests.race import race

TODAY = date(2026, 6, 30)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-06-30T10:00:00+08:00", tick=False):
        yield


def appoint(member, office="secretary", branch=None, **given):
    decision = {
        "starts_on": date(2026, 6, 1),
        "basis": "elected",
        "decided_by": "支部党员大会",
        "document_number": "青组〔2026〕12号",
        "by": None,
    }
    return offices.appoint(
        member,
        Office.objects.get(code=office),
        branch or member.branch,
        **decision | given,
    )


def end(appointment, on=TODAY):
    return offices.end_appointment(appointment, on=on, reason="换届", by=None)


def large_branch(people=8):
    """A branch with enough full members for a committee (ORG-19), and these."""
    branch = build.branch(parent=build.committee())
    return branch, [build.member(branch=branch) for _ in range(people)]


def rights(user):
    return set(
        BranchGrant.objects.filter(user=user).values_list(
            "permission__codename", "content_object", "starts_on", "ends_on"
        )
    )


# --- appoint ------------------------------------------------------------------------------
@pytest.mark.django_db
def test_an_appointment_gives_the_rights_of_the_office_for_its_days():
    branch, (person, *_others) = large_branch()
    user = build.user(member=person)
    with heard(appointment_made) as said:
        made = appoint(person, "publicity_officer", ends_on=date(2026, 12, 31))

    assert said == [{"appointment": made}]
    days = (date(2026, 6, 1), date(2026, 12, 31))
    assert rights(user) == {
        ("view_branch", branch.pk, *days),
        ("view_roll", branch.pk, *days),
        ("manage_activities", branch.pk, *days),
    }
    (told,) = user.notifications.all()
    assert (told.kind, told.context["office"]) == ("appointed", "publicity_officer")


@pytest.mark.django_db
def test_asked_twice_one_appointment_stands():
    branch, (person, *_others) = large_branch()
    with heard(appointment_made) as said:
        assert appoint(person) == appoint(person)

    assert (len(said), branch.appointments.count()) == (1, 1)


@pytest.mark.django_db
def test_an_office_exists_where_its_kinds_say():
    branch, (person, *_others) = large_branch()
    for office in Office.objects.exclude(kinds__contains=[branch.kind]):
        with refused(("office", "wrong_kind")):
            appoint(person, office.code)


@pytest.mark.django_db
def test_only_full_members_are_appointed():  # EL-01
    branch, _people = large_branch()
    for state in set(Member.State) - {"full"}:
        with refused(("member", "not_full")):
            appoint(build.member(branch=branch, state=state), "publicity_officer")


@pytest.mark.django_db
def test_the_state_that_counts_is_the_one_recorded():
    _branch, (person, *_others) = large_branch()
    stale = Member.objects.get(pk=person.pk)
    Member.objects.filter(pk=person.pk).update(state="on_probation")

    with refused(("member", "not_full")):
        appoint(stale, "publicity_officer")


@pytest.mark.django_db
def test_an_officer_comes_from_the_branch_or_below_it():  # ORG-05, ORG-29
    branch, people = large_branch()
    stranger = build.member()
    with refused(("member", "elsewhere")):
        appoint(stranger, "secretary", branch)
    assert appoint(stranger, "first_secretary", branch, basis="appointed")
    assert appoint(people[0], "secretary", branch.parent)
    with refused(("member", "elsewhere")):
        appoint(stranger, "committee_member", branch.parent)


@pytest.mark.django_db
def test_a_leader_is_of_a_group_of_the_branch():  # ORG-15, ORG-16
    branch, (person, other, *_others) = large_branch()
    group, foreign = build.group(branch), build.group(build.branch())
    gone = build.group(branch)
    gone.dissolved_on = TODAY
    gone.save()
    for wrong in (None, foreign, gone):
        with refused(("party_group", "elsewhere")):
            appoint(person, "group_leader", party_group=wrong)
    with refused(("party_group", "elsewhere")):
        appoint(person, "publicity_officer", party_group=group)
    assert appoint(person, "group_leader", party_group=group, basis="named")
    with refused(("office", "seats_taken")):
        appoint(other, "group_leader", party_group=group, basis="named")
    second = build.group(branch)
    assert appoint(other, "group_leader", party_group=second, basis="named")


@pytest.mark.django_db
def test_one_seat_is_held_by_one_at_a_time():  # ORG-23
    _branch, (first, second, *_others) = large_branch()
    appoint(first, "publicity_officer", ends_on=date(2026, 12, 31))
    for days in (
        {},
        {"starts_on": date(2026, 12, 31)},
        {"starts_on": date(2025, 1, 1), "ends_on": date(2026, 6, 1)},
    ):
        with refused(("office", "seats_taken")):
            appoint(second, "publicity_officer", **days)
    assert appoint(second, "publicity_officer", starts_on=date(2027, 1, 1))
    assert appoint(
        second,
        "publicity_officer",
        starts_on=date(2025, 1, 1),
        ends_on=date(2026, 5, 31),
    )


@pytest.mark.django_db
def test_nobody_holds_one_office_twice_at_a_time():
    branch, (person, *_others) = large_branch()
    top = branch.parent
    appoint(person, "committee_member", top)
    with refused(("member", "already_held")):
        appoint(person, "committee_member", top, starts_on=date(2026, 6, 2))


@pytest.mark.django_db
def test_below_seven_full_members_there_is_no_committee():  # ORG-19, ORG-21
    _branch, people = large_branch(6)
    with refused(("office", "no_committee")):
        appoint(people[0], "publicity_officer")
    assert appoint(people[0], "secretary")
    assert appoint(people[1], "deputy_secretary")


@pytest.mark.django_db
def test_a_committee_has_at_most_seven():  # ORG-20
    branch, people = large_branch(9)
    seats = [
        "secretary",
        "deputy_secretary",
        "organization_officer",
        "publicity_officer",
        "discipline_officer",
        "youth_officer",
        "united_front_officer",
    ]
    extra = Office.objects.create(
        code="welfare_officer",
        name_zh="群工委员",
        name_en="Welfare officer",
        kinds=["branch"],
        in_committee=True,
    )
    for person, office in zip(people, seats, strict=False):
        appoint(person, office)
    with refused(("office", "seats_taken")):
        appoint(people[7], extra.code)
    # One who sits there already may hold one office more.
    assert appoint(people[0], extra.code).branch == branch


@pytest.mark.django_db
def test_a_secretary_has_stood_a_year_or_there_is_a_reason():  # ORG-24
    branch, _people = large_branch()
    young = build.member(
        branch=branch, admitted_on=date(2024, 6, 2), full_member_on=date(2025, 6, 2)
    )
    with refused(("exception_reason", "needs_reason")):
        appoint(young)
    assert appoint(young, "publicity_officer")
    assert appoint(young, exception_reason="班子空缺").exception_reason == "班子空缺"
    other = build.branch()
    year = build.member(
        branch=other, admitted_on=date(2024, 6, 1), full_member_on=date(2025, 6, 1)
    )
    assert appoint(year)


@pytest.mark.django_db
def test_what_the_superior_approves_names_the_document():  # ORG-26
    _branch, (person, *_others) = large_branch()
    with refused(("document_number", "needs_document")):
        appoint(person, document_number="")
    assert appoint(person, "publicity_officer", document_number="")


@pytest.mark.django_db
def test_in_a_temporary_branch_the_superior_appoints():  # ORG-12
    branch, (person, *_others) = large_branch()
    temporary = build.branch(parent=branch.parent, kind="temp_branch")
    with refused(("basis", "by_superior")):
        appoint(person, "secretary", temporary)
    assert appoint(person, "secretary", temporary, basis="appointed")


@pytest.mark.django_db
def test_other_things_that_are_refused():
    branch, (person, *_others) = large_branch()
    with refused(("ends_on", "ends_before_start")):
        appoint(person, ends_on=date(2026, 5, 31))
    with refused(("basis", "invalid_choice")):
        appoint(person, basis="bought")
    with refused(("decided_by", "blank")):
        appoint(person, decided_by="")
    branch.closed_on = TODAY
    branch.save()
    with refused(("branch", "closed_branch")):
        appoint(person)
    assert not Appointment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_appointed_to_one_seat_at_once_one_gets_it():
    for _ in range(4):
        branch, people = large_branch()
        results = race(lambda p: appoint(p, "publicity_officer"), people[:2])

        assert sum(result == "seats_taken" for result in results) == 1
        assert branch.appointments.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_asked_for_twice_at_once_is_appointed_once():
    branch, (person, *_others) = large_branch()
    first, second = race(lambda p: appoint(p, "publicity_officer"), [person, person])

    assert first == second == branch.appointments.get()


@pytest.mark.django_db(transaction=True)
def test_nobody_who_leaves_the_party_at_that_moment_keeps_an_office():
    def leave(person):
        return states.change_state(
            person,
            "expelled",
            body="discipline",
            decided_on=TODAY,
            document_number="1号",
            by=None,
        )

    for _ in range(4):
        _branch, (person, *_others) = large_branch()
        race(
            lambda call: call(),
            [
                lambda person=person: appoint(person, "publicity_officer"),
                lambda person=person: leave(person),
            ],
        )
        after = date(2026, 7, 1)
        held = Appointment.objects.filter(member=person).not_over(after)
        assert not held.exists()


# --- end ----------------------------------------------------------------------------------
@pytest.mark.django_db
def test_an_end_takes_the_rights_with_it():  # AZ-07
    branch, (person, *_others) = large_branch()
    user = build.user(member=person)
    made = appoint(person, "publicity_officer")
    with heard(appointment_ended) as said:
        ended = end(made, on=date(2026, 6, 15))

    assert said == [{"appointment": ended}]
    assert {row[3] for row in rights(user)} == {date(2026, 6, 15)}
    assert not User.objects.get(pk=user.pk).has_perm("members.view_roll", branch)


@pytest.mark.django_db
def test_ending_twice_changes_nothing():
    _branch, (person, *_others) = large_branch()
    made = appoint(person)
    end(made)
    with heard(appointment_ended) as said:
        assert end(made).ends_on == TODAY
    assert said == []


@pytest.mark.django_db
def test_ends_that_are_refused():
    _branch, (person, *_others) = large_branch()
    made = appoint(person, ends_on=date(2026, 12, 31))
    with refused(("on", "before_start")):
        end(made, on=date(2026, 5, 31))
    with refused(("on", "ends_earlier")):
        end(made, on=date(2027, 1, 1))
    end(made, on=date(2026, 6, 29))
    with refused(("", "already_over")):
        end(made, on=date(2026, 6, 30))


@pytest.mark.django_db
def test_all_offices_of_a_person_end_and_what_is_over_stays():
    branch, (person, *_others) = large_branch()
    user = build.user(member=person)
    over = appoint(
        person, "youth_officer", starts_on=date(2024, 1, 1), ends_on=date(2026, 3, 31)
    )
    held = appoint(person, "publicity_officer", starts_on=date(2024, 1, 1))
    coming = appoint(person, "secretary", starts_on=date(2026, 9, 1))
    # Recorded late: in force since January.
    count = offices.end_all(person, on=date(2026, 1, 31), reason="x", by=None)

    ends = dict(Appointment.objects.values_list("pk", "ends_on"))
    assert count == 2
    assert ends == {
        over.pk: date(2026, 3, 31),
        held.pk: date(2026, 1, 31),
        coming.pk: date(2026, 9, 1),
    }
    with time_machine.travel("2026-09-01T10:00:00+08:00", tick=False):
        assert access.rights_on(User.objects.get(pk=user.pk), branch) == set()


# --- rights -------------------------------------------------------------------------------
@pytest.mark.django_db
def test_rights_follow_when_those_of_the_office_change():
    branch, (person, *_others) = large_branch()
    user = build.user(member=person)
    appoint(person, "publicity_officer")
    office = Office.objects.get(code="publicity_officer")
    office.permissions.set(Permission.objects.filter(codename="export_roll"))
    for _ in range(2):
        assert offices.renew_rights(office) == 1
        assert {row[:2] for row in rights(user)} == {("export_roll", branch.pk)}


@pytest.mark.django_db
def test_nobody_may_give_more_than_is_held():  # AZ-08
    branch, (person, *_others) = large_branch()
    user = build.user(member=person)
    build.branch_grant(user, branch.parent, "manage_offices")
    user = User.objects.get(pk=user.pk)
    secretary, leader = (
        Office.objects.get(code=code) for code in ("secretary", "group_leader")
    )
    assert not access.can_appoint(user, secretary, branch)
    assert not access.can_appoint(user, leader, branch)
    build.branch_grant(user, branch, "view_branch")
    access.forget(user)
    assert access.can_appoint(user, leader, branch)
    for right in secretary.permissions.exclude(codename="manage_offices"):
        assert not access.can_appoint(user, secretary, branch)
        if right.codename != "view_branch":
            build.branch_grant(user, branch, right.codename)
        access.forget(user)
    assert access.can_appoint(user, secretary, branch)


@pytest.mark.django_db
def test_a_deputy_appoints_no_secretary_of_the_own_branch():  # AZ-08, ORG-26
    branch, (person, *_others) = large_branch()
    deputy = build.user(member=person)
    build.appointment(person, office="deputy_secretary", branch=branch)
    above = build.secretary(of=branch.parent, home=branch)
    root = branch.parent
    given = {
        office.code: (
            access.can_appoint(deputy, office, branch),
            access.can_appoint(above, office, branch),
        )
        for office in Office.objects.filter(kinds__contains=["branch"])
    }

    assert given["secretary"] == given["deputy_secretary"] == (False, True)
    assert given["first_secretary"] == (False, True)
    assert given["publicity_officer"] == (True, True)
    # A root has no superior in the portal.
    office = Office.objects.get(code="secretary")
    assert access.can_appoint(above, office, root)
    temporary = build.branch(parent=root, kind="temp_branch")
    build.appointment(person, office="deputy_secretary", branch=temporary)
    access.forget(deputy)
    for office in Office.objects.filter(kinds__contains=["temp_branch"]):
        assert not access.can_appoint(deputy, office, temporary)  # ORG-12


@pytest.mark.django_db
def test_who_moves_closes_and_reshapes_a_branch():  # ORG-14
    top, left, right = build.tree()
    above, secretary = build.secretary(of=top, home=right), build.secretary(of=left)
    for can in (access.can_move, access.can_close, access.can_restructure):
        assert (can(above, left), can(secretary, left)) == (True, False)
        assert not can(build.user(), left)
    assert (access.can_move(above, top), access.can_close(above, top)) == (False, False)
    assert access.can_restructure(above, top)
