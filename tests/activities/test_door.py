"""The six digits at the door, as functions of a moment alone."""

from datetime import UTC, datetime, timedelta

from activities import door

NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


def test_the_code_changes_each_minute_and_differs_for_each_activity():
    codes = {door.code_at(1, NOON + timedelta(minutes=n)) for n in range(20)}

    assert len(codes) == 20
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert door.code_at(1, NOON) == door.code_at(1, NOON + timedelta(seconds=59))
    assert door.code_at(1, NOON) != door.code_at(2, NOON)


def test_a_code_counts_for_its_minute_and_the_next_one():
    code = door.code_at(1, NOON)

    assert door.is_right(code, 1, NOON + timedelta(seconds=119))
    assert not door.is_right(code, 1, NOON + timedelta(seconds=120))
    assert not door.is_right(code, 1, NOON - timedelta(seconds=1))
    assert not door.is_right("", 1, NOON)


def test_it_is_told_how_long_a_code_still_counts():
    assert door.seconds_left(NOON) == 60
    assert door.seconds_left(NOON + timedelta(seconds=59)) == 1
