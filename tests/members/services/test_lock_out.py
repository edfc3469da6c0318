"""How wrong tries are counted (AN-02, AN-03)."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.utils import timezone

from members.services import lock_out
from tests import build
from tests.race import race

pytestmark = pytest.mark.django_db

NOW = timezone.now()
MINUTE = timedelta(minutes=1)


def tries(count, *, key="a", address="10.0.0.1", now=NOW):
    locks = [lock_out.admit(key, address, now=now) for _ in range(count)]
    return [lock and lock.by for lock in locks]


def test_the_sixth_try_for_an_account_from_an_address_is_refused():
    assert tries(7) == [None] * 5 + ["account and address"] * 2


def test_tries_from_elsewhere_and_for_others_are_counted_apart():
    tries(5)

    assert tries(1, address="10.0.0.2") == [None]
    assert tries(1, key="b") == [None]


def test_twenty_tries_for_an_account_from_anywhere_lock_it():
    for number in range(4):
        tries(5, address=f"10.0.1.{number}")

    assert tries(1, address="10.0.2.1") == ["account"]


def test_a_hundred_tries_from_an_address_lock_the_address():
    for number in range(25):
        tries(4, key=f"key {number}")

    assert tries(1, key="another") == ["address"]
    assert tries(1, key="another", address="10.0.0.2") == [None]


def test_an_address_that_is_locked_leaves_no_row_for_each_name_it_tries():
    for number in range(25):
        tries(4, key=f"key {number}")
    before = AccessAttempt.objects.count()
    tries(1, key="another")

    assert AccessAttempt.objects.count() == before


def test_knocking_at_a_lock_does_not_keep_it_closed():  # AN-03
    tries(5)
    lock = lock_out.admit("a", "10.0.0.1", now=NOW + 10 * MINUTE)

    assert lock.until == NOW + 15 * MINUTE
    assert tries(6, now=NOW + 15 * MINUTE) == [None] * 5 + ["account and address"]


def test_strangers_cannot_prolong_the_lock_of_an_account():  # AN-03
    for number in range(4):
        tries(5, address=f"10.0.1.{number}")
    for number in range(20):
        tries(5, address=f"10.0.3.{number}", now=NOW + 14 * MINUTE)

    assert tries(1, address="10.0.4.1", now=NOW + 15 * MINUTE) == [None]


def test_an_address_has_five_tries_at_an_account_that_is_locked():
    for number in range(4):
        tries(5, address=f"10.0.1.{number}")

    assert tries(6, address="10.0.2.1") == ["account"] * 5 + ["account and address"]


def test_a_try_that_was_not_judged_is_taken_back():
    for _ in range(10):
        assert lock_out.admit("a", None, now=NOW) is None
        lock_out.take_back("a", None)


def test_signing_in_forgets_the_tries_from_this_address_alone():
    tries(5)
    tries(5, address="10.0.0.2")
    lock_out.clear("a", "10.0.0.1")

    assert tries(1) == [None]
    assert tries(1, address="10.0.0.2") == ["account and address"]


def test_what_was_typed_is_not_stored():  # AU-05
    typed = "110101199001011234"
    tries(1, key=lock_out.key_of(typed, None))

    row = AccessAttempt.objects.get()
    assert typed not in str(vars(row))
    assert lock_out.key_of(" 110101 19900101 1234", None) == row.username


def test_name_and_phone_of_an_account_are_counted_together():
    user = build.user()

    assert lock_out.key_of(user.username, user) == lock_out.key_of("139", user)


def test_old_tries_are_forgotten():
    tries(1, now=NOW - timedelta(days=2))
    tries(1, key="b")

    assert lock_out.tidy(now=NOW) == 1
    assert AccessAttempt.objects.get().username == "b"


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_moment_all_count():
    lock_out.admit("a", "10.0.0.1", now=NOW)
    locks = race(lambda _: lock_out.admit("a", "10.0.0.1", now=NOW), range(12))

    assert [lock for lock in locks if lock is None] == [None] * 4
