"""How passwords are hashed, one at a time (CR-08, CR-10, AN-09)."""

import hashlib
import threading
import time
from base64 import b64encode

import pytest
from django.contrib.auth.hashers import check_password, identify_hasher, make_password

from members import hashing
from members.models import User
from tests import build

SM3 = "members.hashing.SM3PasswordHasher"
ARGON2 = "members.hashing.Argon2idPasswordHasher"


def test_the_hash_is_pbkdf2_with_hmac_sm3():
    algorithm, rounds, salt, hashed = make_password("党员ABC123", "salt").split("$")
    expected = hashlib.pbkdf2_hmac(
        "sm3", "党员ABC123".encode(), salt.encode(), int(rounds)
    )

    assert algorithm == "pbkdf2_sm3"
    assert hashed == b64encode(expected).decode()


def test_a_password_of_any_length_and_script_fits_itself_alone():  # AN-09
    password = "长密码 🔑 ñ " * 20
    encoded = make_password(password)

    assert check_password(password, encoded)
    assert not check_password(password[:-1], encoded)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("hashers", "algorithm"),
    [([SM3, ARGON2], "pbkdf2_sm3"), ([ARGON2, SM3], "argon2")],
)
def test_a_hash_of_before_is_made_anew_at_sign_in(client, settings, hashers, algorithm):
    settings.PASSWORD_HASHERS = [
        *hashers,
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    old = make_password(build.PASSWORD, hasher="pbkdf2_sha256")
    user = build.user("zhangsan")
    User.objects.filter(pk=user.pk).update(password=old)
    form = {"username": "zhangsan", "password": build.PASSWORD}
    client.post("/members/sign-in/", form)

    user.refresh_from_db()
    assert client.session["_auth_user_id"] == str(user.pk)
    assert identify_hasher(user.password).algorithm == algorithm
    assert user.check_password(build.PASSWORD)


def test_more_rounds_in_the_settings_make_a_hash_due_for_renewal(settings):
    encoded = make_password("a")
    settings.PASSWORD_ROUNDS = 20

    assert hashing.SM3PasswordHasher().must_update(encoded)


@pytest.fixture
def occupied():
    """The lane is busy and its places are taken, until `occupied()` lets go."""
    free = threading.Event()
    waiting = [
        threading.Thread(target=hashing.in_turn, args=(free.wait, 30))
        for _ in range(hashing.WAITING)
    ]

    def let_go():
        free.set()
        for thread in waiting:
            thread.join()

    for thread in waiting:
        thread.start()
    deadline = time.monotonic() + 10
    while hashing._places._value and time.monotonic() < deadline:
        time.sleep(0.01)
    yield let_go
    let_go()


def test_passwords_are_hashed_one_at_a_time():  # CR-10
    at_once, most, lock = [0], [0], threading.Lock()

    def compute():
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        time.sleep(0.05)
        with lock:
            at_once[0] -= 1

    threads = [
        threading.Thread(target=hashing.in_turn, args=(compute,))
        for _ in range(hashing.WAITING)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1]


def test_who_finds_no_place_to_wait_is_told_at_once(occupied):
    with pytest.raises(hashing.TooBusy):
        make_password("a")


@pytest.mark.django_db
def test_a_storm_of_sign_ins_answers_try_again_and_counts_no_try(client, occupied):
    form = {"username": "zhangsan", "password": "wrong"}
    for _ in range(8):
        answer = client.post("/members/sign-in/", form)

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    occupied()
    build.user("zhangsan")
    form["password"] = build.PASSWORD

    assert client.post("/members/sign-in/", form).status_code == 302


@pytest.mark.django_db
def test_pages_are_served_while_passwords_are_hashed(client, occupied):  # CR-10
    assert client.get("/members/sign-in/").status_code == 200
