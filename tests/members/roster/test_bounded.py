"""What reading a file may take is held by the kernel (UP-05)."""

import os
import pickle
import resource
import time
from datetime import date, datetime, timedelta
from datetime import time as clock
from pathlib import Path

import msgpack
import pytest
from django.core.exceptions import ValidationError

from members.roster import bounded as bounding
from members.roster import telling
from members.roster.bounded import Crashed, TooHeavy, TooSlow, bounded
from members.roster.columns import BY_FIELD
from members.roster.files import read_roster
from members.roster.tables import Table
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


# --- a reader that was taken over ------------------------------------------------------
class Trap:
    """What runs a program where it is unpickled."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return os.mkdir, (str(self.file),)


def a_table(**changed):
    told = {
        "header": ["姓名"],
        "columns": [[0, "name"]],
        "rows": [[2, ["陈晓明"]]],
        "unknown": [],
        "left_out": [],
    }
    return told | changed


NONSENSE = {
    "no answer": b"",
    "noise": b"\xc1\xff\x00" * 99,
    "cut": msgpack.packb(["done", a_table()])[:-3],
    "deep": b"\x91" * 100_000 + b"\xc0",
    "huge": b"\xdd\xff\xff\xff\xff",
    "no pair": msgpack.packb("done"),
    "a map": msgpack.packb({"done": 1, "x": 2}),
    "another kind": msgpack.packb(["run", "x"]),
    "a name that is none": msgpack.packb(["failed", "a\nline of the log"]),
    "a refusal without a code": msgpack.packb(["refused", ["看", ""]]),
    "a refusal in bytes": msgpack.packb(["refused", [b"x", b"damaged"]]),
    "an unknown type": msgpack.packb(["done", msgpack.ExtType(5, b"x")]),
    **{
        name: msgpack.packb(["done", table])
        for name, table in {
            "no table": ["x"],
            "no rows": a_table(rows=[]),
            "too many rows": a_table(rows=[[1, ["x"]]] * 41),
            "too many columns": a_table(rows=[[1, ["x"] * 201]]),
            "a row without cells": a_table(rows=[[1]]),
            "a row that is text": a_table(rows=["ab"]),
            "a number that is text": a_table(rows=[["1", ["x"]]]),
            "cells that are text": a_table(rows=[[1, "x"]]),
            "a cell that is bytes": a_table(rows=[[1, [b"x"]]]),
            "a cell that is a map": a_table(rows=[[1, [{"date": "2000-01-01"}]]]),
            "a cell of no known type": a_table(rows=[[1, [["eval", "1"]]]]),
            "a cell of a list": a_table(rows=[[1, [[["date"], "2000-01-01"]]]]),
            "a day that is none": a_table(rows=[[1, [["date", "2000-02-31"]]]]),
            "a span too long": a_table(rows=[[1, [["timedelta", 1e300]]]]),
            "a header of numbers": a_table(header=[1]),
            "a column beyond": a_table(columns=[[7, "name"]]),
            "an unknown column": a_table(columns=[[0, "__class__"]]),
            "rows that are a map": a_table(rows={"1": ["x"]}),
        }.items()
    },
}


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE)
def test_a_reader_that_answers_nonsense_is_a_damaged_file(settings, monkeypatch, said):
    settings.IMPORT_MAX_ROWS = 40
    monkeypatch.setattr(bounding, "_answer", lambda _work, _tell: said)

    assert refusal_of(csv_file([HEADER, person(1)])).code == "damaged"


def test_nothing_of_what_a_reader_answers_is_run(monkeypatch, tmp_path):  # OP-06
    made = tmp_path / "made"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        said = pickle.dumps((Trap(made), None), protocol)
        monkeypatch.setattr(bounding, "_answer", lambda _work, _tell, said=said: said)

        assert refusal_of(csv_file([HEADER, person(1)])).code == "damaged"
    assert not made.exists()


def test_an_answer_larger_than_the_reader_may_be(settings, monkeypatch):
    settings.IMPORT_READ_BYTES = 64 * MIB
    made = b"x" * 65 * MIB
    monkeypatch.setattr(bounding, "_answer", lambda _work, _tell: made)

    assert refusal_of(csv_file([HEADER, person(1)])).code == "too_heavy"


def test_what_fails_unforeseen_is_named_in_the_log(caplog):
    with pytest.raises(Crashed):
        within(lambda: {}["a name of a person"])

    assert [record.getMessage() for record in caplog.records] == [
        "Reading a file failed: KeyError"
    ]


def test_cells_come_back_as_they_were_read():
    cells = [
        "陈晓明",
        "\ud800",
        "",
        None,
        True,
        7,
        10**30,
        -0.5,
        date(1999, 7, 1),
        datetime(1999, 7, 1, 12, 30, 0, 5),  # noqa: DTZ001  as workbooks give it
        clock(23, 59),
        timedelta(days=2, microseconds=7),
    ]
    table = Table(["姓名"], {0: BY_FIELD["name"]}, [(2, list(cells))], ["备注"], [9])

    told = bounded(
        lambda: telling.tell(table),
        seconds=10,
        most_bytes=200 * MIB,
        tell=telling.tell_cell,
    )
    heard = telling.hear(told, most_rows=1)

    ((number, found),) = heard.rows
    assert (number, found) == (2, cells)
    assert list(map(type, found)) == list(map(type, cells))
    assert (heard.header, heard.columns) == (table.header, table.columns)
    assert (heard.unknown, heard.left_out) == (["备注"], [9])
