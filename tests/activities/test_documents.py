"""The Word files: what they say, who takes them, and that it is written down."""

import re
from io import BytesIO

import pytest
from django.core.cache import cache
from django.utils import timezone
from docx import Document

from activities import documents, pdf
from activities.services import attendances
from members.models import AuditEntry
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def words(content):
    """All that a file says, paragraphs first, then the cells of its tables."""
    paper = Document(BytesIO(content))
    cells = [
        [[cell.text for cell in row.cells] for row in table.rows]
        for table in paper.tables
    ]
    return [one.text for one in paper.paragraphs], cells


@pytest.fixture
def branch():
    return build.branch("中共青石村支部")


@pytest.fixture
def meeting(branch):
    meeting = build.meeting(branch, title="三季度党员大会")
    build.attendance(meeting, build.member("张三", branch=branch))
    build.attendance(
        meeting, build.member("王老", branch=branch), state="exempt", reason="年老体弱"
    )
    attendances.set_guests(meeting, [("钱客", "镇政府")])
    return meeting


def test_the_minutes_say_all_that_was_signed(meeting, branch):
    made = build.signed_minutes(meeting, resolutions=[("修通村道", None)])

    paragraphs, tables = words(documents.minutes_file(made))

    assert paragraphs[0] == "Minutes of General meeting"
    facts = dict(tables[0])
    assert facts["Branch"] == "中共青石村支部"
    assert facts["Exempt"] == "王老（年老体弱）"
    assert facts["Guests"] == "钱客（镇政府）"
    assert facts["Present"] == "1　张三"
    assert tables[1][1][0] == "修通村道"
    assert paragraphs[-1] == f"SHA-256：{made.digest}"
    assert "Draft, not signed by both" not in paragraphs


def test_a_vote_stands_with_its_totals_and_its_outcome(meeting, branch):
    from activities.services import minutes  # noqa: PLC0415

    chair = build.secretary(of=branch)
    draft = minutes.start(meeting, by=chair, now=timezone.now())
    item = draft.items.create(
        position=1, title="讨论修路", discussion="甲同意\n乙反对\x0b"
    )
    item.ballots.create(
        motion="修通村道",
        rule="decision",
        eligible=2,
        present=2,
        issued=2,
        returned=2,
        yes=2,
        no=0,
        abstain=0,
        void=0,
        counted_at=timezone.now(),
    )

    paragraphs, tables = words(documents.minutes_file(draft))

    assert "Draft, not signed by both" in paragraphs
    assert paragraphs[2:5] == ["1. 讨论修路", "甲同意", "乙反对"]
    assert tables[1][1] == ["2", "2", "2", "2", "2", "0", "0", "0", "0"]
    assert "Passed: 2 in favor, 2 of 2 due needed." in paragraphs


def test_the_sheet_lists_those_expected_with_room_to_sign(meeting, branch):
    build.member("赵忙", branch=branch)

    paragraphs, tables = words(documents.attendance_file(meeting))

    assert paragraphs[0] == "Attendance sheet"
    assert [row[1:4] for row in tables[1][1:]] == [
        ["王老", "Exempt", "年老体弱"],
        ["张三", "Present", ""],
        ["赵忙", "", ""],
        ["钱客 (镇政府)", "Guest", ""],
    ]


@pytest.mark.parametrize("what", ["minutes", "sheet"])
def test_a_file_is_taken_by_a_post_and_each_time_is_noted(  # AU-01, IN-05
    client, meeting, branch, what
):
    made = build.signed_minutes(meeting)
    host = build.secretary(of=branch)
    client.force_login(host)
    path = {
        "minutes": f"/activities/minutes/{made.pk}/file/",
        "sheet": f"/activities/{meeting.pk}/attendance/file/",
    }[what]

    assert client.get(path).status_code == 405
    answers = [client.post(path) for _ in range(2)]

    assert words(answers[0].content) == words(answers[1].content)
    assert "attachment" in answers[0].headers["Content-Disposition"]
    assert "sandbox" in answers[0].headers["Content-Security-Policy"]
    found = AuditEntry.objects.filter(act="export_downloaded", by=host)
    assert [entry.branch for entry in found] == [branch] * 2


def test_files_are_taken_so_often_and_no_more(
    client, meeting, branch, settings
):  # OP-08
    cache.clear()
    settings.RATES = {**settings.RATES, "export": "1/hour"}
    client.force_login(build.secretary(of=branch))
    path = f"/activities/{meeting.pk}/attendance/file/"

    assert [client.post(path).status_code for _ in range(2)] == [200, 429]


def test_the_same_minutes_as_pdf(client, meeting, branch):
    made = build.signed_minutes(meeting, resolutions=[("修通村道<b>&", None)])
    secretary = build.secretary(of=branch)
    client.force_login(secretary)

    answers = [
        client.post(f"/activities/minutes/{made.pk}/file/", {"format": "pdf"})
        for _time in (1, 2)
    ]

    first, again = answers
    assert first["Content-Type"] == "application/pdf"
    assert first.content.startswith(b"%PDF-")
    assert first.content == again.content
    assert b"STSong-Light" in first.content
    entry = AuditEntry.objects.filter(act="export_downloaded").latest("pk")
    assert (entry.by, entry.context["format"]) == (secretary, "pdf")


def test_a_long_sheet_goes_on_over_pages_of_the_pdf(branch, meeting):
    for number in range(80):
        build.member(f"党员{number}", branch=branch)

    content = pdf.from_word(documents.attendance_file(meeting))

    assert len(re.findall(rb"/Type /Page\b", content)) >= 3
