"""A world with one record of each kind, one account of each role, and every route.

The routes are found in the URL configuration, so that one without an expectation is
noticed (AZ-01).
"""

from dataclasses import dataclass, field
from datetime import date

from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from activities.models import AppraisalResult, Effect, FollowUp
from activities.services import minutes
from members import access
from members.algorithms import next_demo_id_number
from members.models import (
    Export,
    ImportBatch,
    Notification,
    User,
)
from members.services import tokens
from tests import build

# In the order of growing reach; the three administrators stand aside.
SIGNED_IN = (
    "stranger",
    "member",
    "secretary",
    "sibling",
    "above",
    "root",
    "system",
    "security",
    "audit",
)
NOBODY = "nobody"
ROLES = (NOBODY, *SIGNED_IN)
SEEDED = {
    "id_number": next_demo_id_number("110000", date(1970, 1, 1), 771),
    "phone": "13955512345",
    "landline": "0851-5550123",
    "address": "云溪镇青石村七组八号",
}


@dataclass
class World:
    """left and right stand below general, which stands below top."""

    users: dict[str, User]
    keys: dict[str, int]
    people: dict[str, object] = field(default_factory=dict)


def make_world() -> World:
    top = build.committee("中共云溪镇委员会")
    general = build.branch("中共工业园总支", parent=top, kind="general_branch")
    left = build.branch("中共青石村支部", parent=general)
    right = build.branch("中共白水村支部", parent=general)
    person = build.member("薛丽华", branch=left, **SEEDED)
    group = build.group(left)
    users = {
        "stranger": build.user("stranger"),
        "member": build.user("member", member=person),
        "secretary": build.secretary(of=left),
        "sibling": build.secretary(of=right),
        "above": build.secretary(of=general, home=build.branch(parent=general)),
        "root": build.secretary(of=top, home=build.branch(parent=top)),
        "system": build.administrator("system"),
        "security": build.administrator("security"),
        "audit": build.administrator("audit"),
    }
    for user in users.values():
        Notification.objects.create(user=user, kind="welcome")
    batch = ImportBatch.objects.create(
        branch=left,
        uploaded_by=users["secretary"],
        file_name="名册.xlsx",
        state=ImportBatch.State.CHECKED,
        report="{}",
    )
    export = Export.objects.create(
        branch=left, requested_by=users["secretary"], reason="换届", state="waiting"
    )
    meeting = build.activity(
        "第三季度支部党员大会",
        branch=left,
        kind="general_meeting",
        starts_at=timezone.now(),
    )
    minutes_keys = minutes_world(meeting, person, users["secretary"])
    token, _secret = tokens.issue_token(
        users["secretary"], name="报表", scope="read", expires_on=access.today()
    )
    office = build.appointment(
        build.member("左三", branch=left), office="publicity_officer"
    )
    activity = build.activity("主题党日", branch=left, seats=1)
    task = build.helper_task(activity, member=person)
    signed_up = build.sign_up(activity, build.member(branch=left))
    keys = {
        "activity": activity.pk,
        "task": task.pk,
        "sign_up": signed_up.pk,
        "draft_plan": build.activity(branch=left, state="draft").pk,
        "material": build.material(activity).pk,
        "top": top.pk,
        "general": general.pk,
        "left": left.pk,
        "person": person.pk,
        "group": group.pk,
        "term": build.term(left).pk,
        "office": office.pk,
        "correction": build.correction(person, by=users["member"]).pk,
        "batch": batch.pk,
        "export": export.pk,
        "token": token.pk,
        "meeting": meeting.pk,
        **minutes_keys,
        **programs_world(left),
        **appraisals_world(left, person),
        "never": 2_000_000_000,
    }
    return World(users, keys, {"person": person})


def minutes_world(meeting, person, secretary):
    """A draft with a point, a vote and something to do, and signed minutes besides."""
    now = timezone.now()
    draft = minutes.start(meeting, by=secretary, now=now)
    vote, election = build.votes(draft, tellers=(person, secretary.member))
    held = build.meeting(meeting.branch, state="held")
    build.attendance(held, person)
    Effect.objects.create(activity=held, survey_until=access.today())
    file = {"kind": "photo", "format": "jpg", "caption": "新路", "content": b"picture"}
    signed = build.signed_minutes(held, resolutions=[("修路", person)], files=[file])
    return {
        "draft": draft.pk,
        "point": vote.item_id,
        "vote": vote.pk,
        "election": election.pk,
        "held": held.pk,
        "signed": signed.pk,
        "minutes_file": signed.files.get().pk,
        "resolution": signed.resolutions.get().pk,
    }


def programs_world(branch):
    """A program with one of each part."""
    program = build.program(branch)
    indicator = program.indicators.create(name="收入", target=9)
    photo = program.photos.create(caption="新路", image=b"picture")
    return {
        "program": program.pk,
        "indicator": indicator.pk,
        "reading": indicator.readings.create(on=date(2026, 1, 1), value=1).pk,
        "milestone": program.milestones.create(title="x", due_on=date(2026, 1, 1)).pk,
        "item": program.items.create(kind="post", title="护林").pk,
        "photo": photo.pk,
    }


def appraisals_world(branch, person):
    """A round at its first step, and one of the year before that was told."""
    other = build.member(branch=branch)
    own, peer = build.appraisal_round(branch, person, other).appraisals.all()
    told = build.appraisal_round(
        branch, person, year=2025, step="feedback", poll="on_paper"
    )
    basic = told.appraisals.get()
    AppraisalResult.objects.create(appraisal=basic, grade="basic", opinion="谈一谈")
    follow_up = FollowUp.objects.create(
        appraisal=basic,
        kind="talk",
        plan="每月一次",
        owner=other,
        due_on=date(2026, 6, 30),
    )
    return {
        "round": own.round_id,
        "told_round": told.pk,
        "appraisal": own.pk,
        "peer": peer.pk,
        "basic": basic.pk,
        "follow_up": follow_up.pk,
        "talk": build.talk(person, other).pk,
    }


def all_routes() -> dict[str, URLPattern]:
    """Every route by its qualified name; one without a name by its pattern."""
    found: dict[str, URLPattern] = {}

    def collect(patterns, namespace, prefix):
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                name = f"{namespace}{pattern.name}" if pattern.name else route
                found[name] = pattern
            else:
                inner = (
                    f"{namespace}{pattern.namespace}:"
                    if pattern.namespace
                    else namespace
                )
                collect(pattern.url_patterns, inner, route)

    collect(get_resolver().url_patterns, "", "/")
    return found


ALL = frozenset(SIGNED_IN)
HAVE_RECORD = frozenset({"member", "secretary", "sibling", "above", "root"})
OFFICERS = frozenset({"secretary", "sibling", "above", "root"})
LEAD_LEFT = frozenset({"secretary", "above", "root"})  # hold an office over `left`
ABOVE_LEFT = frozenset({"above", "root"})
TELLERS = frozenset({"member", "secretary"})  # of the election of the walk
IN_LEFT = LEAD_LEFT | {"member"}
SENT_IT = frozenset({"secretary"})  # the roster, or the order for an export
# They see the tree, without a name of a person in it.
ADMINISTRATORS = frozenset({"system", "security", "audit"})
ONLY_ASKER = frozenset({"secretary"})
# Appraisals and talks: the right holds in the branch itself alone.
COMPARTMENT = frozenset({"secretary"})
THE_PERSON = frozenset({"member"})


@dataclass(frozen=True)
class Page:
    """Who may open a page and who may post to it; `key` names the record in its path.

    None stands for "405 for everybody": the page does not take that method.
    """

    key: str | None = None
    sees: frozenset[str] | None = ALL
    posts: frozenset[str] | None = None
    query: str = ""


PAGES = {
    "desk": Page(),
    "set_language": Page(sees=None, posts=ALL | {NOBODY}),
    "healthz": Page(sees=ALL | {NOBODY}),
    "readyz": Page(sees=ALL | {NOBODY}),
    "members:sign_in": Page(sees=ALL | {NOBODY}, posts=ALL | {NOBODY}),
    "members:second_factor_check": Page(posts=ALL),
    "members:sign_out": Page(sees=None, posts=ALL),
    "members:account": Page(posts=ALL),
    "members:password_change": Page(posts=ALL),
    "members:password_confirm": Page(posts=ALL),
    "members:second_factor": Page(),
    "members:second_factor_set_up": Page(posts=ALL),
    "members:recovery_codes": Page(posts=ALL),
    "members:second_factor_remove": Page(posts=ALL),
    "members:session_list": Page(),
    "members:session_end": Page(sees=None, posts=ALL),
    "members:elder_view": Page(sees=None, posts=ALL | {NOBODY}),
    "members:inbox": Page(posts=ALL),
    "members:branch_tree": Page(sees=ALL),
    "members:branch_detail": Page("left", IN_LEFT | ADMINISTRATORS),
    "members:branch_children": Page("left", IN_LEFT | ADMINISTRATORS),
    "members:branch_add": Page("general", ABOVE_LEFT, ABOVE_LEFT),
    "members:branch_edit": Page("left", LEAD_LEFT, LEAD_LEFT),
    "members:branch_move": Page("left", ABOVE_LEFT, ABOVE_LEFT),
    "members:branch_close": Page("left", ABOVE_LEFT, ABOVE_LEFT),
    "members:term_add": Page("left", LEAD_LEFT, LEAD_LEFT),
    "members:group_add": Page("left", LEAD_LEFT, LEAD_LEFT),
    "members:group_edit": Page("group", LEAD_LEFT, LEAD_LEFT),
    "members:group_dissolve": Page("group", LEAD_LEFT, LEAD_LEFT),
    "members:appointment_add": Page(
        "left", LEAD_LEFT, LEAD_LEFT, "?office=group_leader"
    ),
    "members:appointment_end": Page("office", LEAD_LEFT, LEAD_LEFT),
    "members:branch_access": Page("left", LEAD_LEFT),
    "members:member_access": Page("person", LEAD_LEFT),
    "members:roll": Page(sees=OFFICERS),
    "members:member_add": Page(sees=OFFICERS, posts=OFFICERS),
    "members:member_self": Page(sees=HAVE_RECORD),
    "members:own_interests": Page(sees=HAVE_RECORD, posts=HAVE_RECORD),
    "members:own_data": Page(),
    "members:own_data_copy": Page(posts=ALL),
    "members:own_data_delete": Page(posts=ALL, query="?kind=mail_address"),
    "members:member_detail": Page("person", IN_LEFT),
    "members:member_edit": Page("person", LEAD_LEFT, LEAD_LEFT),
    "members:member_state": Page("person", LEAD_LEFT, LEAD_LEFT),
    "members:member_history": Page("person", IN_LEFT),
    "members:member_reveal": Page("person", LEAD_LEFT, LEAD_LEFT, "?field=phone"),
    "members:self_reveal": Page(sees=HAVE_RECORD, posts=HAVE_RECORD),
    "members:account_open": Page("person", None, LEAD_LEFT),
    "members:account_reset": Page("person", None, LEAD_LEFT),
    "members:account_second_factor": Page("person", None, LEAD_LEFT),
    "members:account_switch": Page("person", None, LEAD_LEFT),
    "members:correction_ask": Page(sees=HAVE_RECORD, posts=HAVE_RECORD),
    "members:correction_list": Page(sees=HAVE_RECORD),
    "members:correction_detail": Page("correction", IN_LEFT),
    "members:correction_accept": Page("correction", None, LEAD_LEFT),
    "members:correction_decline": Page("correction", None, LEAD_LEFT),
    "members:correction_withdraw": Page("correction", None, frozenset({"member"})),
    "members:import_list": Page(sees=OFFICERS),
    "members:import_add": Page(sees=OFFICERS, posts=OFFICERS),
    "members:import_template": Page(sees=OFFICERS),
    "members:import_detail": Page("batch", LEAD_LEFT),
    "members:import_apply": Page("batch", SENT_IT, SENT_IT),
    "members:import_discard": Page("batch", LEAD_LEFT, LEAD_LEFT),
    "members:import_undo": Page("batch", LEAD_LEFT, LEAD_LEFT),
    "members:import_refused": Page("batch", SENT_IT),
    "members:export_list": Page(sees=OFFICERS),
    "members:export_add": Page(sees=OFFICERS, posts=OFFICERS),
    "members:export_detail": Page("export", SENT_IT),
    "members:export_download": Page("export", None, SENT_IT),
    "members:mail_address": Page(posts=ALL),
    "members:mail_confirm": Page(sees=None, posts=ALL),
    "members:mail_stop": Page(sees=None, posts=ALL),
    "members:token_list": Page(),
    "members:token_add": Page(posts=ALL),
    "members:token_revoke": Page("token", ONLY_ASKER, ONLY_ASKER),
    # duties
    "activities:open_duties": Page(sees=OFFICERS),
    "activities:branch_duties": Page("left", IN_LEFT | ADMINISTRATORS),
    # planning
    "activities:activity_list": Page(),
    "activities:activity_add": Page(sees=OFFICERS, posts=OFFICERS),
    "activities:calendar_address": Page(posts=ALL),
    "activities:calendar_revoke": Page(sees=None, posts=ALL),
    "activities:calendar_feed": Page(sees=frozenset()),  # without its secret
    "activities:activity_detail": Page("activity", IN_LEFT),
    "activities:activity_edit": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:activity_agenda": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:activity_audience": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:activity_kind": Page("draft_plan", LEAD_LEFT, LEAD_LEFT),
    "activities:activity_copy": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:activity_repeat": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:activity_announce": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:activity_cancel": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:activity_held": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:co_host_list": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:co_host_remove": Page("activity", None, LEAD_LEFT),
    "activities:task_add": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:task_edit": Page("task", LEAD_LEFT, LEAD_LEFT),
    "activities:task_done": Page("task", None, IN_LEFT),
    "activities:task_remove": Page("task", None, LEAD_LEFT),
    "activities:material_add": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:material_file": Page("material", IN_LEFT),
    "activities:material_remove": Page("material", None, LEAD_LEFT),
    # sign-ups
    "activities:sign_up": Page("activity", None, IN_LEFT),
    "activities:sign_up_withdraw": Page("activity", None, IN_LEFT),
    "activities:seat_take": Page("activity", None, IN_LEFT),
    "activities:leave_ask": Page("activity", None, IN_LEFT),
    "activities:leave_take_back": Page("activity", None, IN_LEFT),
    "activities:sign_up_list": Page("activity", LEAD_LEFT),
    "activities:sign_up_add": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:sign_up_edit": Page("sign_up", LEAD_LEFT, LEAD_LEFT),
    "activities:activity_questions": Page("activity", LEAD_LEFT, LEAD_LEFT),
    "activities:sign_up_remove": Page("sign_up", LEAD_LEFT, LEAD_LEFT),
    # effect
    "activities:my_life": Page(sees=HAVE_RECORD),
    "activities:effect_edit": Page("held", LEAD_LEFT, LEAD_LEFT),
    "activities:survey": Page("held", frozenset({"member"}), frozenset({"member"})),
    "activities:branch_effect": Page("left", LEAD_LEFT),
    "activities:branch_register": Page("left", LEAD_LEFT),
    "activities:register_file": Page("left", None, LEAD_LEFT),
    "activities:check_out": Page("meeting", IN_LEFT, IN_LEFT),
    # minutes
    "activities:attendance_record": Page("meeting", LEAD_LEFT, LEAD_LEFT),
    "activities:attendance_file": Page("meeting", None, LEAD_LEFT),
    "activities:check_in": Page("meeting", LEAD_LEFT, LEAD_LEFT),
    "activities:check_in_worker": Page(),
    "activities:door_code": Page("meeting", LEAD_LEFT),
    "activities:attend": Page("meeting", IN_LEFT, IN_LEFT),
    "activities:minutes_start": Page("meeting", None, LEAD_LEFT),
    "activities:agenda_follow": Page("meeting", None, LEAD_LEFT),
    "activities:minutes_detail": Page("signed", IN_LEFT),
    "activities:minutes_file": Page("signed", None, IN_LEFT),
    "activities:minutes_file_add": Page("draft", LEAD_LEFT, LEAD_LEFT),
    "activities:minutes_attachment": Page("minutes_file", IN_LEFT),
    "activities:minutes_file_remove": Page("minutes_file", None, LEAD_LEFT),
    "activities:life_edit": Page("draft", LEAD_LEFT, LEAD_LEFT),
    "activities:minutes_edit": Page("draft", LEAD_LEFT, LEAD_LEFT),
    "activities:minutes_sign": Page("signed", None, IN_LEFT),
    "activities:minutes_take_back": Page("signed", None, IN_LEFT),
    "activities:minutes_correct": Page("signed", LEAD_LEFT, LEAD_LEFT),
    "activities:minutes_object": Page(
        "signed", frozenset({"member"}), frozenset({"member"})
    ),
    "activities:election_add": Page("point", LEAD_LEFT, LEAD_LEFT),
    "activities:election_count": Page("election", TELLERS, TELLERS),
    "activities:election_fewer": Page("election", None, TELLERS),
    "activities:election_remove": Page("election", None, LEAD_LEFT),
    "activities:ballot_add": Page("point", LEAD_LEFT, LEAD_LEFT),
    "activities:ballot_count": Page("vote", LEAD_LEFT, LEAD_LEFT),
    "activities:ballot_remove": Page("vote", None, LEAD_LEFT),
    # programs
    "activities:program_list": Page(),
    "activities:program_add": Page(sees=OFFICERS, posts=OFFICERS),
    "activities:program_detail": Page("program", IN_LEFT),
    "activities:program_edit": Page("program", LEAD_LEFT, LEAD_LEFT),
    "activities:program_start": Page("program", None, LEAD_LEFT),
    "activities:program_finish": Page("program", None, LEAD_LEFT),
    "activities:program_stop": Page("program", LEAD_LEFT, LEAD_LEFT),
    "activities:program_link": Page("program", LEAD_LEFT, LEAD_LEFT),
    "activities:program_unlink": Page("program", None, LEAD_LEFT),
    "activities:program_step": Page("program", LEAD_LEFT, LEAD_LEFT),
    "activities:program_step_back": Page("program", None, LEAD_LEFT),
    "activities:program_indicator_add": Page("program", LEAD_LEFT, LEAD_LEFT),
    "activities:program_indicator_edit": Page("indicator", LEAD_LEFT, LEAD_LEFT),
    "activities:program_indicator_remove": Page("indicator", None, LEAD_LEFT),
    "activities:program_milestone_add": Page("program", LEAD_LEFT, LEAD_LEFT),
    "activities:program_milestone_edit": Page("milestone", LEAD_LEFT, LEAD_LEFT),
    "activities:program_milestone_remove": Page("milestone", None, LEAD_LEFT),
    "activities:program_item_add": Page("program", LEAD_LEFT, LEAD_LEFT),
    "activities:program_item_edit": Page("item", LEAD_LEFT, LEAD_LEFT),
    "activities:program_item_remove": Page("item", None, LEAD_LEFT),
    "activities:program_reading_add": Page("indicator", LEAD_LEFT, LEAD_LEFT),
    "activities:program_reading_edit": Page("reading", LEAD_LEFT, LEAD_LEFT),
    "activities:program_reading_remove": Page("reading", None, LEAD_LEFT),
    "activities:program_photo_add": Page("program", LEAD_LEFT, LEAD_LEFT),
    "activities:program_photo": Page("photo", IN_LEFT),
    "activities:program_photo_remove": Page("photo", None, LEAD_LEFT),
    "activities:branch_modules": Page("left", LEAD_LEFT, LEAD_LEFT),
    # appraisals and talks
    "activities:appraisal_home": Page(sees=HAVE_RECORD),
    "activities:own_appraisal": Page("appraisal", THE_PERSON),
    "activities:own_self": Page("appraisal", THE_PERSON, THE_PERSON),
    "activities:own_opinions": Page("appraisal", THE_PERSON),
    "activities:own_opinion": Page("peer", THE_PERSON, THE_PERSON),
    "activities:own_vote": Page("appraisal", THE_PERSON, THE_PERSON),
    "activities:own_read": Page("basic", None, THE_PERSON),
    "activities:branch_appraisals": Page("left", COMPARTMENT, COMPARTMENT),
    "activities:appraisal_round": Page("round", COMPARTMENT),
    "activities:appraisal_mutual": Page("round", COMPARTMENT, COMPARTMENT),
    "activities:appraisal_poll": Page("round", COMPARTMENT, COMPARTMENT),
    "activities:appraisal_papers": Page("told_round", COMPARTMENT, COMPARTMENT),
    "activities:appraisal_close": Page("round", COMPARTMENT, COMPARTMENT),
    "activities:appraisal_feed_back": Page("round", COMPARTMENT, COMPARTMENT),
    "activities:appraisal_finish": Page("round", COMPARTMENT, COMPARTMENT),
    "activities:appraisal_detail": Page("appraisal", COMPARTMENT),
    "activities:appraisal_copy": Page("appraisal", COMPARTMENT, COMPARTMENT),
    "activities:appraisal_decide": Page("appraisal", COMPARTMENT, COMPARTMENT),
    "activities:appraisal_exempt": Page("appraisal", COMPARTMENT, COMPARTMENT),
    "activities:appraisal_exempt_back": Page("appraisal", None, COMPARTMENT),
    "activities:appraisal_told": Page("basic", None, COMPARTMENT),
    "activities:follow_up_add": Page("basic", COMPARTMENT, COMPARTMENT),
    "activities:follow_up_change": Page("follow_up", COMPARTMENT, COMPARTMENT),
    "activities:follow_up_end": Page("follow_up", COMPARTMENT, COMPARTMENT),
    "activities:branch_talks": Page("left", COMPARTMENT),
    "activities:branch_talk_add": Page("left", COMPARTMENT, COMPARTMENT),
    "activities:talk_add": Page(sees=HAVE_RECORD, posts=HAVE_RECORD),
    "activities:talk_detail": Page("talk", COMPARTMENT | THE_PERSON),
    "activities:resolution_list": Page(),
    "activities:resolution_tick": Page("resolution", None, IN_LEFT),
}
# Walked in tests of their own, which compare the sets of records they show.
ELSEWHERE = ("admin:", "/admin/", "api-v1:", "api-schema", "api-docs")


def path_of(world, name, page, *, key=None):
    key = key or page.key
    return reverse(name, args=[world.keys[key]] if page.key else []) + page.query
