"""Rows a second of an import, against a plain insert of as many bare rows in the same
database: `python -m benchmarks.imports --var FOLDER [--rows N]`; one JSON line.

The value counts the whole of what the worker does once a roster is applied: reading the
file, judging it, sealing, history and report. The folder holds a data folder of the
portal; the people are fictional, new, and leave no trace: all is rolled back.
"""

import argparse
import csv
import io
import json
import os
import resource
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import django

from config import embedded
from manage import migrate

ROWS = 100_000
HEADER = [
    "姓名",
    "公民身份号码",
    "民族",
    "人员类别",
    "入党日期",
    "转正日期",
    "手机号码",
]
HEADER += ["家庭住址", "工作单位"]
PROVINCES = ("11", "12", "13", "14", "15", "21", "22", "23", "31", "32")
NAMES = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--var", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=ROWS)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["VAR"] = str(options.var)
    embedded.make_secrets(options.var)
    with embedded.services(options.var, "the import benchmark", migrate) as place:
        os.environ.update(place.environment())
        django.setup()
        print(json.dumps(measured(options.rows)))  # noqa: T201


def measured(rows: int) -> dict:
    from django.db import transaction  # noqa: PLC0415  needs Django set up

    with transaction.atomic():
        content = roster(rows)
        applied, cpu_seconds = timed(applier(content))
        floor, _cpu = timed(lambda: bare_rows(rows))
        transaction.set_rollback(True)
    return {
        "benchmark": "import",
        "value": round(rows / applied),
        "unit": "rows/s",
        "floor": round(rows / floor),
        "ratio": round(floor / applied, 3),
        "rows": rows,
        "cpu_seconds": round(cpu_seconds, 1),
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and seconds of this process and those it waited for."""
    began, cpu = time.perf_counter(), sum(os.times()[:4])
    work()
    return time.perf_counter() - began, sum(os.times()[:4]) - cpu


def applier(content: bytes) -> Callable[[], object]:
    """A checked roster for a new branch, to be applied as a worker does."""
    from members.models import Appointment, Branch, ImportBatch, Member, Office, User  # noqa: PLC0415  # noqa: PLC0415
    from members.services import imports, offices  # noqa: PLC0415

    branch = Branch.objects.create(
        name="中共测速支部",
        code="BENCHMARK",
        kind="branch",
        setting="village",
        established_on=date(2010, 7, 1),
    )
    holder = Member.objects.create(
        name="测速员",
        pinyin="cesuyuan",
        branch=branch,
        state="full",
        sex="1",
        ethnic_group="01",
        birth_date=date(1970, 1, 1),
        admitted_on=date(2000, 7, 1),
        full_member_on=date(2001, 7, 1),
        enrolled_on=date(2010, 7, 1),
    )
    by = User.objects.create_user("benchmark", None, member=holder)
    appointment = Appointment.objects.create(
        member=holder,
        office=Office.objects.get(code="secretary"),
        branch=branch,
        starts_on=date(2020, 1, 1),
        basis="elected",
    )
    offices.give_rights(appointment)
    batch = imports.receive(branch, file_name="r.csv", content=content, by=by)
    imports.check(batch.pk)
    batch.refresh_from_db()
    if batch.accepted != content.count(b"\n") - 1:
        raise SystemExit(
            f"The roster was not accepted: {batch.error or batch.refused}."
        )
    ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.APPLYING)
    return lambda: imports.apply(batch.pk)


def roster(rows: int) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(person(number) for number in range(rows))
    return text.getvalue().encode()


def person(number: int) -> list[str]:
    from members.algorithms import next_demo_id_number  # noqa: PLC0415

    day = date(1950, 1, 2) + timedelta(days=number // 10_000 * 37)
    province = PROVINCES[number // 1000 % 10]
    return [
        f"王{NAMES[number % 20]}{NAMES[number // 20 % 20]}",
        next_demo_id_number(f"{province}0000", day, number % 1000),
        "汉族",
        "正式党员",
        "1999-07-01",
        "2000-07-01",
        f"154{number:08}",
        f"示例省示例市示例路{number}号",
        f"示例市第{number % 500}小学",
    ]


def bare_rows(rows: int) -> None:
    """As many rows of the plainest table there is, by Django's own insert."""
    from members.models import LocalCode  # noqa: PLC0415

    LocalCode.objects.bulk_create(
        (
            LocalCode(
                table=LocalCode.Table.POST,
                code=f"B{number}",
                name_zh=f"岗位{number}",
                name_en=f"Post {number}",
                valid_from=date(2020, 1, 1),
            )
            for number in range(rows)
        ),
        batch_size=1_000,
    )


if __name__ == "__main__":
    main()
