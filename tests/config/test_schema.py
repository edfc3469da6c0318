"""The schema is sound, says all there is, and nothing it allows is a fault of ours."""

import json
import os

import pytest
import requests
import schemathesis
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient
from schemathesis import GenerationMode

from activities.models import Indicator, Milestone, ProgramItem, ProgramPhoto
from config.api import version_1
from members.services import audit
from tests import build

pytestmark = pytest.mark.django_db

CASES = int(os.environ.get("FUZZ_CASES", "500"))  # more of them by hand


@pytest.fixture
def schema():
    client = APIClient()
    client.force_login(build.user())
    return client.get("/api/schema/", headers={"Accept": "application/json"}).json()


def test_the_schema_is_valid_and_nothing_in_it_is_a_guess(tmp_path):
    call_command(
        "spectacular", file=str(tmp_path / "schema"), validate=True, fail_on_warn=True
    )


def test_the_schema_describes_every_route(schema):
    assert len(schema["paths"]) == len(version_1)
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert operation["security"] == [{"token": []}, {"session": []}]
            assert {"401", "403", "429", "500"} < operation["responses"].keys()


def test_a_form_is_taken_where_there_is_a_file_and_nowhere_else(schema):  # IN-11
    form, files = "multipart/form-data", {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {"content": {}})
            if form in body["content"]:
                name = body["content"][form]["schema"]["$ref"].rpartition("/")[2]
                fields = schema["components"]["schemas"][name]["properties"]
                files[f"{method} {path.removeprefix('/api/v1')}"] = {
                    name
                    for name, field in fields.items()
                    if field.get("format") == "binary"
                }
            assert body["content"].keys() <= {form, "application/json"}

    assert files == {
        "post /activities/{id}/materials/": {"file"},
        "post /minutes/{id}/files/": {"content"},
        "post /programs/{id}/photos/": {"image"},
    }


def test_the_schema_and_its_viewer_are_closed_to_strangers():
    client = APIClient()

    schema, viewer = client.get("/api/schema/"), client.get("/api/docs/")

    assert schema.status_code == 401
    assert schema.headers["Content-Type"] == "application/problem+json"
    assert viewer.headers["Location"] == "/members/sign-in/?next=/api/docs/"


def test_the_viewer_needs_no_other_host():
    client = APIClient()
    client.force_login(build.user())

    page = client.get("/api/docs/")

    assert "//" not in page.content.decode().replace("<!DOCTYPE html>", "")
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "<style" not in page.content.decode()


def test_no_request_that_the_schema_allows_is_a_fault_of_ours(schema):  # IN-10
    """500 requests of all operations, each by one of four roles; each is undone."""
    top, left, _right = build.tree()
    member = build.member(branch=left)
    owner = build.user(member=member)
    program = build.program(branch=left)
    signed = build.signed_minutes(
        build.meeting(left, state="held"), resolutions=[("修路", member)]
    )
    ballot, election = build.votes(
        build.draft_minutes(build.meeting(left)),
        tellers=(member, build.member(branch=left)),
    )
    round_ = build.appraisal_round(left, member)
    own = round_.appraisals.get().pk
    keys = {
        "appraisals": round_.pk,
        "appraisal-members": own,
        "me": own,
        "talks": build.talk(member, build.member(branch=left)).pk,
        "branches": left.pk,
        "members": member.pk,
        "follow-ups": build.follow_up(round_.appraisals.get()).pk,
        "activity-materials": build.material(build.activity(branch=left)).pk,
        "minutes-files": build.minutes_file(build.minutes_draft(left)).pk,
        "activities": build.activity(branch=left, seats=1).pk,
        "programs": program.pk,
        "program-indicators": build.program_part(Indicator, program).pk,
        "program-milestones": build.program_part(Milestone, program).pk,
        "program-items": build.program_part(ProgramItem, program).pk,
        "program-photos": build.program_part(ProgramPhoto, program).pk,
        "minutes": signed.pk,
        "ballots": ballot.pk,
        "elections": election.pk,
        "resolutions": signed.resolutions.get().pk,
        "appointments": build.appointment(member).pk,
        "corrections": build.correction(member, by=owner).pk,
        "audit": audit.record(audit.Act.SIGNED_IN, by=owner).pk,
    }
    roles = [
        build.secretary(of=top, home=left),
        owner,
        build.administrator("system"),
        build.administrator("audit"),
    ]
    clients = [APIClient(raise_request_exception=False) for _role in roles]
    for client, user in zip(clients, roles, strict=True):
        client.force_login(user)
    operations = [
        found.ok()
        for found in schemathesis.openapi.from_dict(schema).get_all_operations()
    ]
    answers = []

    @given(st.data())
    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(data):
        mode = data.draw(st.sampled_from(GenerationMode))
        operation = data.draw(st.sampled_from(operations))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        noun = case.path.split("/")[3]
        if "id" in case.path_parameters and data.draw(st.booleans()):
            case.path_parameters["id"] = keys[noun]
        client = data.draw(st.sampled_from(clients))
        with transaction.atomic():
            answers.append(ask(client, case))
            transaction.set_rollback(True)

    send()

    faults = [answer for answer in answers if answer[0] >= 500]
    assert faults == []
    assert len(answers) == CASES
    assert {200, 400, 403, 404} <= {status for status, _what in answers}


def ask(client, case):
    """Send the case; the status, and what was sent."""
    asked = case.as_transport_kwargs(base_url="http://127.0.0.1")
    body, kind = asked.get("json", asked.get("data")), "application/json"
    if case.media_type == "multipart/form-data":
        form = requests.Request(
            "POST", asked["url"], data=asked.get("data"), files=asked.get("files")
        ).prepare()
        body, kind = form.body, form.headers.get("Content-Type", case.media_type)
    elif body is not None and not isinstance(body, bytes):
        body = json.dumps(body)
    answer = client.generic(
        case.method,
        asked["url"].removeprefix("http://127.0.0.1"),
        body or "",
        content_type=kind,
        query_params=asked.get("params") or {},
    )
    return (
        answer.status_code,
        f"{case.method} {asked['url']} {asked.get('params')} {body}",
    )
