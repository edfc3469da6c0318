"""For whom an activity is: by office, occupation and interest, beside branch and group."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework.test import APIClient

from activities import access
from activities.models import Activity
from activities.services import activities, series, sign_ups
from members.models import Interest, MemberInterest, Notification
from members.services import interests, own_kinds
from tests import build
from tests.activities.test_sign_up_pages import address, client_of, text_of
from tests.race import codes

pytestmark = pytest.mark.django_db
WORKER, FARMER = "60000", "50000"


def refusal(call, *args, **options):
    with pytest.raises(ValidationError) as raised:
        call(*args, **options)
    return codes(raised.value)


def holder(branch, office, **fields):
    member = build.member(branch=branch)
    build.appointment(member, office=office, **fields)
    return member


def likes(branch, *chosen):
    user = build.user(member=build.member(branch=branch))
    interests.choose(user.member, chosen)
    return user


# --- who is expected, who may sign up, who is told ----------------------------------------
def test_an_office_narrows_whom_a_committee_above_expects():
    top, left, right = build.tree()
    secretaries = {holder(left, "secretary"), holder(right, "secretary")}
    deputy = holder(left, "deputy_secretary")
    holder(left, "publicity_officer")
    holder(right, "secretary", ends_on=timezone.localdate().replace(year=2021))
    build.member(branch=left)
    training = build.activity(
        branch=top, kind="training", audience="below", offices=["secretary"]
    )

    assert set(access.expected(training)) == secretaries
    training.offices.append("deputy_secretary")
    assert set(access.expected(training)) == {*secretaries, deputy}


def test_lists_narrow_one_another_and_what_is_in_a_list_adds_up():
    branch = build.branch()
    one = build.member(branch=branch, occupation=WORKER)
    two = build.member(branch=branch, occupation=FARMER)
    build.member(branch=branch)
    build.member(occupation=WORKER)
    three = holder(branch, "secretary")
    activity = build.activity(branch=branch, occupations=[WORKER, FARMER])

    assert set(access.expected(activity)) == {one, two}
    activity.offices = ["secretary"]
    assert set(access.expected(activity)) == set()
    three.occupation = WORKER
    three.save()
    assert set(access.expected(activity)) == {three}


def test_an_interest_decides_who_is_told_and_nothing_else():
    branch = build.branch()
    fits, other = likes(branch, "sports", "law"), likes(branch, "law")
    activity = build.activity(
        branch=branch, state="draft", seats=3, interests=["sports"]
    )

    activities.announce(activity, by=None, now=timezone.now())

    told = Notification.objects.filter(kind="activity_announced")
    assert [line.user for line in told] == [fits]
    assert set(access.expected(activity)) == {fits.member, other.member}
    activity.refresh_from_db()
    made = sign_ups.sign_up(other.member, activity, by=other, now=timezone.now())
    assert made.state == "confirmed"


def test_who_does_not_fit_may_not_sign_up():
    branch = build.branch()
    activity = build.activity(branch=branch, seats=3, offices=["secretary"])
    member = build.member(branch=branch)

    assert refusal(sign_ups.sign_up, member, activity, by=None, now=timezone.now()) == {
        "not_invited"
    }


def test_it_costs_the_same_for_all(django_assert_num_queries):
    branch = build.branch()
    for count in (1, 9):
        for _each in range(count):
            holder(branch, "secretary", ends_on=None).interests.create(
                interest="sports"
            )
        activity = build.activity(
            branch=branch, seats=1, offices=["secretary"], interests=["sports"]
        )
        with django_assert_num_queries(1):
            assert access.invited(activity).count()
        first = branch.members.first()
        with django_assert_num_queries(1):
            assert access.is_expected(first, activity)


# --- the plan ---------------------------------------------------------------------------
def test_what_an_audience_is_refused_for():
    branch = build.branch()
    meeting = build.activity(branch=branch, kind="general_meeting")
    theme = build.activity(branch=branch)

    def refused(activity, **fields):
        stands = Activity.objects.get(pk=activity.pk)
        for name, value in fields.items():
            setattr(stands, name, value)
        return refusal(activities.change, stands, by=None)

    for fields in ({"offices": ["secretary"]}, {"occupations": [WORKER]}):
        assert refused(meeting, **fields) == {"whole"}
    assert refused(theme, offices=["king"]) == {"unknown"}
    assert refused(theme, occupations=["99999"]) == {"item_invalid"}
    assert refused(theme, interests=["gossip"]) == {"item_invalid"}
    assert refused(theme, interests=["sports"]) == {"no_sign_up"}


def test_a_copy_is_for_the_same_people():
    activity = build.activity(seats=2, offices=["secretary"], interests=["law"])
    starts_at = activity.starts_at + timezone.timedelta(days=30)

    copied = series.copy(activity, starts_at=starts_at, by=None)

    assert (copied.offices, copied.interests) == (["secretary"], ["law"])


def test_a_host_narrows_it_on_a_page():
    activity = build.activity(seats=3)
    client = client_of(build.secretary(of=activity.branch))
    page = address("activity_audience", activity)

    given = {"offices": ["secretary"], "occupations": [WORKER], "interests": ["law"]}
    done = client.post(page, given, follow=True)

    text = text_of(done)
    assert "Only with the office Secretary" in text
    assert "Told to those interested in Law and mediation" in text
    wrong = client.post(page, {"offices": ["king"]})
    assert wrong.status_code == 422
    assert 'id="id_offices_error"' in wrong.content.decode()
    plain = build.activity(branch=activity.branch)
    refused = client.post(address("activity_audience", plain), {"interests": ["law"]})
    assert refused.status_code == 422
    assert "Nobody is expected because of an interest" in text_of(refused)
    meeting = build.activity(branch=activity.branch, kind="general_meeting")
    assert client.get(address("activity_audience", meeting)).status_code == 404
    held = build.activity(branch=activity.branch, state="held")
    late = client.post(address("activity_audience", held), {}, follow=True)
    assert "it can no longer be changed so" in text_of(late)


def test_the_host_does_not_learn_who_has_an_interest():
    """Whom one may sign up, and who is listed for attendance, does not follow it."""
    branch = build.branch()
    host = build.secretary(of=branch)
    likes(branch, "sports"), likes(branch)
    activity = build.activity(branch=branch, seats=3, interests=["sports"])

    everybody = set(branch.members.all())
    assert set(access.helped_members(host, activity)) == everybody
    assert set(access.expected(activity)) == everybody


def test_the_audience_by_the_api():
    activity = build.activity(seats=1)
    client = APIClient()
    client.force_login(build.secretary(of=activity.branch))
    url = f"/api/v1/activities/{activity.pk}/"

    done = client.patch(url, {"offices": ["secretary"]}, format="json")
    assert done.json()["offices"] == ["secretary"]
    wrong = client.patch(url, {"offices": ["king"]}, format="json")
    assert [error["code"] for error in wrong.json()["errors"]] == ["unknown"]


# --- interests: one's own ---------------------------------------------------------------
def test_interests_are_chosen_twice_and_forgotten():
    member = build.member()

    for _time in range(2):
        interests.choose(member, ["law", "sports", "law"])
    interests.choose(member, ["sports", "care"])

    assert set(member.interests.values_list("interest", flat=True)) == {
        "sports",
        "care",
    }
    assert refusal(interests.choose, member, ["gossip"]) == {"unknown"}
    gone = build.member(state="resigned")
    assert refusal(interests.choose, gone, ["law"]) == {"not_live"}
    assert [interests.forget(build.user(member=member)), member.interests.count()] == [
        2,
        0,
    ]


def test_own_interests_on_a_page_and_among_own_data():
    user = build.user(member=build.member())
    client = client_of(user)

    done = client.post("/members/me/interests/", {"interests": ["law"]}, follow=True)
    assert "Saved." in text_of(done)
    wrong = client.post("/members/me/interests/", {"interests": ["gossip"]})
    assert wrong.status_code == 422
    assert 'id="id_interests_error"' in wrong.content.decode()
    assert own_kinds.held(user)["interests"] == 1
    own_kinds.delete("interests", of=user, now=timezone.now())
    assert not MemberInterest.objects.exists()


def test_own_interests_by_the_api():
    user = build.user(member=build.member())
    client = APIClient()
    client.force_login(user)
    url = "/api/v1/me/interests/"

    sent = {"interests": ["sports", "law"]}
    assert client.put(url, sent, format="json").json() == {
        "interests": ["law", "sports"]
    }
    wrong = client.put(url, {"interests": ["gossip"]}, format="json")
    assert wrong.status_code == 400
    assert client.get(url).json() == {"interests": ["law", "sports"]}
    client.force_login(build.user())
    assert client.get(url).status_code == 403


def test_each_interest_has_a_name():
    assert len(set(Interest.labels)) == len(Interest)
