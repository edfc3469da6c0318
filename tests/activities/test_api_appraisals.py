"""Appraisals and talks by the API, with the codes of what is refused (API-01)."""

import pytest
from django.utils import timezone

from activities.models import AppraisalResult, AppraisalRound, MutualOpinion, Talk
from tests import build
from tests.activities.api import client_of

pytestmark = pytest.mark.django_db
URL = "/api/v1/appraisals/"


@pytest.fixture
def branch():
    return build.branch()


def codes(answer):
    assert answer.status_code == 400, answer.content
    return {one["code"] for one in answer.json()["errors"]}


def post(client, url, **sent):
    return client.post(url, sent, format="json")


def test_a_round_goes_its_way_by_the_api(branch):
    """LIFE-23, with each refusal on the way."""
    manager = build.secretary(of=branch)
    users = [build.user(member=build.member(branch=branch)) for _ in range(3)]
    api, today = client_of(manager), timezone.localdate().isoformat()
    sent = {"branch": branch.pk, "year": 2026, "due_on": today}
    made = post(api, URL, **sent)
    assert made.status_code == 201
    assert codes(post(api, URL, **sent)) == {"twice"}
    assert codes(post(api, URL, **sent | {"branch": 10**9})) == {"does_not_exist"}
    url = f"{URL}{made.json()['id']}/"
    people = api.get(f"{url}members/").json()
    assert len(people) == 4
    assert codes(post(api, f"{url}close/")) == {"order"}

    own = [client_of(user) for user in (manager, *users)]
    keys = [one.get("/api/v1/me/appraisals/").json()["results"][0]["id"] for one in own]
    mine = [f"/api/v1/me/appraisals/{key}/" for key in keys]
    for client, page in zip(own, mine, strict=True):
        assert post(client, f"{page}self/", text="x").json()["has_written"]
    assert codes(post(own[0], f"{mine[0]}self/", text="")) == {"empty"}
    assert codes(post(own[0], f"{mine[0]}read/")) == {"step"}

    assert post(api, f"{url}mutual/").json()["step"] == "mutual"
    said = post(own[0], f"{mine[0]}opinion/", appraisal=keys[1], text="good")
    assert said.status_code == 200
    assert codes(post(own[0], f"{mine[0]}opinion/", appraisal=keys[0], text="x")) == {
        "own"
    }
    elsewhere = build.appraisal_round(None, build.member()).appraisals.get()
    far = post(own[0], f"{mine[0]}opinion/", appraisal=elsewhere.pk, text="x")
    assert far.status_code == 404
    assert MutualOpinion.objects.get().text == "good"

    assert post(api, f"{url}poll/", kind="on_line").json()["poll"] == "on_line"
    for place, (client, page) in enumerate(zip(own, mine, strict=True)):
        others = [one["id"] for one in client.get(f"{page}others/").json()]
        assert set(others) == set(keys) - {keys[place]}
        choices = [{"appraisal": key, "grade": "qualified"} for key in others]
        assert codes(post(client, f"{page}vote/", choices=choices[1:])) == {"no_choice"}
        assert post(client, f"{page}vote/", choices=choices).json()["has_voted"]
        assert codes(post(client, f"{page}vote/", choices=choices)) == {"voted"}
    totals = [one["totals"] for one in api.get(f"{url}members/").json()]
    assert totals == [None] * 4

    assert post(api, f"{url}close/").json()["step"] == "opinion"
    one = api.get(f"{url}members/").json()[0]
    assert one["totals"]["qualified"] == 3
    assert "has_voted" not in one
    given = {"body": "meeting", "decided_on": today}
    assert codes(post(api, f"{url}tell/", **given)) == {"undecided"}
    for key in keys:
        page = f"/api/v1/appraisal-members/{key}/decide/"
        assert codes(post(api, page, grade="basic", opinion="x")) == {"reason"}
        assert post(api, page, grade="qualified", opinion="x").json()["is_settled"]
    assert own[1].get(mine[1]).json()["grade"] == ""
    assert post(api, f"{url}tell/", **given).json()["body"] == "meeting"
    assert own[1].get(mine[1]).json()["grade"] == "qualified"
    assert codes(post(api, f"{url}finish/")) == {"unread"}
    for client, page in zip(own[1:], mine[1:], strict=True):
        assert post(client, f"{page}read/").json()["is_read"]
    told = post(api, f"/api/v1/appraisal-members/{keys[0]}/told/")
    assert told.json()["read_at"]
    assert post(api, f"{url}finish/").json()["step"] == "done"


def test_papers_are_entered_by_the_api(branch):
    members = [build.member(branch=branch) for _ in range(3)]
    made = build.appraisal_round(branch, *members, step="poll", poll="on_paper")
    api, url = client_of(build.secretary(of=branch)), f"{URL}{made.pk}/papers/"
    rest = {"excellent": 0, "basic": 0, "unqualified": 0, "blank": 0}
    marks = [
        {"appraisal": one.pk, "qualified": 3} | rest for one in made.appraisals.all()
    ]
    sent = {"issued": 3, "returned": 3, "void": 0, "marks": marks}
    assert codes(post(api, url, **sent | {"returned": 4})) == {"more_than_issued"}
    assert codes(post(api, url, **sent | {"void": 1})) == {"sum"}
    assert codes(post(api, url, **sent | {"marks": marks[1:]})) == {"list"}
    assert post(api, url, **sent).json()["returned"] == 3
    assert AppraisalResult.objects.filter(qualified=3).count() == 3


def test_members_are_exempt_by_the_api(branch):  # LIFE-27
    made = build.appraisal_round(branch, build.member(branch=branch))
    api = client_of(build.secretary(of=branch))
    url = f"/api/v1/appraisal-members/{made.appraisals.get().pk}/"
    assert codes(post(api, f"{url}exempt/", reason="")) == {"empty"}
    answer = post(api, f"{url}exempt/", reason="重病")
    assert answer.json()["is_exempt"]
    assert "重病" not in answer.content.decode()
    assert not post(api, f"{url}exempt-back/").json()["is_exempt"]


def test_what_is_written_in_confidence_leaves_by_no_route(branch):
    people = [build.member(branch=branch) for _ in range(2)]
    made = build.appraisal_round(branch, *people, step="feedback")
    one, other = made.appraisals.all()
    one.self_text = "secret-1"
    one.save()
    AppraisalResult.objects.create(
        appraisal=one, grade="basic", opinion="secret-2", reason="secret-3"
    )
    MutualOpinion.objects.create(appraisal=one, author=other.member, text="secret-4")
    talk = build.talk(*people, note="secret-5")
    for user in (build.secretary(of=branch), build.user(member=people[0])):
        api = client_of(user)
        for url in (
            URL,
            f"{URL}{made.pk}/",
            f"{URL}{made.pk}/members/",
            f"/api/v1/appraisal-members/{one.pk}/",
            "/api/v1/me/appraisals/",
            f"/api/v1/me/appraisals/{one.pk}/",
            f"/api/v1/me/appraisals/{one.pk}/others/",
            "/api/v1/talks/",
            f"/api/v1/talks/{talk.pk}/",
        ):
            assert "secret" not in api.get(url).content.decode(), url


def test_rounds_are_reached_by_the_right_in_that_branch_alone(branch):
    made = build.appraisal_round(branch, build.member(branch=branch))
    own = made.appraisals.get()
    people = {
        "secretary": build.secretary(of=branch),
        "publicity": build.officer("publicity_officer", of=branch),
        "elsewhere": build.secretary(of=build.branch()),
        "member": build.user(member=own.member),
        "system": build.administrator("system"),
    }
    sees = {}
    for name, user in people.items():
        api = client_of(user)
        urls = (f"{URL}{made.pk}/", f"/api/v1/appraisal-members/{own.pk}/")
        sees[name] = {api.get(url).status_code for url in urls}
        begun = post(api, URL, branch=branch.pk, year=2025, due_on="2026-01-01")
        assert begun.status_code == (400 if name in {"secretary", "elsewhere"} else 403)
        for verb in ("mutual", "close", "finish"):
            status = post(api, f"{URL}{made.pk}/{verb}/").status_code
            assert (status == 404) is (name != "secretary"), (name, verb)
    assert sees.pop("secretary") == {200}
    assert set(map(tuple, sees.values())) == {(404,)}
    assert AppraisalRound.objects.count() == 1


def test_talks_are_noted_by_the_api(branch):  # LIFE-09
    first, second, third = (build.member(branch=branch) for _ in range(3))
    sent = {"held_on": timezone.localdate().isoformat(), "topic": "work", "note": "x"}
    api = client_of(build.user(member=first))
    made = post(api, "/api/v1/talks/", second=second.pk, **sent)
    assert made.status_code == 201
    assert made.json()["pair"] == "members"
    assert codes(post(api, "/api/v1/talks/", second=first.pk, **sent)) == {"same"}
    assert codes(post(api, "/api/v1/talks/", second=10**9, **sent)) == {"not_here"}
    others = {"first": second.pk, "second": third.pk}
    assert post(api, "/api/v1/talks/", **others, **sent).status_code == 403
    manager = client_of(build.secretary(of=branch))
    assert post(manager, "/api/v1/talks/", **others, **sent).status_code == 201
    assert Talk.objects.count() == 2
    assert len(api.get("/api/v1/talks/").json()["results"]) == 1
    assert len(manager.get("/api/v1/talks/").json()["results"]) == 2
    system = client_of(build.administrator("system"))
    assert post(system, "/api/v1/talks/", second=second.pk, **sent).status_code == 403
