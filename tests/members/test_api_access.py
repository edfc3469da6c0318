"""Who reaches what by the API: each list, record and verb, for each role (AZ-01 … AZ-06)."""

from datetime import date

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from activities.models import Indicator, Milestone, ProgramItem, ProgramPhoto
from config.api import version_1
from members.models import Appointment, Branch, BranchChange, Correction, Member
from members.services import audit
from tests import build

pytestmark = pytest.mark.django_db

ROLES = (
    "nobody",
    "stranger",
    "owner",
    "secretary",
    "sibling",
    "committee",
    "system",
    "security",
    "audit",
)
NOWHERE = 10**12  # a number that was never given


@pytest.fixture
def town():
    """A committee above two branches, a member with a request, and one of each role."""
    top, left, right = build.tree()
    owner = build.member("李某甲", branch=left, phone="13912345678")
    users = {
        "nobody": None,
        "stranger": build.user(),
        "owner": build.user(member=owner),
        "secretary": build.secretary(of=left),
        "sibling": build.secretary(of=right),
        "committee": build.secretary(of=top, home=right),
        "system": build.administrator("system"),
        "security": build.administrator("security"),
        "audit": build.administrator("audit"),
    }
    request = build.correction(owner, by=users["owner"])
    return Town(top, left, right, owner, request, users)


class Town:
    def __init__(self, top, left, right, owner, request, users):
        self.top, self.left, self.right = top, left, right
        self.owner, self.request, self.users = owner, request, users
        self.activity = build.activity(branch=left)
        self.entry = audit.record(audit.Act.SIGNED_IN, by=owner.user)
        self.activity = build.activity(branch=left, seats=1)
        self.program = build.program(left)
        self.parts = {
            "program_indicator": build.program_part(Indicator, self.program),
            "program_milestone": build.program_part(Milestone, self.program),
            "program_item": build.program_part(ProgramItem, self.program),
            "program_photo": build.program_part(ProgramPhoto, self.program),
        }
        meeting = build.meeting(left, state="held")
        self.minutes = build.signed_minutes(
            meeting,
            resolutions=[("修路", owner)],
            signers=(users["secretary"], users["owner"]),
        )
        secretary = users["secretary"].member
        self.ballot, self.election = build.votes(
            build.draft_minutes(build.meeting(left)), tellers=(owner, secretary)
        )
        self.round = build.appraisal_round(left, owner, secretary)
        self.follow_up = build.follow_up(self.round.appraisals.first(), secretary)
        self.material = build.material(self.activity)
        self.file = build.minutes_file(build.minutes_draft(left))
        self.talk = build.talk(owner, secretary)

    def client(self, role):
        client = APIClient()
        if user := self.users[role]:
            client.force_login(user)
        return client

    def person(self, role):
        return self.users[role].member

    def office(self, role):
        return Appointment.objects.get(member=self.person(role))


# Every route with the methods it takes; HEAD goes with GET.
ROUTES = {
    "branch-list": {"get", "post"},
    "branch-detail": {"get", "patch"},
    "branch-children": {"get"},
    "branch-move": {"post"},
    "branch-close": {"post"},
    "branch-duties": {"get"},
    "branch-effect": {"get"},
    "branch-register": {"get"},
    "activity-effect": {"get"},
    "activity-ticks": {"post"},
    "activity-attendance": {"get", "post"},
    "activity-check-in": {"post"},
    "activity-check-out": {"post"},
    "activity-materials": {"get", "post"},
    "material-detail": {"get"},
    "material-file": {"get"},
    "material-remove": {"post"},
    "minutes-files": {"get", "post"},
    "minutes-life": {"patch"},
    "minutes_file-detail": {"get"},
    "minutes_file-content": {"get"},
    "minutes_file-remove": {"post"},
    "minutes-list": {"get", "post"},
    "minutes-detail": {"get", "patch"},
    "minutes-sign": {"post"},
    "minutes-take-back": {"post"},
    "minutes-correct": {"post"},
    "minutes-objections": {"post"},
    "ballot-list": {"post"},
    "ballot-detail": {"get"},
    "ballot-count": {"post"},
    "ballot-remove": {"post"},
    "election-list": {"post"},
    "election-detail": {"get"},
    "election-count": {"post"},
    "election-fewer": {"post"},
    "election-remove": {"post"},
    "resolution-list": {"get"},
    "resolution-detail": {"get"},
    "resolution-tick": {"post"},
    "me-life": {"get"},
    "member-list": {"get", "post"},
    "member-detail": {"get", "patch"},
    "member-change-state": {"post"},
    "member-history": {"get"},
    "member-reveal": {"post"},
    "appointment-list": {"get", "post"},
    "appointment-detail": {"get"},
    "appointment-end": {"post"},
    "correction-list": {"get", "post"},
    "correction-detail": {"get"},
    "correction-accept": {"post"},
    "correction-decline": {"post"},
    "correction-withdraw": {"post"},
    "activity-list": {"get", "post"},
    "activity-detail": {"get", "patch"},
    "activity-announce": {"post"},
    "activity-cancel": {"post"},
    "activity-held": {"post"},
    "sign_up-list": {"get"},
    "appraisal_round-list": {"get", "post"},
    "appraisal_round-detail": {"get"},
    "appraisal_round-members": {"get"},
    "appraisal_round-mutual": {"post"},
    "appraisal_round-poll": {"post"},
    "appraisal_round-papers": {"post"},
    "appraisal_round-close": {"post"},
    "appraisal_round-tell": {"post"},
    "appraisal_round-finish": {"post"},
    "appraisal-decide": {"post"},
    "appraisal-exempt": {"post"},
    "appraisal-exempt-back": {"post"},
    "appraisal-told": {"post"},
    "own_appraisal-write-self": {"post"},
    "own_appraisal-opinion": {"post"},
    "own_appraisal-vote": {"post"},
    "own_appraisal-read": {"post"},
    "follow_up-list": {"get", "post"},
    "follow_up-detail": {"get", "patch"},
    "follow_up-end": {"post"},
    "appraisal-detail": {"get"},
    "own_appraisal-list": {"get"},
    "own_appraisal-detail": {"get"},
    "own_appraisal-others": {"get"},
    "talk-list": {"get", "post"},
    "talk-detail": {"get"},
    "program-list": {"get", "post"},
    "program-detail": {"get", "patch"},
    "program-start": {"post"},
    "program-finish": {"post"},
    "program-stop": {"post"},
    "program-readings": {"get", "post"},
    "program-steps": {"get", "post"},
    "program-effect": {"get"},
    "program_indicator-list": {"post"},
    "program_indicator-detail": {"get", "patch"},
    "program_indicator-remove": {"post"},
    "program_milestone-list": {"post"},
    "program_milestone-detail": {"get", "patch"},
    "program_milestone-remove": {"post"},
    "program_item-list": {"post"},
    "program_item-detail": {"get", "patch"},
    "program_item-remove": {"post"},
    "program-photos": {"get", "post"},
    "program_photo-detail": {"get"},
    "program_photo-image": {"get"},
    "program_photo-remove": {"post"},
    "branch-modules": {"get", "post"},
    "activity-sign-up": {"get", "post", "patch", "delete"},
    "activity-take-seat": {"post"},
    "audit-list": {"get"},
    "audit-detail": {"get"},
    "codes": {"get"},
    "me": {"get"},
    "me-data": {"get"},
    "me-interests": {"get", "put"},
    "me-kind": {"delete"},
}
# Who reads what the committee does not: it is in a compartment of its own.
READERS = {
    "audit": "audit",
    "appraisal_round": "secretary",
    "appraisal": "secretary",
    "own_appraisal": "secretary",
    "talk": "secretary",
    "follow_up": "secretary",
}
METHODS = ("get", "post", "put", "patch", "delete", "options")


# What their address holds in place of the number of a record.
OWN_KEYS = {
    "codes": ["sex"],
    "me": [],
    "me-data": [],
    "me-interests": [],
    "me-life": [],
    "me-kind": ["mail_address"],
}


def addresses(town):
    """The address of a record that is there, for each route."""
    keys = {
        "branch": town.left.pk,
        "member": town.owner.pk,
        "appointment": town.office("secretary").pk,
        "correction": town.request.pk,
        "activity": town.activity.pk,
        "program": town.program.pk,
        "minutes": town.minutes.pk,
        "resolution": town.minutes.resolutions.get().pk,
        "ballot": town.ballot.pk,
        "election": town.election.pk,
        "appraisal_round": town.round.pk,
        "appraisal": town.round.appraisals.first().pk,
        "own_appraisal": town.round.appraisals.last().pk,
        "talk": town.talk.pk,
        "follow_up": town.follow_up.pk,
        "material": town.material.pk,
        "minutes_file": town.file.pk,
        "audit": town.entry.pk,
    }
    keys |= {noun: part.pk for noun, part in town.parts.items()}
    for name in ROUTES:
        noun, _dash, rest = name.partition("-")
        key = OWN_KEYS.get(name, [keys.get(noun)])
        yield name, reverse(f"api-v1:{name}", args=[] if rest == "list" else key)


def test_every_route_has_an_expectation():  # AZ-01
    assert {route.name for route in version_1} == set(ROUTES)


def test_unsafe_methods_exist_only_where_meant(town):  # AZ-15
    client = town.client("committee")
    for name, url in addresses(town):
        taken = {
            method
            for method in METHODS
            if getattr(client, method)(url).status_code != 405
        }
        assert taken == ROUTES[name], name


def test_signed_out_every_route_is_a_401(town):  # AZ-02
    client = town.client("nobody")
    for name, url in addresses(town):
        for method in METHODS:
            assert getattr(client, method)(url).status_code == 401, (name, method)


def test_every_change_by_a_session_needs_the_csrf_token(town):  # IN-06
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(town.users["committee"])
    for name, url in addresses(town):
        for method in ROUTES[name] - {"get"}:
            answer = getattr(client, method)(url, {}, format="json")
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_a_get_changes_nothing(town, facts):  # AZ-15
    before = facts()
    for name, url in addresses(town):
        client = town.client(READERS.get(name.partition("-")[0], "committee"))
        if "get" in ROUTES[name]:
            assert client.get(url).status_code == 200, name
            assert client.head(url).status_code == 200, name

    assert facts() == before


def listed(client, noun):
    """The numbers on the list; None where it answers 401."""
    answer = client.get(f"/api/v1/{noun}/", {"page_size": 100})
    if answer.status_code == 401:
        return None
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


def expected(town, noun, role):
    if role == "nobody":
        return None
    top, left, right = town.top.pk, town.left.pk, town.right.pk
    owner, own = town.owner.pk, {town.request.pk}
    people = {name: town.person(name).pk for name in ("secretary", "sibling")}
    above = town.person("committee").pk
    offices = {n: town.office(n).pk for n in ("secretary", "sibling", "committee")}
    return {
        "branches": {
            "stranger": set(),
            "owner": {left},
            "secretary": {left},
            "sibling": {right},
            "committee": {top, left, right},
            "system": {top, left, right},
            "security": {top, left, right},
            "audit": {top, left, right},
        },
        "members": {
            "owner": {owner},
            "secretary": {owner, people["secretary"]},
            "sibling": {people["sibling"], above},
            "committee": {owner, above, *people.values()},
        },
        "appointments": {
            "owner": {offices["secretary"]},
            "secretary": {offices["secretary"]},
            "sibling": {offices["sibling"]},
            "committee": set(offices.values()),
        },
        "corrections": {"owner": own, "secretary": own, "committee": own},
    }[noun].get(role, set())


@pytest.mark.parametrize("noun", ["branches", "members", "appointments", "corrections"])
def test_lists_and_records_hold_what_each_role_may_see(town, noun):
    everything = expected(town, noun, "committee")
    for role in ROLES:
        client, wanted = town.client(role), expected(town, noun, role)
        assert listed(client, noun) == wanted, role
        for pk in everything:
            status = client.get(f"/api/v1/{noun}/{pk}/").status_code
            seen = 401 if wanted is None else 200 if pk in wanted else 404
            assert status == seen, (role, noun, pk)


def test_what_is_out_of_reach_answers_as_what_does_not_exist(town):
    client = town.client("sibling")
    for noun, pk, verbs in (
        ("branches", town.left.pk, ("move", "close")),
        ("members", town.owner.pk, ("change-state",)),
        ("appointments", town.office("secretary").pk, ("end",)),
        ("corrections", town.request.pk, ("accept", "decline", "withdraw")),
    ):
        calls = [("get", ""), ("patch", ""), ("put", ""), ("delete", "")]
        calls += [("post", f"{verb}/") for verb in verbs]
        calls += [("get", "children/")] if noun == "branches" else []
        calls += [("get", "history/")] if noun == "members" else []
        for method, end in calls:
            answers = [
                getattr(client, method)(f"/api/v1/{noun}/{number}/{end}", {}, **asked)
                for number in (pk, NOWHERE)
                for asked in [{"format": "json"} if method != "get" else {}]
            ]
            there, nowhere = answers
            assert there.status_code in {404, 405}, (noun, method, end)
            assert there.content == nowhere.content
            for answer in answers:
                del answer.headers["X-Request-Id"]  # names the request, not the record
            assert dict(there.headers) == dict(nowhere.headers)


STATUS = {"document_number": "[2026] 1", "reason": "r"}


def verbs(town):
    """Each verb with a body that the service accepts, and the roles that may."""
    return {
        "move": (
            f"branches/{town.left.pk}/move/",
            STATUS | {"parent": town.top.pk, "decided_on": "2026-01-01"},
            {"committee"},
        ),
        "edit": (f"branches/{town.left.pk}/", {"notes": "n"}, {"secretary"}),
        "record": (f"members/{town.owner.pk}/", {"employer": "e"}, {"secretary"}),
        "step": (
            f"members/{town.owner.pk}/change-state/",
            STATUS
            | {
                "to_state": "stopped",
                "body": "superior",
                "decided_on": "2026-01-01",
            },
            {"secretary"},
        ),
        "end": (
            f"appointments/{town.office('secretary').pk}/end/",
            {"on": "2026-01-01", "reason": "r"},
            {"committee"},
        ),
        "accept": (f"corrections/{town.request.pk}/accept/", {}, {"secretary"}),
        "decline": (
            f"corrections/{town.request.pk}/decline/",
            {"answer": "a"},
            {"secretary"},
        ),
        "withdraw": (f"corrections/{town.request.pk}/withdraw/", {}, {"owner"}),
    }


@pytest.mark.parametrize(
    "verb", ["move", "edit", "record", "step", "end", "accept", "decline", "withdraw"]
)
def test_who_may_not_change_a_record_changes_nothing(town, verb, facts):
    url, body, allowed = verbs(town)[verb]
    if "secretary" in allowed:
        allowed = {"secretary", "committee"}
    if verb == "edit":
        allowed = allowed | {"system"}
    before = facts()
    for role in ROLES:
        if role in allowed:
            continue
        client = town.client(role)
        send = client.patch if verb in {"edit", "record"} else client.post
        status = send(f"/api/v1/{url}", body, format="json").status_code
        assert status == (401 if role == "nobody" else 404), role
    assert facts() == before


@pytest.mark.parametrize(
    "verb", ["move", "edit", "record", "step", "end", "accept", "decline", "withdraw"]
)
def test_who_may_change_a_record_does(town, verb, facts):
    url, body, allowed = verbs(town)[verb]
    before, client = facts(), town.client(*allowed)
    send = client.patch if verb in {"edit", "record"} else client.post

    answer = send(f"/api/v1/{url}", body, format="json")

    assert answer.status_code == 200, answer.content
    if verb != "move":  # it stands there already
        assert facts() != before


@pytest.fixture
def facts():
    """All that the verbs may change, to compare."""

    def read():
        return [
            list(model.objects.order_by("pk").values())
            for model in (Branch, Member, Appointment, Correction, BranchChange)
        ]

    return read


NEW_BRANCH = {
    "code": "N1",
    "name": "中共新村支部",
    "kind": "branch",
    "setting": "village",
    "established_on": "2020-07-01",
}
NEW_MEMBER = {
    "name": "赵新",
    "sex": "1",
    "ethnic_group": "01",
    "birth_date": "1990-01-01",
    "state": "applicant",
    "applied_on": "2024-05-01",
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_adds_only_within_its_scope(town, role):
    client = town.client(role)
    added = {
        ("branches", parent.pk): NEW_BRANCH | {"parent": parent.pk}
        for parent in (town.top,)
    } | {
        ("members", branch.pk): NEW_MEMBER | {"branch": branch.pk}
        for branch in (town.left, town.right)
    }
    given = {
        key: client.post(f"/api/v1/{key[0]}/", body, format="json")
        for key, body in added.items()
    }

    status = {key: answer.status_code for key, answer in given.items()}
    top, left, right = town.top.pk, town.left.pk, town.right.pk
    allowed = {
        "secretary": {("members", left)},
        "sibling": {("members", right)},
        "committee": {("branches", top), ("members", left), ("members", right)},
    }.get(role, set())
    officers = {"secretary", "sibling"}
    refused = 401 if role == "nobody" else 400 if role in officers else 403
    assert status == {key: 201 if key in allowed else refused for key in added}
    for key, answer in given.items():
        if refused == 400 and key not in allowed:
            field = {"branches": "parent", "members": "branch"}[key[0]]
            (error,) = answer.json()["errors"]
            assert (error["field"], error["code"]) == (field, "does_not_exist")


def test_foreign_records_in_input_are_refused_at_their_field(town):
    client, foreign = town.client("secretary"), town.right
    group = build.group(foreign)
    office = {
        "member": town.person("sibling").pk,
        "office": "organization_officer",
        "branch": foreign.pk,
        "party_group": group.pk,
        "starts_on": "2026-01-01",
        "basis": "elected",
        "decided_by": "党员大会",
    }
    before = [Member.objects.count(), Appointment.objects.count()]
    for url, body, wanted in (
        ("members/", NEW_MEMBER | {"branch": foreign.pk}, {"branch"}),
        (
            "members/",
            NEW_MEMBER | {"branch": town.left.pk, "party_group": group.pk},
            {"party_group"},
        ),
        ("appointments/", office, {"member", "branch", "party_group"}),
    ):
        answer = client.post(f"/api/v1/{url}", body, format="json")
        errors = {(e["field"], e["code"]) for e in answer.json()["errors"]}
        assert errors == {(field, "does_not_exist") for field in wanted}
    assert [Member.objects.count(), Appointment.objects.count()] == before


def test_nobody_gives_an_office_that_the_superior_gives(town):
    body = {
        "member": town.owner.pk,
        "office": "deputy_secretary",
        "branch": town.left.pk,
        "starts_on": "2026-01-01",
        "basis": "elected",
        "decided_by": "党员大会",
        "document_number": "[2026] 1",
    }
    answers = {
        role: town.client(role).post("/api/v1/appointments/", body, format="json")
        for role in ("secretary", "committee")
    }

    assert answers["secretary"].status_code == 400
    assert answers["secretary"].json()["errors"][0]["code"] == "not_yours_to_give"
    assert answers["committee"].status_code == 201
    assert answers["committee"].json()["office"] == "deputy_secretary"


def test_a_branch_changes_only_what_its_superior_leaves_to_it(town):
    body = {"name": "中共改名支部", "can_admit": False, "notes": "n"}
    url = f"/api/v1/branches/{town.left.pk}/"

    refused = town.client("secretary").patch(url, body, format="json")
    done = town.client("committee").patch(url, body, format="json")

    errors = {(e["field"], e["code"]) for e in refused.json()["errors"]}
    assert refused.status_code == 400
    assert errors == {
        ("name", "not_yours_to_change"),
        ("can_admit", "not_yours_to_change"),
    }
    assert done.status_code == 200
    assert done.json()["name"] == "中共改名支部"


def test_rights_end_with_the_day_the_appointment_ends(town, time_machine):
    _token, text = build.api_token(
        town.users["secretary"],
        created_on=date(2030, 1, 1),
        expires_on=date(2030, 12, 31),
    )
    client = APIClient(headers={"Authorization": f"Bearer {text}"})
    town.office("secretary").grants.update(ends_on=date(2030, 6, 30))
    time_machine.move_to("2030-06-30T15:59:00Z")  # 23:59 in Shanghai
    assert town.owner.pk in listed(client, "members")

    time_machine.move_to("2030-06-30T16:00:00Z")
    assert listed(client, "members") == {town.person("secretary").pk}
    assert client.get(f"/api/v1/members/{town.owner.pk}/").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        {"search": "李某"},
        {"search": "5678"},
        {"search": "lmj"},
        {"member": "OWNER"},
    ],
)
def test_search_and_filters_find_nobody_out_of_reach(town, query):
    noun = "members" if "search" in query else "corrections"
    query = {
        name: str(town.owner.pk) if v == "OWNER" else v for name, v in query.items()
    }
    found = {
        role: [
            row["id"]
            for row in town.client(role)
            .get(f"/api/v1/{noun}/", query)
            .json()["results"]
        ]
        for role in ("secretary", "sibling")
    }

    wanted = town.owner.pk if noun == "members" else town.request.pk
    assert found == {"secretary": [wanted], "sibling": []}
