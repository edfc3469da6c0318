"""The permission walk: every page, every role, with and without htmx (AZ-01 … AZ-15)."""

import re
from ipaddress import ip_network

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from members.models import AuditEntry, Member
from tests import build
from tests.tables import checksums
from tests.walk import (
    ELSEWHERE,
    NOBODY,
    PAGES,
    ROLES,
    SEEDED,
    all_routes,
    make_world,
    path_of,
)

pytestmark = pytest.mark.django_db
OWN = "http://testserver"


@pytest.fixture
def world():
    return make_world()


def client_of(world, role, **options):
    client = Client(raise_request_exception=True, **options)
    if role != NOBODY:
        client.force_login(world.users[role])
    return client


def answer_of(response):
    """ "in", "out" or "405": what a page decided."""
    if response.status_code == 405:
        return "405"
    to_sign_in = response.status_code == 302 and "/sign-in/" in response.url
    return "out" if response.status_code == 404 or to_sign_in else "in"


def expected(name, role, allowed):
    if role == NOBODY and name not in settings.PUBLIC_PAGES:
        return "out"
    if allowed is None:
        return "405"
    return "in" if role in allowed else "out"


def walk(world, role, method, **headers):
    """What each page decides about `role`; nothing that a POST did stays."""
    client, decided = client_of(world, role), {}
    for name, page in PAGES.items():
        if name == "members:sign_out" and method == "post":
            continue  # would end the walk; it is tested by itself
        with transaction.atomic():
            response = getattr(client, method)(path_of(world, name, page), **headers)
            transaction.set_rollback(True)
        decided[name] = answer_of(response)
    return decided


def test_every_route_has_an_expectation():  # AZ-01
    routes = {name for name in all_routes() if not name.startswith(ELSEWHERE)}

    assert routes == set(PAGES)


def test_the_list_of_public_pages_is_short():  # AZ-02
    assert len(settings.PUBLIC_PAGES) <= 12


@pytest.mark.parametrize("role", ROLES)
def test_who_may_open_a_page(world, role):
    decided = walk(world, role, "get")

    assert decided == {
        name: expected(name, role, page.sees) for name, page in PAGES.items()
    }
    assert walk(world, role, "get", HTTP_HX_REQUEST="true") == decided  # AZ-14


@pytest.mark.parametrize("role", ROLES)
def test_who_may_post_to_a_page(world, role):
    decided = walk(world, role, "post")

    assert decided == {
        name: expected(name, role, page.posts)
        for name, page in PAGES.items()
        if name != "members:sign_out"
    }


@pytest.mark.parametrize(
    "method", ["get", "head", "post", "put", "patch", "delete", "options"]
)
def test_what_is_out_of_scope_answers_like_what_does_not_exist(world, method):  # AZ-03
    client = client_of(world, "sibling")
    for name, page in PAGES.items():
        if page.key is None:
            continue
        hidden = getattr(client, method)(path_of(world, name, page))
        absent = getattr(client, method)(path_of(world, name, page, key="never"))

        assert hidden.status_code == absent.status_code, name
        assert told(hidden) == told(absent), name
        hidden_body = hidden.content.decode().replace(f"/{world.keys[page.key]}/", "·")
        absent_body = absent.content.decode().replace(f"/{world.keys['never']}/", "·")
        assert without_token(hidden_body) == without_token(absent_body), name


def told(response):
    """The headers, without the number of the request and the size of its own path."""
    own = {"X-Request-Id", "Content-Length", "Expires"}
    found = {name: text for name, text in response.headers.items() if name not in own}
    if "Location" in found:
        found["Location"] = found["Location"].split("?")[0]
    return found


def without_token(html):
    """The page without its CSRF tokens, which differ with every answer."""
    return [line for line in html.splitlines() if "csrf" not in line]


@pytest.mark.parametrize("role", ["member", "root", "audit"])
def test_a_get_changes_nothing(world, role):  # AZ-15
    client = client_of(world, role)
    before = checksums()
    acts_before = set(AuditEntry.objects.values_list("act", flat=True))
    for name, page in PAGES.items():
        for method in ("get", "head"):
            getattr(client, method)(path_of(world, name, page))

    assert checksums() == before
    assert set(AuditEntry.objects.values_list("act", flat=True)) <= {
        *acts_before,
        "access_refused",
    }


@pytest.mark.parametrize("role", [NOBODY, "root"])
def test_no_page_takes_a_method_that_it_does_not_need(world, role):  # AZ-15
    client = client_of(world, role)
    for name, page in PAGES.items():
        path, allowed = path_of(world, name, page), []
        for method in ("options", "put", "patch", "delete", "trace"):
            answer = client.generic(method.upper(), path)
            allowed += [method] * (answer_of(answer) == "in")

        assert allowed == [], name


@pytest.mark.parametrize("role", ["member", "secretary", "root", "system"])
def test_no_page_holds_a_sealed_value(world, role):  # AZ-11
    client = client_of(world, role)
    for name, page in PAGES.items():
        text = client.get(path_of(world, name, page)).content.decode(errors="replace")
        found = [field for field, value in SEEDED.items() if value in text]

        assert found == [], name


@pytest.mark.parametrize("role", ["system", "security", "audit"])
def test_no_page_shows_an_administrator_a_person(world, role):  # AZ-09
    client = client_of(world, role)
    names = Member.objects.values_list("name", flat=True)
    for route, page in PAGES.items():
        text = client.get(path_of(world, route, page)).content.decode(errors="replace")

        assert [name for name in names if name in text] == [], route


@pytest.mark.parametrize("role", [NOBODY, "secretary", "root"])
def test_every_secret_field_says_what_a_browser_may_keep(world, role):
    client, found = client_of(world, role), []
    for name, page in PAGES.items():
        html = client.get(path_of(world, name, page)).content.decode(errors="replace")
        found += re.findall(r'<input[^>]*type="password"[^>]*>', html)
        for field in ("id_number", "phone", "landline", "address"):
            found += re.findall(rf'<input[^>]*name="{field}"[^>]*>', html)

    assert found
    told = ("current-password", "new-password", "off", "one-time-code", "email")
    assert [f for f in found if not any(f'autocomplete="{t}"' in f for t in told)] == []


POLICY = {
    "default-src 'self'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
}


@pytest.mark.parametrize("role", [NOBODY, "secretary", "root"])
def test_every_page_carries_the_security_headers(world, role):  # IN-05
    client = client_of(world, role)
    places = {name: path_of(world, name, page) for name, page in PAGES.items()}
    places |= {"nowhere": "/nowhere/", "schema": "/api/schema/", "docs": "/api/docs/"}
    for name, place in places.items():
        headers = client.get(place).headers
        policy = set(headers["Content-Security-Policy"].split("; "))

        assert policy - {"sandbox"} == POLICY, name
        assert headers["X-Frame-Options"] == "DENY", name
        assert headers["X-Content-Type-Options"] == "nosniff", name
        assert headers["Referrer-Policy"] == "same-origin", name
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert "no-store" in headers["Cache-Control"], name


def test_every_post_needs_the_token_of_the_page(world):  # IN-06
    client = client_of(world, "root", enforce_csrf_checks=True)
    for name, page in PAGES.items():
        if page.posts is None:
            continue
        assert client.post(path_of(world, name, page)).status_code == 403, name


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://testserver.evil.example", "null"]
)
def test_no_post_is_taken_from_another_origin(world, origin):  # IN-06
    client = client_of(world, "root", enforce_csrf_checks=True)
    page = client.get("/members/account/")
    token = page.context["csrf_token"]
    for headers in ({"Origin": origin}, {"Origin": origin, "HX-Request": "true"}):
        for name, page in PAGES.items():
            if page.posts is None:
                continue
            sent = {"csrfmiddlewaretoken": str(token)}
            answer = client.post(path_of(world, name, page), sent, headers=headers)
            assert answer.status_code == 403, name

    own = {"csrfmiddlewaretoken": str(token), "elder_view": "on"}
    answer = client.post("/members/account/", own, headers={"Origin": OWN})
    assert answer.status_code == 302


ELSEWHERE_ON_THE_WEB = [
    "//evil.example",
    "///evil.example",
    "https://evil.example/",
    "https:evil.example",
    "https:/evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "//evil.example\\@testserver",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "/%0d%0aLocation:https://evil.example",
    "/\r\nLocation: https://evil.example",
    " https://evil.example",
    "／／evil.example",
]


def leads_elsewhere(answer):
    for header in ("Location", "HX-Redirect", "HX-Location"):
        place = answer.headers.get(header, "/")
        if place[0] != "/" or place[1:2] in {"/", "\\"} or set("\r\n\t\\") & set(place):
            return True
    return False


@pytest.mark.parametrize("role", [NOBODY, "root"])
def test_no_redirect_leads_to_another_host(world, role):  # IN-07
    signing = {"username": "member", "password": build.PASSWORD}
    for target in ELSEWHERE_ON_THE_WEB:
        client = client_of(world, role)
        answers = [
            client.post("/language/", {"language": "en", "next": target}),
            client.post("/members/account/elder-view/", {"next": target}),
            client.get("/admin/login/", {"next": target}),
            client.get("/members/sign-in/", {"next": target}),
            client.post("/members/sign-in/", signing | {"next": target}),
        ]

        assert [a.request for a in answers if leads_elsewhere(a)] == [], target
        assert answers[-1].status_code == 302, target


def test_the_administration_is_entered_from_its_networks_alone(world, settings):
    settings.ADMIN_NETWORKS = [ip_network("10.1.0.0/16")]  # OP-03
    client = client_of(world, "system")

    found = [
        client.get("/admin/", REMOTE_ADDR=address).status_code
        for address in ("10.1.2.3", "10.2.0.1", "::1")
    ]

    assert found == [200, 404, 404]


@pytest.mark.parametrize("details", [True, False])
def test_what_strangers_learn_of_the_state_of_the_portal(settings, details):  # OP-03
    settings.READYZ_DETAILS = details
    client = Client()

    assert client.get("/healthz").content == b"ok"
    assert list(client.get("/readyz").json()) == (
        ["database", "broker", "migrations", "worker"] if details else []
    )
    assert client.get("/metrics").status_code == 404
