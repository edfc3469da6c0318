"""Appointing and ending appointments through their pages."""

from datetime import date

import pytest
import time_machine

from members.forms import offices as forms
from members.models import Appointment, User
from tests import build

pytestmark = pytest.mark.django_db

DECISION = {
    "starts_on": "2026-06-01",
    "basis": "elected",
    "decided_by": "支部党员大会",
    "document_number": "青组〔2026〕12号",
}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-06-30T10:00:00+08:00", tick=False):
        yield


def appoint_url(branch, office):
    return f"/members/branches/{branch.pk}/appoint/?office={office}"


def end_url(appointment):
    return f"/members/appointments/{appointment.pk}/end/"


def refusals(answer):
    assert answer.status_code == 422
    return set(answer.context["form"].errors)


def large_branch(parent):
    """With enough full members for a committee (ORG-19)."""
    branch = build.branch("中共大村支部", parent=parent)
    return branch, [build.member(branch=branch) for _ in range(8)]


def test_one_chooses_among_the_offices_one_may_give(client):  # AZ-08
    top, _left, right = build.tree()
    branch, people = large_branch(top)
    committee = build.secretary(of=top, home=right)
    secretary = build.user(member=people[0])
    build.appointment(people[0], branch=branch)
    deputy = build.user(member=people[1])
    build.appointment(people[1], office="deputy_secretary", branch=branch)

    def offered(user):
        client.force_login(user)
        answer = client.get(f"/members/branches/{branch.pk}/appoint/")
        return {office.code for office in answer.context["offices"]}

    ordinary = {
        "organization_officer",
        "publicity_officer",
        "discipline_officer",
        "youth_officer",
        "united_front_officer",
        "group_leader",
        "dues_collector",
    }
    superior = {"secretary", "deputy_secretary", "first_secretary"}
    assert offered(committee) == ordinary | superior
    assert offered(secretary) == offered(deputy) == ordinary


def test_nobody_appoints_in_the_own_branch_to_what_the_superior_gives(client):
    top, _left, _right = build.tree()  # AZ-08, ORG-26
    branch, people = large_branch(top)
    deputy = build.user(member=people[1])
    build.appointment(people[1], office="deputy_secretary", branch=branch)
    client.force_login(deputy)
    count = Appointment.objects.count()

    for office in ("secretary", "deputy_secretary", "first_secretary", "none", "\0"):
        url = appoint_url(branch, office)
        assert client.get(url).status_code == 404
        posted = DECISION | {"member": people[1].pk, "office": "secretary"}
        assert client.post(url, posted).status_code == 404
    assert Appointment.objects.count() == count


def test_an_officer_is_appointed_and_has_the_rights_at_once(client):
    top, _left, right = build.tree()
    branch, people = large_branch(top)
    chosen = build.user(member=people[0])
    user = build.secretary(of=top, home=right)
    client.force_login(user)
    answer = client.post(
        appoint_url(branch, "secretary"), DECISION | {"member": people[0].pk}
    )
    made = Appointment.objects.get(member=people[0])

    assert answer.url == branch.get_absolute_url()
    assert (made.office.code, made.starts_on, made.ends_on, made.recorded_by) == (
        "secretary",
        date(2026, 6, 1),
        None,
        user,
    )
    assert User.objects.get(pk=chosen.pk).has_perm("members.manage_roll", branch)


def test_only_people_of_the_branch_and_in_ones_scope_are_taken(client):  # AZ-06
    top, left, right = build.tree()
    branch, _people = large_branch(top)
    stranger = build.member()
    applicant = build.member(branch=branch, state="applicant")
    client.force_login(build.secretary(of=top, home=left))

    for person in (build.member(branch=right), stranger, applicant):
        posted = DECISION | {"member": person.pk}
        assert refusals(client.post(appoint_url(branch, "secretary"), posted)) == {
            "member"
        }
    # Sent by the superior, so from anywhere in the superior's scope (ORG-29).
    sent = DECISION | {"member": right.members.get().pk, "basis": "appointed"}
    assert client.post(appoint_url(branch, "first_secretary"), sent).status_code == 302
    sent["member"] = stranger.pk
    url = appoint_url(left, "first_secretary")
    assert refusals(client.post(url, sent)) == {"member"}


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"member": ""}, {"member"}),
        ({"member": "x"}, {"member"}),
        ({"member": "9" * 40}, {"member"}),
        ({"starts_on": ""}, {"starts_on"}),
        ({"ends_on": "2026-05-31"}, {"ends_on"}),
        ({"basis": "bought"}, {"basis"}),
        ({"decided_by": ""}, {"decided_by"}),
        ({"document_number": ""}, {"document_number"}),
        ({"starts_on": "2002-06-30"}, {"exception_reason"}),  # ORG-24
    ],
)
def test_what_is_not_sound_is_refused_at_its_field(client, wrong, fields):
    top, left, _right = build.tree()
    branch, people = large_branch(top)
    people[0].full_member_on = date(2001, 7, 1)
    client.force_login(build.secretary(of=top, home=left))
    posted = DECISION | {"member": people[0].pk} | wrong
    count = Appointment.objects.count()

    assert refusals(client.post(appoint_url(branch, "secretary"), posted)) == fields
    assert Appointment.objects.count() == count


def test_a_taken_office_is_refused_in_words(client):
    top, left, _right = build.tree()
    branch, people = large_branch(top)
    build.appointment(people[0], branch=branch)
    client.force_login(build.secretary(of=top, home=left))
    posted = DECISION | {"member": people[1].pk}

    assert refusals(client.post(appoint_url(branch, "secretary"), posted)) == {
        "__all__"
    }


def test_a_leader_is_named_for_a_group_of_this_branch(client):  # AZ-06, ORG-15
    _top, left, right = build.tree()
    group, foreign = build.group(left), build.group(right)
    gone = build.group(left)
    gone.dissolved_on = date(2026, 1, 1)
    gone.save()
    leader = build.member(branch=left)
    client.force_login(build.secretary(of=left))
    url = f"{appoint_url(left, 'group_leader')}&group={group.pk}"
    assert client.get(url).context["form"].initial["party_group"] == str(group.pk)

    posted = DECISION | {"member": leader.pk, "basis": "named"}
    for wrong in ("", foreign.pk, gone.pk):
        refused = client.post(url, posted | {"party_group": wrong})
        assert refusals(refused) == {"party_group"}
    assert client.post(url, posted | {"party_group": group.pk}).status_code == 302
    assert Appointment.objects.get(member=leader).party_group == group


def test_among_many_people_one_searches_first(client, monkeypatch):
    monkeypatch.setattr(forms, "LONGEST_LIST", 3)
    top, left, _right = build.tree()
    branch, people = large_branch(top)
    wanted = build.member("欧阳修远", branch=branch)
    client.force_login(build.secretary(of=top, home=left))
    url = appoint_url(branch, "secretary")

    def offered(query=""):
        field = client.get(url + query).context["form"].fields["member"]
        return [value for value, _label in field.choices]

    assert offered() == []
    assert offered("&q=oyxy") == offered("&q=欧阳") == [wanted.pk]
    assert offered("&q=nobody") == offered("&q=%00") == []
    answer = client.post(f"{url}&q=nobody", {"member": people[0].pk})
    field = answer.context["form"].fields["member"]
    assert [value for value, _label in field.choices] == [people[0].pk]
    assert client.post(url, DECISION | {"member": wanted.pk}).status_code == 302


# --- the end ----------------------------------------------------------------------------
def test_an_appointment_ends_and_so_do_its_rights(client):  # AZ-07
    top, left, right = build.tree()
    holder = build.secretary(of=left)
    appointment = Appointment.objects.get(member=holder.member)
    client.force_login(build.secretary(of=top, home=right))
    assert client.get(end_url(appointment)).status_code == 200
    posted = {"on": "2026-06-29", "reason": "换届"}

    assert client.post(end_url(appointment), posted).url == left.get_absolute_url()
    appointment.refresh_from_db()
    assert (appointment.ends_on, appointment.ended_reason) == (
        date(2026, 6, 29),
        "换届",
    )
    client.force_login(holder)
    assert client.get(f"/members/branches/{left.pk}/edit/").status_code == 404


@pytest.mark.parametrize(
    "who", ["deputy", "secretary", "member", "sibling", "stranger"]
)
def test_who_could_not_appoint_cannot_end_it(client, who):  # AZ-08
    top, _left, right = build.tree()
    branch, people = large_branch(top)
    secretary = build.user(member=people[0])
    appointment = build.appointment(people[0], branch=branch)
    deputy = build.user(member=people[1])
    build.appointment(people[1], office="deputy_secretary", branch=branch)
    users = {
        "deputy": deputy,
        "secretary": secretary,
        "member": build.user(member=people[2]),
        "sibling": build.secretary(of=right),
        "stranger": build.user(),
    }
    client.force_login(users[who])
    posted = {"on": "2026-06-29", "reason": "x"}

    assert client.get(end_url(appointment)).status_code == 404
    assert client.post(end_url(appointment), posted).status_code == 404
    appointment.refresh_from_db()
    assert appointment.ends_on is None


@pytest.mark.parametrize(
    ("posted", "fields"),
    [
        ({"on": "2026-06-29"}, {"reason"}),
        ({"on": "", "reason": "x"}, {"on"}),
        ({"on": "2019-12-31", "reason": "x"}, {"on"}),
        ({"on": "2027-01-01", "reason": "x"}, {"on"}),
    ],
)
def test_an_end_that_cannot_be_is_refused_at_its_field(client, posted, fields):
    top, left, right = build.tree()
    appointment = build.appointment(
        build.member(branch=left), ends_on=date(2026, 12, 31)
    )
    client.force_login(build.secretary(of=top, home=right))

    assert refusals(client.post(end_url(appointment), posted)) == fields
