"""Attendance, minutes and resolutions by the API: the same access and refusals as on the
pages."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from activities import door
from activities.models import AgendaItem, Attendance, Minutes
from activities.services import minutes
from tests import build
from tests.activities.api import client_of, post, refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def meeting(branch, chair, recorder):
    meeting = build.meeting(branch, title="三季度党员大会")
    AgendaItem.objects.create(activity=meeting, position=1, title="讨论修路")
    return meeting


@pytest.fixture
def draft(meeting, chair, recorder):
    for user in (chair, recorder):
        build.attendance(meeting, user.member)
    draft = minutes.start(meeting, by=chair, now=timezone.now())
    minutes.save(draft, {"recorder": recorder.member}, [], [])
    return Minutes.objects.get(pk=draft.pk)


# --- attendance -------------------------------------------------------------------------
def test_the_host_reads_and_marks_the_list(meeting, chair, recorder):
    path = f"activities/{meeting.pk}/attendance"
    left = (meeting.starts_at + timedelta(minutes=30)).isoformat()
    marks = [
        {"member": chair.member_id, "state": "present", "left_at": left},
        {"member": recorder.member_id, "state": "leave", "reason": "出差"},
    ]

    empty = client_of(chair).get(f"/api/v1/{path}/").json()
    assert sorted(empty["open"]) == sorted([chair.member_id, recorder.member_id])
    sent = {"marks": marks, "guests": [{"name": "钱客"}]}
    answer = post(chair, path, sent).json()
    assert post(chair, path, sent).json() == answer

    assert answer["counts"] == {
        "due": 2,
        "present": 1,
        "on_leave": 1,
        "absent": 0,
        "exempt": 0,
        "open": 0,
        "guests": 1,
    }
    states = {row["member"]: row["state"] for row in answer["rows"]}
    assert states == {chair.member_id: "present", recorder.member_id: "leave"}
    assert answer["guests"] == [{"name": "钱客", "unit": ""}]
    assert answer["open"] == []


def test_bad_marks_are_refused_at_their_row_and_nothing_is_written(
    meeting, chair, recorder
):
    path = f"activities/{meeting.pk}/attendance"
    key, foreign = recorder.member_id, build.member(branch=build.branch()).pk

    def refused(**mark):
        marks = [
            {"member": chair.member_id, "state": "present"},
            {"member": key, "state": "present"} | mark,
        ]
        return refusal(post(chair, path, {"marks": marks}))

    assert refused(state="leave") == {f"reason_{key}": "required"}
    early = (meeting.starts_at - timedelta(hours=1)).isoformat()
    assert refused(left_at=early) == {f"left_{key}": "range"}
    assert refused(member=foreign) == {f"member_{foreign}": "does_not_exist"}
    assert refused(state="asleep") == {"marks.1.state": "invalid_choice"}
    build.signed_minutes(meeting)
    assert refused() == {None: "signed"}
    assert not Attendance.objects.exists()


def test_a_member_checks_in_and_out_by_the_code(meeting, recorder):
    cache.clear()
    code = door.code_at(meeting.pk, timezone.now())
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    base = f"activities/{meeting.pk}"

    assert refusal(post(recorder, f"{base}/check-in", {"code": wrong})) == {
        "code": "wrong"
    }
    assert refusal(post(recorder, f"{base}/check-in", {"code": "x"})) == {
        "code": "invalid"
    }
    assert refusal(post(recorder, f"{base}/check-out", {"code": code})) == {
        None: "not_here"
    }
    here = post(recorder, f"{base}/check-in", {"code": code}).json()
    assert (here["member"], here["state"], here["way"]) == (
        recorder.member_id,
        "present",
        "code",
    )
    gone = post(recorder, f"{base}/check-out", {"code": code}).json()
    assert gone["left_at"] is not None


def test_who_reaches_attendance_by_the_api(meeting, chair, recorder):
    path = f"/api/v1/activities/{meeting.pk}"
    users = {
        "host": chair,
        "member": recorder,
        "sibling": build.secretary(of=build.branch()),
        "stranger": build.user(),
        "system": build.administrator("system"),
    }

    def status(user, method, end):
        return getattr(client_of(user), method)(f"{path}/{end}/").status_code

    reads = {name: status(user, "get", "attendance") for name, user in users.items()}
    marks = {name: status(user, "post", "attendance") for name, user in users.items()}
    comes = {name: status(user, "post", "check-in") for name, user in users.items()}
    others = dict.fromkeys(("sibling", "stranger", "system"), 404)
    assert reads == others | {"host": 200, "member": 404}
    assert marks == others | {"host": 400, "member": 404}
    assert comes == others | {"host": 400, "member": 400}


# --- minutes ----------------------------------------------------------------------------
def test_minutes_are_started_written_signed_by_two_and_corrected(
    meeting, chair, recorder
):
    for user in (chair, recorder):
        build.attendance(meeting, user.member)

    made = post(chair, "minutes", {"activity": meeting.pk})
    assert made.status_code == 201
    draft = made.json()
    assert (draft["state"], draft["number"], draft["revision"]) == ("draft", 1, 1)
    (item,) = draft["items"]
    written = client_of(chair).patch(
        f"/api/v1/minutes/{draft['id']}/",
        {
            "recorder": recorder.member_id,
            "points": [
                {"id": item["id"], "title": "讨论修路", "discussion": "王一同意。"},
                {"title": "其他"},
            ],
            "resolutions": [
                {"text": "修路", "member": recorder.member_id, "due_on": "2026-12-31"}
            ],
        },
        format="json",
    )
    assert written.status_code == 200, written.content
    written = written.json()
    assert [one["title"] for one in written["items"]] == ["讨论修路", "其他"]
    assert written["items"][0]["id"] == item["id"]
    assert written["people"]["names"] == ["李记录", "张书记"]

    path = f"minutes/{draft['id']}"
    assert refusal(post(chair, f"{path}/sign", {"seen": "x"})) == {None: "changed"}
    first = post(chair, f"{path}/sign", {"seen": written["digest"]}).json()
    assert first["state"] == "signing"
    assert post(chair, f"{path}/take-back").json()["state"] == "draft"
    post(chair, f"{path}/sign", {"seen": written["digest"]})
    locked = post(recorder, f"{path}/sign", {"seen": written["digest"]}).json()
    assert (locked["state"], locked["digest"]) == ("locked", written["digest"])

    assert refusal(post(chair, f"{path}/take-back")) == {None: "signed"}
    assert refusal(post(chair, f"{path}/correct")) == {"reason": "required"}
    second = post(chair, f"{path}/correct", {"reason": "地点写错"})
    assert second.status_code == 201
    assert (second.json()["revision"], second.json()["state"]) == (2, "draft")
    listed = client_of(chair).get(f"/api/v1/minutes/?activity={meeting.pk}").json()
    assert {row["revision"] for row in listed["results"]} == {1, 2}
    (standing,) = (
        client_of(chair).get("/api/v1/minutes/?in_force=true").json()["results"]
    )
    assert standing["id"] == draft["id"]


def test_a_draft_sent_again_stays_the_same_and_what_is_left_out_goes(draft, chair):
    url = f"/api/v1/minutes/{draft.pk}/"
    item = draft.items.get()
    two = [{"id": item.pk, "title": "讨论修路"}, {"title": "其他"}]
    first = client_of(chair).patch(url, {"points": two}, format="json").json()
    ids = [{"id": one["id"], "title": one["title"]} for one in first["items"]]

    again = client_of(chair).patch(url, {"points": ids}, format="json").json()
    fewer = client_of(chair).patch(url, {"points": ids[1:]}, format="json").json()

    assert again["items"] == first["items"]
    assert [one["title"] for one in fewer["items"]] == ["其他"]
    untouched = client_of(chair).patch(url, {"place": "村口"}, format="json").json()
    assert untouched["items"] == fewer["items"]


def test_what_is_wrong_with_a_draft_is_refused_at_its_field(draft, chair, recorder):
    url = f"/api/v1/minutes/{draft.pk}/"
    foreign = build.member(branch=build.branch()).pk

    def refused(**body):
        return refusal(client_of(chair).patch(url, body, format="json"))

    assert refused(chair=foreign) == {"chair": "does_not_exist"}
    assert refused(recorder=chair.member_id) == {"recorder": "same"}
    row = {"text": "修路", "member": foreign, "due_on": "2026-12-31"}
    assert refused(resolutions=[row]) == {"member_new1": "does_not_exist"}
    row = {"text": "修路", "member": chair.member_id}
    assert refused(resolutions=[row]) == {"due_new1": "required"}
    stands = {"id": draft.items.get().pk, "title": "讨论修路"}
    assert refused(points=[stands | {"id": 10**9}]) == {"points.0.id": "does_not_exist"}
    assert refused(points=[stands, stands]) == {"points.1.id": "does_not_exist"}
    vote = draft.items.get().ballots.create(
        motion="修路", rule="decision", eligible=2, present=2
    )
    assert refused(points=[]) == {f"title_{vote.item_id}": "has_ballot"}
    assert draft.items.count() == 1


def test_what_is_not_to_be_started_is_refused(branch, chair):
    later = build.meeting(branch, starts_at=timezone.now() + timedelta(days=2))
    foreign = build.meeting(build.branch())

    assert refusal(post(chair, "minutes", {"activity": later.pk})) == {
        None: "not_begun"
    }
    assert refusal(post(chair, "minutes", {"activity": foreign.pk})) == {
        "activity": "does_not_exist"
    }


def test_only_the_two_sign_and_only_who_was_there_objects(draft, chair, recorder):
    branch = draft.activity.branch
    deputy = build.officer("deputy_secretary", of=branch, home=branch)
    build.attendance(draft.activity, deputy.member, state="absent")
    seen = minutes.digest(draft)
    path = f"minutes/{draft.pk}"

    assert refusal(post(deputy, f"{path}/sign", {"seen": seen})) == {None: "not_yours"}
    assert refusal(post(recorder, f"{path}/objections", {"text": "不对"})) == {
        None: "over"
    }
    post(chair, f"{path}/sign", {"seen": seen})
    assert refusal(post(recorder, f"{path}/objections")) == {"text": "required"}
    noted = post(recorder, f"{path}/objections", {"text": "我说的是不同意"})
    assert noted.status_code == 201
    assert [one["text"] for one in noted.json()["objections"]] == ["我说的是不同意"]
    assert refusal(post(deputy, f"{path}/objections", {"text": "不对"})) == {
        None: "over"
    }


def test_a_vote_is_told_in_totals_and_its_outcome(draft, chair):
    draft.items.get().ballots.create(
        motion="修路",
        rule="decision",
        eligible=20,
        present=12,
        issued=12,
        returned=12,
        yes=11,
        no=1,
        abstain=0,
        void=0,
        counted_at=timezone.now(),
    )

    said = client_of(chair).get(f"/api/v1/minutes/{draft.pk}/").json()

    (vote,) = said["items"][0]["ballots"]
    assert (vote["yes"], vote["no"], vote["passed"]) == (11, 1, True)
    assert vote["explained"] == "Passed: 11 in favor, 11 of 20 due needed."


def test_who_reads_and_writes_minutes(branch, meeting, draft, chair, recorder):
    users = {
        "chair": chair,
        "recorder": recorder,
        "deputy": build.officer("deputy_secretary", of=branch),
        "member": build.user(member=build.member(branch=branch)),
        "sibling": build.secretary(of=build.branch()),
        "stranger": build.user(),
        "system": build.administrator("system"),
    }
    url = f"/api/v1/minutes/{draft.pk}/"
    reads, writes, listed = set(), set(), set()
    for name, user in users.items():
        client = client_of(user)
        if client.get(url).status_code == 200:
            reads.add(name)
        if client.patch(url, {}, format="json").status_code == 200:
            writes.add(name)
        rows = client.get("/api/v1/minutes/").json()["results"]
        listed |= {name} if [row["id"] for row in rows] == [draft.pk] else set()

    assert reads == listed == {"chair", "recorder", "deputy"}
    assert writes == {"chair", "recorder", "deputy"}


def test_minutes_cost_the_same_for_much(draft, chair, django_assert_num_queries):
    client, url = client_of(chair), f"/api/v1/minutes/{draft.pk}/"
    client.get(url)
    with django_assert_num_queries(DETAIL):
        client.get(url)
    branch = draft.activity.branch
    for place in range(2, 9):
        item = draft.items.create(position=place, title="x")
        item.ballots.create(motion="x", rule="decision", eligible=2, present=2)
        draft.resolutions.create(text="x", member=build.member(branch=branch))
    with django_assert_num_queries(DETAIL):
        client.get(url)


DETAIL = 20


# --- resolutions ------------------------------------------------------------------------
@pytest.fixture
def resolved(meeting, chair, recorder):
    signed = build.signed_minutes(
        meeting, signers=(chair, recorder), resolutions=[("修路", recorder.member)]
    )
    return signed.resolutions.get()


def test_who_is_responsible_reads_and_ticks(resolved, recorder, meeting):
    client = client_of(recorder)

    (row,) = client.get("/api/v1/resolutions/?is_done=false").json()["results"]
    assert (row["text"], row["activity"], row["done_at"]) == ("修路", meeting.pk, None)
    done = post(recorder, f"resolutions/{resolved.pk}/tick").json()
    assert done["done_at"] is not None
    assert post(recorder, f"resolutions/{resolved.pk}/tick").json() == done
    assert client.get("/api/v1/resolutions/?is_done=false").json()["results"] == []
    assert client.get(f"/api/v1/resolutions/{resolved.pk}/").json() == done


def test_who_reads_resolutions(resolved, branch, chair, recorder):
    users = {
        "chair": chair,
        "recorder": recorder,
        "member": build.user(member=build.member(branch=branch)),
        "sibling": build.secretary(of=build.branch()),
        "stranger": build.user(),
        "system": build.administrator("system"),
    }

    def reads(user):
        found = client_of(user).get("/api/v1/resolutions/").json()["results"]
        one = client_of(user).get(f"/api/v1/resolutions/{resolved.pk}/").status_code
        tick = post(user, f"resolutions/{resolved.pk}/tick").status_code
        return [row["id"] for row in found] == [resolved.pk], one, tick

    assert {
        name for name, user in users.items() if reads(user) == (True, 200, 200)
    } == {
        "chair",
        "recorder",
    }
    assert {
        name for name, user in users.items() if reads(user) == (False, 404, 404)
    } == {"member", "sibling", "stranger", "system"}


def test_a_resolution_of_a_draft_is_none_yet(draft, chair, recorder):
    row = draft.resolutions.create(text="修路", member=recorder.member)

    assert post(recorder, f"resolutions/{row.pk}/tick").status_code == 404
    assert client_of(chair).get("/api/v1/resolutions/").json()["results"] == []
