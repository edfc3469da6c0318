"""Seats that an election left: fewer seats by agreement, or a new vote (EL-11, EL-12)."""

from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from docx import Document

from activities import documents
from activities.models import Election
from activities.services import elections, minutes, seats_left, sign_off
from tests import build
from tests.activities.voting import count, put, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

# The votes in favor of four for three seats, of 8 present; 5 are needed.
LEFT, TAKEN, NOBODY = [6, 6, 2, 0], [8, 6, 5, 4], [4, 4, 2, 0]
TIED = [6, 5, 5, 0]  # for two seats


@pytest.fixture
def draft(election_draft):
    return election_draft


@pytest.fixture
def left(draft, tellers, people):
    """Two of three seats are filled."""
    return count(put(draft, tellers, people), tellers[0], LEFT)


# --- agreed -----------------------------------------------------------------------------
def test_the_meeting_agrees_to_fewer_seats(draft, left, tellers):  # EL-12
    before = minutes.digest(draft)

    seats_left.agree(left, 5, by=tellers[1])
    noted = seats_left.agree(left, 5, by=tellers[1])

    found = elections.outcome(noted)
    assert (found.left, found.vacant, len(found.elected)) == (1, 0, 2)
    assert elections.explain(noted)[1:] == [
        "Seats left: 1. 5 of the 8 present, more than half, agreed to 2 seats instead of 3."
    ]
    assert minutes.digest(draft) != before
    assert not seats_left.may_vote_again(noted)


@pytest.mark.parametrize(
    ("in_favor", "code"), [(4, "too_few_agreed"), (9, "more_than_present")]
)
def test_it_takes_more_than_half_of_those_present(left, tellers, in_favor, code):
    assert refused(seats_left.agree, left, in_favor, by=tellers[0]) == {
        "for_fewer_seats": code
    }
    left.refresh_from_db()
    assert left.for_fewer_seats is None


@pytest.mark.parametrize(
    ("yes", "seats", "present"),
    [(TAKEN, 3, 8), (NOBODY, 3, 8), (TIED, 2, 8), ([7, 7, 0, 0], 3, 7), (None, 3, 8)],
)
def test_it_is_noted_only_where_some_are_elected_and_seats_are_left(
    draft, tellers, people, yes, seats, present
):
    """Not where all are, nobody is, some are tied (EL-11), too few came, or uncounted."""
    election = put(draft, tellers, people, seats=seats, present=present)
    if yes is not None:
        count(election, tellers[0], yes)

    assert refused(seats_left.agree, election, 6, by=tellers[0]) == "no_seats_left"


def test_the_tellers_note_it_and_a_new_count_takes_it_back(
    draft, left, chair, recorder, tellers
):
    assert refused(seats_left.agree, left, 6, by=chair) == "teller"
    seats_left.agree(left, 6, by=tellers[0])

    again = count(left, tellers[0], LEFT)

    assert again.for_fewer_seats is None
    seats_left.agree(left, 6, by=tellers[0])
    for user in (chair, recorder):
        seen = minutes.digest(draft)
        sign_off.sign(draft, seen=seen, by=user, now=again.counted_at)
        draft.refresh_from_db()
    assert refused(seats_left.agree, left, 7, by=tellers[0]) == "signed"
    second = sign_off.correct(draft, reason="错字", by=chair)
    assert second.items.get().elections.get().for_fewer_seats == 6


@pytest.mark.parametrize("in_favor", [4, 9])
def test_the_database_holds_to_it(left, in_favor):
    with pytest.raises(IntegrityError), transaction.atomic():
        Election.objects.update(for_fewer_seats=in_favor)
    with pytest.raises(IntegrityError), transaction.atomic():
        Election.objects.update(counted_at=None, for_fewer_seats=6)


def test_it_stands_in_the_word_file(draft, left, tellers):
    seats_left.agree(left, 6, by=tellers[0])

    paper = Document(BytesIO(documents.minutes_file(draft)))

    said = "Seats left: 1. 6 of the 8 present, more than half, agreed to 2 seats instead of 3."
    assert said in [one.text for one in paper.paragraphs]


# --- on the pages -----------------------------------------------------------------------
def test_a_teller_notes_it_on_the_page_of_the_count(client, draft, left, tellers):
    client.force_login(tellers[0])
    page = f"/activities/elections/{left.pk}/fewer/"
    counting = client.get(f"/activities/elections/{left.pk}/count/").content.decode()
    assert page in counting
    assert "Seats left: 1." in counting

    wrong = client.post(page, {"for_fewer_seats": "4"})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["for_fewer_seats"] == [
        "Of the 8 present with the right to vote 5 must agree: hold a new vote for the "
        "seats left instead."
    ]
    nothing = client.post(page, {})
    assert nothing.context["form"].errors["for_fewer_seats"] == [
        "This field is required."
    ]
    answer = client.post(page, {"for_fewer_seats": "5"}, follow=True)
    assert "agreed to 2 seats instead of 3" in answer.content.decode()
    assert answer.redirect_chain[0][0] == draft.activity.get_absolute_url()


def test_the_form_is_there_only_where_it_applies(
    client, draft, left, chair, recorder, tellers, people
):
    taken = put(draft, tellers, people)
    count(taken, tellers[0], TAKEN)
    by_chair = put(draft, [chair, tellers[1]], people)
    count(by_chair, chair, LEFT)

    def pages(user):
        client.force_login(user)
        return client.get(draft.get_absolute_url()).content.decode()

    text = pages(chair)
    assert f"/activities/elections/{by_chair.pk}/fewer/" in text
    for other in (left, taken):  # is no teller; all seats are taken
        assert f"/activities/elections/{other.pk}/fewer/" not in text
    seats_left.agree(by_chair, 7, by=chair)
    text = pages(chair)
    assert 'value="7"' in text  # to be mended
    assert f"?after={left.pk}" in text
    for other in (taken, by_chair):
        assert f"?after={other.pk}" not in text
    assert f"?after={left.pk}" not in pages(recorder).replace(
        f"?after={left.pk}", "", 1
    )
    client.force_login(chair)
    refused_ = client.post(f"/activities/elections/{left.pk}/fewer/")
    assert refused_.status_code == 404


def test_a_new_vote_is_filled_in_with_what_is_left(
    client, draft, left, chair, tellers, people
):  # EL-12: who was not elected
    client.force_login(chair)
    page = f"/activities/points/{left.item_id}/election/?after={left.pk}"

    form = client.get(page).context["form"]

    told = {name: form[name].value() for name in form.fields}
    assert told == {
        "title": "支部委员会委员",
        "kind": "again",
        "seats": 1,
        "candidates": [people[2].pk, people[3].pk],
        "eligible": 8,
        "present": 8,
        "monitor": tellers[0].member_id,
        "counter": tellers[1].member_id,
    }
    assert client.post(page, told).url == draft.get_absolute_url()
    made = Election.objects.get(kind="again")
    assert [one.member for one in made.candidates.all()] == people[2:]


def test_among_the_tied_alone(client, draft, chair, tellers, people):  # EL-11
    tied = count(put(draft, tellers, people, seats=2), tellers[0], TIED)
    client.force_login(chair)

    page = f"/activities/points/{tied.item_id}/election/?after={tied.pk}"
    form = client.get(page).context["form"]

    assert form["candidates"].value() == [people[1].pk, people[2].pk]
    assert form["seats"].value() == 1


def test_nothing_is_filled_in_from_what_leaves_nothing(
    client, draft, chair, tellers, people
):
    taken = count(put(draft, tellers, people), tellers[0], TAKEN)
    too_few = put(draft, tellers, people, present=7)
    count(too_few, tellers[0], [7, 7, 0, 0])  # EL-04: nothing is decided
    other = build.draft_minutes(build.meeting(draft.activity.branch))
    _vote, foreign = build.votes(other, tellers=[user.member for user in tellers])
    client.force_login(chair)

    for key in (taken.pk, too_few.pk, foreign.pk, "x", "", 10**30):
        page = f"/activities/points/{taken.item_id}/election/?after={key}"
        form = client.get(page).context["form"]
        assert form["candidates"].value() in (None, [])
        assert form["title"].value() == "选举支部委员会"
