"""Votes and elections by the API: the same access and refusals as on the pages."""

import pytest

from activities.models import Ballot, Election
from activities.services import minutes, sign_off, voted
from tests import build
from tests.activities.api import client_of, post, refusal
from tests.activities.voting import count, put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def draft(election_draft):
    return election_draft


@pytest.fixture
def there(draft):
    return [one.pk for one in voted.there(draft.activity)]


def an_election(draft, tellers, people, **more):
    return {
        "item": draft.items.get().pk,
        "title": "支部委员会委员",
        "kind": "committee",
        "seats": 3,
        "monitor": tellers[0].member_id,
        "counter": tellers[1].member_id,
        "candidates": [one.pk for one in people],
    } | more


def totals(election, yes, there, **more):
    rows = zip(election["candidates"], yes, strict=True)
    return {
        "issued": 8,
        "returned": 8,
        "void": 0,
        "voters": there,
        "candidates": [
            {"id": row["id"], "yes": number, "no": 8 - number} for row, number in rows
        ],
    } | more


# --- votes ------------------------------------------------------------------------------
def test_a_secret_vote_is_put_counted_and_read(draft, chair, tellers, there):
    sent = {
        "item": draft.items.get().pk,
        "motion": "修路",
        "rule": "decision",
        "is_secret": True,
        "monitor": tellers[0].member_id,
        "counter": tellers[1].member_id,
    }
    made = post(chair, "ballots", sent)
    assert made.status_code == 201
    ballot = made.json()
    assert (ballot["eligible"], ballot["present"], ballot["passed"]) == (8, 8, None)

    counting = f"ballots/{ballot['id']}/count"
    numbers = {"issued": 8, "returned": 8, "yes": 7, "no": 1, "abstain": 0, "void": 0}
    assert post(chair, counting, numbers).status_code == 404  # no teller
    said = post(tellers[0], counting, numbers | {"voters": there}).json()
    assert (said["passed"], said["yes"], said["written_yes"]) == (True, 7, 0)
    assert said["voters"] == sorted(there)
    read = client_of(chair).get(f"/api/v1/ballots/{ballot['id']}/").json()
    assert read == said
    assert refusal(post(chair, f"ballots/{ballot['id']}/remove")) == {None: "counted"}


def test_an_open_vote_is_counted_and_taken_off_by_who_writes(
    draft, chair, recorder, there
):
    sent = {"item": draft.items.get().pk, "motion": "植树", "rule": "decision"}
    key = post(recorder, "ballots", sent | {"eligible": 9, "present": 8}).json()["id"]
    numbers = {"issued": 8, "returned": 8, "yes": 8, "no": 0, "abstain": 0, "void": 0}

    said = post(chair, f"ballots/{key}/count", numbers).json()
    assert said["explained"] == "Passed: 8 in favor, 5 of 9 due needed."
    assert refusal(
        post(chair, f"ballots/{key}/count", numbers | {"voters": there})
    ) == {"voters": "not_secret"}
    assert refusal(post(chair, f"ballots/{key}/count", numbers | {"yes": 7})) == {
        "returned": "sum"
    }
    assert refusal(post(chair, f"ballots/{key}/count", {"yes": -1})) == {
        "issued": "required",
        "returned": "required",
        "void": "required",
        "yes": "min_value",
        "no": "required",
        "abstain": "required",
    }
    assert post(chair, f"ballots/{key}/remove").status_code == 204
    assert not Ballot.objects.exists()


def test_a_vote_is_refused_at_its_field(draft, chair, tellers):
    one = tellers[0].member_id
    sent = {"item": draft.items.get().pk, "motion": "修路", "rule": "decision"}

    def found(**more):
        return refusal(post(chair, "ballots", sent | more))

    assert found(is_secret=True, monitor=one) == {"counter": "tellers"}
    assert found(candidate=one, counter=one) == {"candidate": "candidate"}
    assert found(present=9) == {"present": "more_than_due"}
    assert found(monitor=build.member().pk) == {"monitor": "does_not_exist"}
    assert found(item=2_000_000_000) == {"item": "does_not_exist"}
    assert found(motion="") == {"motion": "blank"}
    assert not Ballot.objects.exists()


# --- elections --------------------------------------------------------------------------
def test_an_election_is_put_counted_and_agreed_on(draft, chair, tellers, people, there):
    sent = an_election(draft, tellers, people[::-1])
    made = post(chair, "elections", sent)
    assert made.status_code == 201
    election = made.json()
    standing = [row["member"] for row in election["candidates"]]
    assert standing == [one.pk for one in people]  # EL-07
    path = f"elections/{election['id']}"

    body = totals(election, (8, 6, 2, 0), there)
    counted = post(tellers[0], f"{path}/count", body).json()
    assert counted["elected"] == standing[:2]
    assert (counted["vacant"], counted["voters"]) == (1, sorted(there))
    fewer = {"for_fewer_seats": 4}
    assert refusal(post(tellers[0], f"{path}/fewer", fewer)) == {
        "for_fewer_seats": "too_few_agreed"
    }
    agreed = post(tellers[0], f"{path}/fewer", {"for_fewer_seats": 7}).json()
    assert (agreed["vacant"], agreed["for_fewer_seats"]) == (0, 7)  # EL-12
    assert client_of(chair).get(f"/api/v1/{path}/").json() == agreed
    assert refusal(post(chair, f"{path}/remove")) == {None: "counted"}


def test_what_does_not_fit_is_refused_at_its_field(
    draft, chair, tellers, people, there
):
    def put_it(**more):
        sent = an_election(draft, tellers, people, **more)
        return refusal(post(chair, "elections", sent))

    assert put_it(candidates=[people[0].pk]) == {"candidates": "too_few"}
    assert put_it(candidates=[build.member().pk]) == {"candidates": "does_not_exist"}
    assert put_it(counter=tellers[0].member_id) == {"counter": "tellers"}
    assert put_it(kind="lottery") == {"kind": "invalid_choice"}
    assert not Election.objects.exists()
    election = post(chair, "elections", an_election(draft, tellers, people)).json()
    first = election["candidates"][0]["id"]

    def count_it(**more):
        body = totals(election, (8, 6, 5, 4), there, **more)
        return refusal(post(tellers[0], f"elections/{election['id']}/count", body))

    assert count_it(voters=there[:7]) == {"issued": "not_as_ticked"}
    assert count_it(voters=[]) == {"issued": "not_as_ticked"}
    assert count_it(voters=[*there[:7], 10**30]) == {"voters": "not_present"}
    assert count_it(returned=9) == {"returned": "more_than_issued"}
    row = {"id": first, "yes": 8, "no": 1}
    rows = totals(election, (8, 6, 5, 4), there)["candidates"]
    assert count_it(candidates=[row, *rows[1:]]) == {f"yes_{first}": "sum"}
    assert count_it(candidates=[row | {"id": 10**30}]) == {
        "candidates": "does_not_exist"
    }
    assert not Election.objects.get().is_counted


def test_an_uncounted_election_is_taken_off(draft, chair, tellers, people):
    key = put(draft, tellers, people).pk

    assert post(chair, f"elections/{key}/remove").status_code == 204
    assert post(chair, f"elections/{key}/remove").status_code == 404


def test_signed_minutes_take_no_vote(draft, chair, recorder, tellers, people, there):
    election = count(put(draft, tellers, people), tellers[0], [8, 6, 2, 0])
    for user in (chair, recorder):
        seen = minutes.digest(draft)
        sign_off.sign(draft, seen=seen, by=user, now=election.counted_at)
        draft.refresh_from_db()
    path = f"elections/{election.pk}"
    read = client_of(tellers[0]).get(f"/api/v1/{path}/").json()

    signed = {None: "signed"}
    sent = an_election(draft, tellers, people)
    assert refusal(post(chair, "elections", sent)) == signed
    body = totals(read, (8, 6, 5, 4), there)
    assert refusal(post(tellers[0], f"{path}/count", body)) == signed
    assert refusal(post(tellers[0], f"{path}/fewer", {"for_fewer_seats": 7})) == signed
    assert refusal(post(chair, f"{path}/remove")) == signed


def test_who_reaches_votes_by_the_api(draft, branch, chair, recorder, tellers, people):
    election = put(draft, tellers, people)
    ballot = draft.items.get().ballots.create(
        motion="修路",
        rule="decision",
        eligible=8,
        present=8,
        is_secret=True,
        monitor=tellers[0].member,
        counter=tellers[1].member,
    )
    users = {
        "chair": chair,
        "recorder": recorder,
        "teller": tellers[0],
        "member": build.user(member=people[0]),
        "sibling": build.secretary(of=build.branch()),
        "above": build.secretary(of=branch.parent, home=build.branch())
        if branch.parent
        else chair,
        "system": build.administrator("system"),
    }

    def open_to(method, path):
        statuses = {
            name: getattr(client_of(user), method)(f"/api/v1/{path}/").status_code
            for name, user in users.items()
        }
        assert set(statuses.values()) <= {200, 204, 400, 404}
        return {name for name, status in statuses.items() if status != 404}

    writers = {"chair", "recorder", "above"}
    for path in (f"ballots/{ballot.pk}", f"elections/{election.pk}"):
        assert open_to("get", path) == writers | {"teller"}
        assert open_to("post", f"{path}/count") == {"teller"}
    assert open_to("post", f"elections/{election.pk}/fewer") == {"teller"}
    sent = an_election(draft, tellers, people)
    for name, user in users.items():
        answer = post(user, "elections", sent)
        if name in writers:
            assert answer.status_code == 201
        else:
            assert refusal(answer)["item"] == "does_not_exist"
    for path in (f"ballots/{ballot.pk}", f"elections/{election.pk}"):
        for name in ("teller", "member", "sibling", "system"):
            assert post(users[name], f"{path}/remove").status_code == 404
        assert post(recorder, f"{path}/remove").status_code == 204


def test_one_election_costs_the_same_for_many_candidates(
    draft, tellers, people, django_assert_num_queries
):
    few = count(put(draft, tellers, people[:2], seats=1), tellers[0], [8, 0])
    many = count(put(draft, tellers, people), tellers[0], [8, 6, 5, 4])
    client = client_of(tellers[0])

    for election in (few, many):
        with django_assert_num_queries(QUERIES):
            client.get(f"/api/v1/elections/{election.pk}/")


QUERIES = 7
