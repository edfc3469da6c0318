"""Forms with a file sent to the API: one file, each field once, to their end, and nothing
read that need not be (IN-10, IN-11, OP-08)."""

import pytest
from rest_framework.test import APIClient

from activities.api.files import ProgramPhotosView
from config.bodies import AROUND_A_FILE
from tests import build
from tests.activities.test_programs import picture

pytestmark = pytest.mark.django_db
FORM = "multipart/form-data; boundary=b"


@pytest.fixture
def program():
    return build.program(build.branch())


@pytest.fixture
def url(program):
    return f"/api/v1/programs/{program.pk}/photos/"


@pytest.fixture
def client(program):
    return client_of(build.secretary(of=program.branch))


def client_of(user, **options):
    client = APIClient(raise_request_exception=False, **options)
    client.force_login(user)
    return client


def part(name, content=b"x", more=b""):
    head = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
    return head % (name.encode(), more) + content + b"\r\n"


def file(name="image", content=None):
    return part(name, content or picture(), b'; filename="a.jpg"')


CAPTION, END = part("caption", "新路".encode()), b"--b--\r\n"


def send(client, url, body, kind=FORM, **extra):
    return client.generic("POST", url, body, content_type=kind, **extra)


def refusal(answer):
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_sound_form_is_taken(client, url, program):
    assert send(client, url, CAPTION + file() + END).status_code == 201
    assert program.photos.get().caption == "新路"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (CAPTION + file() + file("other") + END, "too_many_files"),
        (CAPTION + file() + file() + END, "too_many_files"),
        (CAPTION + CAPTION + file() + END, "parse_error"),
        (CAPTION + file(), "parse_error"),
        ((CAPTION + file() + END)[:-8], "parse_error"),
        (b"nonsense", "parse_error"),
        (b"".join(part(f"f{n}") for n in range(600)) + END, "parse_error"),
        (part("a", b"x", b"; name*=hex''%41") + CAPTION + END, "invalid"),
        (
            b"--b\r\nContent-Transfer-Encoding: base64\r\n" + file()[5:] + END,
            "parse_error",
        ),
    ],
    ids=["two", "twice", "field", "no end", "cut", "text", "fields", "codec", "base64"],
)
def test_a_form_that_is_not_sound_is_a_400(client, url, program, body, code):
    assert refusal(send(client, url, body)) == (400, code)
    assert not program.photos.exists()


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", f"{FORM[:-1]}\x00", f"{FORM}é"]
)
def test_a_form_without_a_boundary_is_a_400(client, url, kind):
    assert refusal(send(client, url, CAPTION + END, kind)) == (400, "parse_error")


@pytest.mark.parametrize("codec", ["utf-7", "hex", "rot13", "idna", "utf-16", "x"])
def test_no_charset_of_a_form_is_a_fault(client, url, codec):
    body = part("caption", b"+2AA-\\ud800") + file() + END

    answer = send(client, url, body, f"{FORM}; charset={codec}")

    assert answer.status_code == 201
    assert answer.json()["caption"] == "+2AA-\\ud800"


def test_characters_that_hide_are_refused_at_their_field(client, url):
    for name, content in (("caption", b"a\x1b"), ("caption", "\u202ea".encode())):
        answer = send(client, url, part(name, content) + file() + END)
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == ("caption", "forbidden_character")


class Unread:
    """A body that must not be read."""

    def read(self, *_size):
        raise AssertionError("The body was read.")

    readline = read


def unread(client, url, length, kind=FORM):
    unsent = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(length)}
    return send(client, url, b"", kind, **unsent)


def test_what_is_too_large_is_a_413_before_it_is_read(client, url):
    most = ProgramPhotosView.most_bytes + AROUND_A_FILE

    assert refusal(unread(client, url, most + 1)) == (413, "too_large")
    assert refusal(unread(client, url, 10**12)) == (413, "too_large")
    assert unread(client, url, most).status_code == 500  # it would be read


def test_a_text_is_not_as_large_as_a_file(client, url):
    long = part("caption", b"x" * (AROUND_A_FILE + 1))
    longer = part("caption", b"x" * (3 << 20))

    assert refusal(send(client, url, long + file() + END)) == (413, "too_large")
    assert refusal(send(client, url, longer + file() + END)) == (413, "too_large")


def test_who_may_not_send_a_file_has_none_read(program, url):
    branch = program.branch
    member = build.user(member=build.member(branch=branch))
    secretary = build.secretary(of=branch)
    checked = client_of(secretary, enforce_csrf_checks=True)
    _token, text = build.api_token(secretary, scope="read")
    reads = APIClient(headers={"Authorization": f"Bearer {text}"})
    for client, refused in (
        (APIClient(), (401, "not_authenticated")),
        (client_of(member), (404, "not_found")),
        (client_of(build.secretary(of=build.branch())), (404, "not_found")),
        (checked, (403, "csrf_failed")),
        (reads, (403, "read_only_token")),
    ):
        assert refusal(unread(client, url, 1000)) == refused


def test_the_csrf_token_of_the_header_counts_and_one_in_a_form_does_not(program, url):
    client = client_of(build.secretary(of=program.branch), enforce_csrf_checks=True)
    token = "a" * 32
    client.cookies["csrftoken"] = token
    inside = CAPTION + part("csrfmiddlewaretoken", token.encode()) + file() + END

    assert refusal(send(client, url, inside)) == (403, "csrf_failed")
    named = send(client, url, CAPTION + file() + END, headers={"X-CSRFToken": token})
    assert named.status_code == 201


def test_a_form_is_taken_by_no_other_route(client, program):
    for path in ("members/", "activities/", f"programs/{program.pk}/readings/"):
        answer = unread(client, f"/api/v1/{path}", 1000)
        assert refusal(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "image/jpeg"])
def test_what_takes_a_file_takes_a_form_alone(client, url, kind):
    answer = send(client, url, b'{"caption": "x"}', kind)

    assert refusal(answer) == (415, "unsupported_media_type")


def test_files_by_the_api_count_with_those_of_the_pages(client, url, program, settings):
    settings.RATES = {"upload": "4/hour"}
    activity = build.activity(branch=program.branch)
    draft = build.minutes_draft(program.branch)
    for page in (
        f"{activity.pk}/materials/add/",
        f"minutes/{draft.pk}/files/add/",
        f"programs/{program.pk}/photos/add/",
    ):
        assert client.post(f"/activities/{page}").status_code == 422

    answers = [send(client, url, CAPTION + file() + END) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 429]
    assert refusal(answers[1]) == (429, "throttled")
    assert 1 <= int(answers[1].headers["Retry-After"]) <= 3600
    assert client.get(url).status_code == 200
