"""Files of minutes (MIN-11), the organizational-life meeting (MIN-12), the lecture
(MIN-13), and the day by which it is good to have it written (MIN-16)."""

import io
from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from docx import Document
from PIL import Image

from activities import documents, working_days
from activities.models import AgendaItem, Minutes, MinutesFile, Resolution
from activities.services import (
    life_meetings,
    minutes,
    minutes_files,
    minutes_parts,
    resolutions,
    sign_off,
)
from activities.services.life_meetings import Said
from activities.services.minutes import Decided
from members import scanning
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

PDF = b"%PDF-1.7\nslides\n%%EOF\n"


def picture(kind="PNG", size=(40, 30)):
    written = io.BytesIO()
    Image.new("RGB", size, "red").save(written, kind)
    return written.getvalue()


@pytest.fixture
def meeting(branch):
    return build.meeting(branch, kind="life_meeting", title="年度组织生活会")


@pytest.fixture
def draft(meeting, chair, recorder):
    for user in (chair, recorder):
        build.attendance(meeting, user.member)
    draft = minutes.start(meeting, by=chair, now=timezone.now())
    minutes.save(draft, {"recorder": recorder.member}, [], [])
    return Minutes.objects.get(pk=draft.pk)


def refused(call, *args, **given):
    with pytest.raises(ValidationError) as refusal:
        call(*args, **given)
    error = refusal.value
    if hasattr(error, "error_dict"):
        return {name: found[0].code for name, found in error.error_dict.items()}
    return error.code


def signed(draft, *users):
    for user in users:
        seen = minutes.digest(Minutes.objects.get(pk=draft.pk))
        sign_off.sign(draft, seen=seen, by=user, now=timezone.now())
    return Minutes.objects.get(pk=draft.pk)


def add(draft, content, kind="photo", caption="会场", by=None):
    return minutes_files.add(draft, content, kind=kind, caption=caption, by=by)


# --- files (MIN-11) ---------------------------------------------------------------------
def test_a_photo_is_written_anew_and_a_pdf_kept(draft, chair):
    photo = add(draft, picture(), by=chair)
    slides = add(draft, PDF, "slides", "课件", by=chair)
    sheet = add(draft, picture("JPEG"), "sheet", "签到表", by=chair)

    assert (photo.format, slides.format, sheet.format) == ("jpg", "pdf", "jpg")
    assert Image.open(io.BytesIO(bytes(photo.content))).format == "JPEG"
    assert bytes(slides.content) == PDF
    assert (photo.added_by, len(photo.digest)) == (chair, 64)


def test_the_same_file_twice_is_one(draft):
    assert add(draft, PDF, "slides") == add(draft, PDF, "other")
    assert draft.files.count() == 1


@pytest.mark.parametrize(
    ("content", "kind", "caption", "code"),
    [
        (PDF, "photo", "会场", {"content": "no_picture"}),
        (b"<svg onload=alert(1)>", "slides", "课件", {"content": "no_paper"}),
        (b"%PDF-1.7 cut off", "slides", "课件", {"content": "no_paper"}),
        (b"PK\x03\x04", "slides", "课件", {"content": "no_paper"}),
        (b"x" * (8 * 1024 * 1024 + 1), "other", "大", {"content": "too_large"}),
        (PDF, "slides", "  ", {"caption": "no_caption"}),
    ],
)
def test_what_is_no_file_to_keep_is_refused(draft, content, kind, caption, code):
    assert refused(add, draft, content, kind, caption) == code
    assert not draft.files.exists()


@pytest.mark.parametrize(
    ("fault", "code"),
    [(scanning.Infected("x"), "harmful"), (scanning.ScannerDown("x"), "scanner")],
)
def test_a_file_passes_the_scanner_first(draft, monkeypatch, fault, code):
    def judge(content):
        raise fault

    monkeypatch.setattr(scanning, "refuse_infected", judge)

    assert refused(add, draft, PDF, "slides") == {"content": code}
    assert not draft.files.exists()


def test_ten_files_are_enough(draft):
    for number in range(minutes_files.MOST):
        add(draft, PDF.replace(b"slides", b"%d" % number), "slides")

    assert refused(add, draft, PDF, "slides") == "too_many"


def test_files_are_signed_with_the_rest_and_stay(draft, chair, recorder):
    file = add(draft, PDF, "slides")
    before = minutes.digest(draft)
    other = add(draft, picture())
    assert minutes.digest(draft) != before
    minutes_files.remove(other)
    minutes_files.remove(other)  # twice is once
    assert minutes.digest(draft) == before

    locked = signed(draft, chair, recorder)

    assert refused(add, locked, picture()) == "signed"
    assert refused(minutes_files.remove, file) == "signed"
    for change in (
        lambda: MinutesFile.objects.update(caption="x"),
        lambda: MinutesFile.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    second = sign_off.correct(locked, reason="错字", by=chair)
    assert [one.caption for one in second.files.all()] == [file.caption]
    assert locked.files.get() == file


def test_who_reads_a_file(client, draft, branch, chair, recorder):
    file = add(draft, PDF, "slides", "课件\n一")
    users = {
        "chair": chair,
        "recorder": recorder,
        "member": build.user(member=build.member(branch=branch)),
        "sibling": build.secretary(of=build.branch()),
        "system": build.administrator("system"),
    }
    reads = set()
    for name, user in users.items():
        client.force_login(user)
        answer = client.get(f"/activities/minutes/files/{file.pk}/")
        if answer.status_code == 200:
            reads.add(name)
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert answer.content == PDF
        else:
            assert answer.status_code == 404

    assert reads == {"chair", "recorder"}


def test_a_file_is_added_and_taken_out_on_the_page(client, draft, recorder):
    client.force_login(recorder)
    page = f"/activities/minutes/{draft.pk}/files/add/"
    sent = {"kind": "photo", "caption": "会场"}

    wrong = client.post(page, sent | {"content": SimpleUploadedFile("a.png", b"no")})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["content"] == [
        "This is no picture that can be read: JPEG, PNG or WebP."
    ]
    assert client.post(page, sent).context["form"].errors["content"]
    client.post(page, sent | {"content": SimpleUploadedFile("a.txt", picture())})
    file = draft.files.get()
    text = client.get(draft.get_absolute_url()).content.decode()
    assert "会场" in text
    assert f"/activities/minutes/files/{file.pk}/remove/" in text
    client.post(f"/activities/minutes/files/{file.pk}/remove/")
    assert not draft.files.exists()


# --- the organizational-life meeting (MIN-12, LIFE-07) ----------------------------------
def said(chair, recorder):
    one, two = chair.member, recorder.member
    return [
        Said("own_new1", "own", "下村走访少。", one),
        Said("criticism_new1", "criticism", "开会发言不够直接。", one, two),
        Said("criticism_new2", "criticism", ""),
    ]


def to_correct(member, due=date(2026, 12, 31)):
    return [Decided("correct_new1", "每月走访十户。", member, due)]


def test_the_three_parts_are_saved_as_a_whole_and_again(draft, chair, recorder):
    life_meetings.save(draft, said(chair, recorder), to_correct(chair.member))

    rows = list(draft.life_points.all())
    assert [(one.kind, one.text) for one in rows] == [
        ("own", "下村走访少。"),
        ("criticism", "开会发言不够直接。"),
    ]
    row = draft.resolutions.get()
    assert (row.text, row.member, row.is_correction) == (
        "每月走访十户。",
        chair.member,
        True,
    )
    again = [
        Said(str(one.pk), one.kind, one.text, one.member, one.speaker) for one in rows
    ]
    kept = [Decided(f"correct_{row.pk}", row.text, row.member, row.due_on)]
    life_meetings.save(draft, again, kept)
    assert list(draft.life_points.all()) == rows
    assert draft.resolutions.get() == row
    minutes.save(draft, {}, [], [])  # the other page leaves them alone
    assert draft.resolutions.get() == row
    life_meetings.save(
        draft,
        [Said(str(one.pk), one.kind, "") for one in rows],
        [Decided(f"correct_{row.pk}", "")],
    )
    assert not draft.life_points.exists()
    assert not draft.resolutions.exists()


def test_all_bad_rows_are_named_and_nothing_is_saved(draft, chair, recorder):
    one = chair.member
    rows = [
        Said("own_new1", "own", "走访少"),
        Said("criticism_new1", "criticism", "不够直接", one, one),
        Said("criticism_new2", "criticism", "不够直接"),
    ]

    assert refused(
        life_meetings.save, draft, rows, [Decided("correct_new1", "走访")]
    ) == {
        "member_own_new1": "required",
        "speaker_criticism_new1": "same",
        "member_criticism_new2": "required",
        "speaker_criticism_new2": "required",
        "member_correct_new1": "required",
        "due_correct_new1": "required",
    }
    assert not draft.life_points.exists()
    assert not draft.resolutions.exists()


def test_other_meetings_have_no_such_parts(branch, chair, recorder):
    other = minutes.start(build.meeting(branch), by=chair, now=timezone.now())

    assert refused(life_meetings.save, other, said(chair, recorder), []) == (
        "other_kind"
    )
    assert life_meetings.missing(other) == []


def test_what_is_not_written_yet_is_named_to_who_writes(draft, chair, recorder):
    assert life_meetings.missing(draft) == [
        "own problems",
        "criticism",
        "what is corrected",
    ]
    life_meetings.save(draft, said(chair, recorder), to_correct(chair.member))
    assert life_meetings.missing(draft) == []


def test_the_correction_list_is_to_dos_and_stays_done(draft, chair, recorder, branch):
    life_meetings.save(draft, said(chair, recorder), to_correct(recorder.member))
    locked = signed(draft, chair, recorder)

    (open_one,) = Resolution.objects.open()
    later = build.meeting(branch, starts_at=timezone.now() + timedelta(days=9))
    assert [row.text for row in resolutions.to_follow(later)] == ["每月走访十户。"]
    assert refused(life_meetings.save, locked, [], []) == "signed"
    with pytest.raises(IntegrityError), transaction.atomic():
        locked.life_points.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        locked.resolutions.update(is_correction=False)
    resolutions.tick(open_one, by=recorder, now=timezone.now())
    second = signed(sign_off.correct(locked, reason="错字", by=chair), chair, recorder)
    assert second.life_points.count() == 2
    assert second.resolutions.get().done_at is not None


def test_criticism_is_signed_with_the_rest(draft, chair, recorder):
    before = minutes.digest(draft)
    life_meetings.save(draft, said(chair, recorder), [])

    assert minutes.digest(draft) != before


def words(content):
    paper = Document(io.BytesIO(content))
    cells = [c.text for t in paper.tables for r in t.rows for c in r.cells]
    return [one.text for one in paper.paragraphs], cells


def test_they_stand_in_the_word_file(draft, chair, recorder):
    life_meetings.save(draft, said(chair, recorder), to_correct(chair.member))
    add(draft, PDF, "slides", "课件")

    lines, cells = words(documents.minutes_file(draft))

    assert {"Own problems", "Criticism", "Correction list", "Files"} <= set(lines)
    assert "1. 课件（Slides）" in lines
    assert {"下村走访少。", "开会发言不够直接。", "每月走访十户。"} <= set(cells)
    assert "Resolutions" not in lines


def test_the_parts_are_written_on_a_page(client, draft, chair, recorder):
    client.force_login(recorder)
    page = f"/activities/minutes/{draft.pk}/life/"
    one, two = chair.member_id, recorder.member_id
    sent = {
        "member_own_new1": one,
        "text_own_new1": "走访少",
        "speaker_criticism_new1": two,
        "member_criticism_new1": two,
        "text_criticism_new1": "不够直接",
        "text_correct_new1": "每月走访",
        "member_correct_new1": one,
    }

    wrong = client.post(page, sent)
    assert wrong.status_code == 422
    errors = wrong.context["form"].errors
    assert errors["due_correct_new1"] == [
        "Say until when: it is on the list of to-dos until then."
    ]
    assert errors["speaker_criticism_new1"] == [
        "What somebody says of oneself is an own problem."
    ]
    assert not draft.life_points.exists()

    sent |= {"member_criticism_new1": one, "due_correct_new1": "2026-12-31"}
    assert client.post(page, sent).status_code == 302
    text = client.get(draft.get_absolute_url()).content.decode()
    assert "李记录 criticizes 张书记:" in text
    assert "张书记, own problem:" in text
    assert "Correction list" in text
    assert client.post(page, sent | {"more": "1"}).url == page
    signed(draft, chair, recorder)
    assert client.get(page).status_code == 302
    answer = client.post(page, sent, follow=True)
    assert "These minutes are signed: nothing was saved." in answer.content.decode()


def test_the_page_costs_the_same_for_many_rows(
    client, draft, recorder, django_assert_num_queries
):
    client.force_login(recorder)
    page = f"/activities/minutes/{draft.pk}/life/"
    client.get(page)
    with django_assert_num_queries(QUERIES):
        client.get(page)
    for number in range(8):
        draft.life_points.create(
            kind="own", position=number, member=recorder.member, text="x"
        )
        draft.resolutions.create(
            text="x",
            member=recorder.member,
            due_on=date(2026, 12, 1),
            is_correction=True,
        )
    with django_assert_num_queries(QUERIES):
        client.get(page)


QUERIES = 8


# --- the lecture (MIN-13, LIFE-04) ------------------------------------------------------
def test_minutes_of_a_lecture_hold_topic_and_speaker(branch, chair):
    lecture = build.meeting(branch, kind="lecture")
    AgendaItem.objects.create(
        activity=lecture, position=1, title="学习党章", speaker="张书记"
    )

    draft = minutes.start(lecture, by=chair, now=timezone.now())

    lines, _cells = words(documents.minutes_file(draft))
    assert "1. 学习党章（张书记）" in lines


# --- a good time to finish (MIN-16) -----------------------------------------------------
@pytest.mark.parametrize(
    ("day", "until"),
    [
        (date(2026, 11, 23), date(2026, 11, 26)),  # Monday → Thursday
        (date(2026, 11, 26), date(2026, 12, 1)),  # Thursday → Tuesday
        (date(2026, 11, 28), date(2026, 12, 2)),  # Saturday → Wednesday
    ],
)
def test_three_days_of_work_leave_out_the_weekend(day, until):
    assert working_days.after(day, 3) == until


def test_the_day_is_shown_to_who_writes_until_it_comes(client, branch, chair):
    with time_machine.travel("2026-11-23T10:00:00+08:00", tick=False):
        meeting = build.meeting(branch)
        draft = minutes.start(meeting, by=chair, now=timezone.now())
        client.force_login(chair)
        text = client.get(draft.get_absolute_url()).content.decode()
        assert "Memories are fresh until about 2026-11-26" in text
    with time_machine.travel("2026-11-27T10:00:00+08:00", tick=False):
        client.force_login(chair)
        text = client.get(draft.get_absolute_url()).content.decode()
        assert "Memories" not in text  # and no reproach in its place
        assert minutes_parts.target(draft, timezone.now()) is None
