"""The permission walk: every page, every role, with and without htmx (AZ-01 … AZ-15)."""

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from members.models import Member
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


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_out_of_scope_answers_like_what_does_not_exist(world, method):  # AZ-03
    client = client_of(world, "sibling")
    for name, page in PAGES.items():
        if page.key is None:
            continue
        hidden = getattr(client, method)(path_of(world, name, page))
        absent = getattr(client, method)(path_of(world, name, page, key="never"))

        assert hidden.status_code == absent.status_code, name
        hidden_body = hidden.content.decode().replace(f"/{world.keys[page.key]}/", "·")
        absent_body = absent.content.decode().replace(f"/{world.keys['never']}/", "·")
        assert without_token(hidden_body) == without_token(absent_body), name


def without_token(html):
    """The page without its CSRF tokens, which differ with every answer."""
    return [line for line in html.splitlines() if "csrf" not in line]


@pytest.mark.parametrize("role", ["member", "root", "audit"])
def test_a_get_changes_nothing(world, role):  # AZ-15
    client = client_of(world, role)
    before = checksums()
    for name, page in PAGES.items():
        for method in ("get", "head"):
            getattr(client, method)(path_of(world, name, page))

    assert checksums() == before


def checksums():
    """Rows and a checksum of every table of the project, sessions left out."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table == "members_session":
                continue
            quoted = connection.ops.quote_name(table)
            cursor.execute(
                f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {quoted} t"  # noqa: S608
            )
            found[table] = cursor.fetchone()
    return found


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


def test_every_page_carries_the_security_headers(world):  # IN-05
    client = client_of(world, "root")
    for name, page in PAGES.items():
        headers = client.get(path_of(world, name, page)).headers
        policy = headers["Content-Security-Policy"]

        assert "unsafe" not in policy, name
        for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy, name
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
