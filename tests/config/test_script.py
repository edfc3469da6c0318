"""portal.js and the elder view in a real browser, on a page made for the purpose."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django import forms
from django.contrib.staticfiles import finders
from django.template import engines

from tests.browser.screens import DESKTOP, PHONE

HOST = "http://portal.test"

SHEET = """
{% extends "simple.html" %}
{% block title %}Sheet{% endblock title %}
{% block content %}
    <details class="menu"><summary class="tool">Menu</summary><div class="menu-panel"><a href="/x">Entry</a></div></details>
    {% page_header title="Roll" text="All members" back_url="/" %}<a class="btn" href="/x">Export</a>{% endpage_header %}
    {% include "components/tabs.html" with tabs=tabs only %}
    <form class="filters" action="/list" data-autosubmit>
        {% for field in form %}{% include "components/field.html" with field=field only %}{% endfor %}
    </form>
    {% card flush=True %}
        <table class="table table-cards">
            <thead><tr><th scope="col">Name</th><th scope="col">State</th></tr></thead>
            <tbody><tr><td><a href="/x">Wu</a></td><td data-label="State">{% include "components/badge.html" with text="Full" tone="success" only %}</td></tr></tbody>
        </table>
    {% endcard %}
    {% include "components/pagination.html" with page=page only %}
    {% card title="Tree" %}
        <ul class="tree"><li>
            <div class="tree-name"><a href="/x">Committee</a></div>
            <details open><summary><span class="visually-hidden">Below Committee</span></summary>
                <ul><li><div class="tree-name"><a href="/x">Branch</a></div></li></ul>
            </details>
        </li></ul>
    {% endcard %}
    {% include "components/progress.html" with label="Rows" done=3 total=9 only %}
    {% include "components/empty_state.html" with icon="users" title="Empty" text="Import." action_url="/x" action_label="Import" only %}
    <p>See <a href="/x">the rules</a> first.</p>
    <form method="post" action="/close" data-confirm="Close it?"><button class="btn btn-danger">Close branch</button></form>
    <a class="btn" href="/page" data-dialog="ask">Ask</a>
    {% dialog id="ask" title="Ask" %}<p>Question</p>{% enddialog %}
    <button class="btn" hx-post="/part" hx-target="#part">Part</button><div id="part"></div>
    <button class="btn" hx-get="/missing" hx-target="#part">Missing</button>
{% endblock content %}
"""


class FilterForm(forms.Form):
    state = forms.ChoiceField(choices=[("", "All"), ("1", "Full")])
    words = forms.CharField()
    kinds = forms.MultipleChoiceField(
        choices=[("a", "A")], widget=forms.CheckboxSelectMultiple
    )


@pytest.fixture
def sheet(page):
    """Opens the sheet and answers its requests; `sheet.sent` lists what was posted."""
    page.sent = []
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def answer(route):
        request, path = route.request, route.request.url.removeprefix(HOST)
        if path.startswith("/static/"):
            name = path.removeprefix("/static/").split("#")[0]
            return route.fulfill(path=finders.find(name))
        if path == "/missing":
            return route.fulfill(status=500, body="no")
        if request.method == "POST":
            token = request.headers.get("x-csrftoken", "")
            page.sent.append((path, request.post_data, token))
            return route.fulfill(body="done", content_type="text/html")
        policy = {"Content-Security-Policy": "default-src 'self'; img-src 'self' data:"}
        return route.fulfill(body=page.html, content_type="text/html", headers=policy)

    def start(elder=False, size=DESKTOP):
        page.html = html(elder)
        page.set_viewport_size(size)
        page.goto(f"{HOST}/sheet")
        return page

    page.route(re.compile(".*"), answer)
    yield start
    assert complaints == []


def html(elder):
    tabs = [{"label": "One", "url": "/1", "active": True}, {"label": "2", "url": "/2"}]
    page = {
        "next_url": "/next",
        "previous_url": "/previous",
        "count_text": "26 members",
    }
    context = {"form": FilterForm(), "tabs": tabs, "page": page, "csrf_token": "token"}
    context["shell"] = {"elder": elder}
    return engines["django"].from_string(SHEET).render(context)


def test_a_form_that_asks_first_is_sent_once_confirmed(sheet):
    page = sheet()

    page.get_by_role("button", name="Close branch").click()
    assert page.sent == []
    assert page.locator("dialog[open] .dialog-text").inner_text() == "Close it?"
    page.locator("dialog[open] button[value=confirmed]").click()
    page.wait_for_url("**/close")

    assert page.sent == [("/close", "confirmed=1", "")]


def test_a_form_that_asks_first_is_not_sent_when_cancelled(sheet):
    page = sheet()

    page.get_by_role("button", name="Close branch").click()
    page.keyboard.press("Enter")  # the focus is on "Cancel"

    assert page.locator("dialog[open]").count() == 0
    assert page.sent == []


def test_without_scripts_the_server_is_left_to_ask(browser):
    context = browser.new_context(java_script_enabled=False)
    page, sent = context.new_page(), []

    def answer(route):
        if route.request.method == "POST":
            sent.append(route.request.post_data)
        route.fulfill(body=html(elder=False), content_type="text/html")

    page.route(re.compile(".*"), answer)
    page.goto(f"{HOST}/sheet")
    page.get_by_role("button", name="Close branch").click()
    context.close()

    assert sent == [None]


def test_choosing_sends_the_filter_and_typing_waits_for_enter(sheet):
    page = sheet()

    page.fill("#id_words", "wu")
    page.locator("#id_words").blur()
    assert page.url == f"{HOST}/sheet"
    page.select_option("#id_state", "1")
    page.wait_for_url("**/list?*")

    assert page.url == f"{HOST}/list?state=1&words=wu"


def test_a_fragment_is_posted_with_the_token(sheet):
    page = sheet()

    page.get_by_role("button", name="Part").click()
    page.get_by_text("done").wait_for()

    assert page.sent == [("/part", None, "token")]


def test_a_fragment_that_fails_says_so_and_can_be_closed(sheet):
    page = sheet()

    page.get_by_role("button", name="Missing").click()
    page.get_by_role("alert").wait_for()
    page.get_by_role("alert").get_by_role("button").click()

    assert page.get_by_role("alert").count() == 0
    assert page.locator("#part").inner_text() == ""


def test_a_dialog_opens_in_place_of_its_page(sheet):
    page = sheet()

    page.get_by_role("link", name="Ask").click()

    assert page.locator("dialog[open]").inner_text().split() == ["Ask", "Question"]
    assert page.url == f"{HOST}/sheet"


@pytest.mark.parametrize("way", ["key", "click"])
def test_a_menu_closes_by_escape_and_by_a_click_elsewhere(sheet, way):
    page = sheet()

    page.locator("details.menu > summary").click()
    assert page.locator("details.menu[open]").count() == 1
    if way == "key":
        page.keyboard.press("Escape")
    else:
        page.mouse.click(600, 780)

    assert page.locator("details.menu[open]").count() == 0


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("elder", [False, True], ids=["ordinary", "elder"])
def test_components_are_accessible_and_fit_the_screen(sheet, elder, size):
    page = sheet(elder, size)

    found = Axe().run(page).response["violations"]
    serious = [v["id"] for v in found if v["impact"] in ("serious", "critical")]
    too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert serious == []
    assert too_wide <= 0


SMALL_TEXT = """[...document.querySelectorAll("body *")].filter(one =>
    one.checkVisibility() && !one.closest(".visually-hidden, .skip-link") &&
    [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()) &&
    parseFloat(getComputedStyle(one).fontSize) < 18).map(one => one.outerHTML)"""
SMALL_TARGETS = """[...document.querySelectorAll(
    "a, button, summary, select, textarea, input:not([type=hidden])")].filter(one => {
    if (!one.checkVisibility() || one.matches(".skip-link")) return false;
    const choice = one.matches("[type=checkbox], [type=radio]");
    const box = (choice && one.closest("label") || one).getBoundingClientRect();
    return box.height < 59.5 || box.width < 59.5;
}).map(one => one.outerHTML)"""


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_elder_view_has_large_text_and_large_targets(sheet, size):
    page = sheet(elder=True, size=size)

    assert page.evaluate(SMALL_TEXT) == []
    assert page.evaluate(SMALL_TARGETS) == []
