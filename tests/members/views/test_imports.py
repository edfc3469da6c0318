import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from members.models import ImportBatch, ImportPart, Member
from members.services.progress import teller
from tests import build
from tests.rosters import HEADER, csv_file, id_number, person, rows_of, xlsx

State = ImportBatch.State
pytestmark = pytest.mark.django_db
IMPORTS = "/members/imports/"


@pytest.fixture
def place():
    return build.tree()


@pytest.fixture
def secretary(place):
    return build.secretary(of=place[1])


@pytest.fixture
def visitor(client, secretary):
    """The pages as the secretary of the left branch sees them, in English."""
    client.force_login(secretary)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def send(visitor, place, django_capture_on_commit_callbacks):
    def send(content, *, name="名册.xlsx", branch=None, run=True):
        file = SimpleUploadedFile(name, content)
        fields = {"branch": (branch or place[1]).code, "file": file}
        with django_capture_on_commit_callbacks(execute=run):
            return visitor.post(f"{IMPORTS}add/", fields)

    return send


def text_of(response):
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(text.split())


def test_from_the_file_to_the_roll(
    visitor, send, secretary, django_capture_on_commit_callbacks
):
    answer = send(xlsx([HEADER, person(1, "张建国"), person(2, "李秀英")]))
    batch = ImportBatch.objects.get()
    assert answer.url == f"{IMPORTS}{batch.pk}/"

    shown = text_of(visitor.get(answer.url))
    assert "张建国" in shown
    assert "2 new, 0 changed, 0 unchanged, 0 refused" in shown
    assert f"**************{id_number(1)[-4:]}" in shown

    ask = text_of(visitor.get(f"{answer.url}apply/"))
    assert "2 people are added and 0 records are changed: all of it, or nothing." in ask
    visitor.post(f"{answer.url}apply/")  # not confirmed
    batch.refresh_from_db()
    assert batch.state == State.CHECKED

    with django_capture_on_commit_callbacks(execute=True):
        done = visitor.post(f"{answer.url}apply/", {"confirmed": "1"})
    assert done.url == answer.url
    assert "Applied" in text_of(visitor.get(answer.url))
    assert Member.objects.filter(branch=batch.branch).count() == 3


def test_refused_rows_are_shown_left_out_and_handed_back(
    visitor, send, django_capture_on_commit_callbacks
):
    url = send(xlsx([HEADER, person(1, "张建国"), person(2, "李秀英", 民族="某")])).url
    shown = text_of(visitor.get(url))
    assert "李秀英" in shown
    assert "民族 This is not in the list" in shown
    assert "张建国" not in shown  # the refused ones come first
    assert "张建国" in text_of(visitor.get(f"{url}?show=new"))

    file = visitor.get(f"{url}refused/")
    assert file.headers["Content-Disposition"].startswith("attachment; filename")
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert rows_of(file.content)[1][1:4] == ["李秀英", id_number(2), "某"]

    unchosen = visitor.post(f"{url}apply/", {"confirmed": "1"})
    assert "Tick that the refused rows are left out" in text_of(unchosen)
    chosen = {"confirmed": "1", "leave_out_refused": "on"}
    with django_capture_on_commit_callbacks(execute=True):
        visitor.post(f"{url}apply/", chosen)
    assert Member.objects.filter(name__in=["张建国", "李秀英"]).count() == 1


def test_a_change_shows_old_and_new(visitor, send, place):
    known = build.member("王芳", branch=place[1], employer="旧单位")
    rows = [
        ["身份证号", "工作单位", "手机"],
        [known.id_number, "新单位", "13811112222"],
    ]
    shown = text_of(visitor.get(send(csv_file(rows)).url))

    assert "工作单位" not in shown  # fields are named in the reader's language
    assert "Employer 旧单位 → 新单位" in shown
    assert f"Mobile phone 139****{known.phone[-4:]} → 138****2222" in shown


def test_no_sealed_value_is_on_any_page(visitor, send, place, secretary):  # AZ-11
    known = build.member(branch=place[1], address="桂花路9号", landline="05718888")
    rows = [HEADER, person(1), person(2, 民族="某"), person(3, 姓名=id_number(4))]
    rows.append(person(5, 身份证号=known.id_number, 家庭住址="丹桂路8号"))
    url = send(csv_file(rows)).url
    pages = [url, *(f"{url}?show={kind}" for kind in ("new", "changed", "refused"))]
    html = "".join(visitor.get(each).content.decode() for each in [*pages, IMPORTS])

    secrets = [known.id_number, known.phone, "桂花路", "丹桂路", "05718888"]
    secrets += [id_number(n) for n in range(1, 6)]
    secrets += [f"137{n:08}" for n in range(1, 6)]
    assert [secret for secret in secrets if secret in html] == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7", "This is no roster"),
        (b"<html>", "This is no roster"),
        (b"", "The file is empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "password or an old format"),
    ],
)
def test_a_wrong_file_is_refused_at_the_field(send, content, said):  # UP-01
    answer = send(content, name="名册.xlsx")

    assert answer.status_code == 200
    assert said in text_of(answer)
    assert not ImportBatch.objects.exists()


def test_a_file_that_is_too_large(send, settings):
    answer = send(b"x" * (settings.FILE_UPLOAD_MAX_MEMORY_SIZE + 1))

    assert "Choose a file of at most 32 MB" in text_of(answer)
    assert not ImportBatch.objects.exists()


def test_no_file_and_no_branch(visitor):
    shown = text_of(visitor.post(f"{IMPORTS}add/", {}))

    assert "Choose a file of at most 32 MB" in shown


def test_what_cannot_be_read_says_why(visitor, send):
    url = send("姓名,民族\n".encode(), name="空.csv").url

    shown = text_of(visitor.get(url))
    assert "There is nobody in this file." in shown
    assert "This file could not be taken" in shown


def test_a_foreign_branch_is_refused_at_the_field(send, place):  # AZ-06
    answer = send(xlsx([HEADER, person(1)]), branch=place[2])

    assert answer.context["form"].errors.keys() == {"branch"}
    assert not ImportBatch.objects.exists()


def test_a_name_with_marks_and_markup_is_only_text(visitor, send):  # IN-03, IN-12
    url = send(csv_file([HEADER, person(1)]), name="<b>\u202ex\r\n.csv").url
    html = visitor.get(url).content.decode()

    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "\u202e" not in html


def test_progress_is_a_fragment_until_the_work_is_done(visitor, send):
    url = send(csv_file([HEADER, person(1)]), run=False).url
    batch = ImportBatch.objects.get()
    teller(batch)(120, 400)
    polls = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "progress"}

    whole = visitor.get(url)
    assert '<noscript><meta http-equiv="refresh"' in whole.content.decode()
    part = visitor.get(url, **polls).content.decode()
    assert "<html" not in part
    assert 'hx-trigger="every 1s"' in part
    assert '<progress max="400" value="120"' in part

    ImportBatch.objects.update(state=State.REFUSED)
    assert visitor.get(url, **polls).headers["HX-Refresh"] == "true"


def test_discarding_is_confirmed_first(visitor, send):
    url = send(csv_file([HEADER, person(1)])).url
    assert "are wiped" in text_of(visitor.get(f"{url}discard/"))
    visitor.post(f"{url}discard/")
    assert ImportBatch.objects.get().state == State.CHECKED

    assert visitor.post(f"{url}discard/", {"confirmed": "1"}).url == IMPORTS
    assert ImportBatch.objects.get().state == State.DISCARDED
    assert "no longer kept" in text_of(visitor.get(url))


def test_who_did_not_send_it_sees_it_and_no_more(client, visitor, send, place):
    url = send(csv_file([HEADER, person(1), person(2, 民族="某")])).url
    above = build.officer("secretary", of=place[0], home=place[2])
    sibling = build.secretary(of=place[2])

    client.force_login(above)
    assert client.get(url).status_code == 200
    assert client.get(f"{url}apply/").status_code == 404
    assert client.post(f"{url}apply/", {"confirmed": "1"}).status_code == 404
    assert client.get(f"{url}refused/").status_code == 404
    client.force_login(sibling)
    for each in (url, f"{url}apply/", f"{url}refused/", f"{url}discard/"):
        assert client.get(each).status_code == 404
    assert "名册" not in text_of(client.get(IMPORTS))


def test_pages_hold_fifty_rows(visitor, send):
    rows = [HEADER, *(person(n, 民族="某") for n in range(120))]
    url = send(csv_file(rows)).url
    last = visitor.get(f"{url}?show=refused&page=3")

    assert len(visitor.get(url).context["lines"]) == 50
    assert len(last.context["lines"]) == 20
    assert [line["number"] for line in last.context["lines"]][-1] == 121
    assert visitor.get(f"{url}?show=x&page=999").status_code == 200


def test_the_template_is_a_workbook(visitor):
    answer = visitor.get(f"{IMPORTS}template/")

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.content.startswith(b"PK")
    assert len(rows_of(answer.content)) >= 2


def test_pages_ask_a_constant_number_of_questions(
    visitor, send, django_assert_max_num_queries
):
    def ask():
        with django_assert_max_num_queries(12):
            visitor.get(IMPORTS)
        with django_assert_max_num_queries(12):
            visitor.get(reverse("members:import_detail", args=[batch.pk]))

    send(csv_file([HEADER, person(1)]))
    batch = ImportBatch.objects.get()
    ask()
    for number in range(12):
        send(csv_file([HEADER, *(person(n) for n in range(number, number + 30))]))
    batch = ImportBatch.objects.latest("pk")
    ask()


def test_an_upload_never_lies_readable(visitor, send, place):  # CR-01
    send(csv_file([HEADER, person(1), person(2, 民族="某")]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT file, report FROM members_importbatch")
        stored = b"".join(bytes(column) for row in cursor.fetchall() for column in row)

    for secret in (id_number(1), id_number(2), "桂花路", "13700000002"):
        assert secret.encode() not in stored


def test_memory_is_where_uploads_stay(settings):  # CR-01
    assert settings.FILE_UPLOAD_HANDLERS == [
        "django.core.files.uploadhandler.MemoryFileUploadHandler"
    ]


def test_the_branch_of_the_address_is_chosen_beforehand(client, place):  # IN-10
    top, _left, right = place
    client.force_login(build.officer("secretary", of=top, home=right))
    for code, chosen in [(right.code, right), ("x\x00", top), ("", top)]:
        form = client.get(f"{IMPORTS}add/", {"branch": code}).context["form"]

        assert form.initial["branch"] == chosen


def test_an_import_is_undone_with_a_reason(
    visitor, send, secretary, django_capture_on_commit_callbacks
):
    url = send(csv_file([HEADER, person(1, "张建国")])).url
    undo = f"{url}undo/"
    assert "undo/" not in visitor.get(url).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        visitor.post(f"{url}apply/", {"confirmed": "1"})
    assert undo in visitor.get(url).content.decode()

    ask = text_of(visitor.get(undo))
    assert "1 person leaves the roll again and 0 records get their old" in ask
    refused = visitor.post(undo, {"confirmed": "1", "reason": ""})
    assert refused.context["form"].has_error("reason")
    with django_capture_on_commit_callbacks(execute=True):
        done = visitor.post(undo, {"confirmed": "1", "reason": "wrong file"})

    assert done.url == url
    shown = text_of(visitor.get(url))
    assert "Undone" in shown
    assert "wrong file" in shown
    assert undo not in visitor.get(url).content.decode()
    assert not Member.objects.live().filter(name="张建国").exists()


def test_the_page_names_who_stands_in_the_way_of_an_undo(
    visitor, send, django_capture_on_commit_callbacks
):
    url = send(csv_file([HEADER, person(1, "张建国")])).url
    with django_capture_on_commit_callbacks(execute=True):
        visitor.post(f"{url}apply/", {"confirmed": "1"})
    Member.objects.filter(name="张建国").update(employer="别处")
    answer = visitor.get(f"{url}undo/")

    assert "1 record was changed since the import, so it stands: 张建国." in text_of(
        answer
    )
    assert "<form" not in answer.content.decode().split("<main")[1].split("</main")[0]


def test_the_page_of_very_many_rows_opens_one_part(
    visitor, send, secretary, place, django_assert_max_num_queries
):
    """However many rows there are, a page asks and opens the same (UP-05)."""
    url = send(csv_file([HEADER, person(1)])).url
    batch = ImportBatch.objects.get()
    part = batch.parts.get()
    lines = part.lines
    ImportPart.objects.bulk_create(
        ImportPart(batch=batch, kind="new", number=number, lines=lines)
        for number in range(2, 2_001)
    )
    ImportBatch.objects.update(accepted=100_000, rows=100_000)
    with django_assert_max_num_queries(12):
        answer = visitor.get(f"{url}?show=new&page=1999")

    assert len(answer.context["lines"]) == 1
    assert "100,000" in text_of(answer)
    assert len(answer.content) < 60_000


def test_the_web_process_never_reads_the_file(visitor, send):  # UP-05
    """What would be refused as damaged is taken, and left to the worker."""
    send(b"PK\x03\x04 and no more", run=False)
    batch = ImportBatch.objects.get()

    assert (batch.state, batch.rows) == (State.CHECKING, 0)
