"""The pages of appraisals and talks, with every refusal and its message (LIFE-08 …)."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from activities.models import (
    AppraisalResult,
    AppraisalRound,
    FollowUp,
    MutualOpinion,
    Talk,
)
from activities.services import polls
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


class Stage:
    """A branch with three members and its secretary, who takes no part; and a round."""

    def __init__(self, client, step="self", number=3, **fields):
        self.client = client
        self.branch = build.branch("中共青石村支部")
        self.members = [
            build.member(name, branch=self.branch)
            for name in ("陈芳", "邓立新", "段志红")[:number]
        ]
        self.users = [build.user(member=one) for one in self.members]
        self.secretary = build.secretary(of=self.branch)
        self.round = build.appraisal_round(
            self.branch, *self.members, step=step, **fields
        )
        self.parts = list(self.round.appraisals.all())
        client.force_login(self.secretary)

    def as_member(self, place=0):
        self.client.force_login(self.users[place])

    def url(self, name, key=None):
        return reverse(f"activities:{name}", args=[key or self.round.pk])

    def post(self, name, key=None, **sent):
        return self.client.post(self.url(name, key), sent, follow=True)

    def step(self):
        return AppraisalRound.objects.get(pk=self.round.pk).step


@pytest.fixture
def stage(client):
    return Stage(client)


def at(client, step, **fields):
    return Stage(client, step, **fields)


def refused(answer, *texts):
    """The page says `texts` and answers 422."""
    assert answer.status_code == 422
    page = answer.content.decode()
    for text in texts:
        assert text in page, text


def told(answer, text):
    """Said on the page to which a step led."""
    assert answer.status_code == 200
    assert text in answer.content.decode()


# --- the branch -------------------------------------------------------------------------
def test_the_secretary_begins_a_round_and_is_led_to_it(stage):
    today = timezone.localdate()
    url = stage.url("branch_appraisals", stage.branch.pk)
    last = {"year": today.year - 1, "due_on": today + timedelta(days=9)}
    answer = stage.client.post(url, last, follow=True)
    told(answer, "The appraisal has begun; the members are told.")
    assert answer.redirect_chain[0][0].startswith("/activities/appraisals/")
    made = AppraisalRound.objects.get(year=today.year - 1)
    assert (made.started_by, made.appraisals.count()) == (stage.secretary, 4)


def test_what_keeps_a_round_from_beginning_is_said_at_the_field(stage):
    today = timezone.localdate()
    url = stage.url("branch_appraisals", stage.branch.pk)
    post = stage.client.post
    sent = {"year": 2026, "due_on": today}
    refused(post(url, sent), "The appraisal of this year was started already.")
    refused(post(url, sent | {"year": today.year + 1}), "Look at the year.")
    late = sent | {"year": 2025, "due_on": "2020-01-01"}
    refused(post(url, late), "From today on, and within a year.")
    refused(post(url, {}), "This field is required.")
    assert AppraisalRound.objects.count() == 1


def test_a_closed_branch_begins_nothing(client):
    stage = at(client, "done", year=2025)
    stage.branch.closed_on = date(2026, 1, 1)
    stage.branch.save()
    url = stage.url("branch_appraisals", stage.branch.pk)
    assert "Begin the appraisal" not in client.get(url).content.decode()
    sent = {"year": 2026, "due_on": timezone.localdate()}
    refused(client.post(url, sent), "This branch is closed.")


def test_the_page_of_the_branch_leads_there_for_who_has_the_right(stage):
    page = stage.client.get(stage.branch.get_absolute_url()).content.decode()
    assert stage.url("branch_appraisals", stage.branch.pk) in page
    stage.client.force_login(build.officer("publicity_officer", of=stage.branch))
    page = stage.client.get(stage.branch.get_absolute_url()).content.decode()
    assert stage.url("branch_appraisals", stage.branch.pk) not in page


# --- steps ------------------------------------------------------------------------------
def test_a_round_goes_from_step_to_step(stage):
    told(
        stage.post("appraisal_mutual"),
        "The members may now write what they think of one another.",
    )
    told(stage.post("appraisal_poll", kind="on_line"), "The poll is open.")
    answer = stage.post("appraisal_close")
    told(answer, "The poll is closed. Settle grade and opinion of each member.")
    # The secretary joined at the second step.
    told(answer, "4 members are still to be settled")
    for part in stage.round.appraisals.all():
        sent = {"grade": "qualified", "opinion": "good"}
        told(stage.post("appraisal_decide", part.pk, **sent), "Saved.")
    sent = {"body": "meeting", "decided_on": timezone.localdate()}
    told(
        stage.post("appraisal_feed_back", **sent),
        "Each member reads the own result now.",
    )
    for part in stage.round.appraisals.all():
        told(stage.post("appraisal_told", part.pk), "Noted: told in person.")
    told(stage.post("appraisal_finish"), "The appraisal is finished.")
    assert stage.step() == "done"


def test_a_step_out_of_order_says_where_the_round_stands(stage):  # LIFE-23
    late = "It is not the time for this: the appraisal stands at “Self-appraisal”."
    sent = {"body": "meeting", "decided_on": timezone.localdate()}
    refused(stage.post("appraisal_poll", kind="on_line"), late)
    refused(stage.post("appraisal_close"), late)
    refused(stage.post("appraisal_feed_back", **sent), late)
    refused(stage.post("appraisal_finish"), late)
    decided = {"grade": "qualified", "opinion": "good"}
    refused(stage.post("appraisal_decide", stage.parts[0].pk, **decided), late)
    told(stage.post("appraisal_told", stage.parts[0].pk), late)
    assert stage.step() == "self"


def test_a_poll_without_its_kind_is_not_opened(client):
    stage = at(client, "mutual")
    refused(stage.post("appraisal_poll"), "This field is required.")
    refused(stage.post("appraisal_poll", kind="by_hand"), "Select a valid choice.")
    assert stage.step() == "mutual"


def test_nobody_is_told_while_somebody_is_not_settled(client):
    stage = at(client, "opinion", number=1)
    sent = {"body": "meeting", "decided_on": timezone.localdate()}
    refused(
        stage.post("appraisal_feed_back", **sent),
        "Still without opinion and not exempt: 陈芳.",
    )
    stage.post("appraisal_decide", stage.parts[0].pk, grade="basic", opinion="x")
    tomorrow = timezone.localdate() + timedelta(days=1)
    refused(
        stage.post("appraisal_feed_back", body="meeting", decided_on=tomorrow),
        "The day of the meeting: today or before.",
    )


def test_a_round_is_not_finished_while_somebody_has_not_read_or_has_no_help(client):
    stage = at(client, "feedback", number=1)
    result(stage.parts[0], grade="basic")
    refused(
        stage.post("appraisal_finish"),
        "Not read yet: 陈芳. Tell them in person and note it.",
    )
    stage.post("appraisal_told", stage.parts[0].pk)
    refused(
        stage.post("appraisal_finish"),
        "Note first how these members are helped: 陈芳.",
    )


def result(part, **fields):
    none = dict.fromkeys(AppraisalResult.TOTALS, 0)
    return AppraisalResult.objects.create(
        appraisal=part, opinion="To be better.", **none | fields
    )


# --- papers -----------------------------------------------------------------------------
def papers(stage, issued=3, returned=3, void=0, **marks):
    sent = {"issued": issued, "returned": returned, "void": void}
    row = {"qualified": 3} | marks
    for part in stage.parts:
        for name in AppraisalResult.TOTALS:
            sent[f"{name}_{part.pk}"] = row.get(name, 0)
    return stage.post("appraisal_papers", **sent)


def test_papers_are_entered_on_one_page(client):
    stage = at(client, "poll", poll="on_paper")
    refused(stage.post("appraisal_close"), "Enter first what was counted.")
    answer = papers(stage)
    told(answer, "The totals are kept. Look again, then close the poll.")
    told(answer, "3 papers given out, 3 came back, 0 of them void.")
    stage.post("appraisal_close")
    page = client.get(stage.parts[0].get_absolute_url()).content.decode()
    assert "Excellent 0 · Qualified 3 · Basically qualified 0 · Unqualified 0" in page


def test_papers_that_do_not_add_up_are_refused_at_the_field(client):  # MIN-15
    stage = at(client, "poll", poll="on_paper")
    refused(papers(stage, issued=4), "More papers than members who may vote.")
    refused(papers(stage, issued=2), "More papers came back than were given out.")
    refused(papers(stage, void=4), "More papers are void than came back.")
    refused(
        papers(stage, blank=1),
        "The marks and “no grade marked” are not as many as valid papers.",
    )
    refused(papers(stage, qualified=-1), "greater than or equal to 0")
    assert not AppraisalResult.objects.exists()


def test_a_poll_on_line_has_no_page_of_papers(client):
    stage = at(client, "poll", poll="on_line")
    assert stage.client.get(stage.url("appraisal_papers")).status_code == 404


# --- one member -------------------------------------------------------------------------
def test_a_grade_that_differs_says_what_is_missing(client):  # LIFE-25
    stage = at(client, "opinion")
    none = dict.fromkeys(AppraisalResult.TOTALS, 0)
    AppraisalResult.objects.create(appraisal=stage.parts[0], **none | {"qualified": 4})
    key = stage.parts[0].pk
    page = client.get(stage.url("appraisal_decide", key)).content.decode()
    assert "Poll: Excellent 0 · Qualified 4" in page
    decide = lambda **sent: stage.post("appraisal_decide", key, **sent)  # noqa: E731
    why = "It differs from the order of the poll: say why"
    refused(decide(grade="basic", opinion="x"), why)
    refused(decide(grade="basic", opinion=" "), "This field is required.")
    refused(decide(grade="", opinion="x"), "This field is required.")
    told(decide(grade="basic", opinion="x", reason="because"), "Saved.")
    page = client.get(stage.parts[0].get_absolute_url()).content.decode()
    assert "Why it differs from the poll: because" in page


def test_one_excellent_too_many_is_warned_of_and_kept(client):  # LIFE-21
    stage = at(client, "opinion", number=2)
    sent = {"grade": "excellent", "opinion": "x"}
    answer = stage.post("appraisal_decide", stage.parts[0].pk, **sent)
    told(answer, "Saved.")
    told(answer, "Excellent: 1. As a rule it is at most a third")
    assert AppraisalResult.objects.get().grade == "excellent"


def test_a_probationary_member_is_offered_no_grade(client):  # LIFE-22
    stage = at(client, "opinion")
    new = build.member("方向", branch=stage.branch, state="probationary")
    part = stage.round.appraisals.create(member=new, takes_grade=False)
    page = client.get(stage.url("appraisal_decide", part.pk)).content.decode()
    assert 'name="grade"' not in page
    told(stage.post("appraisal_decide", part.pk, opinion="x"), "Saved.")
    assert (
        "Probationary: no grade" in client.get(part.get_absolute_url()).content.decode()
    )


def test_a_member_is_exempt_and_no_more(stage):  # LIFE-27
    key = stage.parts[0].pk
    refused(stage.post("appraisal_exempt", key), "This field is required.")
    told(stage.post("appraisal_exempt", key, reason="重病"), "The member is exempt")
    round_page = stage.client.get(stage.round.get_absolute_url()).content.decode()
    assert "Exempt" in round_page
    assert "0 of 2 have written" in round_page
    assert "重病" not in round_page
    told(stage.post("appraisal_exempt_back", key), "Saved.")
    stage.as_member()
    assert "重病" not in stage.client.get("/activities/appraisals/").content.decode()


def test_during_the_poll_nobody_becomes_exempt(client):  # LIFE-24, LIFE-27
    stage = at(client, "poll", poll="on_line")
    late = "It is not the time for this: the appraisal stands at “Poll”."
    refused(stage.post("appraisal_exempt", stage.parts[0].pk, reason="x"), late)
    told(stage.post("appraisal_exempt_back", stage.parts[0].pk), late)


def test_the_branch_writes_down_what_was_said(stage):
    key = stage.parts[0].pk
    told(stage.post("appraisal_copy", key, text="told by mouth"), "Saved.")
    page = stage.client.get(stage.parts[0].get_absolute_url()).content.decode()
    assert "told by mouth" in page
    assert "Written down by the branch" in page
    stage.as_member(1)
    stage.post("own_self", stage.parts[1].pk, text="mine")
    stage.client.force_login(stage.secretary)
    refused(
        stage.post("appraisal_copy", stage.parts[1].pk, text="x"),
        "The member wrote already: those words stand.",
    )


def test_help_is_noted_and_ended(client):  # LIFE-26
    stage = at(client, "feedback")
    one = stage.parts[0]
    result(one, grade="unqualified")
    today = timezone.localdate()
    sent = {
        "kind": "education",
        "plan": "talk",
        "owner": stage.members[1].pk,
        "due_on": today,
    }
    add = lambda **more: stage.post("follow_up_add", one.pk, **sent | more)  # noqa: E731
    refused(add(kind="remove"), "Select a valid choice.")
    refused(add(plan=""), "This field is required.")
    refused(add(owner=build.member().pk), "Nobody of that name is among them")
    refused(add(due_on="2020-01-01"), "From today on, and within a year.")
    told(add(), "Saved.")
    follow_up = FollowUp.objects.get()
    # Who helps, without any right.
    stage.as_member(1)
    page = client.get("/activities/appraisals/").content.decode()
    assert stage.url("follow_up_end", follow_up.pk) in page
    ended = {"outcome": "better", "done_on": today + timedelta(days=1)}
    end = lambda **more: stage.post("follow_up_end", follow_up.pk, **ended | more)  # noqa: E731
    refused(end(), "Today or before")
    told(end(done_on=today), "Saved.")
    client.force_login(stage.secretary)
    told(add(kind="correct"), "Saved.")


def test_help_is_changed_while_it_is_open(client):  # LIFE-26
    stage = at(client, "feedback")
    one = stage.parts[0]
    result(one, grade="basic")
    today = timezone.localdate()
    sent = {"plan": "talk", "owner": stage.members[1].pk, "due_on": today}
    stage.post("follow_up_add", one.pk, **sent, kind="talk")
    follow_up = FollowUp.objects.get()
    url = stage.url("follow_up_change", follow_up.pk)
    assert url in client.get(one.get_absolute_url()).content.decode()
    form = client.get(url).context["form"]
    assert form.initial == sent

    change = lambda **more: stage.post("follow_up_change", follow_up.pk, **sent | more)  # noqa: E731
    refused(change(plan=""), "This field is required.")
    refused(change(owner=one.member_id), "Nobody of that name is among them")
    refused(change(due_on="2020-01-01"), "From today on, and within a year.")
    told(change(plan="visit", owner=stage.members[2].pk), "Saved.")
    follow_up.refresh_from_db()
    assert (follow_up.plan, follow_up.owner) == ("visit", stage.members[2])
    stage.as_member(2)  # who helps notes the end, and changes nothing else
    assert client.get(url).status_code == 404
    end = {"outcome": "better", "done_on": today}
    told(stage.post("follow_up_end", follow_up.pk, **end), "Saved.")
    client.force_login(stage.secretary)
    refused(change(), "This is done: note anew what came of it.")
    assert url not in client.get(one.get_absolute_url()).content.decode()


def test_a_good_grade_has_no_page_of_help(client):
    stage = at(client, "feedback")
    result(stage.parts[0], grade="qualified")
    url = stage.url("follow_up_add", stage.parts[0].pk)
    assert client.get(url).status_code == 404


# --- the member -------------------------------------------------------------------------
def test_a_member_writes_votes_and_confirms(client):
    stage = Stage(client)
    own = stage.parts[0]
    stage.as_member()
    page = client.get("/activities/appraisals/").content.decode()
    assert stage.url("own_appraisal", own.pk) in page
    told(stage.post("own_self", own.pk, text="my year"), "Saved. You can change it")
    refused(stage.post("own_self", own.pk, text=" "), "This field is required.")

    AppraisalRound.objects.update(step="mutual")
    late = "It is not the time for this: the appraisal stands at"
    refused(stage.post("own_self", own.pk, text="later"), late)
    told(stage.post("own_opinion", stage.parts[1].pk, text="good"), "Saved.")
    assert MutualOpinion.objects.get().author == stage.members[0]

    polls.open_poll(stage.round, kind="on_line", by=None)
    refused(stage.post("own_opinion", stage.parts[1].pk, text="more"), late)
    choice = {f"grade_{part.pk}": "qualified" for part in stage.parts[1:]}
    (name, _grade), *_rest = choice.items()
    refused(stage.post("own_vote", own.pk, **{name: "qualified"}), "Choose a grade.")
    # The secretary joined meanwhile.
    for part in stage.round.appraisals.exclude(pk=own.pk):
        choice[f"grade_{part.pk}"] = "qualified"
    told(stage.post("own_vote", own.pk, **choice), "Your vote is counted.")
    told(stage.post("own_vote", own.pk, **choice), "You have voted already.")

    AppraisalRound.objects.update(step="feedback")
    result(own, grade="qualified", reason="not for you", qualified=97531)
    page = client.get(stage.url("own_appraisal", own.pk)).content.decode()
    assert "To be better." in page
    assert "Qualified" in page
    assert "not for you" not in page
    assert "97531" not in page
    told(stage.post("own_read", own.pk), "Thank you: it is noted")
    assert AppraisalResult.objects.get(appraisal=own).read_at is not None


def test_a_member_reads_nothing_of_others_and_nothing_too_early(client):
    stage = at(client, "opinion")
    one = stage.parts[0]
    result(one, grade="basic")
    MutualOpinion.objects.create(
        appraisal=one, author=stage.members[1], text="behind the back"
    )
    stage.as_member()
    for name in ("own_appraisal", "own_opinions"):
        page = client.get(stage.url(name, one.pk)).content.decode()
        assert "To be better." not in page
        assert "Basically qualified" not in page
        assert "behind the back" not in page
    told(stage.post("own_read", one.pk), "It is not the time for this")
    AppraisalRound.objects.update(step="feedback")
    page = client.get(stage.url("own_appraisal", one.pk)).content.decode()
    assert "To be better." in page
    assert "behind the back" not in page


def test_a_vote_on_paper_or_out_of_time_is_refused(client):
    stage = at(client, "poll", poll="on_paper")
    stage.as_member()
    choice = {f"grade_{part.pk}": "qualified" for part in stage.parts[1:]}
    refused(
        stage.post("own_vote", stage.parts[0].pk, **choice),
        "This poll is held on paper.",
    )
    page = client.get(stage.url("own_appraisal", stage.parts[0].pk)).content.decode()
    assert "The poll is held on paper: there is nothing to do here." in page
    AppraisalRound.objects.update(step="opinion")
    refused(
        stage.post("own_vote", stage.parts[0].pk, **choice),
        "It is not the time for this",
    )


def test_the_exempt_are_told_that_nothing_is_asked(stage):  # LIFE-27
    stage.parts[0].exempt_reason = "ill"
    stage.parts[0].save()
    stage.as_member()
    page = stage.client.get(stage.url("own_appraisal", stage.parts[0].pk))
    assert "You are exempt: nothing is asked of you." in page.content.decode()


def test_my_life_leads_to_appraisals(stage):
    stage.as_member()
    page = stage.client.get(reverse("activities:my_life")).content.decode()
    assert reverse("activities:appraisal_home") in page


def test_a_damaged_text_is_said_to_be_so(stage):  # CR-02
    from django.db import connection  # noqa: PLC0415

    stage.parts[0].self_text = "x"
    stage.parts[0].save()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE activities_appraisal SET self_text = '\\x0001' WHERE id = %s",
            [stage.parts[0].pk],
        )
    page = stage.client.get(stage.parts[0].get_absolute_url())
    assert "This text is damaged and cannot be read." in page.content.decode()


# --- talks ------------------------------------------------------------------------------
def talk(stage, url, **more):
    sent = {"held_on": timezone.localdate(), "topic": "work", "note": "quietly"}
    return stage.client.post(url, sent | more, follow=True)


def test_a_member_notes_an_own_talk(stage):
    stage.as_member()
    url = reverse("activities:talk_add")
    told(talk(stage, url, second=stage.members[1].pk), "The talk is noted.")
    made = Talk.objects.get()
    assert (made.first, made.second) == tuple(stage.members[:2])
    page = stage.client.get(made.get_absolute_url()).content.decode()
    assert "quietly" in page
    me = stage.members[0].pk
    refused(talk(stage, url, second=me), "Nobody of that name is among them")
    refused(talk(stage, url), "This field is required.")
    late = timezone.localdate() + timedelta(days=1)
    refused(
        talk(stage, url, second=stage.members[1].pk, held_on=late), "Today or before"
    )
    refused(talk(stage, url, second=stage.members[1].pk, topic="x"), "valid choice")


def test_the_branch_notes_talks_and_sees_whom_nobody_talked_with(stage):
    url = stage.url("branch_talk_add", stage.branch.pk)
    two = {"first": stage.members[0].pk, "second": stage.members[1].pk}
    told(talk(stage, url, **two), "The talk is noted.")
    page = stage.client.get(stage.url("branch_talks", stage.branch.pk)).content.decode()
    waiting = page.split('id="without"')[1].split('id="talks"')[0]
    assert "段志红" in waiting
    assert "陈芳" not in waiting
    assert "quietly" not in page
    refused(
        talk(stage, url, first=two["first"], second=two["first"]), "Choose two people."
    )


def test_duties_show_the_talks_to_who_manages_them(stage):  # LIFE-09
    build.talk(*stage.members[:2])
    url = reverse("activities:branch_duties", args=[stage.branch.pk])
    link = stage.url("branch_talks", stage.branch.pk)
    page = stage.client.get(url).content.decode()
    assert link in page
    assert "Committee member and member 0 · Among members 1" in page
    stage.as_member()
    assert link not in stage.client.get(url).content.decode()


# --- queries ----------------------------------------------------------------------------
def queries(stage, urls):
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    found = []
    for user, url in urls:
        stage.client.force_login(user)
        with CaptureQueriesContext(connection) as asked:
            assert stage.client.get(url).status_code == 200, url
        found.append(len(asked))
    return found


@pytest.mark.parametrize("step", ["self", "mutual", "poll", "opinion", "feedback"])
def test_the_number_of_queries_does_not_grow(client, step):
    stage = at(client, step, poll="on_line")
    one = stage.parts[0]

    def fill(number):
        others = [build.member(branch=stage.branch) for _ in range(number)]
        for other in others:
            part = stage.round.appraisals.create(member=other)
            result(part, grade="basic")
            MutualOpinion.objects.create(appraisal=one, author=other, text="x")
            FollowUp.objects.create(
                appraisal=one,
                kind="talk",
                plan="x",
                owner=other,
                due_on=date(2026, 12, 31),
            )
            build.talk(stage.members[0], other)

    fill(1)
    urls = [
        (stage.secretary, stage.round.get_absolute_url()),
        (stage.secretary, one.get_absolute_url()),
        (stage.secretary, stage.url("branch_talks", stage.branch.pk)),
        (stage.secretary, stage.url("branch_appraisals", stage.branch.pk)),
        (stage.users[0], reverse("activities:appraisal_home")),
        (stage.users[0], stage.url("own_appraisal", one.pk)),
        (stage.users[0], stage.url("own_opinions", one.pk)),
        (stage.users[0], stage.url("own_vote", one.pk)),
    ]
    before = queries(stage, urls)
    fill(6)
    assert queries(stage, urls) == before
