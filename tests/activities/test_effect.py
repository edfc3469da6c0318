"""What came of activities: the survey, the host's note, the branch beside its own past."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.models import Activity, SurveyAnswer, SurveyTurn
from activities.services import attendances, effect, surveys
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch():
    return build.branch("中共青石村支部")


@pytest.fixture
def host(branch):
    return build.secretary(of=branch)


@pytest.fixture
def held(branch):
    return build.meeting(branch, state="held")


@pytest.fixture
def people(branch, held):
    found = [build.member(branch=branch) for _ in range(4)]
    for one in found:
        build.attendance(held, one)
        build.user(member=one)
    return found


def note(activity, by, days=7, **said):
    today = timezone.localdate()
    until = None if days is None else today + timedelta(days=days)
    given = {"outcome": "", "change": ""} | said
    return surveys.note(
        activity, survey_until=until, by=by, now=timezone.now(), **given
    )


def answer(activity, member, points=4, remark=""):
    surveys.answer(
        activity,
        member,
        satisfaction=points,
        usefulness=points,
        remark=remark,
        now=timezone.now(),
    )


def code_of(call, *args, **given):
    with pytest.raises(ValidationError) as refusal:
        call(*args, **given)
    error = refusal.value
    if hasattr(error, "error_dict"):
        return {name: found[0].code for name, found in error.error_dict.items()}
    return error.code


def test_each_answers_once_and_nothing_ties_an_answer_to_a_person(held, host, people):
    note(held, host)
    answer(held, people[0], 5, "好")
    answer(held, people[0], 1, "改")

    said = SurveyAnswer.objects.get()
    assert (said.satisfaction, said.remark) == (5, "好")
    assert SurveyTurn.objects.get().member == people[0]
    names = {field.name for field in SurveyAnswer._meta.concrete_fields}
    assert names == {"id", "activity", "satisfaction", "usefulness", "remark"}


def shown_of(activity, *, days=0):
    """Mean and lines that the host sees, so many days from now."""
    today = timezone.localdate() + timedelta(days=days)
    numbers = effect.of(Activity.objects.filter(pk=activity.pk), today=today)
    return numbers.satisfaction_mean, surveys.remarks(activity, today=today)


def test_totals_are_shown_from_three_answers_on(held, host, people):
    note(held, host)
    for one in people[:2]:
        answer(held, one, 5, "好")
    assert shown_of(held, days=8) == (None, [])

    answer(held, people[2], 2)
    assert shown_of(held, days=8) == (4, ["好", "好"])


def test_nothing_is_shown_while_somebody_may_still_answer(held, host, people):
    note(held, host)
    for one in people[:3]:
        answer(held, one, 5, "好")
    assert shown_of(held, days=7) == (None, [])

    note(held, host, days=None)  # closed before its day
    assert shown_of(held) == (5, ["好"] * 3)


def test_a_survey_whose_answers_are_shown_stays_closed(held, host, people):
    note(held, host)
    note(held, host, days=None)
    note(held, host)  # nobody had answered
    answer(held, people[0])
    note(held, host, days=20)  # longer, while it is open
    note(held, host, days=None, outcome="修路")

    assert code_of(note, held, host) == {"survey_until": "over"}
    assert note(held, host, days=None, outcome="修桥").outcome == "修桥"


def test_only_who_was_there_is_asked_and_only_while_it_is_open(held, host, people):
    stranger = build.member(branch=held.branch)
    assert code_of(answer, held, people[0]) == "closed"
    note(held, host)
    assert code_of(answer, held, stranger) == "closed"
    note(held, host, days=None)
    assert code_of(answer, held, people[0]) == "closed"


def test_a_note_is_of_what_was_held_and_its_survey_ends_soon(branch, host, held):
    assert code_of(note, build.meeting(branch), host) == "not_held"
    assert code_of(note, held, host, -1) == {"survey_until": "range"}
    assert code_of(note, held, host, 61) == {"survey_until": "range"}
    first = note(held, host, outcome="路修好了")
    assert note(held, host, outcome="路修好了").written_at == first.written_at


def test_a_branch_stands_beside_its_own_year_before(branch, held):
    today = timezone.localdate()
    member = build.member(branch=branch)
    build.attendance(held, member)
    before = build.meeting(
        branch, state="held", starts_at=timezone.now() - timedelta(days=370)
    )
    build.attendance(before, member, state="absent")
    build.attendance(build.meeting(state="held"), member)  # of another branch

    *_quarters, year = effect.of_branch(branch, today.year, today=today)
    assert (year.now.expected, year.now.present) == (1, 1)
    assert (year.before.expected, year.before.present) == (1, 0)


def test_indicators_of_many_cost_as_many_queries_as_of_one(
    branch, people, host, django_assert_num_queries
):
    for number in (0, 6):
        for _one in range(number):
            build.attendance(build.meeting(branch, state="held"), people[0])
        with django_assert_num_queries(4):
            effect.of(Activity.objects.filter(branch=branch))


# --- check-out --------------------------------------------------------------------------
def test_who_leaves_early_checks_out_by_the_code_and_gets_those_hours(branch):
    from activities import door  # noqa: PLC0415

    now = timezone.now()
    meeting = build.meeting(
        branch, state="held", starts_at=now - timedelta(minutes=70), credit_hours=2
    )
    member = build.member(branch=branch)
    user = build.user(member=member)
    code = door.code_at(meeting.pk, now)
    out = attendances.check_out
    refusal = code_of(out, member, meeting, code=code, by=user, now=now)
    assert refusal == "not_here"
    build.attendance(meeting, member)

    wrong = "000000" if code != "000000" else "000001"
    refusal = code_of(out, member, meeting, code=wrong, by=user, now=now)
    assert refusal == {"code": "wrong"}
    out(member, meeting, code=code, by=user, now=now)
    again = out(member, meeting, code="", by=user, now=now)
    assert again.checked_out_at == now
    assert member.credit_hours.get().hours == 1


# --- the pages --------------------------------------------------------------------------
def test_the_member_answers_and_the_host_reads_totals(
    client, in_english, held, host, people
):
    client.force_login(host)
    page = f"/activities/{held.pk}/"
    until = timezone.localdate() + timedelta(days=3)
    posted = {"outcome": "修路", "change": "", "survey_until": until.isoformat()}
    assert client.post(f"{page}effect/", posted).status_code == 302
    late = posted | {"survey_until": "2020-01-01"}
    answer_page = client.post(f"{page}effect/", late)
    assert (answer_page.status_code, "at most 60 days" in answer_page.text) == (
        422,
        True,
    )

    said = {"satisfaction": "5", "usefulness": "4", "remark": "很好"}
    for one in people[:3]:
        client.force_login(one.user)
        assert "How was it?" in client.get(page).text
        assert client.post(f"{page}survey/", {}).status_code == 422
        assert client.post(f"{page}survey/", said).url == "/activities/mine/"
        again = client.post(f"{page}survey/", said, follow=True)
        assert "You answered already" in again.text
    client.force_login(host)
    assert "很好" not in client.get(page).text
    client.post(f"{page}effect/", posted | {"survey_until": ""})
    shown = client.get(page).text
    assert ("5.0 of 5" in shown, "很好" in shown, "修路" in shown) == (True,) * 3


def test_the_own_page_costs_as_many_queries_for_many_as_for_few(
    client, branch, people, held, django_assert_num_queries
):
    client.force_login(people[0].user)
    client.get("/activities/mine/")
    for number in (0, 5):
        for _one in range(number):
            build.attendance(build.meeting(branch, state="held"), people[0])
        with django_assert_num_queries(OWN_PAGE):
            client.get("/activities/mine/")


OWN_PAGE = 10


def test_the_api_tells_what_the_pages_tell(client, branch, host, held, people):
    client.force_login(host)
    found = client.get(f"/api/v1/activities/{held.pk}/effect/").json()
    assert (found["expected"], found["present"]) == (4, 4)
    year = client.get(f"/api/v1/branches/{branch.pk}/effect/").json()
    assert year["periods"][-1]["now"]["activities"] == 1
    lines = client.get(f"/api/v1/branches/{branch.pk}/register/").json()["lines"]
    assert [line["present"] for line in lines] == [4]
    client.force_login(people[0].user)
    mine = client.get("/api/v1/me/life/").json()
    assert [one["state"] for one in mine["attended"]] == ["present"]
    for path in ("effect", "register"):
        route = f"/api/v1/branches/{branch.pk}/{path}/"
        assert client.get(route).status_code == 404
    assert client.get("/api/v1/me/life/?year=2999").status_code == 400
