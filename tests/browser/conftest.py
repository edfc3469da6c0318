"""A real Chromium against the real portal, signed in as somebody."""

import contextlib

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error

from members import access
from tests import build
from tests.browser.screens import DESKTOP, PHONE


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def screen(request):
    return request.param


@pytest.fixture
def browser_context_args(browser_context_args, screen):
    phone = screen is PHONE
    return browser_context_args | {
        "viewport": screen,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "is_mobile": phone,
        "has_touch": phone,
    }


@pytest.fixture
def portal(live_server, page):
    """The page, opened on the portal; `portal.visit(path)`, `portal.sign_in(user)`, which
    gives the code of the phone too where one is needed.

    Fails on a script error, a refusal by the content security policy, a request to
    another host, or a server error.
    """
    faults = []

    def judge(response):
        if response.status >= 500:
            faults.append(f"{response.status} {response.url}")
        if not response.url.startswith((live_server.url, "data:", "blob:")):
            faults.append(f"other host: {response.url}")

    page.on("response", judge)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda line: (
            faults.append(line.text) if "Content Security Policy" in line.text else None
        ),
    )
    page.set_default_timeout(10_000)
    page.origin = live_server.url
    page.visit = lambda path: page.goto(live_server.url + path)
    press = page.click

    def click(*args, **options):
        # A click returns when the answer begins to arrive: what is looked for right
        # afterwards would be looked for in the half of a page.
        press(*args, **options)
        page.wait_for_load_state()

    page.click = click

    def sign_in(user, password=build.PASSWORD):
        if access.needs_second_factor(user):
            build.authenticator(user)
        page.visit("/members/sign-in/")
        page.fill("#id_username", user.username)
        page.fill("#id_password", password)
        page.click("main button.btn-primary")
        if page.url.endswith("/sign-in/code/"):
            page.fill("#id_code", build.code(user))
            page.click("main button.btn-primary")
        page.wait_for_url(lambda url: "sign-in" not in url)

    page.sign_in = sign_in
    yield page
    assert faults == []


@pytest.fixture
def axe():
    """Asserts that a page has no serious or critical violation."""

    def judge(page):
        # A click returns while the page it leads to may still be on its way: what runs in
        # a document that is being replaced fails, and is asked again of the new one.
        for _ in range(3):
            page.wait_for_load_state()
            with contextlib.suppress(Error):
                return run(page)
        page.wait_for_load_state()
        return run(page)

    def run(page):
        # What passed is not asked for: to carry it here takes as long as to find it.
        page.evaluate(Axe().axe_script)
        return page.evaluate(
            "axe.run({resultTypes: ['violations']}).then(({violations}) => violations)"
        )

    def check(page):
        violations = [
            f"{found['id']}: {found['nodes'][0]['html'][:200]}"
            for found in judge(page)
            if found["impact"] in {"serious", "critical"}
        ]
        assert violations == [], f"{page.url}: {violations}"

    return check
