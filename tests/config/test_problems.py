"""One error shape for the whole API, whatever went wrong (RFC 9457, IN-10 … IN-13)."""

import json

import pytest
from rest_framework.test import APIClient

from members.api.account import MeView
from tests import build

pytestmark = pytest.mark.django_db

KEYS = {"type", "title", "status", "detail", "code", "errors"}


@pytest.fixture
def branch():
    return build.branch()


@pytest.fixture
def client(branch):
    client = APIClient(raise_request_exception=False)
    client.force_login(build.secretary(of=branch))
    return client


def problem(answer):
    """The body of a problem, after the checks that hold for each."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert body.keys() - {"reference"} == KEYS
    assert body["status"] == answer.status_code
    return body


def post(client, body, **extra):
    extra = {"content_type": "application/json", **extra}
    return client.generic("POST", "/api/v1/members/", body, **extra)


def test_signed_out_is_a_401_that_says_how_to_sign():
    answer = APIClient().get("/api/v1/members/")

    assert problem(answer)["code"] == "not_authenticated"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="portal"'


def test_no_right_is_a_403(branch):
    client = APIClient()
    client.force_login(build.user(member=build.member(branch=branch)))

    assert problem(post(client, "{}"))["code"] == "permission_denied"


def test_no_such_record_and_no_such_path_are_404s(client):
    record = problem(client.get("/api/v1/members/999999999/"))
    path = problem(client.get("/api/v1/nothing/"))

    assert record == path
    assert record["code"] == "not_found"


def test_delete_and_put_exist_nowhere(client, branch):
    for method in ("put", "delete", "options"):
        answer = getattr(client, method)(f"/api/v1/branches/{branch.pk}/")
        assert problem(answer)["code"] == "method_not_allowed"
        assert answer.headers["Allow"] == "GET, HEAD, PATCH"


def test_other_formats_are_refused_both_ways(client):
    xml = client.get("/api/v1/members/", headers={"Accept": "text/xml"})
    form = post(client, "name=x", content_type="application/x-www-form-urlencoded")

    assert (xml.status_code, problem(xml)["code"]) == (406, "not_acceptable")
    assert (form.status_code, problem(form)["code"]) == (415, "unsupported_media_type")


def test_a_refused_field_is_named_with_its_code(client):
    body = problem(client.post("/api/v1/members/", {"name": "王"}, format="json"))

    assert body["code"] == "invalid"
    assert {(e["field"], e["code"]) for e in body["errors"]} == {
        ("name", "min_length"),
        ("branch", "required"),
        ("state", "required"),
        ("ethnic_group", "required"),
    }
    assert all(error["message"] for error in body["errors"])


def test_the_refusal_of_a_service_keeps_its_field_and_its_code(client, branch):
    member = build.member(branch=branch, state="applicant", applied_on="2024-05-01")
    step = {
        "to_state": "full",
        "body": "superior",
        "decided_on": "2026-01-01",
        "document_number": "[2026] 1",
    }

    answer = client.post(
        f"/api/v1/members/{member.pk}/change-state/", step, format="json"
    )

    (error,) = problem(answer)["errors"]
    assert (error["field"], error["code"]) == ("to_state", "not_allowed")


def test_a_refusal_of_the_whole_has_no_field():
    top = build.committee()
    left = build.branch(parent=top)
    build.member(branch=left)
    client = APIClient()
    client.force_login(build.secretary(of=top, home=build.branch()))

    closing = {"on": "2026-01-01", "document_number": "[2026] 1"}
    answer = client.post(f"/api/v1/branches/{left.pk}/close/", closing, format="json")

    (error,) = problem(answer)["errors"]
    assert (error["field"], error["code"]) == (None, "not_empty")


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "nonsense",
        b"\xff\xfe",
        '{"name": NaN}',
        '{"branch": ' + "9" * 5000 + "}",
        "[" * 200_000,
        '{"a":' * 200_000,
        '{"a": [[[[[[[[[[[1]]]]]]]]]]]}',
        json.dumps({"a": list(range(6000))}),
    ],
    ids=range(9),
)
def test_unsound_json_is_a_400(client, body):
    answer = post(client, body)

    assert answer.status_code == 400
    assert problem(answer)["code"] in {"parse_error", "too_complex"}


@pytest.mark.parametrize(
    "body", ["[]", "1", "null", '"x"', "true", '{"branch": 1e400}', '{"branch": {}}']
)
def test_json_of_another_kind_is_a_400_too(client, body):
    answer = post(client, body)

    assert answer.status_code == 400
    assert problem(answer)["errors"]


@pytest.mark.parametrize("text", ["\0", "\ud800", "\x1b", "\u202e", "a\x07b"])
def test_characters_that_hide_are_refused_at_their_field(client, text):
    answer = post(client, json.dumps({"name": f"王{text}一"}))

    (error,) = problem(answer)["errors"]
    assert answer.status_code == 400
    assert (error["field"], error["code"]) == ("name", "forbidden_character")


@pytest.mark.parametrize("number", [10**30, -1, 2**63, 0])
def test_numbers_beyond_any_record_are_refused(client, number):
    answer = post(client, json.dumps({"branch": number}))

    assert ("branch", "does_not_exist") in {
        (e["field"], e["code"]) for e in problem(answer)["errors"]
    }
    assert (
        problem(client.get(f"/api/v1/members/{abs(number)}999999999/"))["status"] == 404
    )


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1899-12-31"])
def test_days_that_no_calculation_survives_are_refused(client, day):
    answer = post(client, json.dumps({"birth_date": day}))

    assert ("birth_date", "out_of_range") in {
        (e["field"], e["code"]) for e in problem(answer)["errors"]
    }


def test_a_body_that_is_too_large_is_a_413(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    answer = post(client, json.dumps({"name": "x" * 1000}))

    assert (answer.status_code, problem(answer)["code"]) == (413, "too_large")


def test_a_fault_of_ours_shows_a_reference_and_logs_it(client, monkeypatch, caplog):
    def fail(view, request):
        raise RuntimeError("SELECT secret FROM /srv/portal")

    monkeypatch.setattr(MeView, "get", fail)
    answer = client.get("/api/v1/me/")

    body = problem(answer)
    assert (body["status"], body["code"]) == (500, "fault")
    assert b"secret" not in answer.content
    assert b"srv" not in answer.content
    assert f"Fault {body['reference']} at GET api-v1:me" in caplog.text


def test_a_fault_before_the_view_is_a_problem_too(client, monkeypatch):
    def fail(*args):
        raise RuntimeError("secret")

    monkeypatch.setattr(
        "django.middleware.common.CommonMiddleware.process_request", fail
    )
    answer = client.get("/api/v1/me/")

    assert (answer.status_code, problem(answer)["code"]) == (500, "fault")


def test_a_host_that_is_not_ours_is_a_400(client):
    answer = client.get("/api/v1/me/", headers={"Host": "evil.example"})

    assert (answer.status_code, problem(answer)["code"]) == (400, "parse_error")


def test_pages_keep_their_own_errors(client):
    answer = client.get("/nothing/")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_problems_speak_the_chosen_language_and_never_guess_it(client):
    guessed = client.get(
        "/api/v1/members/999999999/", headers={"Accept-Language": "fr, en"}
    )
    client.cookies["django_language"] = "en"
    chosen = client.get("/api/v1/members/999999999/")

    assert guessed.headers["Content-Language"] == "zh-hans"
    assert chosen.headers["Content-Language"] == "en"
    assert problem(chosen)["title"] == "Not found"


@pytest.mark.parametrize("scope", ["account", "address"])
def test_past_the_rate_each_is_told_when_to_come_again(client, settings, scope):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {
        "DEFAULT_THROTTLE_RATES": {scope: "3/min"}
    }

    statuses = [client.get("/api/v1/me/").status_code for _ in range(4)]
    answer = client.get("/api/v1/me/")

    assert statuses == [200, 200, 200, 429]
    assert problem(answer)["code"] == "throttled"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_wrong_tokens_are_slowed_by_address(settings):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {
        "DEFAULT_THROTTLE_RATES": {"address": "3/min"}
    }
    client = APIClient(headers={"Authorization": "Bearer bpt_0_wrong"})

    statuses = [
        client.get(
            "/api/v1/me/", headers={"X-Forwarded-For": f"198.51.100.{n}"}
        ).status_code
        for n in range(5)
    ]

    assert statuses == [401, 401, 401, 429, 429]


def test_others_are_not_slowed(client, settings, branch):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {
        "DEFAULT_THROTTLE_RATES": {"account": "1/min"}
    }
    other = APIClient()
    other.force_login(build.user(member=build.member(branch=branch)))

    statuses = [one.get("/api/v1/me/").status_code for one in (client, client, other)]

    assert statuses == [200, 429, 200]
