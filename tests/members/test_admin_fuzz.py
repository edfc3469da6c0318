"""Whatever is sent to the administration, the answer is a page, never a fault (IN-10)."""

import pytest
from django.contrib import admin
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from members.models import LocalCode, User
from tests.walk import make_world

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.model_name)
# Those who change something there; each reads other tables.
ROLES = ("root", "system", "security")

QUERIES = (
    "p=abc",
    "p=99999999999999999999",
    "o=99",
    "o=-1.x",
    "q=%00",
    "q=" + "'" * 500,
    "q=%ED%A0%80",
    "q=%D9%A3",
    "all=1",
    "e=1",
    "_popup=1",
    "_to_field=password",
    "state__exact=x",
    "is_active__exact=zz",
    "kind__exact=%00",
)
PLACES = (
    "abc/change/",
    "999999999999999999999999/change/",
    "%00/change/",
    "1_5F/change/",
    "abc/history/",
    "99999999999999999999999/history/",
    "abc/first-password/",
)
FIELDS = (
    *("administrator", "branch", "code", "content_object", "document_number"),
    *("ends_on", "kinds", "member", "name", "office", "parent", "party_group"),
    *("permissions", "position", "purpose", "rights", "seats", "sex", "starts_on"),
    *("term_years", "user"),
)
BODIES = (
    {},
    dict.fromkeys(FIELDS, "\0"),
    dict.fromkeys(FIELDS, "9" * 40),
    dict.fromkeys(FIELDS, "abc"),
    {"action": "delete_selected", "_selected_action": "abc"},
)
CHOICES = (
    "",
    "app_label=members&model_name=appointment&field_name=member&term=%00",
    "app_label=members&model_name=appointment&field_name=member&page=abc",
    "app_label=members&model_name=appointment&field_name=password",
    "app_label=members&model_name=user&field_name=groups",
    "app_label=x&model_name=y&field_name=z",
)


def page(model, name, *args):
    options = model._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_{name}", args=args)


@pytest.fixture
def clients():
    """A browser for each role that does not stop at a fault."""
    world = make_world()
    User.objects.filter(pk=world.users["root"].pk).update(is_staff=True)
    found = [Client(raise_request_exception=False) for _role in ROLES]
    for role, client in zip(ROLES, found, strict=True):
        client.force_login(world.users[role])
    return found


def first_that_sees(clients, model):
    place = page(model, "changelist")
    sees = (client for client in clients if client.get(place).status_code == 200)
    return next(sees, clients[0])


def asked(client, places):
    return [place for place in places if client.get(place).status_code >= 500]


def posted(client, places, bodies):
    return [
        (place, body)
        for place in places
        for body in bodies
        if client.post(place, body).status_code >= 500
    ]


def test_no_list_breaks_on_its_address(clients):
    faults = []
    for model in MODELS:
        place = page(model, "changelist")
        places = [*(f"{place}?{query}" for query in QUERIES)]
        places += [place + rest for rest in PLACES]
        faults += asked(first_that_sees(clients, model), places)

    assert faults == []


def test_no_form_breaks_on_what_is_sent(clients):
    faults = []
    for model in MODELS:
        places = [page(model, "add"), page(model, "changelist")]
        if row := model._default_manager.order_by("-pk").first():
            places.append(page(model, "change", row.pk))
        faults += posted(first_that_sees(clients, model), places, BODIES)

    assert faults == []


def test_no_choice_breaks_on_what_is_asked(clients):
    places = [f"{reverse('admin:autocomplete')}?{query}" for query in CHOICES]

    assert [place for client in clients for place in asked(client, places)] == []


def test_the_import_of_code_tables_breaks_on_no_file(clients):
    def sent(content, format_="0"):
        file = ContentFile(content, name="x.csv")
        return {"format": format_, "import_file": file}

    bodies = [
        {},
        sent(b"\xff\xfe\x00bad"),
        sent(b"a,b\n1,2\n", "9"),
        sent(b"table,code,valid_from\nregion,1,notadate\n"),
        sent(b"table,code\nregion,1,2,3\n"),
        {"import_file_name": "../../etc/passwd", "original_file_name": "x"}
        | {"format": "0", "resource": ""},
    ]
    names = ("import", "export", "process_import")
    places = [page(LocalCode, name) for name in names]

    assert posted(first_that_sees(clients, LocalCode), places, bodies) == []


def test_a_code_table_that_is_too_large_is_refused_at_its_field(client, settings):
    settings.CODE_TABLE_MAX_BYTES = 10
    client.force_login(make_world().users["system"])
    sent = {"format": "0", "import_file": ContentFile(b"table,code\n", name="x.csv")}

    answer = client.post(page(LocalCode, "import"), sent)

    assert list(answer.context["form"].errors) == ["import_file"]


def test_a_file_that_is_gone_is_said_and_the_import_begins_again(client):
    client.force_login(make_world().users["system"])
    place, gone = page(LocalCode, "process_import"), "0" * 32
    sent = {"import_file_name": gone, "original_file_name": "x.csv", "format": "0"}

    answer = client.post(place, sent | {"resource": ""}, follow=True)

    assert answer.redirect_chain == [(page(LocalCode, "import"), 302)]
    assert len(list(answer.context["messages"])) == 1
    assert client.get(place).status_code == 405  # AZ-15
