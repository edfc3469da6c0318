"""The demonstration, seeded once: what it holds is sound and as the portal would have it."""

from collections import Counter
from datetime import UTC, date, datetime, time

import pytest
from django.apps import apps
from django.core.management import CommandError
from django.db import connection, transaction
from django.db.models import Count, Min, Q

from activities.models import (
    Activity,
    Attendance,
    Ballot,
    LifePoint,
    Minutes,
    Program,
    Resolution,
    SurveyAnswer,
    SurveyTurn,
)
from activities.presets import all_presets
from activities.services import activities as planning
from activities.services import minutes, participation
from activities.signals import took_part
from config.demo.tree import Kind, Setting
from members.algorithms import add_months
from members.models import (
    Appointment,
    Branch,
    BranchGrant,
    Correction,
    CreditHour,
    Member,
    MemberGrant,
    StateChange,
    Term,
    User,
)
from members.services.states import STEPS
from tests.config.test_seed_demo import TODAY, run

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker):
    """Seeded once for all of these, who only read; what one writes goes with it, for each
    begins and rolls back within this transaction."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield run(members=300, branches=30)
        transaction.set_rollback(True)


def test_it_counts_what_it_wrote(seeded):
    assert seeded["branches"] == Branch.objects.count() == 30
    assert seeded["members"] == Member.objects.count() == 300
    assert seeded["appointments"] == Appointment.objects.count() > 60
    assert seeded["state_changes"] == StateChange.objects.count() > 300


def test_every_record_passes_its_own_checks(seeded):
    for member in Member.objects.select_related("branch", "party_group"):
        member.full_clean()
    for branch in Branch.objects.all():
        branch.full_clean(exclude=["path"])


def test_thirty_branches_hold_every_setting_and_kind_of_branch(seeded):
    branches = Branch.objects.all()

    assert {branch.setting for branch in branches} == set(Setting)
    assert {branch.kind for branch in branches} >= Branch.BRANCHES | {
        Kind.GENERAL_BRANCH,
        Kind.ORGAN_COMMITTEE,
    }
    assert branches.filter(closed_on__lte=TODAY).exists()
    assert branches.exclude(credit_code="").count() >= 8


def test_people_of_all_states_and_ages_are_there(seeded):
    states = Counter(Member.objects.values_list("state", flat=True))

    assert set(states) >= {*Member.LIVE, Member.State.DECEASED, Member.State.REMOVED}
    assert 200 < states[Member.State.FULL] < 270
    assert Member.objects.filter(birth_date__lt=date(1966, 6, 30)).count() > 60
    assert Member.objects.filter(is_floating=True).exists()
    assert Member.objects.live().exclude(out_of_contact_since=None).exists()
    assert Member.objects.exclude(ethnic_group="01").exists()


def test_states_follow_the_table_and_end_at_the_record(seeded):
    for member in Member.objects.prefetch_related("state_changes"):
        lines = sorted(member.state_changes.all(), key=lambda line: line.pk)
        days = [line.effective_on for line in lines]

        assert days == sorted(days)
        assert lines[0].from_state == ""
        assert lines[-1].to_state == member.state
        for line in lines[1:]:  # MEM-11
            step = STEPS[line.from_state][line.to_state]
            assert line.body in step.bodies
            assert line.document_number or not step.document


def test_terms_are_overdue_due_and_far_away(seeded):
    newest = {}
    for term in Term.objects.order_by("ends_on"):
        newest[term.branch_id] = term.ends_on

    assert sum(end < TODAY for end in newest.values()) == 2
    assert sum(TODAY <= end <= add_months(TODAY, 6) for end in newest.values()) >= 3
    assert len(newest) > 20


def test_offices_are_filled_over_several_terms_and_give_rights(seeded):
    secretaries = Appointment.objects.filter(office__code="secretary")

    assert secretaries.in_force(TODAY).count() > 20
    assert secretaries.filter(ends_on__lt=TODAY).count() > 10
    for appointment in Appointment.objects.select_related("member"):
        assert appointment.member.full_member_on < appointment.starts_on
    granted = BranchGrant.objects.in_force(TODAY).values("user", "content_object")
    assert granted.distinct().count() > 20


def test_history_is_dated_by_what_happened(seeded):
    event = apps.get_model("members", "MemberEvent")
    first = event.objects.aggregate(first=Min("pgh_created_at"))["first"].date()

    assert (TODAY - first).days in {729, 730}
    assert not event.objects.filter(pgh_created_at__date__gt=TODAY).exists()
    inserted = event.objects.filter(pgh_label="insert").order_by("id")
    assert inserted.count() == 300
    for member in Member.objects.all():
        newest = event.objects.filter(id=member.pk).order_by("-pgh_id").first()
        assert newest.state == member.state
        assert newest.phone == member.phone
    assert event.objects.filter(pgh_label="update").exclude(pgh_context=None).exists()


def test_the_history_begins_with_the_record_as_it_came(seeded):
    event = apps.get_model("members", "MemberEvent")

    for member in Member.objects.prefetch_related("state_changes"):
        events = list(event.objects.filter(pgh_obj=member).order_by("pgh_id"))
        first_line = min(member.state_changes.all(), key=lambda line: line.pk)
        assert events[0].pgh_label == "insert"
        assert events[0].state == first_line.to_state
        assert {one.id_number for one in events} == {member.id_number}
        assert {one.pgh_label for one in events[1:]} <= {"update"}
        assert events[-1].phone_tail == member.phone_tail


def test_the_history_is_kept_by_itself_again_afterwards(seeded):
    member = Member.objects.first()

    Member.objects.filter(pk=member.pk).update(native_place="江西")

    newest = member.events.order_by("-pgh_id").first()
    assert newest.native_place == "江西"


def test_corrections_are_open_and_answered(seeded):
    states = set(Correction.objects.values_list("state", flat=True))

    assert states == set(Correction.State.values)
    for accepted in Correction.objects.filter(state="accepted"):
        assert getattr(accepted.member, accepted.field) == accepted.proposed


def test_each_branch_lived_two_years_and_announced_what_comes(seeded):  # LIFE-01 …
    now = datetime.combine(TODAY, time(8), UTC)
    first = Branch.objects.holding_members().order_by("pk").first()
    held = Counter(first.activities.held().values_list("kind", flat=True))

    assert seeded["activities"] == Activity.objects.count()
    assert held["theme_day"] >= 22  # one or two were called off
    assert held["general_meeting"] >= 7
    assert held["committee_meeting"] >= 22
    assert held["lecture"] >= 6
    assert held["group_meeting"] >= 10 * first.party_groups.count() > 0
    assert first.activities.upcoming(now).count() > 3
    assert first.activities.drafts().exists()
    coming = Activity.objects.upcoming(now)
    assert coming.filter(seats__isnull=False).exists()
    assert coming.filter(audience="below").exists()
    for branch in Branch.objects.holding_members().filter(closed_on=None):
        assert branch.activities.exists()
        early = branch.activities.filter(starts_at__date__lt=branch.established_on)
        assert not early.exists()


def test_activities_are_what_planning_would_have_kept(seeded):
    for activity in Activity.objects.select_related("branch", "party_group"):
        planning.check_times(activity)
        planning.check_sign_up(activity)
        activity.full_clean(exclude=["created_by"], validate_constraints=False)
        group = activity.party_group
        assert group is None or group.branch_id == activity.branch_id
    event = apps.get_model("activities", "ActivityEvent")
    assert event.objects.count() == Activity.objects.count()
    assert Activity.objects.exclude(created_by=None).exists()


def test_who_was_there_is_what_the_portal_would_have_kept(seeded):  # MIN-04, LIFE-27
    rows = Attendance.objects.select_related("activity__branch", "member")
    assert seeded["attendances"] == len(rows) > 5000
    for row in rows[::50]:
        row.full_clean(exclude=["recorded_by"])
        assert row.member.admitted_on <= row.activity.starts_at.date()
    assert set(rows.values_list("state", flat=True)) == set(Attendance.State)
    assert not rows.exclude(activity__state="held").exists()
    held = Activity.objects.held().exclude(audience=Activity.Audience.BELOW)
    without = held.filter(attendances=None).count()
    assert without < held.count() / 10  # where nobody was on the roll yet

    event = apps.get_model("activities", "AttendanceEvent")
    assert event.objects.count() == len(rows)


def test_hours_follow_from_who_was_there(seeded):  # EDU-01
    assert CreditHour.objects.count() > 1000
    lines = CreditHour.objects.count()
    now = datetime.combine(TODAY, time(), UTC)
    announced = []
    took_part.connect(lambda **said: announced.append(said), weak=False)
    with transaction.atomic():
        for activity in Activity.objects.held().exclude(credit_hours=None)[:60]:
            participation.settle(activity, now=now)

    assert CreditHour.objects.count() == lines
    assert not announced


def test_seats_are_given_to_the_number_and_others_wait(seeded):  # RL-01
    taken = Count("sign_ups", filter=Q(sign_ups__state="confirmed"))
    wait = Count("sign_ups", filter=Q(sign_ups__state="waiting"))
    limited = Activity.objects.exclude(seats=None).annotate(taken=taken, wait=wait)

    assert all(one.taken <= one.seats for one in limited)
    assert all(one.taken == one.seats for one in limited if one.wait)
    coming = limited.filter(state="planned")
    assert any(one.wait for one in coming)


def test_minutes_are_signed_and_two_are_in_work(seeded):  # MIN-01 … MIN-10
    states = Counter(Minutes.objects.values_list("state", flat=True))
    assert states["locked"] > 100
    assert (states["draft"], states["signing"]) == (1, 1)
    for one in Minutes.objects.locked()[::10]:
        one.full_clean(exclude=["people"])
        assert one.digest == minutes.digest(one)
        assert one.people["present"] <= one.people["due"]  # MIN-15
    ballots = [one for one in Ballot.objects.all() if one.outcome().has_quorum]
    assert len(ballots) > Ballot.objects.count() / 2
    assert LifePoint.objects.filter(minutes__state="locked").count() >= 4  # MIN-12
    assert Resolution.objects.open().exists()
    assert Resolution.objects.exclude(done_at=None).exists()


def test_surveys_say_what_was_said_and_not_by_whom(seeded):
    assert SurveyAnswer.objects.count() == SurveyTurn.objects.count() > 300
    for turn in SurveyTurn.objects.all()[:50]:
        was_there = Attendance.objects.present().filter(
            activity=turn.activity_id, member=turn.member_id
        )
        assert was_there.exists()


def test_numbers_belong_to_nobody(seeded):
    for member in Member.objects.all():
        if member.id_number:  # a division of province level is given to no person
            assert member.id_number[2:6] == "0000"
        if member.phone:  # 154 is given to no operator
            assert member.phone.startswith("154")


def test_every_number_is_given_once(seeded):
    for column in ("id_number_index", "phone_index"):
        numbers = Member.objects.exclude(**{column: None}).values_list(column)
        assert numbers.count() == numbers.distinct().count() > 250


def test_the_planner_knows_how_many_rows_there_are(seeded):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_stats WHERE attname = 'id'")
        known = {table for (table,) in cursor.fetchall()}

    assert {"members_member", "members_memberevent", "members_branch"} <= known


def test_without_the_setting_nobody_can_sign_in(seeded):
    assert User.objects.exists()
    assert not [user for user in User.objects.all() if user.has_usable_password()]
    assert User.objects.filter(member=None).count() == 0
    assert MemberGrant.objects.count() == User.objects.count()
    assert Member.objects.filter(user=None).count() > 50


def test_it_refuses_a_portal_that_has_branches(seeded):
    with pytest.raises(CommandError, match="branches already"):
        run()


def test_there_is_a_program_of_each_preset(seeded):  # KIND-01 …
    assert seeded["programs"] == Program.objects.count() == len(all_presets())
    village = Program.objects.get(preset="revitalization")
    assert village.steps.count() == 6
    assert (TODAY - village.starts_on).days > 700
    assert village.links.count() == 3
    assert bytes(village.photos.get().image).startswith(b"\xff\xd8")
