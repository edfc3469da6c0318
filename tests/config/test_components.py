"""The components and the frame of the pages, rendered without a database."""

import gzip
import json
import re
from types import SimpleNamespace

import pytest
from django import forms
from django.contrib.staticfiles import finders
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory

KILOBYTE = 1000


def render(source, **context):
    return engines["django"].from_string(source).render(context)


def rendered_page(name="base.html", **context):
    request = RequestFactory().get("/members/?q=a&b")
    request.user = SimpleNamespace(is_authenticated=True, member_id=1)
    entries = [
        {"label": f"Entry {n}", "url": f"/{n}", "icon": "home", "active": n == 1}
        for n in range(8)
    ]
    shell = {"navigation": entries, "bottom": entries[:5], "unread": 3, "elder": False}
    values = {"request": request, "shell": shell, "csrf_token": "token"}
    return render_to_string(name, values | context)


class SampleForm(forms.Form):
    name = forms.CharField(help_text="As on the ID card.")
    sex = forms.ChoiceField(choices=[("1", "Male")], widget=forms.RadioSelect)
    note = forms.CharField(required=False, widget=forms.Textarea)
    agreed = forms.BooleanField()
    version = forms.IntegerField(widget=forms.HiddenInput)


def test_a_form_ties_help_and_errors_to_their_fields():
    form = SampleForm({"note": "x"})

    page = render('{% include "components/form.html" with form=form only %}', form=form)

    described = re.findall(r'aria-describedby="([^"]+)"', page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert described == [
        "id_name_helptext id_name_error",
        "id_sex_error",
        *described[2:],
    ]
    assert {name for names in described for name in names.split()} <= set(ids)
    assert len(ids) == len(set(ids))


def test_the_summary_of_errors_links_to_fields_that_exist():
    form = SampleForm({"note": "x"})

    page = render('{% include "components/form.html" with form=form only %}', form=form)

    targets = re.findall(r'href="#([^"]+)"', page)
    assert targets == ["id_name", "id_sex", "id_agreed"]
    assert set(targets) <= set(re.findall(r'\bid="([^"]+)"', page))
    assert "Version: " in page  # a hidden field's error has no field to link to


def test_a_form_without_errors_has_no_summary():
    page = render(
        '{% include "components/form.html" with form=form only %}', form=SampleForm()
    )

    assert "form-errors" not in page
    assert page.count('type="hidden"') == 1


@pytest.mark.parametrize(
    "source",
    [
        "{% page_header title=evil text=evil back_url=evil back_label=evil %}{{ evil }}"
        "{% endpage_header %}",
        "{% card title=evil text=evil id=evil action_url=evil action_label=evil %}"
        "{{ evil }}{% endcard %}",
        "{% dialog id=evil title=evil %}{{ evil }}{% enddialog %}",
        '{% include "components/confirm.html" with title=evil text=evil action_url=evil'
        " action_label=evil cancel_url=evil csrf_token=evil only %}",
        '{% include "components/empty_state.html" with icon=evil title=evil text=evil'
        " action_url=evil action_label=evil only %}",
        '{% include "components/badge.html" with text=evil tone=evil only %}',
        '{% include "components/progress.html" with label=evil done=1 total=2 only %}',
    ],
)
def test_text_from_people_cannot_become_markup(source):
    """IN-03."""
    page = render(source, evil='"><img src=x>')

    assert "<img" not in page
    assert "&lt;img" in page


def test_wrappers_keep_the_markup_inside_them():
    page = render("{% card title='T' %}<b>bold</b>{% endcard %}")

    assert '<div class="card-body"><b>bold</b></div>' in page


def test_a_confirmation_says_that_it_is_one():
    page = render(
        '{% include "components/confirm.html" with title="T" text="X" action_url="/do"'
        ' cancel_url="/back" carried=carried csrf_token="token" only %}',
        carried=[("reason", "why")],
    )

    fields = re.findall(r'name="(\w+)"\s+value="([^"]*)"', page)
    assert fields == [
        ("csrfmiddlewaretoken", "token"),
        ("confirmed", "1"),
        ("reason", "why"),
    ]


def test_paging_shows_only_the_ways_there_are():
    page = SimpleNamespace(
        first_url=None,
        previous_url=None,
        next_url="?after=9",
        last_url=None,
        count_text="",
    )

    shown = render(
        '{% include "components/pagination.html" with page=page only %}', page=page
    )

    assert re.findall(r'<a[^>]* href="([^"]+)"', shown) == ["?after=9"]


@pytest.mark.parametrize(
    "name", ["500.html", "403_csrf.html", "429.html", "404.html", "403.html"]
)
def test_error_pages_need_no_context(name):
    page = render_to_string(name)

    assert 'href="/"' in page
    assert "sign_out" not in page


def test_the_frame_shows_navigation_inbox_account_and_language():
    page = rendered_page()

    assert page.count('aria-current="page"') == 3  # menu, side, bottom bar
    assert page.count("Entry 5") == 2  # not in the bottom bar, which holds five
    assert 'name="next" value="/members/?q=a&amp;b"' in page
    for name in ("sign-out", "inbox", "account", "language"):
        assert f"/{name}/" in page


def test_htmx_is_configured_for_a_strict_content_security_policy():
    """IN-05: no eval, own host only, no page kept where Back would show it."""
    config = re.search(r"""name="htmx-config"\s+content='([^']+)'""", rendered_page())

    assert {
        "allowEval": False,
        "selfRequestsOnly": True,
        "includeIndicatorStyles": False,
        "historyCacheSize": 0,
    }.items() <= json.loads(config[1]).items()


def test_the_first_page_weighs_less_than_100_kb_compressed():
    page = rendered_page()
    loaded = set(re.findall(r'"/static/(portal/[\w.-]+)', page))

    bodies = [page.encode()]
    for path in loaded:
        with open(finders.find(path), "rb") as file:
            bodies.append(file.read())

    assert loaded == {
        f"portal/{n}" for n in ("portal.css", "portal.js", "icons.svg", "mark.svg")
    }
    assert sum(len(gzip.compress(body)) for body in bodies) < 100 * KILOBYTE


def test_built_assets_name_no_file_that_is_not_there():
    """Source maps and far references would stop or leave the hashed storage."""
    for name in ("portal.css", "portal.js"):
        with open(finders.find(f"portal/{name}")) as file:
            built = file.read()

        assert "sourceMappingURL" not in built
        assert re.findall(r"url\((?!\"?data:|'?data:)[^)]*\)", built) == []
