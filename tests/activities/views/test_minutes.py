"""The pages of minutes: who reads, writes, counts, signs and objects."""

from datetime import date

import pytest
from django.utils import timezone

from activities import access
from activities.models import AgendaItem, Ballot, Minutes, Objection
from activities.services import minutes
from members.models import User
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def meeting(branch, chair, recorder):
    meeting = build.meeting(branch, title="三季度党员大会")
    AgendaItem.objects.create(activity=meeting, position=1, title="讨论修路")
    build.attendance(meeting, chair.member)
    build.attendance(meeting, recorder.member)
    return meeting


@pytest.fixture
def draft(meeting, chair, recorder):
    draft = minutes.start(meeting, by=chair, now=timezone.now())
    minutes.save(draft, {"recorder": recorder.member}, [], [])
    draft.refresh_from_db()
    return draft


def url(draft, page=""):
    return f"/activities/minutes/{draft.pk}/{page}"


def heads(draft, **more):
    begins, ends = map(timezone.localtime, (draft.begins_at, draft.ends_at))
    return {
        "number": draft.number,
        "begins_at": f"{begins:%Y-%m-%dT%H:%M}",
        "ends_at": f"{ends:%Y-%m-%dT%H:%M}",
        "place": draft.place,
        "chair": draft.chair_id or "",
        "recorder": draft.recorder_id or "",
        **more,
    }


# --- who reads --------------------------------------------------------------------------
def readers(made, users):
    return {
        name
        for name, user in users.items()
        if access.visible_minutes(User.objects.get(pk=user.pk))
        .filter(pk=made.pk)
        .exists()
    }


def people(branch, activity):
    """Accounts of those who were there, were not, or are of elsewhere."""
    there, away, guest = (build.member(branch=branch) for _ in range(3))
    guest.branch = build.branch()
    guest.save()
    build.attendance(activity, there)
    build.attendance(activity, away, state="absent")
    build.attendance(activity, guest, is_guest=True)
    top = build.committee()
    return {
        "there": build.user(member=there),
        "away": build.user(member=away),
        "guest": build.user(member=guest),
        "secretary": build.secretary(of=branch),
        "sibling": build.secretary(of=build.branch(parent=top)),
        "stranger": build.user(),
    }


def test_signed_minutes_are_read_by_those_who_were_there(branch):
    meeting = build.meeting(branch)
    users = people(branch, meeting)

    assert readers(build.signed_minutes(meeting), users) == {"there", "secretary"}


def test_drafts_are_read_by_those_who_write_and_sign_them(
    branch, meeting, draft, chair, recorder
):
    users = people(branch, meeting) | {"chair": chair, "recorder": recorder}

    assert readers(draft, users) == {"chair", "recorder", "secretary"}


def test_minutes_of_a_committee_stay_in_the_committee(branch):
    meeting = build.meeting(branch, kind="committee_meeting", audience="committee")
    users = people(branch, meeting)
    officer = build.officer("publicity_officer", of=branch)
    build.attendance(meeting, officer.member)
    users["officer"] = officer

    assert readers(build.signed_minutes(meeting), users) == {"officer", "secretary"}


def test_the_recorder_writes_too_and_who_was_there_does_not(
    branch, meeting, draft, recorder
):
    users = people(branch, meeting) | {"recorder": recorder}

    writers = {
        name
        for name, user in users.items()
        if access.written_minutes(user).filter(pk=draft.pk).exists()
    }

    assert writers == {"recorder", "secretary"}


# --- writing ----------------------------------------------------------------------------
def test_the_host_starts_writes_and_reads(client, meeting, chair, recorder):
    client.force_login(chair)
    page = client.get(meeting.get_absolute_url())
    assert page.context["minutes"]["may_start"]

    answer = client.post(f"/activities/{meeting.pk}/minutes/start/")
    draft = Minutes.objects.get()
    assert answer.url == url(draft, "edit/")
    item = draft.items.get()
    posted = heads(draft, recorder=recorder.member_id) | {
        f"title_{item.pk}": "讨论修路",
        f"discussion_{item.pk}": "王一同意，王二有不同意见。",
        "title_new1": "其他",
        "text_new1": "修通村道",
        "member_new1": recorder.member_id,
        "due_new1": "2026-12-01",
    }
    assert client.post(url(draft, "edit/"), posted).url == url(draft)

    page = client.get(url(draft))
    assert "王二有不同意见" in page.text
    row = draft.resolutions.get()
    assert (row.member, row.due_on) == (recorder.member, date(2026, 12, 1))
    assert [item.title for item in draft.items.all()] == ["讨论修路", "其他"]


@pytest.mark.parametrize(
    ("posted", "faults"),
    [
        ({"number": "0x"}, {"number"}),
        ({"recorder": "same"}, {"recorder"}),
        ({"ends_at": "2001-01-01T10:00"}, {"ends_at"}),
        ({"begins_at": "gestern"}, {"begins_at"}),
        ({"chair": "999999"}, {"chair"}),
        ({"place": "长" * 121}, {"place"}),
        ({"discussion_new1": "有人说"}, {"title_new1"}),
        ({"text_new1": "修路", "member_new1": "same"}, {"due_new1"}),
        ({"text_new1": "修路", "due_new1": "32"}, {"due_new1"}),
    ],
)
def test_bad_input_is_told_at_its_field(client, draft, chair, posted, faults):
    client.force_login(chair)
    same = {name: chair.member_id for name, value in posted.items() if value == "same"}

    answer = client.post(url(draft, "edit/"), heads(draft) | posted | same)

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == faults


def test_signed_minutes_have_no_page_to_write(client, branch, chair):
    made = build.signed_minutes(build.meeting(branch))
    client.force_login(chair)

    assert client.get(url(made, "edit/")).url == url(made)
    assert client.post(url(made, "edit/"), heads(made, place="别处")).url == url(made)
    made.refresh_from_db()
    assert made.place == "村委会二楼会议室"


# --- votes ------------------------------------------------------------------------------
def test_a_vote_is_added_and_counted(client, draft, chair, recorder):
    client.force_login(chair)
    item = draft.items.get()
    page = client.get(f"/activities/minutes/points/{item.pk}/vote/")
    assert page.context["form"].instance.eligible == 2
    posted = {"motion": "修路", "rule": "decision", "eligible": 2, "present": 2}
    client.post(f"/activities/minutes/points/{item.pk}/vote/", posted)
    ballot = Ballot.objects.get()
    totals = {"issued": 2, "returned": 2, "yes": 2, "no": 0, "abstain": 0, "void": 0}
    totals |= {"written_opinions": 0, "written_yes": 0}
    path = f"/activities/minutes/votes/{ballot.pk}/"

    wrong = client.post(path, totals | {"yes": 1})
    assert wrong.status_code == 422
    assert set(wrong.context["form"].errors) == {"returned"}
    negative = client.post(path, totals | {"yes": -1, "no": 3})
    assert set(negative.context["form"].errors) == {"yes"}
    assert client.post(path, totals).url == url(draft)

    ballot.refresh_from_db()
    assert (ballot.yes, ballot.counted_by) == (2, chair)


def test_a_vote_is_removed_after_asking(client, draft, chair):
    client.force_login(chair)
    ballot = draft.items.get().ballots.create(
        motion="修路", rule="decision", eligible=2, present=2
    )
    path = f"/activities/minutes/votes/{ballot.pk}/remove/"

    assert "confirmed" in client.post(path).text
    assert Ballot.objects.exists()
    assert client.post(path, {"confirmed": "1"}).url == url(draft)
    assert not Ballot.objects.exists()


def test_a_teller_who_reads_nothing_else_counts(client, draft, meeting, chair, branch):
    teller = build.user(member=build.member("监票", branch=branch))
    other = build.member("计票", branch=branch)
    ballot = draft.items.get().ballots.create(
        motion="选举支部委员",
        rule="election",
        is_secret=True,
        eligible=2,
        present=2,
        monitor=teller.member,
        counter=other,
    )
    path = f"/activities/minutes/votes/{ballot.pk}/"
    totals = {"issued": 2, "returned": 2, "yes": 1, "no": 1, "abstain": 0, "void": 0}
    totals |= {"written_opinions": 0, "written_yes": 0}
    totals["voters"] = list(meeting.attendances.values_list("member", flat=True))

    client.force_login(chair)
    assert client.post(path, totals).status_code == 404
    client.force_login(teller)
    page = client.get(meeting.get_absolute_url())
    assert page.context["minutes"]["to_count"] == [ballot]
    assert client.get(url(draft)).status_code == 404
    assert client.post(path, totals).url == meeting.get_absolute_url()
    ballot.refresh_from_db()
    assert ballot.counted_by == teller


# --- signing ----------------------------------------------------------------------------
def test_two_sign_what_they_read(client, draft, meeting, chair, recorder, branch):
    build.attendance(meeting, build.member("孙在场", branch=branch))
    for user in (recorder, chair):
        client.force_login(user)
        page = client.get(url(draft))
        assert page.context["can_sign"]
        client.post(url(draft, "sign/"), {"seen": page.context["seen"]})

    draft.refresh_from_db()
    assert draft.is_locked
    page = client.get(url(draft))
    assert (page.context["can_sign"], page.context["can_correct"]) == (False, True)
    assert page.context["seen"] == draft.digest


def test_a_signature_for_something_else_is_refused(client, draft, recorder):
    client.force_login(recorder)

    page = client.post(url(draft, "sign/"), {"seen": "x"}, follow=True)

    assert "read them again" in page.text
    draft.refresh_from_db()
    assert draft.is_draft


def test_a_signature_is_taken_back(client, draft, recorder):
    client.force_login(recorder)
    seen = client.get(url(draft)).context["seen"]
    client.post(url(draft, "sign/"), {"seen": seen})
    assert client.get(url(draft)).context["can_take_back"]

    client.post(url(draft, "take-back/"))

    draft.refresh_from_db()
    assert draft.is_draft


def test_who_was_there_objects_and_the_host_corrects(client, branch, chair):
    meeting = build.meeting(branch)
    witness = build.user(member=build.member("孙在场", branch=branch))
    build.attendance(meeting, witness.member)
    made = build.signed_minutes(meeting)

    client.force_login(witness)
    assert client.post(url(made, "object/"), {"text": ""}).status_code == 422
    client.post(url(made, "object/"), {"text": "我没有同意"})
    assert Objection.objects.get().member == witness.member
    assert "我没有同意" in client.get(url(made)).text
    client.force_login(chair)
    assert client.get(url(made, "object/")).status_code == 404
    assert client.post(url(made, "correct/"), {"reason": ""}).status_code == 422
    answer = client.post(url(made, "correct/"), {"reason": "补记不同意见"})

    draft = Minutes.objects.get(revision=2)
    assert answer.url == url(draft, "edit/")
    assert client.get(url(made)).context["newer"] == draft


# --- to-dos -----------------------------------------------------------------------------
def test_who_is_responsible_ticks_and_the_branch_sees_it(client, branch, chair):
    meeting = build.meeting(branch)
    one, two = (build.user(member=build.member(branch=branch)) for _ in range(2))
    made = build.signed_minutes(
        meeting, resolutions=[("修路", one.member), ("访谈", two.member)]
    )

    def shown(user):
        client.force_login(user)
        page = client.get("/activities/resolutions/")
        return [row.text for row, _late in page.context["lines"]]

    assert (shown(one), shown(two), shown(chair)) == (
        ["修路"],
        ["访谈"],
        ["修路", "访谈"],
    )
    row = made.resolutions.get(text="修路")
    client.force_login(two)
    path = f"/activities/resolutions/{row.pk}/tick/"
    assert client.post(path).status_code == 404
    client.force_login(one)
    client.post(path)
    assert (shown(one), shown(chair)) == ([], ["访谈"])


def test_open_resolutions_are_put_on_the_agenda_of_a_meeting_to_come(
    client, branch, chair
):
    held = build.meeting(branch)
    build.signed_minutes(held, resolutions=[("修路", chair.member)])
    coming = build.activity(branch=branch, kind="general_meeting")
    client.force_login(chair)
    page = client.get(coming.get_absolute_url())
    assert page.context["minutes"]["to_follow"] == 1

    client.post(f"/activities/{coming.pk}/agenda/follow/")

    assert [one.title for one in coming.agenda.all()] == ["How it stands: 修路"]


# --- cost -------------------------------------------------------------------------------
@pytest.mark.parametrize(("page", "queries"), [("", 20), ("edit/", 9)])
def test_a_page_costs_as_many_queries_for_much_as_for_little(
    client, draft, meeting, chair, branch, django_assert_num_queries, page, queries
):
    client.force_login(chair)
    client.get(url(draft, page))
    for number in range(2):
        for position in range(1 + number * 5):
            item = draft.items.create(position=position + 2, title=f"第{position}项")
            item.ballots.create(
                motion="路",
                rule="decision",
                eligible=2,
                present=2,
                monitor=build.member(branch=branch),
            )
            draft.resolutions.create(text="路", member=chair.member)
            build.attendance(meeting, build.member(branch=branch))
        with django_assert_num_queries(queries):
            client.get(url(draft, page))


def test_the_list_of_to_dos_costs_the_same_for_many(
    client, branch, chair, django_assert_num_queries
):
    client.force_login(chair)
    for number in range(2):
        build.signed_minutes(
            build.meeting(branch),
            number=number + 1,
            resolutions=[("路", build.member(branch=branch))] * (1 + number * 9),
        )
        with django_assert_num_queries(4):
            client.get("/activities/resolutions/")
