"""One line for each event, with the request it belongs to (IN-12, IN-13, SEC-42)."""

import json
import logging
import logging.config

import pytest
from django.conf import settings
from django.test import Client

from config import logs
from members.models import User
from members.origin import Origin, origin
from members.views import sign_in
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(capsys):
    """Logs by the portal's own settings; called, it gives the lines written since."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def start(kind):
        handler = settings.LOGGING["handlers"]["console"] | {"formatter": kind}
        chosen = settings.LOGGING | {"handlers": {"console": handler}}
        logging.config.dictConfig(chosen)
        return lambda: capsys.readouterr().err.splitlines()

    yield start
    root.handlers[:], root.level = before[0], before[1]


@pytest.mark.parametrize(
    "ending", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1e", "\x85", "\u2028", "\x1b[2K"]
)
@pytest.mark.parametrize("kind", ["line", "json"])
def test_what_is_logged_breaks_no_line(lines, kind, ending):
    written = lines(kind)

    logging.getLogger("members").error("File %s", f"a{ending}ERROR root forged")

    (line,) = written()
    assert "\x1b" not in line
    assert line.startswith("{" if kind == "json" else "2")


def test_json_has_the_parts_that_a_collector_needs(lines):
    written = lines("json")
    token = origin.set(Origin("198.51.100.7", "ab" * 16))
    try:
        try:
            raise RuntimeError("no\nway")
        except RuntimeError:
            logging.getLogger("members").exception("Import %s", 7)
    finally:
        origin.reset(token)

    (line,) = written()
    event = json.loads(line)
    assert event["event"] == "Import 7"
    assert (event["level"], event["logger"]) == ("error", "members")
    assert event["request"] == "ab" * 16
    assert "RuntimeError: no\nway" in event["exception"]
    assert event["timestamp"].endswith("Z")


@pytest.mark.parametrize("path", ["/nowhere/", "/%0aERROR%20forged/", "/?a=%0d%0aX"])
def test_a_request_logs_its_id_and_not_what_was_asked(lines, path):
    written = lines("line")
    client = Client(headers={"User-Agent": "x\r\nERROR forged"})
    client.force_login(build.user())

    answer = client.get(path + ("&" if "?" in path else "?") + "q=张建国")

    told = written()
    assert "张建国" not in "".join(told)
    if answer.status_code == 404:
        (line,) = told
        assert line.split()[4] == answer.headers["X-Request-Id"]


def test_a_fault_shows_its_number_and_nothing_else(lines, monkeypatch):  # IN-13
    written = lines("json")
    monkeypatch.setattr(sign_in, "SignInForm", None)
    client = Client(raise_request_exception=False)

    answer = client.get("/members/sign-in/")

    page, number = answer.content.decode(), answer.headers["X-Request-Id"]
    assert answer.status_code == 500
    assert number in page
    for told in ("NoneType", "Traceback", "sign_in.py", "SELECT", "/srv", "django"):
        assert told not in page
    (event,) = map(json.loads, written())
    assert event["request"] == number
    assert "NoneType" in event["exception"]


def test_a_task_logs_its_id():
    from config.celery import app  # noqa: PLC0415

    told = []

    @app.task(name="tests.tell")
    def tell():
        told.append(logs.request_of(logging.makeLogRecord({})))

    try:
        tell.apply(task_id="0a" * 16)
    finally:
        app.tasks.pop("tests.tell")

    assert told == ["0a" * 16]
    assert app.conf.worker_hijack_root_logger is False


def test_no_log_line_names_a_person(lines, client):  # AU-05
    written = lines("line")
    logging.getLogger().setLevel("DEBUG")
    branch = build.branch()
    person = build.member("薛丽华", branch=branch, phone="13955512345")
    client.force_login(User.objects.get(pk=build.secretary(of=branch).pk))

    for path in (
        "/members/roll/?q=薛丽华",
        "/members/roll/?q=13955512345",
        f"/members/{person.pk}/",
        f"/members/{person.pk}/state/",
    ):
        client.get(path)

    told = [line for line in written() if " django.db" not in line]
    assert [line for line in told if "薛丽华" in line or "13955512345" in line] == []
