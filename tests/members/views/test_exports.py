import re
from datetime import timedelta

import pytest
from django.db import connection

from members.models import Export
from tests import build
from tests.rosters import rows_of

State = Export.State
pytestmark = pytest.mark.django_db
EXPORTS = "/members/exports/"


@pytest.fixture
def place():
    return build.tree()


@pytest.fixture
def secretary(place):
    return build.secretary(of=place[1])


@pytest.fixture
def visitor(client, secretary):
    client.force_login(secretary)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def ask(visitor, place, django_capture_on_commit_callbacks):
    def ask(*, run=True, **fields):
        given = {"branch": place[1].code, "format": "xlsx", "reason": "Election"}
        with django_capture_on_commit_callbacks(execute=run):
            return visitor.post(f"{EXPORTS}add/", given | fields)

    return ask


def text_of(response):
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(text.split())


def test_from_the_reason_to_the_file(visitor, ask, place):
    build.member("王芳", branch=place[1])
    url = ask().url
    export = Export.objects.get()
    assert url == f"{EXPORTS}{export.pk}/"

    shown = text_of(visitor.get(url))
    assert "2 people. The file is kept until" in shown
    assert "Election" in shown
    assert visitor.get(f"{url}download/").status_code == 405  # it notes who took it
    file = visitor.post(f"{url}download/")

    assert file.headers["Content-Disposition"].startswith("attachment; filename")
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    header, *rows = rows_of(file.content)
    assert header[:2] == ["Record number", "Name"]
    assert "王芳" in {row[1] for row in rows}
    export.refresh_from_db()
    assert export.downloaded_at is not None


def test_a_csv_file_for_excel(visitor, ask):
    file = visitor.post(f"{ask(format='csv').url}download/")

    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert file.content.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"format": "exe"}, "format"),
        ({"state": "deceased"}, "state"),
        ({"branch": "?"}, "branch"),
    ],
)
def test_faults_are_shown_at_the_field(ask, fields, field):
    answer = ask(**fields)

    assert answer.context["form"].errors.keys() == {field}
    assert not Export.objects.exists()


def test_a_foreign_branch_is_refused_at_the_field(ask, place):  # AZ-06
    assert ask(branch=place[2].code).context["form"].errors.keys() == {"branch"}
    assert not Export.objects.exists()


def test_the_file_is_for_one_person_alone(client, visitor, ask, place):
    url = ask().url
    above = build.officer("secretary", of=place[0], home=place[2])
    client.force_login(above)

    assert client.get(url).status_code == 404
    assert client.post(f"{url}download/").status_code == 404
    assert client.get(EXPORTS).context["lines"] == []


def test_the_file_goes_with_the_right(visitor, ask, secretary):  # AZ-07
    url = ask().url
    grants = secretary.branchgrant_set
    grants.update(ends_on=grants.first().starts_on + timedelta(days=1))

    assert visitor.get(url).status_code == 404
    assert visitor.post(f"{url}download/").status_code == 404
    assert visitor.get(EXPORTS).status_code == 404


def test_an_expired_file_says_so(visitor, ask):
    url = ask().url
    Export.objects.update(state=State.EXPIRED, content=None)

    assert "is wiped" in text_of(visitor.get(url))
    answer = visitor.post(f"{url}download/", follow=True)
    assert "no longer kept" in text_of(answer)


def test_progress_is_a_fragment_until_the_work_is_done(visitor, ask):
    url = ask(run=False).url
    polls = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "progress"}
    part = visitor.get(url, **polls).content.decode()

    assert "<html" not in part
    assert 'hx-trigger="every 1s"' in part
    assert "no longer kept" in text_of(visitor.post(f"{url}download/", follow=True))
    Export.objects.update(state=State.REFUSED, error="x")
    assert visitor.get(url, **polls).headers["HX-Refresh"] == "true"


def test_an_export_never_lies_readable(ask, place):  # CR-01
    build.member("独一无二", branch=place[1])
    ask(format="csv")
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM members_export")
        (stored,) = cursor.fetchone()

    assert "独一无二".encode() not in bytes(stored)


def test_the_list_asks_a_constant_number_of_questions(
    visitor, ask, django_assert_max_num_queries
):
    for _each in range(2):
        ask()
    with django_assert_max_num_queries(12):
        visitor.get(EXPORTS)
    for _each in range(10):
        ask()
    with django_assert_max_num_queries(12):
        visitor.get(EXPORTS)


def test_the_branch_of_the_address_is_chosen_beforehand(client, place):  # IN-10
    top, _left, right = place
    client.force_login(build.officer("secretary", of=top, home=right))
    for code, chosen in [(right.code, right), ("x\x00", top), ("", top)]:
        form = client.get(f"{EXPORTS}add/", {"branch": code}).context["form"]

        assert form.initial["branch"] == chosen
