"""The page of the own mail address."""

import pytest
from django.urls import reverse

from members.models import MailAddress, Outbox
from tests import build

pytestmark = pytest.mark.django_db
PAGE = "/members/account/mail/"


@pytest.fixture(autouse=True)
def _mail_is_on(settings):
    settings.EMAIL_URL = "smtp://mail.example"


@pytest.fixture
def anna(client):
    user = build.user()
    client.force_login(user)
    return user


def test_an_address_is_asked_confirmed_and_forgotten(client, anna):
    answer = client.post(PAGE, {"address": "anna@example.org"}, follow=True)
    row = MailAddress.objects.get()
    assert "anna@example.org" in answer.content.decode()
    assert Outbox.objects.get().args == [anna.pk]

    confirm = reverse("members:mail_confirm")
    assert client.get(confirm).status_code == 405
    client.post(confirm, {"code": row.code()})
    row.refresh_from_db()
    assert row.confirmed_at is not None

    client.post(reverse("members:mail_stop"))
    assert MailAddress.objects.count() == 0


def test_a_wrong_code_stands_at_its_field(client, anna):
    client.post(PAGE, {"address": "anna@example.org"})
    row = MailAddress.objects.get()

    answer = client.post(
        reverse("members:mail_confirm"), {"code": f"{(int(row.code()) + 1) % 10**6:06}"}
    )

    assert "code" in answer.context["code_form"].errors
    row.refresh_from_db()
    assert (row.tries, row.confirmed_at) == (1, None)


def test_a_wrong_address_stands_at_its_field(client, anna):
    answer = client.post(PAGE, {"address": "anna@example.org\r\nBcc: b@example.org"})

    assert "address" in answer.context["form"].errors
    assert MailAddress.objects.count() == 0


def test_the_code_is_on_no_page(client, anna):
    client.post(PAGE, {"address": "anna@example.org"})

    assert MailAddress.objects.get().code() not in client.get(PAGE).content.decode()


def test_nobody_sees_or_confirms_anothers_address(client, anna):
    other = build.mail_address(build.user(), "other@example.org", confirmed_at=None)

    assert "other@example.org" not in client.get(PAGE).content.decode()
    client.post(reverse("members:mail_confirm"), {"code": other.code()})
    client.post(reverse("members:mail_stop"))

    other.refresh_from_db()
    assert other.confirmed_at is None


def test_the_page_is_offered_where_the_portal_sends_mail(client, anna, settings):
    account = reverse("members:account")
    assert PAGE in client.get(account).content.decode()

    settings.EMAIL_URL = ""
    assert PAGE not in client.get(account).content.decode()
    assert client.get(PAGE).status_code == 200


def test_the_page_costs_a_few_queries(client, anna, django_assert_num_queries):
    build.mail_address(anna)
    client.get(PAGE)

    with django_assert_num_queries(4):
        client.get(PAGE)
