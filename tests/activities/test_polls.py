"""LIFE-24: a poll leaves totals and a flag; nothing tells who chose what."""

import logging
import re

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from activities import access_appraisal
from activities.appraisal_rules import Papers
from activities.models import (
    Appraisal,
    AppraisalResult,
    AppraisalRound,
    AppraisalTally,
)
from activities.services import polls
from members import access
from members.models import AuditEntry
from members.services import own_data
from tests import build
from tests.race import codes, race

pytestmark = pytest.mark.django_db


def a_poll(number=4, kind="on_line", **fields):
    """An open poll; the parts in the order of their keys, and an account for each."""
    branch = build.branch()
    members = [build.member(branch=branch) for _ in range(number)]
    users = [build.user(member=one) for one in members]
    made = build.appraisal_round(branch, *members, step="mutual", **fields)
    by = build.officer("organization_officer", of=branch, home=build.branch())
    polls.open_poll(made, kind=kind, by=by)
    # The officer is of another branch, so that nobody else takes part.
    parts = list(made.appraisals.order_by("pk"))
    assert len(parts) == number
    return AppraisalRound.objects.get(pk=made.pk), parts, users, by


def ballot(parts, own, grades):
    """A choice on each but `own`, from grades by place; "qualified" where none is said."""
    return {
        part.pk: grades.get(place, "qualified")
        for place, part in enumerate(parts)
        if place != own
    }


def refusal(call, *args, **kwargs):
    with pytest.raises(ValidationError) as refused:
        call(*args, **kwargs)
    return codes(refused.value)


def everything():
    """Every row of every table, with where it lies and which transaction wrote it left
    out, and what is sealed as its length."""
    found, there = {}, connection.introspection.table_names()
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if table not in there:
                continue
            cursor.execute(f'SELECT to_jsonb(t) FROM "{table}" t ORDER BY 1')  # noqa: S608
            found[table] = [str(row) for (row,) in cursor.fetchall()]
    found[AppraisalTally._meta.db_table] = [
        len(row) for row in found[AppraisalTally._meta.db_table]
    ]
    return found


def test_two_ballots_may_be_exchanged_and_nothing_differs():
    """What first and second choose on the third and fourth is exchanged: every row of
    every table is the same, but for the noise of the one sealed text."""
    made, parts, users, _by = a_poll()
    start = AppraisalTally.objects.get().counts
    one, other = {2: "excellent", 3: "basic"}, {2: "unqualified", 3: "excellent"}
    dumps, sums = [], []
    for choices in ((one, other), (other, one)):
        tally = AppraisalTally.objects.get()
        tally.counts = start
        tally.save()
        Appraisal.objects.update(has_voted=False)
        before = everything()
        for place, grades in enumerate(choices):
            polls.vote(made, ballot(parts, place, grades), by=users[place])
        dumps.append(everything())
        sums.append(AppraisalTally.objects.get().counts)
        changed = {table for table in before if before[table] != dumps[-1][table]}
        # Of the tally the length alone is compared, and it never changes.
        assert changed == {"activities_appraisal"}
    assert dumps[0] == dumps[1]
    assert sums[0] == sums[1] != start


@pytest.mark.parametrize("grade", ["excellent", "qualified", "basic", "unqualified"])
def test_the_same_statements_are_made_whatever_is_chosen(grade):
    """The text of each statement, its numbers left out, is that of the other grades."""
    made, parts, users, _by = a_poll()
    with CaptureQueriesContext(
        connection,
    ) as found:
        polls.vote(made, ballot(parts, 0, dict.fromkeys(range(4), grade)), by=users[0])
    writes = [
        one["sql"] for one in found if one["sql"].startswith(("UPDATE", "INSERT"))
    ]
    assert len(writes) == 2
    assert writes[0].startswith('UPDATE "activities_appraisaltally" SET "counts"')
    assert writes[1].startswith('UPDATE "activities_appraisal" SET "has_voted" = true')
    assert writes[1].endswith(f" = {parts[0].pk}")
    assert grade not in "".join(one["sql"] for one in found)


def test_nobody_who_looks_at_the_database_reads_the_running_totals():
    made, parts, users, _by = a_poll()
    polls.vote(made, ballot(parts, 0, {1: "excellent"}), by=users[0])
    with connection.cursor() as cursor:
        cursor.execute("SELECT counts FROM activities_appraisaltally")
        stored = bytes(cursor.fetchone()[0])
    assert AppraisalTally.objects.get().counts.encode() not in stored
    assert not AppraisalResult.objects.exists()


def test_a_ballot_leaves_no_entry_and_no_line_in_a_log(caplog):
    made, parts, users, _by = a_poll()
    entries = AuditEntry.objects.count()
    with caplog.at_level(logging.DEBUG):
        caplog.clear()
        polls.vote(made, ballot(parts, 0, {1: "unqualified"}), by=users[0])
    assert AuditEntry.objects.count() == entries
    said = [one for one in caplog.messages if not re.search(r"^\(\d", one)]
    assert not any("unqualified" in line for line in said)


def test_no_table_of_the_compartment_has_a_history_or_a_time_of_a_ballot():
    tracked = {
        model.pgh_tracked_model
        for model in apps.get_models()
        if hasattr(model, "pgh_tracked_model")
    }
    assert not tracked & {Appraisal, AppraisalResult, AppraisalTally, AppraisalRound}
    kinds = {
        field.get_internal_type()
        for model in (Appraisal, AppraisalTally)
        for field in model._meta.concrete_fields
    }
    assert not kinds & {"DateTimeField", "DateField", "TimeField"}


# --- voting -----------------------------------------------------------------------------
def test_each_votes_once_on_everybody_else():
    made, parts, users, _by = a_poll()
    all_of_them = ballot(parts, 0, {})
    vote = polls.vote
    assert refusal(vote, made, {}, by=users[0]) == {"no_choice"}
    assert refusal(vote, made, all_of_them | {parts[0].pk: "basic"}, by=users[0]) == {
        "no_choice"
    }
    bad = all_of_them | {parts[1].pk: "best"}
    assert refusal(vote, made, bad, by=users[0]) == {"no_choice"}
    stranger = build.user(member=build.member(branch=made.branch))
    assert refusal(vote, made, all_of_them, by=stranger) == {"not_in_round"}
    assert not made.appraisals.filter(has_voted=True).exists()

    vote(made, all_of_them, by=users[0])
    assert refusal(vote, made, all_of_them, by=users[0]) == {"voted"}
    assert polls.turnout(made) == polls.Turnout(1, 4)


def test_nobody_votes_out_of_time_or_on_paper():
    made, parts, users, by = a_poll(kind="on_paper")
    assert refusal(polls.vote, made, ballot(parts, 0, {}), by=users[0]) == {"on_paper"}
    made, parts, users, by = a_poll()
    polls.close_poll(made, by=by)
    assert refusal(polls.vote, made, ballot(parts, 0, {}), by=users[0]) == {"step"}


def test_who_left_the_branch_votes_no_more():
    made, parts, users, _by = a_poll()
    for user in users[:1]:
        user.member.branch = build.branch()
        user.member.save()
    assert refusal(polls.vote, made, ballot(parts, 0, {}), by=users[0]) == {
        "not_in_round"
    }


def test_the_probationary_vote_and_nobody_votes_on_them():  # LIFE-22
    branch = build.branch()
    full, other = (build.member(branch=branch) for _ in range(2))
    new = build.member(branch=branch, state="probationary")
    made = build.appraisal_round(branch, full, other, new, step="mutual")
    polls.open_poll(made, kind="on_line", by=None)
    parts = list(made.appraisals.all())
    everybody = {parts[0].pk: "basic", parts[1].pk: "basic"}
    polls.vote(made, everybody, by=build.user(member=new))
    assert set(polls.asked(made)) == set(parts[:2])


# --- what is shown ----------------------------------------------------------------------
def everyone_votes(made, parts, users, *choices):
    for place, grades in enumerate(choices):
        polls.vote(made, ballot(parts, place, grades), by=users[place])


def test_totals_are_written_out_when_the_poll_is_closed():
    made, parts, users, by = a_poll()
    everyone_votes(made, parts, users, {3: "excellent"}, {3: "excellent"}, {3: "basic"})
    made = polls.close_poll(made, by=by)
    result = AppraisalResult.objects.get(appraisal=parts[3])
    expected = {"excellent": 2, "qualified": 0, "basic": 1, "unqualified": 0}
    assert polls.totals_of(result, made) == expected
    assert result.blank == 0
    assert not AppraisalTally.objects.exists()


def test_what_fewer_than_three_gave_is_kept_nowhere():
    """Three voted; on each of these only two, for nobody votes on oneself."""
    made, parts, users, by = a_poll()
    everyone_votes(made, parts, users, {}, {}, {})
    made = polls.close_poll(made, by=by)
    for part in parts[:3]:
        result = AppraisalResult.objects.get(appraisal=part)
        assert polls.totals_of(result, made) is None
        assert {getattr(result, name) for name in result.TOTALS} == {None}
    assert polls.totals_of(AppraisalResult.objects.get(appraisal=parts[3]), made)


@pytest.mark.usefixtures("in_english")
def test_nothing_shows_totals_while_a_poll_is_open(client):
    """Pages, API, administration and the file of own data, for who votes and for who
    manages: one vote more changes nothing but the number of those who voted."""
    made, parts, users, by = a_poll()
    everyone_votes(made, parts, users, {3: "excellent"}, {3: "excellent"})
    by.is_staff = True
    by.save()

    def shown():
        client.force_login(by)
        api = APIClient()
        api.force_login(by)
        pages = [
            client.get(f"/activities/appraisals/{made.pk}/"),
            *(client.get(one.get_absolute_url()) for one in parts),
            *(
                client.get(f"/admin/activities/appraisal/{one.pk}/change/")
                for one in parts
            ),
            client.get(f"/admin/activities/appraisalround/{made.pk}/change/"),
            api.get(f"/api/v1/appraisals/{made.pk}/members/"),
            *(api.get(f"/api/v1/appraisal-members/{one.pk}/") for one in parts),
        ]
        assert {page.status_code for page in pages} == {200}
        texts = [page.content.decode() for page in pages]
        for user in users[3:]:
            api.force_login(user)
            texts.append(api.get("/api/v1/me/appraisals/").content.decode())
            texts.append(str(own_data.take(user)["parts"]["appraisals"]))
            texts.append(str(own_data.take(user)["parts"]["appraisal_results"]))
        without = (
            r'csrfmiddlewaretoken" value="\w+"|<head.*?</head>|<header.*?</header>'
        )
        return [re.sub(without, "", text, flags=re.DOTALL) for text in texts]

    before = shown()
    polls.vote(made, ballot(parts, 2, {3: "unqualified"}), by=users[2])
    after = shown()
    assert before[0].replace("2 of 4 have", "3 of 4 have") == after[0]
    assert before[1:] == after[1:]


def test_no_administration_and_no_list_reaches_the_running_totals():
    _made, _parts, users, by = a_poll()
    for user in (by, *users, build.administrator("system")):
        assert not access.reachable(user, AppraisalTally).exists()
    assert AppraisalTally not in own_data.ABOUT


# --- on paper ---------------------------------------------------------------------------
def marks(parts, **row):
    none = dict.fromkeys(AppraisalResult.TOTALS, 0)
    return {part.pk: none | row for part in parts}


def test_papers_are_counted_and_counted_again():
    made, parts, _users, by = a_poll(kind="on_paper")
    papers = Papers(4, 4, 1)
    assert refusal(polls.close_poll, made, by=by) == {"not_counted"}
    polls.count_papers(made, papers, marks(parts, qualified=3), by=by)
    counted = marks(parts, qualified=2, excellent=1)
    made = polls.count_papers(made, papers, counted, by=by)
    assert (made.issued, made.returned, made.void) == (4, 4, 1)
    result = AppraisalResult.objects.get(appraisal=parts[0])
    assert polls.totals_of(result, made) is None  # until it is closed
    made = polls.close_poll(made, by=by)
    assert polls.totals_of(result, made)["excellent"] == 1


def test_papers_that_do_not_add_up_are_refused():  # MIN-15
    made, parts, _users, by = a_poll(kind="on_paper")

    def refused(papers, counts):
        return refusal(polls.count_papers, made, papers, counts, by=by)

    three = marks(parts, qualified=3)
    assert refused(Papers(5, 3, 0), three) == {"more_than_voters"}
    assert refused(Papers(3, 4, 0), three) == {"more_than_issued"}
    assert refused(Papers(4, 3, 4), three) == {"more_than_returned"}
    assert refused(Papers(4, 4, 0), three) == {"sum"}
    assert refused(Papers(4, 3, 0), marks(parts[1:], qualified=3)) == {"list"}
    assert not AppraisalResult.objects.exists()
    online, parts, _users, by = a_poll()
    assert refusal(
        polls.count_papers, online, Papers(4, 3, 0), marks(parts, basic=3), by=by
    ) == {"on_line"}


def test_two_papers_would_tell_so_their_totals_are_not_kept():
    made, parts, _users, by = a_poll(kind="on_paper")
    polls.count_papers(made, Papers(4, 2, 0), marks(parts, qualified=2), by=by)
    made = polls.close_poll(made, by=by)
    assert polls.totals_of(AppraisalResult.objects.first(), made) is None


# --- at the same moment -----------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_voters_at_the_same_moment_are_all_counted():
    """Each on its own thread and connection; and one of them sends the ballot twice."""
    made, parts, users, by = a_poll(5)

    def vote(place):
        polls.vote(made, ballot(parts, place, {4: "excellent"}), by=users[place])
        return "counted"

    assert sorted(race(vote, [0, 1, 2, 3, 3])) == ["counted"] * 4 + ["voted"]
    polls.close_poll(made, by=by)
    result = AppraisalResult.objects.get(appraisal=parts[4])
    assert (result.excellent, result.qualified) == (4, 0)
    assert access_appraisal.own_appraisals(users[0]).get().has_voted
