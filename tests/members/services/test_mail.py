"""Mail: a confirmed address, and what is sent there."""

from datetime import timedelta

import pytest
from django.core import mail as mailbox
from django.core.exceptions import ValidationError
from django.utils import timezone

from members import tasks
from members.models import AuditEntry, MailAddress, Notification, Outbox
from members.services import inbox, mail
from tests import build
from tests.race import codes

pytestmark = pytest.mark.django_db
Kind = Notification.Kind


@pytest.fixture(autouse=True)
def _mail_is_on(settings):
    settings.EMAIL_URL = "smtp://mail.example"
    settings.PORTAL_URL = "https://portal.example"


def asked(user=None, address="anna@example.org", *, ago=0):
    now = timezone.now() - timedelta(minutes=ago)
    return mail.ask(user or build.user(), address, now=now)


def refused(call, *args, **kwargs):
    with pytest.raises(ValidationError) as refusal:
        call(*args, **kwargs)
    return codes(refusal.value)


# --- the address ------------------------------------------------------------------------
def test_an_address_is_confirmed_by_the_code_that_was_mailed():
    user = build.user(language="zh-hans")
    row = asked(user)
    assert Outbox.objects.get().args == [user.pk]
    mail.send_code(user.pk)
    (letter,) = mailbox.outbox
    assert letter.to == ["anna@example.org"]
    assert row.code() in letter.body
    assert len(row.code()) == 6

    mail.confirm(user, f" {row.code()} ", now=timezone.now())
    mail.confirm(user, row.code(), now=timezone.now())

    assert list(MailAddress.objects.wanting()) == [row]
    acts = AuditEntry.objects.order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["mail_code_asked", "mail_address_set"]
    assert user.notifications.get().kind == Kind.MAIL_SET  # AN-10


def test_a_code_is_over_after_half_an_hour_or_five_tries():  # AN-07
    late = asked(ago=30).user
    row = MailAddress.objects.get(user=late)
    assert refused(mail.confirm, late, row.code(), now=timezone.now()) == {"over"}

    tried = asked(build.user(), "b@example.org").user
    row = MailAddress.objects.get(user=tried)
    wrong = "000000" if row.code() != "000000" else "000001"
    for _ in range(5):
        assert refused(mail.confirm, tried, wrong, now=timezone.now()) == {"wrong"}
    assert refused(mail.confirm, tried, row.code(), now=timezone.now()) == {"over"}
    mail.send_code(tried.pk)
    assert mailbox.outbox == []


def test_a_code_is_of_one_account_one_address_and_one_moment():
    row = asked()
    code = row.code()
    row.address = "other@example.org"
    assert row.code() != code
    row.address, row.user_id = "anna@example.org", row.user_id + 1
    assert row.code() != code


def test_nothing_is_confirmed_where_nothing_was_asked():
    user = build.user()
    assert refused(mail.confirm, user, "123456", now=timezone.now()) == {
        "nothing_asked"
    }


def test_nobody_fills_a_strangers_mailbox(settings):
    user = build.user()
    for _ in range(settings.MAIL_CODES_PER_HOUR):
        asked(user)

    assert refused(asked, user) == {"too_many"}
    asked(build.user(), "b@example.org")


@pytest.mark.parametrize(
    "address", ["a@b", "a b@example.org", "a@example.org\nBcc: b@example.org", ""]
)
def test_an_address_that_is_none_or_carries_a_line_is_refused(address):  # IN-12
    user = build.user()
    assert refused(mail.ask, user, address, now=timezone.now()) <= {"invalid", "blank"}
    assert MailAddress.objects.count() == 0


def test_stopping_forgets_the_address():
    user = build.user()
    build.mail_address(user)

    assert mail.stop(user)
    assert not mail.stop(user)
    assert MailAddress.objects.count() == 0


# --- the inbox --------------------------------------------------------------------------
def test_those_who_want_mail_get_it_and_nobody_else(django_assert_num_queries):
    wanting, waiting, left, plain = (build.user() for _ in range(4))
    build.mail_address(wanting)
    build.mail_address(waiting, "b@example.org", confirmed_at=None)
    build.mail_address(left, "c@example.org")
    left.is_active = False
    left.save()

    with django_assert_num_queries(3):  # lines, who wants mail, rows of the outbox
        inbox.notify([wanting, waiting, left, plain], Kind.WELCOME)

    line = wanting.notifications.get()
    row = Outbox.objects.get()
    assert (row.task, row.args) == (tasks.send_mail_of_notification.name, [line.pk])


def test_a_thousand_people_cost_as_much_as_one(django_assert_num_queries):
    user = build.user()
    build.mail_address(user)

    with django_assert_num_queries(3):
        inbox.notify([user] * 1000, Kind.WELCOME)

    assert Outbox.objects.count() == 1000


def test_where_no_server_is_configured_nothing_is_asked(
    settings, django_assert_num_queries
):
    settings.EMAIL_URL = ""
    user = build.user()
    build.mail_address(user)

    with django_assert_num_queries(1):
        inbox.notify([user], Kind.WELCOME)

    assert Outbox.objects.count() == 0


def test_mail_speaks_the_persons_language_and_links_to_the_portal():  # AN-08
    user = build.user(language="en")
    build.mail_address(user)
    inbox.notify([user], Kind.EXPORT_READY, url="/members/exports/7/", branch="East")
    mail.send_notification(user.notifications.get().pk)

    (letter,) = mailbox.outbox
    assert letter.subject == "[Branch Portal] Export ready"
    assert "The roll of East is ready to download." in letter.body
    assert "https://portal.example/members/exports/7/" in letter.body


def test_what_is_known_of_a_person_is_not_mailed():
    user = build.user(language="en")
    build.mail_address(user)
    inbox.notify([user], Kind.STATE_CHANGED, state="expelled", on="2026-01-01")
    inbox.notify([user], Kind.CORRECTION_ASKED, member="薛丽华", field="phone")
    for line in user.notifications.all():
        mail.send_notification(line.pk)

    texts = " ".join(letter.subject + letter.body for letter in mailbox.outbox)
    assert len(mailbox.outbox) == 2
    for private in ("薛丽华", "2026-01-01", "xpelled"):
        assert private not in texts


def test_names_of_records_make_no_header():  # IN-12
    user = build.user(language="en")
    build.mail_address(user)
    inbox.notify([user], Kind.EXPORT_READY, branch="East\r\nBcc: x@example.org")
    mail.send_notification(user.notifications.get().pk)

    (letter,) = mailbox.outbox
    assert "Bcc" not in dict(letter.message().items())
    assert letter.recipients() == ["anna@example.org"]


def test_who_stopped_meanwhile_gets_no_mail():  # AZ-16
    user = build.user()
    build.mail_address(user)
    inbox.notify([user], Kind.WELCOME)
    mail.stop(user)

    mail.send_notification(user.notifications.get().pk)
    mail.send_notification(2_000_000_000)

    assert mailbox.outbox == []
