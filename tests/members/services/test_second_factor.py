"""One-time codes and recovery codes (AN-07)."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from members.models import ApiToken, AuditEntry, Authenticator, Session
from members.services import second_factor
from tests import build
from tests.race import race

pytestmark = pytest.mark.django_db

NOW = timezone.now


@pytest.fixture
def user():
    return build.user("zhangsan")


def refusal_of(user, code):
    with pytest.raises(ValidationError) as refusal:
        second_factor.check(user, code, now=NOW())
    return refusal.value.code


def set_up(user, *, keep=None):
    device, carried = second_factor.prepare(user)
    device = second_factor.prepared(user, carried)
    return second_factor.set_up(device, device.next_code(), keep=keep)


def test_the_codes_are_those_of_rfc_6238():
    device = Authenticator(user=build.user(), key=b"12345678901234567890")
    totp = device._totp()
    totp.time = 1111111109

    assert f"{totp.token():06}" == "081804"  # the last six digits of appendix B
    assert device.key_text == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"


def test_a_code_works_once(user):  # AN-07
    code = build.authenticator(user).next_code()

    assert second_factor.check(user, code, now=NOW()) == "code"
    assert refusal_of(user, code) == "wrong_code"


def test_a_code_works_for_a_step_before_and_after_its_own(user, time_machine):  # AN-07
    time_machine.move_to("2026-03-01T00:00:10Z", tick=False)
    code = build.authenticator(user).next_code()
    time_machine.move_to("2026-03-01T00:00:59Z", tick=False)
    assert second_factor.check(user, code, now=NOW()) == "code"

    code = Authenticator.objects.get().next_code()
    time_machine.move_to("2026-03-01T00:01:31Z", tick=False)
    assert refusal_of(user, code) == "wrong_code"


def test_after_five_wrong_codes_the_right_one_waits(user, later):  # AN-07
    device = build.authenticator(user)
    assert [refusal_of(user, "000000") for _ in range(5)][-1] == "too_many_codes"

    assert refusal_of(user, device.next_code()) == "too_many_codes"
    later(minutes=15, seconds=1)
    assert refusal_of(user, "000000") == "too_many_codes"  # one try, no five
    later(minutes=15, seconds=1)
    assert second_factor.check(user, device.next_code(), now=NOW()) == "code"


@pytest.mark.parametrize(
    "text", ["", "12345", "一二三四五六", "１２３４５６", "x" * 40]
)
def test_what_is_no_code_is_refused(user, text):
    build.authenticator(user)

    assert refusal_of(user, text) == "wrong_code"


def test_a_recovery_code_works_once_however_it_is_typed(user):  # AN-07
    first, second, *_rest = set_up(user)

    assert second_factor.check(user, f" {first.upper()} ", now=NOW()) == "recovery"
    assert refusal_of(user, first) == "wrong_code"
    assert second_factor.check(user, second.replace("-", ""), now=NOW()) == "recovery"
    assert user.recovery_codes.filter(used_at=None).count() == 8
    kinds = [line.kind for line in user.notifications.all()]
    assert kinds.count("recovery_code_used") == 2


def test_new_recovery_codes_take_the_place_of_the_old(user):
    (old, *_rest), (new, *_more) = set_up(user), second_factor.new_recovery_codes(user)

    assert refusal_of(user, old) == "wrong_code"
    assert second_factor.check(user, new, now=NOW()) == "recovery"


def test_the_code_of_another_account_does_not_work(user):
    codes = set_up(build.user())
    build.authenticator(user)

    assert refusal_of(user, codes[0]) == "wrong_code"


def test_neither_key_nor_codes_lie_readable_in_the_database(user):  # AN-07, CR-01
    codes = set_up(user)
    key = Authenticator.objects.get().key
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(a::text, '') || string_agg(r::text, '') "
            "FROM members_authenticator a, members_recoverycode r"
        )
        stored = cursor.fetchone()[0]

    assert key.hex() not in stored
    assert [code for code in codes if code in stored] == []
    assert [code for code in codes if code.replace("-", "") in stored] == []


def test_setting_up_ends_what_got_in_by_the_password_alone(client, user):  # AN-06
    client.force_login(user)
    build.api_token(user)
    set_up(user)

    assert not Session.objects.filter(user=user).exists()
    assert not ApiToken.objects.filter(revoked_at=None).exists()
    assert [line.kind for line in user.notifications.all()] == ["second_factor_set"]


def test_a_wrong_first_code_sets_nothing_up(user):
    device, _carried = second_factor.prepare(user)

    with pytest.raises(ValidationError):
        second_factor.set_up(device, "x", keep=None)
    assert not second_factor.is_set_up(user)


def test_the_key_that_a_page_carried_is_of_this_account_and_this_hour(user, later):
    _device, carried = second_factor.prepare(user)

    assert second_factor.prepared(build.user(), carried) is None
    assert second_factor.prepared(user, carried + "x") is None
    later(minutes=61)
    assert second_factor.prepared(user, carried) is None


def test_who_needs_it_cannot_remove_it_and_others_can(user):  # AN-06
    officer = build.secretary(of=build.branch())
    build.authenticator(officer)
    set_up(user)

    with pytest.raises(ValidationError) as refusal:
        second_factor.remove(officer, by=officer)
    assert refusal.value.code == "still_needed"
    assert second_factor.remove(user, by=user)
    assert not second_factor.remove(user, by=user)
    removed = AuditEntry.objects.filter(act=AuditEntry.Act.SECOND_FACTOR_REMOVED)
    assert [row.subject_id for row in removed] == [user.pk]


@pytest.mark.django_db(transaction=True)
def test_one_code_used_by_two_at_once_lets_one_in():
    user = build.user()
    code = build.authenticator(user).next_code()
    found = race(lambda _: second_factor.check(user, code, now=NOW()), range(4))

    assert sorted(found) == ["code"] + ["wrong_code"] * 3


@pytest.mark.django_db(transaction=True)
def test_one_recovery_code_used_by_two_at_once_lets_one_in():
    user = build.user()
    code = set_up(user)[0]
    found = race(lambda _: second_factor.check(user, code, now=NOW()), range(4))

    assert sorted(found) == ["recovery"] + ["wrong_code"] * 3
