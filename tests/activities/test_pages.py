"""The pages of planning, through the browser's forms."""

from datetime import timedelta

import pytest
from django.utils import timezone

from activities.models import Activity
from activities.services import activities
from members.models import User
from tests import build

pytestmark = pytest.mark.django_db
ADD = "/activities/add/"


@pytest.fixture
def branch():
    return build.branch("中共青石村支部")


@pytest.fixture
def secretary(branch, client):
    user = build.secretary(of=branch)
    client.force_login(user)
    return user


@pytest.fixture
def member(branch):
    return build.user(member=build.member("薛丽华", branch=branch))


def local(at):
    return f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"


def plan(**fields):
    starts_at = timezone.now() + timedelta(days=3)
    return {
        "title": "学习座谈",
        "starts_at": local(starts_at),
        "ends_at": local(starts_at + timedelta(hours=2)),
        "place": "村委会",
        **fields,
    }


def errors(answer):
    return {name: len(found) for name, found in answer.context["form"].errors.items()}


# --- planning ---------------------------------------------------------------------------
def test_a_plan_begins_with_its_kind(client, secretary):
    page = client.get(ADD)
    assert [v for v, _l in page.context["form"].fields["kind"].choices] == (
        Activity.Kind.values
    )
    assert "branch" not in page.context["form"].fields  # there is one alone

    form = client.get(f"{ADD}?kind=general_meeting").context["form"]

    assert {"seats", "needs_sign_up", "audience", "party_group"}.isdisjoint(form.fields)
    wrong = client.get(f"{ADD}?kind=group_meeting")
    assert errors(wrong) == {"kind": 1}  # no Party group here
    assert errors(client.get(f"{ADD}?kind=nonsense")) == {"kind": 1}


def test_a_general_meeting_expects_all_members(client, secretary, branch):
    answer = client.post(f"{ADD}?kind=general_meeting", plan())

    made = Activity.objects.get()
    assert answer.url == f"/activities/{made.pk}/"
    assert (made.audience, made.needs_sign_up, made.state) == (
        "branch",
        False,
        "draft",
    )
    assert (made.branch, made.created_by) == (branch, secretary)


def test_a_lecture_has_a_speaker_and_a_credit_hour(client, secretary):
    url = f"{ADD}?kind=lecture"
    assert str(client.get(url).context["form"]["credit_hours"].value()) == "1.0"

    sent = plan(audience="branch", credit_hours="1.0", topic="党章", speaker="李老师")
    client.post(url, sent)

    made = Activity.objects.get()
    assert made.credit_hours == 1
    assert [(p.title, p.speaker) for p in made.agenda.all()] == [("党章", "李老师")]
    edit = f"/activities/{made.pk}/edit/"
    assert client.get(edit).context["form"]["speaker"].value() == "李老师"
    client.post(edit, sent | {"speaker": "王老师"})
    assert [p.speaker for p in made.agenda.all()] == ["王老师"]


def test_a_committee_meeting_expects_the_committee(client, secretary):
    client.post(f"{ADD}?kind=committee_meeting", plan())

    assert Activity.objects.get().audience == "committee"


def test_bad_input_is_told_at_its_field(client, secretary):
    now = timezone.now()
    url = f"{ADD}?kind=volunteer"
    wrong = {
        "ends_at": plan(audience="branch", ends_at=local(now)),
        "seats": plan(audience="branch", seats="5"),
        "starts_at": plan(audience="branch", starts_at="2026-13-45T00:00"),
        "title": plan(audience="branch", title=""),
        "sign_up_ends_at": plan(
            audience="branch",
            needs_sign_up="on",
            sign_up_ends_at=local(now + timedelta(days=9)),
        ),
    }
    for field, sent in wrong.items():
        answer = client.post(url, sent)
        assert answer.status_code == 422
        assert field in errors(answer), field
    assert not Activity.objects.exists()


def test_a_group_leader_plans_meetings_of_the_own_group(client, branch):
    group, other = build.group(branch), build.group(branch, "第二党小组")
    person = build.member(branch=branch, party_group=group)
    build.appointment(person, office="group_leader", party_group=group, basis="named")
    client.force_login(build.user(member=person))

    kinds = client.get(ADD).context["form"].fields["kind"].choices
    assert [value for value, _label in kinds] == ["group_meeting"]
    url = f"{ADD}?kind=group_meeting"
    assert errors(client.post(url, plan(party_group=other.pk))) == {"party_group": 1}
    assert client.get(f"{ADD}?kind=lecture").context["form"].errors
    client.post(url, plan(party_group=group.pk))

    made = Activity.objects.get()
    assert (made.party_group, made.audience) == (group, "group")
    assert client.get(f"/activities/{made.pk}/edit/").status_code == 200


def test_a_committee_chooses_the_branch(client):
    top, left, _right = build.tree()
    client.force_login(build.secretary(of=top, home=left))

    assert "branch" in client.get(ADD).context["form"].fields
    url = f"{ADD}?kind=theme_day&branch={top.code}"
    client.post(url, plan(audience="below"))

    assert Activity.objects.get().branch == top
    leaf = client.get(f"{ADD}?kind=theme_day&branch={left.code}").context["form"]
    assert "audience" not in leaf.fields  # nothing stands below a branch


def test_an_activity_that_is_over_is_not_edited(client, secretary, branch):
    activity = build.activity(branch=branch, state="held")

    answer = client.get(f"/activities/{activity.pk}/edit/")

    assert answer.url == f"/activities/{activity.pk}/"


# --- list and page ----------------------------------------------------------------------
def shown(client, query=""):
    answer = client.get(f"/activities/{query}")
    return [activity.title for activity, _tone in answer.context["lines"]]


def test_the_list_has_what_comes_what_was_and_drafts(client, secretary, branch, member):
    now = timezone.now()
    day = timedelta(days=1)
    build.activity("将来", branch=branch)
    build.activity("取消", branch=branch, state="cancelled", cancelled_reason="雨")
    build.activity("上月", branch=branch, state="held", starts_at=now - 30 * day)
    build.activity("漏记", branch=branch, starts_at=now - 2 * day)
    build.activity("草稿", branch=branch, state="draft", kind="lecture")

    assert shown(client) == ["将来", "取消"]
    assert shown(client, "?show=past") == ["漏记", "上月"]
    assert shown(client, "?show=drafts") == ["草稿"]
    client.force_login(member)
    assert shown(client, "?show=drafts") == ["将来", "取消"]  # as if not asked


def test_the_list_is_filtered_by_kind_branch_and_year(client):
    top, left, right = build.tree()
    client.force_login(build.secretary(of=top, home=left))
    next_year = timezone.now() + timedelta(days=366)
    build.activity("党课", branch=left, kind="lecture")
    build.activity("右边", branch=right)
    build.activity("明年", branch=right, starts_at=next_year)

    assert shown(client, "?kind=lecture") == ["党课"]
    assert shown(client, f"?branch={right.code}") == ["右边", "明年"]
    assert shown(client, f"?branch={top.code}") == ["党课", "右边", "明年"]
    year = timezone.localtime(next_year).year
    assert shown(client, f"?year={year}")[-1:] == ["明年"]
    assert shown(client, "?kind=nonsense") == []


def test_the_list_is_paged(client, secretary, branch):
    for number in range(30):
        build.activity(f"第{number:02}次", branch=branch)
    page = client.get("/activities/").context["page"]
    rest = client.get(f"/activities/{page.next_url}").context["lines"]

    assert (len(page.rows), len(rest)) == (25, 5)


def test_pages_cost_the_same_however_much_there_is(
    client, secretary, branch, django_assert_num_queries
):
    activity = build.activity(branch=branch)
    client.get("/activities/")
    with django_assert_num_queries(LIST_QUERIES):
        client.get("/activities/")
    with django_assert_num_queries(DETAIL_QUERIES):
        client.get(f"/activities/{activity.pk}/")
    activities.set_agenda(activity, [{"title": f"第{n}项"} for n in range(9)])
    for _number in range(9):
        build.activity(branch=branch)
        build.helper_task(activity, member=build.member(branch=branch))
        activity.co_hosts.create(branch=build.branch())
    with django_assert_num_queries(LIST_QUERIES):
        client.get("/activities/")
    with django_assert_num_queries(DETAIL_QUERIES):
        client.get(f"/activities/{activity.pk}/")


LIST_QUERIES = 5
DETAIL_QUERIES = 12


def test_what_a_member_reads_on_the_page(client, member, branch):
    activity = build.activity(
        branch=branch, accessibility="有电梯", transport="7路", purpose="带党章"
    )
    build.helper_task(activity, "借椅子", member=member.member)
    build.helper_task(activity, "茶水")
    client.force_login(member)

    text = client.get(f"/activities/{activity.pk}/").content.decode()

    assert all(word in text for word in ("有电梯", "7路", "带党章", "借椅子"))
    assert "茶水" not in text
    assert f"/activities/{activity.pk}/edit/" not in text


# --- agenda, steps, hosts, tasks --------------------------------------------------------
def rows(*titles, **more):
    sent = {"row-TOTAL_FORMS": len(titles), "row-INITIAL_FORMS": 0}
    for number, (place, title) in enumerate(titles):
        sent |= {f"row-{number}-place": place, f"row-{number}-title": title}
    return sent | more


def test_the_agenda_is_edited_without_scripts(client, secretary, branch):
    activity = build.activity(branch=branch)
    url = f"/activities/{activity.pk}/agenda/"

    more = client.post(url, rows((20, "讨论"), (10, "学习"), more="1"))
    assert not activity.agenda.exists()
    titles = [form["title"].value() for form in more.context["rows"].forms]
    assert titles == ["学习", "讨论", *[None] * 6]
    client.post(url, rows((20, "讨论"), (10, "学习"), ("", "")))
    assert [p.title for p in activity.agenda.all()] == ["学习", "讨论"]

    wrong = client.post(url, rows((1, "字" * 121)))
    assert wrong.status_code == 422
    assert wrong.context["rows"].forms[0].errors.keys() == {"title"}
    assert client.post(url, {"row-TOTAL_FORMS": "x"}).status_code == 422
    assert activity.agenda.count() == 2


def test_it_is_announced_held_and_refused(client, secretary, branch):
    activity = build.activity(branch=branch, state="draft")
    page = f"/activities/{activity.pk}/"
    assert client.get(f"{page}announce/").status_code == 200

    client.post(f"{page}announce/")
    activity.refresh_from_db()
    assert activity.state == "planned"
    client.get(page)
    refused = client.post(f"{page}held/", follow=True)
    assert [m.level_tag for m in refused.context["messages"]] == ["error"]
    assert client.post(f"{page}cancel/", {"reason": ""}).status_code == 422
    client.post(f"{page}cancel/", {"reason": "暴雨"})
    assert "暴雨" in client.get(page).content.decode()


def test_co_hosts_are_added_and_taken_out(client):
    top, left, right = build.tree()
    client.force_login(build.secretary(of=top, home=left))
    activity = build.activity(branch=left)
    url = f"/activities/{activity.pk}/hosts/"

    client.post(url, {"branch": right.code})
    assert [c.branch for c in activity.co_hosts.all()] == [right]
    assert errors(client.post(url, {"branch": "NONE"})) == {"branch": 1}
    for wrong in ("", "x", "9" * 30):
        client.post(f"{url}remove/", {"branch": wrong})
    assert activity.co_hosts.count() == 1
    client.post(f"{url}remove/", {"branch": right.pk})
    assert not activity.co_hosts.exists()


def test_a_task_is_given_and_done_by_the_helpers_own_click(
    client, secretary, branch, member
):
    activity = build.activity(branch=branch)
    url = f"/activities/{activity.pk}/tasks/add/"
    assert errors(client.post(url, {"title": "", "member": "999"})) == {
        "title": 1,
        "member": 1,
    }
    client.post(url, {"title": "借椅子", "member": member.member_id})
    task = activity.tasks.get()
    assert task.member == member.member

    other = build.user(member=build.member(branch=branch))
    client.force_login(other)
    assert client.post(f"/activities/tasks/{task.pk}/done/").status_code == 404
    client.force_login(User.objects.get(pk=member.pk))
    client.post(f"/activities/tasks/{task.pk}/done/")
    task.refresh_from_db()
    assert task.done_at is not None


def test_copies_and_series_are_drafts_to_look_through(client, secretary, branch):
    activity = build.activity("主题党日", branch=branch)
    page = f"/activities/{activity.pk}/"
    assert client.get(f"{page}copy/").status_code == 200
    later = local(activity.starts_at + timedelta(days=7))
    assert errors(client.post(f"{page}copy/", {"starts_at": "x"})) == {"starts_at": 1}
    assert client.post(f"{page}copy/", {"starts_at": later}).status_code == 302
    assert errors(client.post(f"{page}copy/", {"starts_at": later})) == {"starts_at": 1}

    until = (activity.starts_at + timedelta(days=70)).date()
    assert errors(client.post(f"{page}repeat/", {"until": "2001-01-01"})) == {
        "until": 1
    }
    client.post(f"{page}repeat/", {"until": str(until)})
    assert Activity.objects.drafts().count() == 3
