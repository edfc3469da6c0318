"""What the rules ask of a branch, counted from facts alone (LIFE-01 …, MIN-17)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities import duties
from activities.duties import Facts, Group, Held, Span
from activities.models import DutyRule

BRANCH = "branch"
LATER = date(2100, 1, 1)


def rule(code="LIFE-06", *, period="month", times=1, kind="theme_day", **fields):
    return DutyRule(
        code=code,
        version=fields.pop("version", 1),
        period=period,
        times=times,
        activity_kind=kind,
        branch_kinds=fields.pop("branch_kinds", [BRANCH]),
        in_force_from=fields.pop("in_force_from", date(2019, 1, 1)),
        **fields,
    )


def branch(**fields):
    return Facts(
        kind=fields.pop("kind", BRANCH),
        setting=fields.pop("setting", "village"),
        established_on=fields.pop("established_on", date(2010, 7, 1)),
        sizes=fields.pop("sizes", {date(2026, 1, 1): 20}),
        **fields,
    )


def theme_day(pk, day, **fields):
    return Held(pk, fields.pop("kind", "theme_day"), day, **fields)


def of_year(one, facts, activities=(), year=2026):
    return duties.duties(duties.demands([one], year), facts, activities)


def owed_in(one, facts, year=2026):
    return [duty.required for duty in of_year(one, facts, year=year)]


# --- periods ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("period", "number", "last"),
    [
        ("month", 12, date(2026, 1, 31)),
        ("quarter", 4, date(2026, 3, 31)),
        ("half_year", 2, date(2026, 6, 30)),
        ("year", 1, date(2026, 12, 31)),
    ],
)
def test_periods_are_whole_months_of_one_year(period, number, last):  # CAL-01 … CAL-04
    found = duties.spans(period, 2026)

    assert len(found) == number
    assert found[0].ends_on == last
    assert found[-1].ends_on == date(2026, 12, 31)
    assert [span.number for span in found] == list(range(1, number + 1))


@given(
    st.sampled_from(DutyRule.Period.values),
    st.dates(date(2019, 1, 1), date(2099, 12, 31)),
)
def test_each_day_lies_in_one_period_of_each_length(period, day):
    holding = [span for span in duties.spans(period, day.year) if span.holds(day)]

    assert holding == [duties.span_of(period, day)]


# --- pro rata ---------------------------------------------------------------------------
@given(st.integers(0, 31), st.sampled_from([1, 3, 6, 12]), st.data())
def test_pro_rata_lies_between_nothing_and_all(times, months, data):  # MIN-17
    stood = data.draw(st.integers(0, months))
    due = duties.times_due(times, stood, months)

    assert 0 <= due <= times
    assert abs(due - times * stood / months) <= 0.5
    assert duties.times_due(times, months, months) == times
    assert duties.times_due(times, 0, months) == 0
    assert stood == 0 or duties.times_due(times, stood - 1, months) <= due


@pytest.mark.parametrize(
    ("established_on", "months", "quarters"),
    [
        (date(2025, 12, 31), 12, [1, 1, 1, 1]),
        (date(2026, 2, 10), 11, [1, 1, 1, 1]),  # two of three months
        (date(2026, 3, 31), 10, [0, 1, 1, 1]),  # one of three
        (date(2026, 7, 1), 6, [0, 0, 1, 1]),
        (date(2027, 1, 1), 0, [0, 0, 0, 0]),
    ],
)
def test_a_new_branch_owes_from_the_month_it_was_set_up(
    established_on, months, quarters
):  # MIN-17
    facts = branch(established_on=established_on)
    meeting = rule("LIFE-01", period="quarter", kind="general_meeting")

    assert sum(owed_in(rule(), facts)) == months
    assert sum(owed_in(meeting, facts)) == sum(quarters)


@pytest.mark.parametrize(
    ("closed_on", "months"),
    [(date(2026, 6, 30), 5), (date(2026, 7, 1), 6), (date(2027, 1, 1), 12)],
)
def test_a_closed_branch_owes_for_whole_months_before(closed_on, months):
    assert len(owed_in(rule(), branch(closed_on=closed_on))) == months


@given(st.dates(date(2018, 1, 1), date(2028, 1, 1)), st.integers(0, 2000))
def test_no_branch_owes_more_than_one_that_stood_all_year(since, days):
    facts = branch(established_on=since, closed_on=since + timedelta(days=days))
    whole = rule("LIFE-07", period="year", kind="life_meeting", times=4)

    assert sum(owed_in(rule(), facts)) <= 12
    assert sum(owed_in(whole, facts)) <= 4


# --- to whom it applies -----------------------------------------------------------------
def test_a_rule_speaks_of_some_kinds_and_settings_only():
    villages = rule(settings=["village"])

    assert owed_in(villages, branch(kind="committee")) == []
    assert owed_in(villages, branch(setting="organ")) == []
    assert owed_in(villages, branch()) == [1] * 12


def test_an_exempt_kind_owes_nothing_though_the_rule_names_it():  # ORG-12
    appraisal = rule(
        "LIFE-08",
        period="year",
        branch_kinds=[BRANCH, "temp_branch"],
        exempt_kinds=["temp_branch"],
    )

    assert owed_in(appraisal, branch(kind="temp_branch")) == []
    assert duties.is_exempt(appraisal, "temp_branch")
    assert not duties.is_exempt(appraisal, BRANCH)


def test_committee_meetings_are_owed_from_seven_full_members_as_of_the_month():
    # ORG-19, LIFE-02: six until March, seven from April, six again from November
    sizes = {
        date(2026, month, 1): 7 if 4 <= month <= 10 else 6 for month in range(1, 13)
    }
    meeting = rule("LIFE-02", kind="committee_meeting", only_with_committee=True)

    found = of_year(meeting, branch(sizes=sizes))

    assert [duty.span.starts_on.month for duty in found] == list(range(4, 11))


def test_a_size_band_holds_its_ends():  # CNT-01
    band = rule(least_members=7, most_members=20)
    owing = [
        size
        for size in (6, 7, 20, 21)
        if owed_in(band, branch(sizes={date(2026, 1, 1): size}))
    ]

    assert owing == [7, 20]


def test_each_party_group_owes_its_own_meeting():  # LIFE-03
    groups = [
        Group(1, "第一党小组"),
        Group(2, "第二党小组", set_up_on=date(2026, 11, 5)),
        Group(3, "第三党小组", dissolved_on=date(2026, 3, 1)),
    ]
    meeting = rule("LIFE-03", kind="group_meeting", per_group=True)
    of_first = theme_day(1, date(2026, 5, 3), kind="group_meeting", group=1)
    of_none = theme_day(2, date(2026, 6, 3), kind="group_meeting")

    found = of_year(meeting, branch(groups=groups), [of_first, of_none])

    assert len(found) == 12 + 2 + 2
    assert [(duty.group.pk, duty.due_on) for duty in found if duty.done] == [
        (1, date(2026, 5, 31))
    ]
    assert owed_in(meeting, branch()) == []


# --- what counts ------------------------------------------------------------------------
def test_what_was_held_counts_in_its_own_period_only():
    held = [
        theme_day(1, date(2026, 4, 30)),
        theme_day(2, date(2026, 5, 1)),
        theme_day(3, date(2026, 5, 31)),
        theme_day(4, date(2026, 6, 1), kind="lecture"),
        theme_day(5, date(2026, 7, 1), is_held=False),
    ]

    found = of_year(rule(), branch(), held)

    done = {duty.due_on.month: duty.done for duty in found if duty.done}
    assert done == {4: 1, 5: 1}
    assert duties.completion(found) == (2, 12)


activities = st.lists(
    st.builds(
        Held,
        st.integers(1, 10**6),
        st.sampled_from(["theme_day", "group_meeting", "general_meeting"]),
        st.dates(date(2026, 1, 1), date(2026, 12, 31)),
        group=st.sampled_from([None, 1, 2]),
        is_held=st.booleans(),
    ),
    max_size=40,
)
RULES = [
    rule(),
    rule("LIFE-01", period="quarter", kind="general_meeting"),
    rule("LIFE-03", kind="group_meeting", per_group=True, times=2),
    rule("LIFE-04", period="quarter", kind="lecture", is_required=False),
]


@given(activities, st.integers(0, 3), st.dates(date(2020, 1, 1), date(2026, 12, 31)))
def test_completion_lies_between_nothing_and_all(held, groups, since):  # MIN-17
    facts = branch(
        established_on=since,
        groups=[Group(number, str(number)) for number in range(1, groups + 1)],
    )
    wanted = duties.demands(RULES, 2026)
    found = duties.duties(wanted, facts, held)
    done, required = duties.completion(found)

    assert 0 <= done <= required
    assert required == sum(d.required for d in found if d.rule.is_required)
    per_group = [duty for duty in found if duty.rule.per_group]
    assert len(per_group) % 12 == 0 or since.year == 2026
    assert len({duty.group for duty in per_group}) <= groups
    # One more can only help.
    more = [*held, theme_day(0, date(2026, 12, 1))]
    assert duties.completion(duties.duties(wanted, facts, more))[0] >= done


def test_a_duty_says_how_it_stands():
    may = Span(date(2026, 5, 1), 1)
    held = (theme_day(1, date(2026, 5, 8)),)
    planned = (theme_day(2, date(2026, 5, 28), is_held=False),)
    bare = duties.Duty(rule(), may, 1)

    assert bare.state(date(2026, 4, 30)) == "coming"
    assert bare.state(date(2026, 5, 31)) == "open"  # the last day is in time (CNT-04)
    assert bare.state(date(2026, 6, 1)) == "missed"
    assert duties.Duty(rule(), may, 1, held=held).state(date(2026, 6, 1)) == "done"
    announced = duties.Duty(rule(), may, 1, planned=planned)
    assert announced.state(date(2026, 5, 2)) == "planned"
    assert announced.state(date(2026, 6, 1)) == "missed"


# --- versions ---------------------------------------------------------------------------
def test_a_new_version_rules_the_periods_that_begin_with_it():
    old = rule(times=1)
    new = rule(times=2, version=2, in_force_from=date(2026, 7, 1))

    wanted = duties.demands([new, old], 2026)
    found = duties.duties(wanted, branch(), [])

    assert [duty.required for duty in found] == [1] * 6 + [2] * 6
    assert duties.demands([new, old], 2025) == duties.demands([old], 2025)


def test_a_rule_that_ended_asks_nothing_more():
    ended = rule(in_force_until=date(2026, 3, 31))

    assert len(owed_in(ended, branch())) == 3
    assert owed_in(rule(in_force_from=LATER), branch()) == []


def test_a_rule_without_a_kind_is_a_reminder_and_counts_nothing():  # CAL-03
    review = rule("CAL-03", period="half_year", kind="")
    wanted = duties.demands([review], 2026)

    assert duties.duties(wanted, branch(), []) == []
    assert [span.number for _rule, span in duties.reminders(wanted, branch())] == [1, 2]
