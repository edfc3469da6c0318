"""What reading a file may take is held by the kernel (UP-05)."""

import os
import resource
import time
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from members.roster.bounded import Crashed, TooHeavy, TooSlow, bounded
from members.roster.files import read_roster
from tests.rosters import HEADER, csv_file, person, xlsx

MIB = 1024 * 1024


def within(work, *, seconds=10, most_bytes=200 * MIB):
    return bounded(work, seconds=seconds, most_bytes=most_bytes)


def test_the_work_is_done_in_another_process():
    assert within(os.getpid) != os.getpid()


def test_what_the_work_raises_is_raised_here():
    def refuse():
        raise ValidationError("no", code="damaged")

    with pytest.raises(ValidationError) as refusal:
        within(refuse)
    assert refusal.value.code == "damaged"


@pytest.mark.parametrize(
    "work",
    [lambda: sum(1 for _ in iter(int, 1)), lambda: time.sleep(60)],
    ids=["busy", "asleep"],
)
def test_too_much_time(work):
    began = time.monotonic()
    with pytest.raises(TooSlow):
        within(work, seconds=1)

    assert time.monotonic() - began < 10


def test_too_much_memory():
    with pytest.raises(TooHeavy):
        within(lambda: [b"x" * MIB for _ in range(10_000)])


def test_a_crash_stays_there():
    with pytest.raises(Crashed):
        within(lambda: os._exit(7))
    with pytest.raises(TooHeavy):
        within(os.abort)


def test_no_process_is_left_behind():
    before = children()
    with pytest.raises(TooSlow):
        within(lambda: time.sleep(60), seconds=1)

    assert children() == before


def children():
    return {
        pid
        for listed in Path("/proc/self/task").glob("*/children")
        for pid in listed.read_text().split()
    }


def test_an_answer_of_many_megabytes():
    assert len(within(lambda: "x" * 50 * MIB)) == 50 * MIB


# --- a roster --------------------------------------------------------------------------
def refusal_of(content):
    with pytest.raises(ValidationError) as refusal:
        read_roster(content)
    return refusal.value


@pytest.mark.parametrize("make", [csv_file, xlsx])
def test_a_file_that_takes_too_long_to_read(settings, make):
    content = make([HEADER, *(person(n) for n in range(40_000))])
    settings.IMPORT_READ_SECONDS = 0.02
    began = time.monotonic()
    refusal = refusal_of(content)

    assert refusal.code == "too_slow"
    assert time.monotonic() - began < 10


def test_a_file_that_takes_too_much_memory_to_read(settings):
    content = csv_file([HEADER, ["王" * 9_000_000]])  # one block, from no free memory
    settings.IMPORT_READ_BYTES = 2 * MIB
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert refusal_of(content).code == "too_heavy"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - mine < 20 * 1024
