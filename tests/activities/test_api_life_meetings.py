"""Own problems, criticism and what is corrected, written by the API (MIN-12, LIFE-07)."""

from datetime import date

import pytest
from rest_framework.test import APIClient

from activities.models import Minutes
from activities.services.minutes import people_of
from tests import build
from tests.activities.api import client_of, refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def draft(branch, chair, recorder):
    draft = build.minutes_draft(branch, kind="life_meeting", recorder=recorder.member)
    for user in (chair, recorder):
        build.attendance(draft.activity, user.member)
    return draft


@pytest.fixture
def sent(chair, recorder):
    one, two = chair.member_id, recorder.member_id
    due = "2026-12-31"
    return {
        "own_problems": [
            {"member": one, "text": "下村走访少。"},
            {"member": two, "text": "学习不够。"},
        ],
        "criticism": [{"speaker": two, "member": one, "text": "发言不够直接。"}],
        "corrections": [{"text": "每月走访十户。", "member": one, "due_on": due}],
    }


def write(user, minutes, **body):
    url = f"/api/v1/minutes/{minutes.pk}/life/"
    return client_of(user).patch(url, body, format="json")


def read(user, minutes):
    return client_of(user).get(f"/api/v1/minutes/{minutes.pk}/").json()


def lists(told):
    """The same lists as they are sent, out of what minutes tell."""
    points = [
        {name: row[name] for name in ("id", "member", "text")}
        | ({"speaker": row["speaker"]} if row["kind"] == "criticism" else {})
        for row in told["life_points"]
    ]
    return {
        "own_problems": [row for row in points if "speaker" not in row],
        "criticism": [row for row in points if "speaker" in row],
        "corrections": [
            {name: row[name] for name in ("id", "text", "member", "due_on")}
            for row in told["resolutions"]
            if row["is_correction"]
        ],
    }


def without_ids(told):
    rows = lists(told)
    return {
        name: [{k: v for k, v in row.items() if k != "id"} for row in rows[name]]
        for name in rows
    }


def test_the_three_parts_are_written_and_read_with_the_minutes(recorder, draft, sent):
    before = read(recorder, draft)

    answer = write(recorder, draft, **sent)

    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert without_ids(told) == sent
    assert told == read(recorder, draft)
    assert told["digest"] != before["digest"]
    assert [row["kind"] for row in told["life_points"]] == ["own", "own", "criticism"]


def test_sent_again_they_stay_and_what_is_left_out_goes(recorder, draft, sent):
    first = lists(write(recorder, draft, **sent).json())

    again = lists(write(recorder, draft, **first).json())
    assert again == first
    untouched = lists(write(recorder, draft).json())
    assert untouched == first
    first["own_problems"] = first["own_problems"][1:]
    one = write(recorder, draft, own_problems=first["own_problems"])
    assert lists(one.json()) == first
    changed = first["criticism"][0] | {"text": "发言直接。"}
    two = write(recorder, draft, criticism=[changed])
    assert lists(two.json()) == first | {"criticism": [changed]}
    nothing = {name: [] for name in first}
    assert lists(write(recorder, draft, **nothing).json()) == nothing


def test_a_correction_list_leaves_the_resolutions_alone(recorder, draft, sent):
    other = draft.resolutions.create(text="修路")

    told = write(recorder, draft, corrections=sent["corrections"]).json()

    texts = {row["text"]: row["is_correction"] for row in told["resolutions"]}
    assert texts == {"修路": False, "每月走访十户。": True}
    write(recorder, draft, corrections=[])
    assert list(draft.resolutions.all()) == [other]
    foreign = sent["corrections"][0] | {"id": other.pk}
    assert refusal(write(recorder, draft, corrections=[foreign])) == {
        "corrections.0.id": "does_not_exist"
    }


def test_each_bad_row_is_refused_at_its_field_and_nothing_is_saved(
    recorder, draft, sent
):
    (criticism,), (correction,) = sent["criticism"], sent["corrections"]
    own = sent["own_problems"][0]
    elsewhere = build.member().pk

    def refused(**body):
        return refusal(write(recorder, draft, **sent | body))

    oneself = criticism | {"speaker": criticism["member"]}
    assert refused(criticism=[criticism, oneself]) == {"criticism.1.speaker": "same"}
    assert refused(criticism=[{"text": "x"}]) == {
        "criticism.0.member": "required",
        "criticism.0.speaker": "required",
    }
    assert refused(own_problems=[{"member": own["member"], "text": " "}]) == {
        "own_problems.0.text": "blank"
    }
    assert refused(own_problems=[own | {"text": "长" * 2001}]) == {
        "own_problems.0.text": "max_length"
    }
    assert refused(own_problems=[own | {"member": elsewhere}]) == {
        "own_problems.0.member": "does_not_exist"
    }
    assert refused(criticism=[criticism | {"speaker": elsewhere}]) == {
        "criticism.0.speaker": "does_not_exist"
    }
    assert refused(corrections=[correction | {"member": 2**70}]) == {
        "corrections.0.member": "does_not_exist"
    }
    assert refused(corrections=[{"text": "x"}]) == {
        "corrections.0.member": "required",
        "corrections.0.due_on": "required",
    }
    assert refused(corrections=[correction | {"due_on": "9999-12-31"}]) == {
        "corrections.0.due_on": "out_of_range"
    }
    assert refused(own_problems=[own] * 51) == {"own_problems": "max_length"}
    assert not draft.life_points.exists()
    assert not draft.resolutions.exists()


def test_a_row_of_another_list_or_sent_twice_is_refused(recorder, draft, sent):
    rows = lists(write(recorder, draft, **sent).json())
    (criticism,), own = rows["criticism"], rows["own_problems"][0]

    moved = [{name: criticism[name] for name in ("id", "member", "text")}]
    assert refusal(write(recorder, draft, own_problems=moved)) == {
        "own_problems.0.id": "does_not_exist"
    }
    assert refusal(write(recorder, draft, own_problems=[own, own])) == {
        "own_problems.1.id": "does_not_exist"
    }
    assert lists(read(recorder, draft)) == rows


def test_other_meetings_and_signed_minutes_take_none(branch, recorder, draft, sent):
    other = build.minutes_draft(branch, recorder=recorder.member)
    build.attendance(other.activity, recorder.member)
    (correction,) = sent["corrections"]
    mine = [correction | {"member": recorder.member_id}]

    assert refusal(write(recorder, other, corrections=mine)) == {None: "other_kind"}
    Minutes.objects.filter(pk=draft.pk).update(
        state="signing", chair=build.member(), chair_signed_at="2026-01-01T00:00Z"
    )
    assert refusal(write(recorder, draft, **sent)) == {None: "signed"}


def test_who_writes_them_is_who_writes_the_minutes(
    branch, chair, recorder, draft, sent
):
    present = build.user(member=build.member(branch=branch))
    build.attendance(draft.activity, present.member)
    users = {
        "chair": chair,
        "recorder": recorder,
        "deputy": build.officer("deputy_secretary", of=branch),
        "present": present,
        "sibling": build.secretary(of=build.branch()),
        "stranger": build.user(),
        "system": build.administrator("system"),
        "security": build.administrator("security"),
        "audit": build.administrator("audit"),
    }

    status = {name: write(user, draft).status_code for name, user in users.items()}

    writers = {name for name, code in status.items() if code == 200}
    assert writers == {"chair", "recorder", "deputy"}
    assert {code for name, code in status.items() if name not in writers} == {404}
    url = f"/api/v1/minutes/{draft.pk}/life/"
    assert APIClient().patch(url, {}, format="json").status_code == 401


def test_who_was_there_reads_them_once_they_are_signed(
    branch, chair, recorder, draft, sent
):
    present, away = (
        build.user(member=build.member(branch=branch)) for _each in range(2)
    )
    build.attendance(draft.activity, present.member)
    write(recorder, draft, **sent)
    Minutes.objects.filter(pk=draft.pk).update(
        state="locked",
        chair=chair.member,
        chair_signed_at="2026-01-01T00:00Z",
        chair_signed_by=chair,
        digest="0" * 64,
        people=people_of(draft.activity),
        recorder_signed_at="2026-01-01T00:00Z",
        recorder_signed_by=recorder,
    )

    assert len(read(present, draft)["life_points"]) == 3
    url = f"/api/v1/minutes/{draft.pk}/"
    assert client_of(away).get(url).status_code == 404


def test_reading_and_naming_cost_the_same_for_many(
    recorder, draft, django_assert_num_queries
):
    client = client_of(recorder)
    url = f"/api/v1/minutes/{draft.pk}/"

    def add(place):
        draft.life_points.create(
            kind="own", position=place, member=recorder.member, text="x"
        )
        draft.resolutions.create(
            text="x",
            member=recorder.member,
            due_on=date(2026, 12, 1),
            is_correction=True,
        )

    add(1)
    client.get(url)
    with django_assert_num_queries(READ):
        client.get(url)
    for place in range(2, 9):
        add(place)
    with django_assert_num_queries(READ):
        client.get(url)


READ = 18
