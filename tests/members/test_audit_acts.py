"""Each named act writes exactly one entry, in its own transaction (AU-01, SEC-31).

A scene sets the stage and returns the act itself, to be done once.
"""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.utils import timezone

from activities.models import AppraisalResult, FollowUp, Module, Talk
from activities.services import (
    appraisals,
    calendar,
    follow_ups,
    modules,
    programs,
    sign_ups,
    talks,
)
from members import access
from members.models import (
    AuditEntry,
    BranchGrant,
    LocalCode,
    Member,
    Office,
    StateChange,
    User,
)
from members.services import (
    accounts,
    administrators,
    audit,
    branches,
    codes,
    corrections,
    exports,
    grants,
    imports,
    offices,
    records,
    reveals,
    states,
    tokens,
)
from members.services.audit_reading import export as export_log
from tests import build
from tests.rosters import HEADER, csv_file, person

pytestmark = pytest.mark.django_db

Act = AuditEntry.Act

# Acts whose scenes stand in other files: of signing in, of keys, of own data, of undoing
# an import, of what is held, and of alarms.
ELSEWHERE = frozenset(
    {
        Act.SIGNED_IN,
        Act.SIGN_IN_FAILED,
        Act.LOCKED_OUT,
        Act.SIGNED_OUT,
        Act.SESSIONS_ENDED,
        Act.PASSWORD_CHANGED,
        Act.SECOND_FACTOR_SET,
        Act.SECOND_FACTOR_REMOVED,
        Act.SECOND_FACTOR_FAILED,
        Act.RECOVERY_CODE_USED,
        Act.OWN_DATA_TAKEN,
        Act.IMPORT_UNDONE,
        Act.UPLOAD_HELD,
        Act.UPLOAD_DESTROYED,
        Act.KEYS_ROTATED,
        Act.ALARM,
        Act.MAIL_CODE_ASKED,
        Act.MAIL_ADDRESS_SET,
        Act.TASK_SENT_AGAIN,
    }
)
SCENES = {}


def scene(act, name=""):
    """Register a scene of `act`; a second one of the same act has a `name`."""

    def register(function):
        SCENES[f"{act}{name and ' '}{name}"] = (act, function)
        return function

    return register


def tomorrow():
    return access.today() + timedelta(days=1)


# --- accounts, tokens, roles ---------------------------------------------------------------
@scene(Act.ACCOUNT_OPENED)
def _():
    by, member = build.user(), build.member()
    return by, lambda: accounts.open_account(member, by=by)


@scene(Act.ACCOUNT_OPENED, "of no member")
def _():
    by = build.user()
    return by, lambda: administrators.create_account(f"x{by.pk}", by=by)


@scene(Act.PASSWORD_RESET)
def _():
    by, user = build.user(), build.user()
    return by, lambda: accounts.reset_password(user, by=by)


@scene(Act.ACCOUNT_SWITCHED)
def _():
    by, user = build.user(), build.user()
    return by, lambda: accounts.set_active(user, False, by=by)


@scene(Act.ROLE_SETTLED)
def _():
    by, user = build.user(), build.user()
    return by, lambda: administrators.settle_role(
        user, administrator="audit", is_staff=True, by=by
    )


@scene(Act.TOKEN_ISSUED)
def _():
    by = build.user()
    return by, lambda: tokens.issue_token(
        by, name="报表", scope="read", expires_on=access.today()
    )


@scene(Act.TOKEN_REVOKED)
def _():
    by = build.user()
    token, _text = build.api_token(by)
    return by, lambda: tokens.revoke_token(token, now=timezone.now())


@scene(Act.TOKEN_REVOKED, "all")
def _():
    by = build.user()
    build.api_token(by)
    build.api_token(by)
    return by, lambda: tokens.revoke_all(by, now=timezone.now(), by=by)


@scene(Act.MODULE_SWITCHED)
def _():
    branch, by = build.branch(), build.user()
    return by, lambda: modules.switch(branch, Module.POSTS, True, by=by)


@scene(Act.PROGRAM_CHANGED)
def _():
    program, by = build.program(), build.user()
    return by, lambda: programs.finish(program, by=by)


@scene(Act.CALENDAR_MADE)
def _():
    by = build.user()
    return by, lambda: calendar.make_address(by)


@scene(Act.CALENDAR_REVOKED)
def _():
    by = build.user()
    calendar.make_address(by)
    return by, lambda: calendar.revoke_address(by)


# --- sensitive data ------------------------------------------------------------------------
@scene(Act.REVEALED)
def _():
    left = build.branch()
    by, member = build.secretary(of=left), build.member(branch=left)
    return by, lambda: reveals.reveal(member, "phone", by=by, reason="换届核对")


@scene(Act.REVEALED, "own")
def _():
    by = build.user(member=build.member())
    return by, lambda: reveals.reveal_own(by, "phone", password=build.PASSWORD)


@scene(Act.EXPORTED)
def _():
    left = build.branch()
    by = build.secretary(of=left)
    return by, lambda: exports.ask(left, by=by, reason="换届", format="csv")


@scene(Act.EXPORT_DOWNLOADED)
def _():
    left = build.branch()
    by = build.secretary(of=left)
    export = exports.ask(left, by=by, reason="换届", format="csv")
    exports.make(export.pk)
    return by, lambda: exports.take(export, now=timezone.now())


@scene(Act.IMPORT_APPLIED)
def _():
    left = build.branch()
    by = build.secretary(of=left)
    rows = csv_file([HEADER, person(by.pk % 400)])
    batch = imports.receive(left, file_name="r.csv", content=rows, by=by)
    imports.check(batch.pk)
    imports.ask_to_apply(batch)
    return by, lambda: imports.apply(batch.pk)


@scene(Act.ROLL_INQUIRY)
def _():
    by = build.user()
    return by, lambda: records.count_inquiry(by)


# --- rights and offices --------------------------------------------------------------------
def given(by):
    user, branch = build.user(), build.branch()
    rights = build._permission("branch", "view_roll")
    return grants.give(
        user,
        branch,
        [rights],
        purpose="巡察",
        starts_on=access.today(),
        ends_on=tomorrow(),
        by=by,
    )


@scene(Act.RIGHTS_GIVEN)
def _():
    by = build.user()
    return by, lambda: given(by)


@scene(Act.RIGHTS_GIVEN, "for longer")
def _():
    by, (grant,) = build.user(), given(build.user())
    later = tomorrow() + timedelta(days=1)
    return by, lambda: grants.set_end(grant, later, by=by)


@scene(Act.RIGHTS_ENDED)
def _():
    by, (grant,) = build.user(), given(build.user())
    return by, lambda: grants.set_end(grant, access.today(), by=by)


@scene(Act.APPOINTED)
def _():
    by, member = build.user(), build.member()
    office = Office.objects.get(code="secretary")
    return by, lambda: offices.appoint(
        member,
        office,
        member.branch,
        starts_on=access.today(),
        basis="elected",
        decided_by="党员大会",
        document_number="组〔2026〕1号",
        by=by,
    )


@scene(Act.APPOINTMENT_ENDED)
def _():
    by, appointment = build.user(), build.appointment()
    return by, lambda: offices.end_appointment(
        appointment, on=access.today(), reason="届满", by=by
    )


@scene(Act.SETTING_CHANGED)
def _():
    by, office = build.user(), Office.objects.get(code="group_leader")
    right = build._permission("branch", "view_roll")
    return by, lambda: offices.change_office(office, by=by, rights=[right])


@scene(Act.SETTING_CHANGED, "in a code table")
def _():
    by = build.user()
    code = LocalCode(
        table="region", code="339901", name_zh="青岚县", valid_from="2026-01-01"
    )
    return by, lambda: codes.save_code(code, by=by)


@scene(Act.SETTING_CHANGED, "by a file of codes")
def _():
    by = build.user()
    return by, lambda: codes.note_import(3, by=by)


# --- people and branches -------------------------------------------------------------------
@scene(Act.ENROLLED)
def _():
    by, like = build.user(), build.member()
    member = Member(
        name="新同志",
        sex="1",
        ethnic_group="01",
        birth_date="1990-01-01",
        state="applicant",
        applied_on="2020-01-01",
        branch=like.branch,
    )
    return by, lambda: records.enroll(member, by=by)


@scene(Act.RECORD_CHANGED)
def _():
    by, member = build.user(), build.member()
    member.employer = "云溪镇供销社"
    return by, lambda: records.change_record(member, by=by)


@scene(Act.RECORD_CHANGED, "of an account")
def _():
    by, user = build.user(), build.user()
    return by, lambda: administrators.change_account(
        user, display_name="筹备组", is_active=True, by=by
    )


@scene(Act.RECORD_CHANGED, "of one's own choices")
def _():
    by = build.user(elder_view=True)
    return by, lambda: accounts.reset_choices(by)


@scene(Act.STATE_CHANGED)
def _():
    by, member = build.user(), build.member(state="applicant")
    return by, lambda: states.change_state(
        member,
        "activist",
        body=StateChange.Body.BRANCH_COMMITTEE,
        decided_on=access.today(),
        by=by,
    )


@scene(Act.CORRECTION_DECIDED, "accepted")
def _():
    by, asked = build.user(), build.correction(build.member())
    return by, lambda: corrections.accept_correction(asked, by=by)


@scene(Act.CORRECTION_DECIDED, "declined")
def _():
    by, asked = build.user(), build.correction(build.member())
    return by, lambda: corrections.decline_correction(asked, by=by, answer="有证")


@scene(Act.CORRECTION_DECIDED, "withdrawn")
def _():
    by, asked = build.user(), build.correction(build.member())
    return by, lambda: corrections.withdraw_correction(asked, by=by)


def of_branches(verb):
    """A scene for one of the verbs that change a branch."""

    def stage():
        by, top = build.user(), build.committee()
        left, other = build.branch(parent=top), build.committee(parent=top)
        return by, lambda: verb(top, left, other, by)

    return stage


def set_up(top, left, other, by):
    new = build.Branch(
        name="中共新村支部", code=f"N{by.pk}", kind="branch", setting="village"
    )
    new.parent, new.established_on = top, access.today()
    branches.set_up_branch(new, by=by)


def change_details(top, left, other, by):
    left.notes = "在二楼"
    branches.change_branch(left, by=by)


def move(top, left, other, by):
    decision = {"decided_on": access.today(), "document_number": "1"}
    branches.move_branch(left, other, by=by, **decision)


def close(top, left, other, by):
    branches.close_branch(left, on=access.today(), document_number="1", by=by)


def start_term(top, left, other, by):
    branches.start_term(left, starts_on=access.today(), by=by)


def correct_term(top, left, other, by):
    branches.correct_term(build.term(left), document_number="2", by=by)


def add_group(top, left, other, by):
    branches.add_group(left, name="一组", by=by)


def change_group(top, left, other, by):
    branches.change_group(build.group(left), name="二组", by=by)


def dissolve_group(top, left, other, by):
    branches.dissolve_group(build.group(left), on=access.today(), by=by)


for verb in (
    set_up,
    change_details,
    move,
    close,
    start_term,
    correct_term,
    add_group,
    change_group,
    dissolve_group,
):
    scene(Act.BRANCH_CHANGED, verb.__name__)(of_branches(verb))


# --- the log itself, and what was refused ----------------------------------------------------
@scene(Act.AUDIT_EXPORTED)
def _():
    by = build.administrator("audit")
    return by, lambda: export_log(
        AuditEntry.objects.all(), by=by, reason="季度检查", filters=""
    )


@scene(Act.AUDIT_VERIFIED)
def _():
    return None, lambda: audit.note_check(audit.verify())


@scene(Act.SIGNED_UP_FOR)
def _():
    by, activity = build.user(), build.activity(seats=1)
    member, now = build.member(branch=activity.branch), timezone.now()
    return by, lambda: sign_ups.sign_up(member, activity, by=by, now=now)


@scene(Act.SIGN_UP_CHANGED_FOR)
def _():
    by, activity = build.user(), build.activity(seats=1)
    seat = build.sign_up(activity, build.member(branch=activity.branch))
    now = timezone.now()
    return by, lambda: sign_ups.change(seat, note="", answers={}, by=by, now=now)


@scene(Act.WITHDRAWN_FOR)
def _():
    by, activity = build.user(), build.activity(seats=1)
    seat = build.sign_up(activity, build.member(branch=activity.branch))
    return by, lambda: sign_ups.withdraw(seat, by=by, now=timezone.now())


def in_round(step, **fields):
    """An account, and a member in a round that stands at `step`."""
    branch = build.branch()
    by, member = build.user(), build.member(branch=branch)
    return by, build.appraisal_round(branch, member, step=step, **fields)


@scene(Act.APPRAISAL_STEP)
def _():
    by, round_ = in_round("self")
    return by, lambda: appraisals.open_mutual(round_, by=by)


@scene(Act.APPRAISAL_WRITTEN_FOR)
def _():
    by, round_ = in_round("self")
    one = round_.appraisals.get()
    return by, lambda: appraisals.write_self(one, "x", by=by, is_copied=True)


@scene(Act.APPRAISAL_DECIDED)
def _():
    by, round_ = in_round("opinion")
    one = round_.appraisals.get()
    given = {"grade": "basic", "opinion": "x"}
    return by, lambda: appraisals.decide(one, **given, by=by)


@scene(Act.APPRAISAL_EXEMPTED)
def _():
    by, round_ = in_round("self")
    one = round_.appraisals.get()
    return by, lambda: appraisals.exempt(one, reason="x", by=by)


def told():
    """A result that was told and asks for help."""
    by, round_ = in_round("feedback")
    one = round_.appraisals.get()
    AppraisalResult.objects.create(appraisal=one, grade="basic", opinion="x")
    return by, one


@scene(Act.APPRAISAL_TOLD)
def _():
    by, one = told()
    return by, lambda: appraisals.tell_in_person(one, by=by, now=timezone.now())


@scene(Act.FOLLOW_UP_NOTED)
def _():
    by, one = told()
    follow_up = FollowUp(
        appraisal=one,
        kind="talk",
        plan="x",
        owner=build.member(branch=one.round.branch),
        due_on=tomorrow(),
    )
    return by, lambda: follow_ups.note(follow_up, by=by, today=access.today())


@scene(Act.TALK_NOTED)
def _():
    by, branch = build.user(), build.branch()
    first, second = (build.member(branch=branch) for _ in range(2))
    given = {"held_on": access.today(), "topic": "work", "note": "x"}
    talk = Talk(branch=branch, first=first, second=second, **given)
    return by, lambda: talks.note(talk, by=by, today=access.today())


@scene(Act.ACCESS_REFUSED)
def _():
    by, member = build.user(), build.member()
    client = Client()
    client.force_login(by)
    return by, lambda: client.get(f"/members/{member.pk}/")


# --- the table ---------------------------------------------------------------------------
def entries(act):
    return AuditEntry.objects.filter(act=act)


def test_each_act_has_a_scene_here_or_a_test_elsewhere():
    here = {act for act, _stage in SCENES.values()}

    assert here | ELSEWHERE == set(Act)
    assert not here & ELSEWHERE


@pytest.mark.parametrize("name", SCENES)
def test_an_act_writes_exactly_one_entry(name):
    act, stage = SCENES[name]
    by, do = stage()
    before = entries(act).count()

    do()

    assert entries(act).count() == before + 1
    assert entries(act).latest("pk").by == by


@pytest.mark.parametrize("name", SCENES)
def test_an_act_that_is_rolled_back_leaves_no_entry(name):
    act, stage = SCENES[name]
    _by, do = stage()
    before = entries(act).count()

    with transaction.atomic():
        do()
        transaction.set_rollback(True)

    assert entries(act).count() == before


def test_an_act_that_a_rule_refuses_leaves_none_either():
    by, member = build.user(), build.member(state="applicant")
    before = AuditEntry.objects.count()

    with pytest.raises(ValidationError):
        states.change_state(
            member, "full", body="superior", decided_on=access.today(), by=by
        )

    assert AuditEntry.objects.count() == before


def test_what_changes_nothing_is_no_act():
    by, member, top = build.user(), build.member(), build.committee()
    user, (grant,) = build.user(), given(by)
    before = AuditEntry.objects.count()

    records.change_record(member, by=by)
    branches.change_branch(top, by=by)
    accounts.set_active(user, True, by=by)
    administrators.settle_role(user, administrator="", is_staff=False, by=by)
    administrators.change_account(user, display_name="", is_active=True, by=by)
    grants.set_end(grant, grant.ends_on, by=by)
    tokens.revoke_all(user, now=timezone.now(), by=by)
    accounts.reset_choices(user)
    corrections.withdraw_all(user)

    assert AuditEntry.objects.count() == before


def test_an_entry_names_the_fields_that_changed_and_no_value():
    by, member = build.user(), build.member(phone="13912345678")
    member.phone, member.employer = "13987654321", "云溪镇供销社"

    records.change_record(member, by=by)

    entry = entries(Act.RECORD_CHANGED).get()
    assert entry.context == {"fields": "employer, phone"}
    assert (entry.member, entry.branch, entry.by) == (member, member.branch, by)


def test_an_export_that_is_refused_when_it_is_made_leaves_its_refusal():  # AZ-16
    left = build.branch()
    by = build.secretary(of=left)
    export = exports.ask(left, by=by, reason="换届", format="csv")
    BranchGrant.objects.filter(user=by).delete()

    exports.make(export.pk)

    entry = entries(Act.EXPORTED).get(result="refused")
    assert (entry.by, entry.subject_id, entry.branch) == (by, export.pk, left)


def test_an_administrator_made_on_the_machine_is_in_the_log():
    user, _password = administrators.create_administrator("cora", "audit")

    found = AuditEntry.objects.filter(subject_id=user.pk).order_by("pk")
    assert [entry.act for entry in found] == [Act.ACCOUNT_OPENED, Act.ROLE_SETTLED]
    assert User.objects.get(username="cora").administrator == "audit"
