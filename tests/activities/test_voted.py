"""Who was given a ballot: that one voted is kept, and never what one chose (EL-07, EL-14)."""

from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from docx import Document

from activities import documents
from activities.models import Attendance, Ballot, Minutes, Voter
from activities.services import minutes, sign_off, voted, votes
from members.services import own_data
from tests import build
from tests.activities.voting import count, put, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def draft(election_draft):
    return election_draft


@pytest.fixture
def secret(draft, tellers):
    one, two = (user.member for user in tellers)
    given = {"rule": "decision", "eligible": 8, "present": 8, "is_secret": True}
    return draft.items.get().ballots.create(
        motion="修路", monitor=one, counter=two, **given
    )


def count_ballot(ballot, by, handed, **totals):
    given = {"issued": 8, "returned": 8, "yes": 8} | totals
    return votes.count_ballot(ballot, given, handed=handed, by=by, now=timezone.now())


def sign(draft, user):
    draft = Minutes.objects.get(pk=draft.pk)
    seen = minutes.digest(draft)
    return sign_off.sign(draft, seen=seen, by=user, now=timezone.now())


# --- kept -------------------------------------------------------------------------------
def test_nothing_but_the_vote_and_the_member_is_kept():
    assert [field.name for field in Voter._meta.get_fields()] == [
        "id",
        "ballot",
        "election",
        "member",
    ]


def test_rows_stand_by_member_whoever_came_first(draft, secret, tellers, people):
    there = list(voted.there(draft.activity))

    count_ballot(secret, tellers[0], there[::-1])
    count(put(draft, tellers, people), tellers[0], [8, 6, 5, 4], handed=there[::-1])

    keys = sorted(one.pk for one in there)
    found = Voter.objects.order_by("pk").values_list("member", flat=True)
    assert list(found) == keys + keys


def test_who_counts_again_replaces_the_list(draft, secret, tellers):
    there = list(voted.there(draft.activity))
    count_ballot(secret, tellers[0], there)

    few = {"issued": 7, "returned": 7, "yes": 7}
    count_ballot(secret, tellers[1], there[:7], **few)
    count_ballot(secret, tellers[1], there[:7], **few)

    assert voted.people(secret) == sorted(there[:7], key=lambda one: one.pk)


def test_ballots_are_for_those_present_with_the_right_to_vote(
    draft, secret, tellers, people, branch
):  # EL-01, EL-02, EL-14
    there, teller = list(voted.there(draft.activity)), tellers[0]
    away, young = (
        build.member(branch=branch),
        build.member(branch=branch, state="probationary"),
    )
    build.attendance(draft.activity, away, state="leave", reason="病")
    build.attendance(draft.activity, young)
    election = put(draft, tellers, people)

    for other in (away, young, build.member(branch=branch)):
        handed = [*there[:7], other]
        assert refused(count_ballot, secret, teller, handed) == {
            "voters": "not_present"
        }
        assert refused(count, election, teller, [8, 6, 5, 4], handed=handed) == {
            "voters": "not_present"
        }
    assert list(voted.there(draft.activity)) == there
    assert not Voter.objects.exists()
    secret.refresh_from_db()
    assert not secret.is_counted


def test_as_many_are_issued_as_were_given_one(draft, secret, tellers, people):
    there, teller = list(voted.there(draft.activity)), tellers[0]
    election = put(draft, tellers, people)

    assert refused(count_ballot, secret, teller, there[:7]) == {
        "issued": "not_as_ticked"
    }
    assert refused(count, election, teller, [8, 6, 5, 4], handed=there[:7]) == {
        "issued": "not_as_ticked"
    }
    assert refused(count_ballot, secret, teller, []) == {"issued": "not_as_ticked"}
    # Named twice is one person.
    assert refused(count_ballot, secret, teller, [*there[:7], there[0]]) == {
        "issued": "not_as_ticked"
    }


def test_an_open_vote_hands_out_no_ballots(draft, secret, chair):
    show = draft.items.get().ballots.create(
        motion="植树", rule="decision", eligible=8, present=8
    )
    there = list(voted.there(draft.activity))

    assert refused(count_ballot, show, chair, there) == {"voters": "not_secret"}
    assert count_ballot(show, chair, []).is_counted
    assert not Voter.objects.exists()


def test_where_nobody_recorded_who_was_there_the_number_is_enough(
    draft, secret, tellers
):
    there = list(voted.there(draft.activity))
    Attendance.objects.all().delete()

    assert count_ballot(secret, tellers[0], []).is_counted
    assert not Voter.objects.exists()
    assert refused(count_ballot, secret, tellers[0], there) == {"voters": "not_present"}


def test_a_list_longer_than_a_page_is_not_ticked(draft, secret, tellers, monkeypatch):
    monkeypatch.setattr(voted, "MOST", 7)

    assert count_ballot(secret, tellers[0], []).is_counted
    there = list(voted.there(draft.activity))
    assert refused(count_ballot, secret, tellers[0], there[:3]) == {
        "issued": "not_as_ticked"
    }
    assert count_ballot(secret, tellers[0], there).voters.count() == 8


def test_a_row_is_of_one_vote_and_once(draft, secret, tellers, people):
    election, member = put(draft, tellers, people), people[0]
    Voter.objects.create(ballot=secret, member=member)
    Voter.objects.create(election=election, member=member)

    for wrong in (
        {},
        {"ballot": secret, "election": election},
        {"ballot": secret},
        {"election": election},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Voter.objects.create(member=member, **wrong)


# --- with the minutes -------------------------------------------------------------------
def test_it_is_signed_with_the_rest_and_copied_into_a_correction(
    draft, secret, chair, recorder, tellers, people
):
    there = list(voted.there(draft.activity))
    election = put(draft, tellers, people)
    before = [minutes.digest(draft)]
    count_ballot(secret, tellers[0], there)
    count(election, tellers[0], [8, 6, 5, 4])
    before.append(minutes.digest(draft))
    Voter.objects.filter(election=election, member=people[0]).delete()
    before.append(minutes.digest(draft))
    count(election, tellers[0], [8, 6, 5, 4])
    assert len(set(before)) == 3
    sign(draft, chair)
    locked = sign(draft, recorder)

    assert refused(count_ballot, secret, tellers[0], there) == "signed"
    extra = build.member()
    for change in (
        lambda: Voter.objects.create(ballot=secret, member=extra),
        lambda: Voter.objects.create(election=election, member=extra),
        lambda: Voter.objects.filter(ballot=secret).update(member=extra),
        lambda: Voter.objects.filter(election=election).delete(),
        lambda: Voter.objects.filter(ballot=secret).update(ballot=None),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    second = sign_off.correct(locked, reason="错字", by=chair)
    item = second.items.get()
    keys = sorted(one.pk for one in there)
    for copied in (item.ballots.get(), item.elections.get()):
        assert [one.pk for one in voted.people(copied)] == keys
    assert secret.voters.count() == election.voters.count() == 8


def test_minutes_without_such_a_list_keep_the_digest_they_had(draft, secret):
    """What was signed before stays what was signed."""
    said = minutes.content(draft)["items"][0]

    assert "voters" not in said["ballots"][0]


def test_nobody_signs_that_somebody_absent_was_given_a_ballot(
    draft, secret, chair, tellers
):  # EL-14
    count_ballot(secret, tellers[0], list(voted.there(draft.activity)))
    row = draft.activity.attendances.get(member=tellers[0].member_id)
    Attendance.objects.filter(pk=row.pk).update(state="leave", reason="病")

    assert refused(sign, draft, chair) == "incomplete"
    Attendance.objects.filter(pk=row.pk).update(state="present", reason="")
    assert sign(draft, chair).state == "signing"


def test_the_word_file_tells_the_number(draft, secret, tellers, people):
    count_ballot(secret, tellers[0], list(voted.there(draft.activity)))
    count(put(draft, tellers, people), tellers[0], [8, 6, 5, 4])

    paper = Document(BytesIO(documents.minutes_file(draft)))

    lines = [one.text for one in paper.paragraphs]
    said = "Given a ballot: 8 people, whose names the portal keeps."
    assert lines.count(said) == 2


def test_one_finds_in_the_own_data_that_one_voted_and_no_more(
    draft, secret, tellers, people
):
    count_ballot(secret, tellers[0], list(voted.there(draft.activity)))
    count(put(draft, tellers, people), tellers[0], [8, 6, 5, 4])

    part = own_data.take(build.user(member=people[0]))["parts"]["voted_in"]

    first, second = Voter.objects.filter(member=people[0]).order_by("pk")
    assert part["rows"] == [
        {"id": first.pk, "ballot": "修路", "election": None},
        {"id": second.pk, "ballot": None, "election": "支部委员会委员"},
    ]


# --- the pages --------------------------------------------------------------------------
def test_all_present_are_ticked_and_as_many_issued_until_the_tellers_say_otherwise(
    client, draft, secret, tellers
):
    client.force_login(tellers[0])
    page = f"/activities/minutes/votes/{secret.pk}/"
    there = list(voted.there(draft.activity))

    form = client.get(page).context["form"]
    assert form["voters"].value() == [one.pk for one in there]
    assert form["issued"].value() == 8
    totals = {"returned": 7, "yes": 7, "no": 0, "abstain": 0, "void": 0}
    totals |= {"written_opinions": 0, "written_yes": 0, "issued": 8}
    totals["voters"] = [one.pk for one in there[:7]]
    wrong = client.post(page, totals)
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["issued"] == [
        "8 issued, and 7 people ticked who were given one: the two are the same."
    ]
    assert wrong.content.decode().count(" checked") == 7
    foreign = client.post(page, totals | {"voters": [build.member().pk]})
    assert foreign.context["form"].errors["voters"]
    assert not Ballot.objects.get().is_counted
    client.post(page, totals | {"issued": 7})

    again = client.get(page).context["form"]
    assert sorted(again["voters"].value()) == sorted(totals["voters"])
    assert again["issued"].value() == 7


def test_an_open_vote_and_a_meeting_without_a_list_ask_for_no_names(
    client, draft, secret, chair, tellers, people
):
    show = draft.items.get().ballots.create(
        motion="植树", rule="decision", eligible=8, present=8
    )
    election = put(draft, tellers, people)

    def asked(user, page):
        client.force_login(user)
        form = client.get(f"/activities/{page}/").context["form"]
        return "voters" in form.fields, form["issued"].value()

    assert asked(chair, f"minutes/votes/{show.pk}") == (False, None)
    assert asked(tellers[0], f"elections/{election.pk}/count") == (True, 8)
    Attendance.objects.all().delete()
    assert asked(tellers[0], f"minutes/votes/{secret.pk}") == (False, None)
    assert asked(tellers[0], f"elections/{election.pk}/count") == (False, None)


def test_the_minutes_name_them_to_whoever_reads_these(
    client, draft, secret, chair, tellers, people
):
    there = list(voted.there(draft.activity))
    count_ballot(secret, tellers[0], there)
    count(put(draft, tellers, people), tellers[0], [8, 6, 5, 4])
    names = "、".join(one.name for one in there)

    client.force_login(chair)
    text = client.get(draft.get_absolute_url()).content.decode()

    assert text.count("8 people were given a ballot") == 2
    assert text.count(f"<p>{names}</p>") == 2
    client.force_login(build.secretary(of=build.branch()))
    assert client.get(draft.get_absolute_url()).status_code == 404


def test_the_pages_cost_the_same_for_many_voters(
    client, draft, secret, chair, tellers, branch, django_assert_num_queries
):
    few = list(voted.there(draft.activity))[:1]
    count_ballot(secret, tellers[0], few, issued=1, returned=1, yes=1)
    pages = (
        (chair, draft.get_absolute_url(), MINUTES_QUERIES),
        (tellers[0], f"/activities/minutes/votes/{secret.pk}/", COUNT_QUERIES),
    )

    def measure():
        for user, page, queries in pages:
            client.force_login(user)
            client.get(page)
            with django_assert_num_queries(queries):
                client.get(page)

    measure()
    for _each in range(12):
        build.attendance(draft.activity, build.member(branch=branch))
    Ballot.objects.update(eligible=20, present=20)
    there = list(voted.there(draft.activity))
    count_ballot(secret, tellers[0], there, issued=20, returned=20, yes=20)
    measure()


MINUTES_QUERIES, COUNT_QUERIES = 22, 9


def test_the_administration_shows_them_to_read(client, draft, secret, chair, tellers):
    count_ballot(secret, tellers[0], list(voted.there(draft.activity)))
    chair.is_staff = True
    chair.save()
    client.force_login(chair)

    page = client.get(f"/admin/activities/ballot/{secret.pk}/change/")

    text = page.content.decode()
    assert page.status_code == 200
    assert all(one.name in text for one in voted.there(draft.activity))
    assert 'name="voters-0-member"' not in text
    assert client.get("/admin/activities/voter/").status_code == 404
