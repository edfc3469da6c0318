"""The pages of duties, their API and the administration of the rules."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from activities.models import CoHost, DutyRule
from tests import build

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today(time_machine):
    time_machine.move_to(NOW, tick=False)


def page_of(branch, **query):
    return reverse("activities:branch_duties", args=[branch.pk], query=query or None)


def held(branch, kind="theme_day", days=-3, **fields):
    return build.activity(
        branch=branch,
        kind=kind,
        state=fields.pop("state", "held"),
        starts_at=NOW + timedelta(days=days),
        **fields,
    )


def as_(client, user):
    client.force_login(user)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def titles(part):
    return [row.title for row in part.rows]


# --- one branch -------------------------------------------------------------------------
def test_a_branch_sees_what_is_due_by_when_and_what_is_held(client):
    branch = build.branch()
    theme = held(branch, title="十一月主题党日")
    lecture = held(branch, "lecture", days=3, state="planned", title="党课：新形势")

    answer = as_(client, build.secretary(of=branch)).get(page_of(branch))

    month, quarter, half_year, year = answer.context["parts"]
    assert titles(month) == ["Theme day"]
    assert [row.state for row in month.rows] == ["done"]
    assert month.rows[0].activities[0]["url"] == theme.get_absolute_url()
    assert [(row.title, row.state) for row in quarter.rows] == [
        ("General meeting", "open"),
        ("Party lecture", "planned"),
    ]
    assert quarter.rows[1].activities[0]["title"] == lecture.title
    assert titles(half_year) == []
    assert [rule.code for rule in half_year.notes] == ["CAL-03"]
    assert titles(year) == ["Organizational-life meeting", "Appraisal of members"]
    assert [len(part.rows) for part in answer.context["months"]] == [
        *[1, 1, 3] * 3,
        *[1, 1, 5],
    ]
    assert "art. 11" in answer.text
    assert "%" not in answer.context["branch"].name


def test_plan_it_carries_the_kind_and_the_branch_and_only_to_who_plans(client):
    branch = build.branch()
    group = build.group(branch)
    plain = build.user(member=build.member(branch=branch))

    answer = as_(client, build.secretary(of=branch)).get(page_of(branch))
    urls = {row.title: row.plan_url for row in answer.context["parts"][0].rows}
    assert urls["Theme day"].endswith(f"?kind=theme_day&branch={branch.pk}")
    assert urls[f"Party group meeting · {group}"].endswith(
        f"?kind=group_meeting&branch={branch.pk}&party_group={group.pk}"
    )

    answer = as_(client, plain).get(page_of(branch))
    assert {row.plan_url for part in answer.context["parts"] for row in part.rows} == {
        ""
    }


def test_a_title_is_shown_only_to_who_may_see_the_activity(client):
    branch, other = build.branch(), build.branch()
    activity = held(other, title="内部研讨")
    CoHost.objects.create(activity=activity, branch=branch)
    viewer = build.user()
    build.branch_grant(viewer, branch, "view_branch")

    answer = as_(client, viewer).get(page_of(branch))

    assert answer.context["parts"][0].rows[0].state == "done"
    assert "内部研讨" not in answer.text


def test_a_temporary_branch_is_told_what_is_not_asked_and_why(client):  # ORG-12
    branch = build.branch(kind="temp_branch")

    answer = as_(client, build.administrator("system")).get(page_of(branch))

    assert [rule.code for rule in answer.context["exempt"]] == [
        "LIFE-01",
        "LIFE-02",
        "LIFE-07",
        "LIFE-08",
    ]


def test_another_year_is_shown_as_a_calendar_alone(client):
    branch = build.branch()
    as_(client, build.secretary(of=branch))

    answer = client.get(page_of(branch, year=2025))

    assert answer.context["parts"] == []
    assert answer.context["required"] == 18  # 12 + 4 + 1 + 1
    assert answer.context["later"] == page_of(branch, year=2026)
    assert client.get(page_of(branch, year=2019)).context["earlier"] == ""
    assert client.get(page_of(branch, year=2027)).context["later"] == ""


@pytest.mark.parametrize("year", ["2018", "2028", "x", "20260", "２０２６", "\0"])
def test_a_year_that_is_none_is_not_found(client, year):
    branch = build.branch()

    answer = as_(client, build.secretary(of=branch)).get(page_of(branch, year=year))

    assert answer.status_code == 404


def test_a_discipline_committee_is_asked_nothing(client):
    body = build.branch(kind="discipline")

    answer = as_(client, build.administrator("system")).get(page_of(body))

    assert "Nothing is asked of this organization" in answer.text


def test_the_page_of_a_branch_asks_as_much_for_a_large_one(
    client, django_assert_num_queries
):
    branch = build.branch()
    held(branch)
    as_(client, build.secretary(of=branch))
    client.get(page_of(branch))
    with django_assert_num_queries(QUERIES_OF_A_BRANCH):
        client.get(page_of(branch))

    for number in range(8):
        build.member(branch=branch, party_group=build.group(branch))
        held(branch, days=-number)
    with django_assert_num_queries(QUERIES_OF_A_BRANCH):
        client.get(page_of(branch))


QUERIES_OF_A_BRANCH = 13


# --- many branches ----------------------------------------------------------------------
def open_list(client, **query):
    return client.get(reverse("activities:open_duties"), query)


def branches_on(answer):
    return {
        line["branch"]
        for heading in answer.context["headings"]
        for line in heading.lines
    }


def test_a_committee_sees_where_help_is_needed_and_a_branch_itself(client):
    top, left, right = build.tree()
    elsewhere = build.branch()
    above = build.secretary(of=top, home=left)

    answer = open_list(as_(client, above))
    assert branches_on(answer) == {left, right, top}  # the committee owes a lecture
    assert elsewhere not in branches_on(answer)
    heading = answer.context["headings"][0]
    assert heading.title == "Theme day · August 2026"
    assert heading.when == "was due on 08/31/2026, 87 days ago"
    assert branches_on(open_list(as_(client, build.secretary(of=left)))) == {left}


def test_the_list_holds_no_share_and_no_order_by_who_lacks_most(client):
    top, left, right = build.tree()
    for days in (-3, -30, -60, -90):
        held(left, days=days)

    answer = open_list(as_(client, build.secretary(of=top, home=left)))

    assert "%" not in answer.text.partition("<main")[2].partition("</main")[0]
    first = answer.context["headings"][0].lines
    assert [line["branch"] for line in first] == [right]


def test_one_kind_of_duty_and_one_part_of_the_tree_are_chosen(client):
    top, left, _right = build.tree()
    general = build.branch(parent=top, kind="general_branch")
    below = build.branch(parent=general)
    as_(client, build.secretary(of=top, home=left))

    lectures = open_list(client, duty="LIFE-04")
    assert {
        heading.title.partition(" · ")[0] for heading in lectures.context["headings"]
    } == {"Party lecture"}
    assert branches_on(open_list(client, below=general.code)) == {below}


@pytest.mark.parametrize(
    ("field", "value"), [("duty", "LIFE-99"), ("below", "没有"), ("duty", "\0")]
)
def test_what_is_no_choice_is_said_at_the_field(client, field, value):
    top, left, _right = build.tree()

    answer = open_list(
        as_(client, build.secretary(of=top, home=left)), **{field: value}
    )

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert answer.context["headings"] == []


def test_who_plans_nothing_has_no_list(client):
    member = build.member()

    assert open_list(as_(client, build.user(member=member))).status_code == 404


def test_pages_of_the_list_lead_on(client):
    top = build.committee()
    for _ in range(12):
        build.branch(parent=top)
    as_(client, build.secretary(of=top, home=build.branch(parent=top)))

    page, seen = open_list(client), []
    while True:
        seen += [
            (heading.title, line["branch"].pk)
            for heading in page.context["headings"]
            for line in heading.lines
        ]
        url = page.context["page"]["next_url"]
        if not url:
            break
        page = client.get(reverse("activities:open_duties") + url)

    # 13 branches: 4 months, 2 quarters, the year's two.
    assert len(seen) == len(set(seen)) == 13 * (4 + 2 + 2) + 1
    assert page.context["page"]["first_url"] == "?"


def test_the_list_asks_as_much_for_many_branches(client, django_assert_num_queries):
    top, left, _right = build.tree()
    build.group(left)
    as_(client, build.secretary(of=top, home=left))
    open_list(client)
    with django_assert_num_queries(QUERIES_OF_THE_LIST):
        open_list(client)

    for _ in range(20):
        branch = build.branch(parent=build.branch(parent=top, kind="general_branch"))
        build.group(branch)
        held(branch)
    with django_assert_num_queries(QUERIES_OF_THE_LIST):
        open_list(client)


QUERIES_OF_THE_LIST = 9


# --- the API ----------------------------------------------------------------------------
def api(client, branch, **query):
    return client.get(f"/api/v1/branches/{branch}/duties/", query)


def test_the_api_tells_what_a_branch_owes(client):
    branch = build.branch(code="云溪-01")
    group = build.group(branch)
    theme = held(branch)
    as_(client, build.secretary(of=branch))

    answer = api(client, branch.pk)

    told = answer.json()
    assert (told["branch"], told["year"]) == (branch.pk, 2026)
    assert (told["done"], told["required"]) == (1, 4 + 12 + 12 + 2)
    november = next(
        duty
        for duty in told["duties"]
        if (duty["code"], duty["due_on"]) == ("LIFE-06", "2026-11-30")
    )
    assert november == {
        "code": "LIFE-06",
        "version": 1,
        "name": "Theme day",
        "source": "Regulations on branch work, art. 16; on education of members, art. 16",
        "activity_kind": "theme_day",
        "is_required": True,
        "period": "month",
        "party_group": None,
        "starts_on": "2026-11-01",
        "due_on": "2026-11-30",
        "required": 1,
        "done": 1,
        "state": "done",
        "activities": [theme.pk],
    }
    assert group.pk in {duty["party_group"] for duty in told["duties"]}
    assert api(client, branch.pk, year=2025).json()["done"] == 0


@pytest.mark.parametrize("year", ["x", "2018", "2028", "99999999999999999999"])
def test_the_api_says_what_is_wrong_with_a_year(client, year):
    branch = build.branch()

    answer = api(as_(client, build.secretary(of=branch)), branch.pk, year=year)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["year"]


@pytest.mark.parametrize("key", ["never", "99999999999999999999999", "0", "%00"])
def test_the_api_knows_no_other_branch(client, key):
    branch, other = build.branch(), build.branch()
    as_(client, build.secretary(of=branch))

    assert api(client, key).status_code == 404
    assert api(client, other.pk).status_code == 404


def test_the_api_asks_as_much_for_a_large_branch(client, django_assert_max_num_queries):
    branch = build.branch()
    as_(client, build.secretary(of=branch))
    for number in range(5):
        build.group(branch)
        held(branch, days=-number)

    with django_assert_max_num_queries(13):
        api(client, branch.pk)


# --- the administration -----------------------------------------------------------------
def rule_form(**changes):
    rule = DutyRule.objects.get(code="LIFE-06")
    names = ("code", "name_zh", "source_zh", "period", "times", "activity_kind")
    form = {name: getattr(rule, name) for name in names}
    return form | {
        "branch_kinds": rule.branch_kinds,
        "is_required": "on",
        "in_force_from": "2027-01-01",
        **changes,
    }


def test_the_system_administrator_adds_a_version_and_changes_none(client):
    as_(client, build.administrator("system"))
    rule = DutyRule.objects.get(code="LIFE-06")
    page = reverse("admin:activities_dutyrule_change", args=[rule.pk])
    add = reverse("admin:activities_dutyrule_add")

    assert client.post(page, rule_form(times=3)).status_code == 404
    blank = client.get(add, {"of": rule.pk})
    assert blank.context["adminform"].form.initial["code"] == "LIFE-06"
    assert client.post(add, rule_form(times=2)).status_code == 302

    assert list(
        DutyRule.objects.filter(code="LIFE-06").values_list(
            "version", "times", "in_force_from"
        )
    ) == [(2, 2, date(2027, 1, 1)), (1, 1, date(2019, 1, 1))]


def test_what_a_version_may_not_say_stands_at_the_field(client):
    as_(client, build.administrator("system"))

    answer = client.post(
        reverse("admin:activities_dutyrule_add"),
        rule_form(in_force_from="2026-10-01", code="x"),
    )

    assert set(answer.context["adminform"].form.errors) == {"code"}
    answer = client.post(
        reverse("admin:activities_dutyrule_add"), rule_form(in_force_from="2026-10-01")
    )
    assert set(answer.context["adminform"].form.errors) == {"in_force_from"}


@pytest.mark.parametrize("role", ["security", "audit"])
def test_other_administrators_do_not_see_the_rules(client, role):
    as_(client, build.administrator(role))

    answer = client.get(reverse("admin:activities_dutyrule_changelist"))

    assert answer.status_code == 404
