"""`manage.py import_members`."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from members.models import Branch, Member
from tests import build
from tests.rosters import HEADER, csv_file, id_number, person, xlsx

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch():
    return build.branch("中共东村支部", code="DC01")


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command on `content`; returns its last line, and what it refused with."""

    def run(content, *arguments, branch="DC01"):
        file = tmp_path / "roster"
        file.write_bytes(content)
        refusal = ""
        with translation.override("en"):
            try:
                call_command(
                    "import_members", str(file), "--branch", branch, *arguments
                )
            except CommandError as error:
                refusal = str(error)
        lines = capsys.readouterr().out.splitlines()
        return json.loads(lines[-1]) if lines else None, refusal

    return run


def test_a_dry_run_writes_nothing(branch, run):
    content = xlsx([HEADER, person(1), person(2, 民族="")])

    assert run(content, "--dry-run") == (
        {
            "accepted": 1,
            "changed": 0,
            "unchanged": 0,
            "refused": [
                {"row": 3, "column": "民族", "reason": "This field cannot be blank."}
            ],
        },
        "",
    )
    assert not Member.objects.exists()


def test_rows_are_written_and_the_second_time_unchanged(branch, run):
    content = csv_file([HEADER, person(1), person(2)], encoding="gbk")
    nothing = {"accepted": 0, "changed": 0, "unchanged": 0, "refused": []}

    assert run(content) == (nothing | {"accepted": 2}, "")
    assert run(content) == (nothing | {"unchanged": 2}, "")
    assert Member.objects.filter(branch=branch).count() == 2
    changed = csv_file([HEADER, person(1, 手机号码="13811112222"), person(2)])
    assert run(changed) == (nothing | {"changed": 1, "unchanged": 1}, "")


def test_one_refused_row_keeps_all_from_being_written(branch, run):
    elsewhere = build.branch()
    build.member(branch=elsewhere, id_number=id_number(2))
    told, refusal = run(csv_file([HEADER, person(1), person(2)]))

    assert told["accepted"] == 1
    assert [row["row"] for row in told["refused"]] == [3]
    assert refusal.startswith("Nothing was written")
    assert not Member.objects.filter(branch=branch).exists()


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"%PDF", "DC01", "This is no roster: choose an .xlsx or .csv file."),
        (csv_file([HEADER]), "DC01", "There is nobody in this file."),
        (
            csv_file([HEADER, person(1)]),
            "NONE",
            "There is no branch with the code NONE.",
        ),
    ],
)
def test_what_it_cannot_do_is_one_sentence(branch, run, content, code, said):
    assert run(content, branch=code) == (None, said)


def test_a_file_that_is_not_there(branch, tmp_path):
    missing = tmp_path / "missing.xlsx"
    with pytest.raises(CommandError) as refusal:
        call_command("import_members", str(missing), "--branch", "DC01")

    assert str(refusal.value) == f"{missing}: No such file or directory."


def test_progress_goes_to_standard_error(branch, tmp_path, capsys):
    file = tmp_path / "roster.csv"
    file.write_bytes(csv_file([HEADER, *(person(n) for n in range(201))]))
    call_command("import_members", str(file), "--branch", "DC01")
    written = capsys.readouterr()

    assert len(written.out.splitlines()) == 1
    assert "201 / 201" in written.err
    assert Branch.objects.get().members.count() == 201
