"""Wrong tries are counted for all web processes together, and outlive them (AN-02)."""

import pytest

from tests import build
from tests.processes import Browser, web


def sign_in(port, password):
    tried = {"username": "zhangsan", "password": password}
    return Browser(port).ask("members:sign_in", **tried)


@pytest.mark.django_db(transaction=True)
def test_five_tries_through_two_processes_lock_both_and_the_next():
    build.user("zhangsan")
    with web() as one, web() as other:
        tries = [sign_in(port, "wrong") for port in (one, other, one, other, one)]
        assert tries == [200] * 5
        assert [sign_in(port, build.PASSWORD) for port in (other, one)] == [429] * 2

    with web() as third:
        assert sign_in(third, build.PASSWORD) == 429


@pytest.mark.django_db(transaction=True)
def test_four_tries_through_two_processes_lock_nobody_out():
    build.user("zhangsan")
    with web() as one, web() as other:
        tries = [sign_in(port, "wrong") for port in (one, other, one, other)]
        assert tries == [200] * 4
        assert sign_in(other, build.PASSWORD) == 302
