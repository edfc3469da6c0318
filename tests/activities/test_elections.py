"""Elections on minutes: EL-01 … EL-14 as refusals at the field, outcomes with their why."""

from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from docx import Document
from rest_framework.test import APIClient

from activities import documents
from activities.models import Candidate, Election, Minutes
from activities.services import elections, minutes, sign_off, voted
from activities.services.minutes import Point
from tests import build
from tests.activities.voting import count, put, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def draft(election_draft):
    return election_draft


# --- put --------------------------------------------------------------------------------
def test_who_stands_is_put_on_the_minutes_by_surname_strokes(draft, tellers, people):
    """EL-07: whoever is named first."""
    election = put(draft, tellers, people[::-1])

    assert [one.member for one in election.candidates.all()] == people
    assert elections.explain(election) == ["Not counted yet."]
    assert elections.outcome(election) is None


@pytest.mark.parametrize(
    ("kind", "seats", "standing", "code"),
    [
        ("committee", 3, 3, "too_few"),  # EL-05: 4 for 3
        ("delegates", 4, 4, "too_few"),  # EL-15: 5 for 4
        ("officers", 1, 2, "one_each"),  # EL-06
        ("officers", 2, 1, "one_each"),
        ("again", 2, 1, "too_few"),
        ("committee", 1, 0, "required"),
    ],
)
def test_as_many_stand_as_the_kind_demands(
    draft, tellers, people, kind, seats, standing, code
):
    found = refused(put, draft, tellers, people[:standing], kind=kind, seats=seats)

    assert found == {"candidates": code}
    assert not Election.objects.exists()
    assert not Candidate.objects.exists()


@pytest.mark.parametrize(
    ("kind", "seats", "standing"),
    [("committee", 3, 4), ("officers", 2, 2), ("again", 1, 2), ("again", 2, 2)],
)
def test_that_many_suffice(draft, tellers, people, kind, seats, standing):
    assert put(draft, tellers, people[:standing], kind=kind, seats=seats).pk


def test_who_may_not_stand_or_count_is_refused(draft, tellers, people, branch):
    probationary = build.member(branch=branch, state="probationary")
    one, two = tellers

    def found(candidates, **fields):
        return refused(put, draft, tellers, candidates, seats=1, **fields)

    assert found([*people, probationary]) == {"candidates": "not_full"}  # EL-01, EL-02
    assert found([*people, one.member]) == {"candidates": "teller"}  # EL-13
    assert found(people, counter=one.member) == {"counter": "tellers"}  # EL-07
    assert found(people, present=11) == {"present": "more_than_due"}
    assert two.member not in people


# --- counted ----------------------------------------------------------------------------
def test_elected_is_who_has_more_than_half_of_those_present(draft, tellers, people):
    """EL-10: of 8 present 5 are needed; exactly half is not enough."""
    election = put(draft, tellers, people)

    counted = count(election, tellers[0], [8, 6, 5, 4])

    names = [
        (row["candidate"].member.name, row["outcome"])
        for row in elections.rows(counted)
    ]
    assert names == [
        ("丁甲", "elected"),
        ("王乙", "elected"),
        ("田丙", "elected"),
        ("江丁", "not"),
    ]
    assert elections.explain(counted) == [
        "Elected: 丁甲、王乙、田丙, each with at least 5 in favor, more than half of the 8 "
        "present."
    ]


def test_a_tie_for_the_last_seat_asks_for_a_new_vote(draft, tellers, people):  # EL-11
    counted = count(put(draft, tellers, people, seats=2), tellers[1], [6, 5, 5, 0])

    assert elections.explain(counted)[1] == (
        "王乙、田丙 have the same number for the last 1: a new vote is held among them."
    )
    assert [row["outcome"] for row in elections.rows(counted)] == [
        "elected",
        "tied",
        "tied",
        "not",
    ]


def test_seats_that_nobody_wins_are_left(draft, tellers, people):  # EL-12
    counted = count(put(draft, tellers, people), tellers[0], [6, 4, 2, 0])
    none = count(put(draft, tellers, people), tellers[0], [4, 4, 2, 0])

    assert elections.explain(counted)[1] == (
        "Seats left: 2. A new vote is held for them; if nearly all are filled, more than "
        "half of the voters may agree to fewer seats."
    )
    assert elections.explain(none)[0] == (
        "Nobody has 5 in favor, more than half of the 8 present."
    )


def test_without_four_fifths_nobody_is_elected(draft, tellers, people):  # EL-04
    few = count(put(draft, tellers, people, present=7), tellers[0], [7, 7, 7, 0])

    assert elections.explain(few) == [
        "No quorum: of 10 due 7 were present, 8 are needed. Nothing is decided."
    ]
    assert {row["outcome"] for row in elections.rows(few)} == {"not"}


def test_sums_that_do_not_fit_are_refused_at_their_field(draft, tellers, people):
    election = put(draft, tellers, people)
    one = election.candidates.first()
    teller = tellers[0]

    def found(yes=(8, 6, 5, 4), **totals):
        return refused(count, election, teller, yes, **totals)

    assert found(issued=9) == {"issued": "more_than_present"}  # EL-14
    assert found(issued=7) == {"returned": "more_than_issued"}  # EL-08
    assert found((0,) * 4, returned=0, void=1) == {"void": "more_than_returned"}
    assert found((8, 8, 8, 8)) == {"void": "too_many_marks"}  # EL-09
    totals = {"issued": 8, "returned": 8, "void": 1}
    votes = {c.pk: {"yes": 1, "no": 6} for c in election.candidates.all()}
    votes[one.pk] = {"yes": 1, "no": 7}
    handed = voted.there(draft.activity)
    now = timezone.now()
    assert refused(
        elections.count, election, totals, votes, handed=handed, by=teller, now=now
    ) == {f"yes_{one.pk}": "sum"}
    election.refresh_from_db()
    assert not election.is_counted
    assert election.candidates.first().yes is None


def test_only_the_tellers_count_and_may_mend_it(draft, chair, tellers, people):
    election = put(draft, tellers, people)

    assert refused(count, election, chair, [8, 6, 5, 4]) == "teller"
    count(election, tellers[0], [8, 6, 5, 4])
    again = count(election, tellers[1], [8, 6, 6, 4])
    assert [one.yes for one in again.candidates.all()] == [8, 6, 6, 4]
    assert again.counted_by == tellers[1]


def test_one_put_there_by_mistake_is_taken_off_and_a_counted_one_stays(
    draft, tellers, people
):
    wrong, counted = put(draft, tellers, people), put(draft, tellers, people)
    count(counted, tellers[0], [8, 6, 5, 4])

    elections.remove(wrong)
    elections.remove(wrong)

    assert refused(elections.remove, counted) == "counted"
    assert list(Election.objects.all()) == [counted]
    key = counted.item_id
    assert refused(minutes.save, draft, {}, [Point(str(key), "")], []) == {
        f"title_{key}": "has_ballot"
    }


# --- with the minutes -------------------------------------------------------------------
def sign(draft, user):
    draft = Minutes.objects.get(pk=draft.pk)
    seen = minutes.digest(draft)
    return sign_off.sign(draft, seen=seen, by=user, now=timezone.now())


def test_it_is_signed_with_the_rest_and_copied_into_a_correction(
    draft, chair, recorder, tellers, people
):
    before = minutes.digest(draft)
    election = put(draft, tellers, people)
    assert minutes.digest(draft) != before
    assert refused(sign, draft, chair) == "incomplete"
    count(election, tellers[0], [8, 6, 5, 4])
    sign(draft, chair)
    locked = sign(draft, recorder)

    assert refused(elections.remove, election) == "signed"
    assert refused(count, election, tellers[0], [8, 6, 5, 4]) == "signed"
    assert refused(put, draft, tellers, people) == "signed"
    for change in (
        lambda: Election.objects.update(title="x"),
        lambda: Candidate.objects.update(yes=1),
        lambda: Candidate.objects.all().delete(),
        lambda: Election.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    second = sign_off.correct(locked, reason="错字", by=chair)
    copied = second.items.get().elections.get()
    assert [one.yes for one in copied.candidates.all()] == [8, 6, 5, 4]
    assert locked.items.get().elections.get() == election


def test_it_stands_in_the_word_file_with_its_why(draft, tellers, people):
    count(put(draft, tellers, people), tellers[0], [8, 6, 5, 4])

    paper = Document(BytesIO(documents.minutes_file(draft)))

    lines = [one.text for one in paper.paragraphs]
    rows = [[c.text for c in row.cells] for t in paper.tables for row in t.rows]
    assert ["丁甲", "8", "0", "0", "Elected"] in rows
    assert ["江丁", "4", "4", "0", "Not elected"] in rows
    assert any(line.startswith("Elected: 丁甲、王乙、田丙") for line in lines)
    assert "Tellers:监票、计票" in lines


# --- the pages --------------------------------------------------------------------------
def test_it_is_entered_counted_and_read_on_pages(client, draft, chair, tellers, people):
    client.force_login(chair)
    item, meeting = draft.items.get(), draft.activity
    page = f"/activities/points/{item.pk}/election/"
    form = client.get(page).context["form"]
    assert (form["eligible"].value(), form["present"].value()) == (8, 8)
    sent = {
        "title": "支部委员会委员",
        "kind": "committee",
        "seats": 3,
        "candidates": [one.pk for one in people[:3]],
        "eligible": 8,
        "present": 8,
        "monitor": tellers[0].member_id,
        "counter": tellers[1].member_id,
    }
    wrong = client.post(page, sent)
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["candidates"] == [
        "For 3 seats at least 4 stand; these are 3."
    ]
    # Who was chosen still is.
    assert wrong.content.decode().count(" checked") == 3
    foreign = build.member(branch=build.branch())
    elsewhere = client.post(page, sent | {"candidates": [foreign.pk]})
    assert elsewhere.context["form"].errors["candidates"]
    client.post(page, sent | {"candidates": [one.pk for one in people]})
    election = Election.objects.get()

    # The chair is no teller; the teller need not read the draft.
    counting = f"/activities/elections/{election.pk}/count/"
    assert client.get(counting).status_code == 404
    client.force_login(tellers[0])
    assert counting in client.get(meeting.get_absolute_url()).content.decode()
    totals = {"issued": 8, "returned": 8, "void": 0}
    totals["voters"] = [one.pk for one in voted.there(meeting)]
    for one, yes in zip(election.candidates.all(), (8, 6, 5, 4), strict=True):
        totals |= {
            f"yes_{one.pk}": yes,
            f"no_{one.pk}": 8 - yes,
            f"abstain_{one.pk}": 0,
        }
    wrong = client.post(counting, totals | {"returned": 9})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["returned"] == [
        "More ballots came back than were issued: the vote is void and is held again."
    ]
    answer = client.post(counting, totals)
    assert answer.url == meeting.get_absolute_url()

    client.force_login(chair)
    text = client.get(draft.get_absolute_url()).content.decode()
    chosen = "、".join(one.member.name for one in election.candidates.all()[:3])
    assert f"Elected: {chosen}" in text
    removing = f"/activities/elections/{election.pk}/remove/"
    assert removing not in text
    answer = client.post(removing, {"confirmed": "1"}, follow=True)
    assert "The tellers counted this ballot: it stays." in answer.content.decode()


def test_an_election_is_taken_off_after_asking(client, draft, chair, tellers, people):
    election = put(draft, tellers, people)
    client.force_login(chair)
    removing = f"/activities/elections/{election.pk}/remove/"

    asked = client.post(removing).content.decode()
    assert "Take this vote off the minutes?" in asked
    assert Election.objects.exists()
    client.post(removing, {"confirmed": "1"})
    assert not Election.objects.exists()


def test_who_enters_elections(client, draft, branch, chair, recorder, tellers, people):
    election = put(draft, tellers, people)
    users = {
        "chair": chair,
        "recorder": recorder,
        "teller": tellers[0],
        "member": build.user(member=people[0]),
        "sibling": build.secretary(of=build.branch()),
        "system": build.administrator("system"),
    }

    def open_to(path):
        found = set()
        for name, user in users.items():
            client.force_login(user)
            if client.get(path).status_code == 200:
                found.add(name)
        return found

    assert open_to(f"/activities/points/{election.item_id}/election/") == {
        "chair",
        "recorder",
    }
    assert open_to(f"/activities/elections/{election.pk}/count/") == {"teller"}


def test_the_minutes_cost_the_same_for_many_elections(
    client, draft, chair, tellers, people, django_assert_num_queries
):
    client.force_login(chair)
    put(draft, tellers, people)
    page = draft.get_absolute_url()
    client.get(page)
    with django_assert_num_queries(QUERIES):
        client.get(page)
    for _each in range(4):
        put(draft, tellers, people)
    with django_assert_num_queries(QUERIES):
        client.get(page)


QUERIES = 23


def test_the_api_tells_totals_and_who_is_elected(draft, chair, tellers, people):
    count(put(draft, tellers, people), tellers[0], [8, 6, 5, 4])
    client = APIClient()
    client.force_login(chair)

    said = client.get(f"/api/v1/minutes/{draft.pk}/").json()

    (election,) = said["items"][0]["elections"]
    assert [one["yes"] for one in election["candidates"]] == [8, 6, 5, 4]
    assert election["elected"] == [one.pk for one in people[:3]]
    assert (election["tied"], election["vacant"]) == ([], 0)
    assert election["explained"][0].startswith("Elected: 丁甲")
