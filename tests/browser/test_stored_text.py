"""Text that people wrote is shown and never run, on any page (IN-03, IN-05)."""

import json

import pytest

from members.models import (
    ApiToken,
    Appointment,
    Branch,
    Correction,
    Export,
    ImportBatch,
    Member,
    StateChange,
    Term,
    User,
)
from members.services import inbox
from tests import build
from tests.browser.screens import DESKTOP
from tests.browser.test_every_page import NO_PAGE
from tests.walk import PAGES, make_world, path_of

PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<ScRiPt>alert(3)</sCrIpT>",
    "<script src=//evil.example/x></script>",
    "<img src=x onerror=alert(4)>",
    "<img src=//evil.example/x>",
    '"><img src=x onerror=alert(5)>',
    "'><img src=x onerror=alert(6)>",
    '" onmouseover="alert(7)',
    "' onfocus='alert(8)' autofocus='",
    '" autofocus onfocus=alert(9) x="',
    "<svg onload=alert(10)>",
    "<svg/onload=alert(11)>",
    "<svg><script>alert(12)</script></svg>",
    "<body onload=alert(13)>",
    "<iframe src=javascript:alert(14)>",
    "<iframe srcdoc='<script>alert(15)</script>'>",
    "<a href=javascript:alert(16)>x</a>",
    "<details open ontoggle=alert(17)>",
    "<video><source onerror=alert(18)>",
    "<object data=//evil.example/x>",
    "<embed src=//evil.example/x>",
    "<link rel=stylesheet href=//evil.example/x>",
    "<style>@import '//evil.example/x'</style>",
    "<div style=background:url(//evil.example/x)>",
    "<meta http-equiv=refresh content='0;//evil.example'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example><button>x</button>",
    "<input autofocus onfocus=alert(19)>",
    "<div hx-get=/members/ hx-trigger=load>",
    "<div data-hx-on::load=alert(20)>",
    "<template><script>alert(21)</script></template>",
    "</title><script>alert(22)</script>",
    "</textarea><script>alert(23)</script>",
    "--><script>alert(24)</script>",
    "javascript:alert(25)",
    "{{ 7*7 }}{% now 'Y' %}",
    "${alert(26)}`'\"",
    "&lt;script&gt;alert(27)&lt;/script&gt;",
    "<math><mtext></form><form><img src=x onerror=alert(28)>",
)
LOOKERS = ("member", "secretary", "root", "system")


def fill(model, *names):
    """Put a payload into each of these fields of each record, cut to its length."""
    for number, row in enumerate(model._default_manager.order_by("pk")):
        for place, name in enumerate(names):
            payload = PAYLOADS[(3 * number + 7 * place) % len(PAYLOADS)]
            longest = model._meta.get_field(name).max_length
            text = payload[:longest]
            model._default_manager.filter(pk=row.pk).update(**{name: text})


def add_records(world):
    """Every payload as the name of a group, a person, a token, a file and a reason."""
    left = Branch.objects.get(pk=world.keys["left"])
    secretary = world.users["secretary"]
    person = world.people["person"]
    for payload in PAYLOADS:
        build.group(left, payload[:40])
        member = build.member(payload[:50], branch=left, employer=payload[:100])
        build.api_token(secretary, name=payload[:60])
        Export.objects.create(
            branch=left, requested_by=secretary, reason=payload, state="waiting"
        )
        ImportBatch.objects.create(
            branch=left,
            uploaded_by=secretary,
            file_name=payload,
            error=payload,
            report="{}",
        )
        correction = build.correction(member, proposed=payload, by=secretary)
        Correction.objects.filter(pk=correction.pk).update(answer=payload)
        url = f"/members/imports/{world.keys['batch']}/"
        kind = inbox.Kind.IMPORT_READY
        inbox.notify([secretary], kind, url=url, file=payload)
        StateChange.objects.create(
            member=person,
            from_state="full",
            to_state="full",
            body="superior",
            decided_on="2020-01-01",
            effective_on="2020-01-01",
            decided_by=payload[:120],
            document_number=payload[:60],
            reason=payload,
            recorded_by=secretary,
        )


def report():
    """A checked roster whose cells, columns and faults are payloads."""
    rows = [
        {"row": n, "name": p, "faults": [["name", p, "x", p]], "cells": [p]}
        for n, p in enumerate(PAYLOADS)
    ]
    sound = [
        [n, "new", p, [["name", "", p], ["phone", "", p]]]
        for n, p in enumerate(PAYLOADS)
    ]
    told = {"language": "zh-hans", "header": [*PAYLOADS], "unknown": [*PAYLOADS]}
    return json.dumps(told | {"left_out": [], "lines": sound, "refused": rows})


@pytest.fixture
def screen():
    return DESKTOP


def test_no_page_runs_what_people_wrote(portal):
    world = make_world()
    add_records(world)
    fill(Branch, "name", "short_name", "notes", "contact_person", "contact_phone")
    Member.objects.update(is_floating=True, floating_since="2020-01-01")
    fill(Member, "employer", "native_place", "floating_to", "notes")
    fill(Appointment, "decided_by", "document_number", "exception_reason")
    fill(Term, "document_number")
    fill(ApiToken, "name")
    fill(User, "display_name")
    batch = ImportBatch.objects.get(pk=world.keys["batch"])
    batch.report, batch.refused, batch.accepted = report(), 40, 40
    batch.save()
    seen, dialogs = set(), []
    portal.on("dialog", lambda one: (dialogs.append(one.message), one.dismiss()))

    for role in LOOKERS:
        portal.context.clear_cookies()
        portal.sign_in(world.users[role])
        for name, page in PAGES.items():
            if name in NO_PAGE or not page.sees or role not in page.sees:
                continue
            if role in ("root", "secretary") and name in seen:
                continue
            answer = portal.visit(path_of(world, name, page))
            assert answer.status == 200, name
            seen.add(name)
    portal.context.clear_cookies()
    portal.sign_in(world.users["secretary"])
    shown = ""
    for end in ("?show=new", "?show=refused"):
        portal.visit(f"/members/imports/{batch.pk}/{end}")
        shown += portal.locator("main").inner_text()
    for payload in PAYLOADS:
        portal.visit(f"/members/roll/?q={payload.replace('&', '%26').replace('#', '')}")

    assert dialogs == []
    assert [payload for payload in PAYLOADS if payload not in shown] == []
    assert len(seen) > 35


def test_back_after_signing_out_shows_nothing(portal):  # IN-05
    branch = build.branch()
    build.member("薛丽华", branch=branch)
    portal.sign_in(build.secretary(of=branch))
    portal.visit("/members/roll/")
    assert "薛丽华" in portal.content()

    portal.locator("details.menu summary").last.click()
    portal.locator("form[action*=sign-out] button").first.click()
    portal.wait_for_url("**/sign-in/**")
    portal.go_back()
    portal.wait_for_load_state()

    assert "薛丽华" not in portal.content()
    assert "/members/sign-in/" in portal.url
