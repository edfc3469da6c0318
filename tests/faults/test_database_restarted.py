"""PostgreSQL starts anew under load: at most what is in flight fails (RL-11)."""

import signal
import threading
import time

import pytest
from django.db import connection

from members.models import AuditEntry, Member, StateChange
from tests import build
from tests.processes import Browser, wait_until, web
from tests.rosters import id_number

RESTARTS = [signal.SIGINT, signal.SIGQUIT] * 2 + [signal.SIGINT]
READERS = ["desk", "members:inbox", "members:member_self"]
CONNECTIONS = 4  # as many as the web server has threads
BACK_SECONDS = 10
FAULT = "系统故障，已作记录"  # of templates/500.html


def newcomer(number, branch):
    return {
        "name": "单晓梅",
        "id_number": id_number(number),
        "ethnic_group": "01",
        "branch": branch.code,
        "state": "full",
        "increase": "registered",
        "admitted_on": "2000-07-01",
        "full_member_on": "2001-07-01",
    }


class Load:
    """Whoever reads page after page, and one who adds people, each until it succeeded.

    Like a person, who meets an error tries again a second later.
    """

    def __init__(self, port, user, branch):
        self.answers, self.errors, self.added = [], [], 0
        self.over, self.branch = threading.Event(), branch
        work = [(self.read, page) for page in READERS] + [(self.add, None)]
        # Signed in here: the threads touch no database of their own.
        self.threads = [
            threading.Thread(target=do, args=[Browser(port, user), page])
            for do, page in work
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_raised):
        self.over.set()
        for thread in self.threads:
            thread.join(30)

    def read(self, browser, page):
        while not self.over.is_set():
            self.until_it_works(browser, page)
            self.over.wait(0.05)

    def add(self, browser, _page):
        while not self.over.is_set():
            sent = newcomer(self.added, self.branch)
            self.until_it_works(browser, "members:member_add", **sent)
            self.added += 1

    def until_it_works(self, browser, page, **form):
        while True:
            began = time.monotonic()
            status = browser.ask(page, **form)
            if status < 500:
                self.answers.append(status)
                return
            self.errors.append((began, status, browser.text))
            time.sleep(1)


@pytest.mark.django_db(transaction=True)
def test_restarts_under_load_cost_what_is_in_flight_and_nothing_twice(database):
    branch = build.branch()
    secretary = build.secretary(of=branch)
    outages = []
    with web() as port:
        browser = Browser(port, secretary)
        with Load(port, secretary, branch) as load:
            wait_until(lambda: load.added > 3)
            for how in RESTARTS:
                down, added = time.monotonic(), load.added
                database.restart(how)
                up = time.monotonic()
                asked = [browser.ask("desk") for _ in range(2 * CONNECTIONS)]
                assert asked == [200] * len(asked)
                assert time.monotonic() - down < BACK_SECONDS
                outages.append((down, up))
                wait_until(lambda: load.added > added + 3)  # noqa: B023

    # While nothing answers every request fails; besides, those in flight, and none after.
    asked_at = [began for began, _status, _text in load.errors]
    meanwhile = [t for t in asked_at if any(down <= t < up for down, up in outages)]
    in_flight = [t for t in asked_at if any(down - 1 < t < down for down, _ in outages)]
    assert sorted(asked_at) == sorted(in_flight + meanwhile)
    assert len(in_flight) <= CONNECTIONS * len(RESTARTS)
    assert {status for _began, status, _text in load.errors} == {500}
    assert all(FAULT in text for _began, _status, text in load.errors)
    assert set(load.answers) <= {200, 302, 422}  # 422: it stands already

    connection.close()
    added = Member.objects.filter(name="单晓梅")
    keys = set(added.values_list("pk", flat=True))
    assert len(keys) == load.added
    for rows, key in (
        (StateChange.objects.all(), "member"),
        (Member.pgh_event_model.objects.all(), "pgh_obj"),
        (AuditEntry.objects.filter(act=AuditEntry.Act.ENROLLED), "member"),
    ):
        found = list(rows.filter(**{f"{key}__in": keys}).values_list(key, flat=True))
        assert sorted(found) == sorted(keys)


@pytest.mark.django_db(transaction=True)
def test_what_was_being_written_is_sent_again_and_stands_once(database, locked):
    branch = build.branch()
    secretary = build.secretary(of=branch)
    sent = newcomer(1, branch)
    with web() as port:
        browser = Browser(port, secretary)
        assert browser.ask("desk") == 200
        answers = []

        def send():
            answers.append(browser.ask("members:member_add", **sent))

        with locked() as roll:
            sender = threading.Thread(target=send)
            sender.start()
            wait_until(lambda: roll.waiting() > 0)
            database.restart(signal.SIGINT)
            sender.join(30)
        answers += [browser.ask("members:member_add", **sent) for _ in range(2)]

    assert answers == [500, 302, 422]
    connection.close()
    person = Member.objects.get(name="单晓梅")
    assert StateChange.objects.filter(member=person).count() == 1
