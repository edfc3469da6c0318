"""Materials: what is taken in, by content and by list, and who reads them (UP-01 … UP-04,
UP-07, AZ-04)."""

import io
import zipfile

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from activities import access, access_materials
from activities.models import Activity, ActivityMaterial
from activities.services import materials
from members import scanning
from members.models import Member
from tests import build
from tests.activities.test_programs import picture
from tests.activities.test_sign_up_pages import address, client_of, text_of

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n"
WORD = ("[Content_Types].xml", "word/document.xml")


def packed(*names, size=1):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, b"x" * size)
    return written.getvalue()


def add(activity, file=PDF, *, title="须知", link=""):
    return materials.add(activity, title=title, file=file, link=link, by=None)


def refusal(activity, *args, **options):
    with pytest.raises(ValidationError) as raised:
        add(activity, *args, **options)
    error = raised.value
    if not hasattr(error, "error_dict"):
        return ("", error.code)
    ((field, (one,)),) = error.error_dict.items()
    return (field, one.code)


# --- what is taken in -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (PDF, "pdf"),
        (packed(*WORD), "docx"),
        (packed("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (packed("[Content_Types].xml", "ppt/presentation.xml"), "pptx"),
        (picture(), "jpg"),
    ],
    ids=["pdf", "docx", "xlsx", "pptx", "jpg"],
)
def test_a_file_is_known_by_its_content(file, kind):
    made = add(build.activity(), file)

    made.refresh_from_db()
    assert (made.type, made.size) == (kind, len(bytes(made.content)))
    if kind == "jpg":
        assert b"SecretCamera" not in bytes(made.content)
    else:
        assert bytes(made.content) == file


def test_a_link_is_kept_and_not_followed():
    made = add(build.activity(), None, link=" https://www.example.org/a ")

    assert (made.type, made.link, made.content) == (
        "link",
        "https://www.example.org/a",
        None,
    )


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "empty"),
        (b"<svg onload=x>", "type"),
        (b"<html>", "type"),
        (b"MZ\x90\x00", "type"),
        (b"GIF89a;<script>", "type"),
        (packed("a.txt"), "type"),
        (packed(*WORD)[:40], "type"),
        (packed(*WORD, "xl/workbook.xml"), "type"),
        (packed(*WORD, "word/vbaProject.bin"), "macros"),
        (picture()[:300], "type"),
    ],
    # What is packed says when: two workers would name it differently.
    ids=["nothing", "svg", "html", "exe", "gif", "zip", "cut", "two", "macros", "half"],
)
def test_what_is_no_material_is_refused_at_the_file(file, code):
    activity = build.activity()

    assert refusal(activity, file) == ("file", code)
    assert not activity.materials.exists()


def test_each_other_refusal(monkeypatch):
    activity = build.activity()
    off = build.activity(state="cancelled", cancelled_reason="雨")

    assert refusal(activity, PDF, link="https://a.example") == ("file", "one_of")
    assert refusal(activity, None) == ("file", "one_of")
    assert refusal(activity, title=" ") == ("title", "blank")
    assert refusal(activity, title="长" * 81) == ("title", "max_length")
    for link in ("javascript:alert(1)", "ftp://a.example", "http:evil"):
        assert refusal(activity, None, link=link) == ("link", "invalid")
    assert refusal(off) == ("", "over")
    monkeypatch.setattr(materials, "MOST_UNPACKED", 100)
    assert refusal(activity, packed(*WORD, size=99)) == ("file", "too_heavy")
    monkeypatch.setattr(materials, "MOST_BYTES", 10)
    assert refusal(activity) == ("file", "too_large")
    monkeypatch.undo()
    monkeypatch.setattr(materials, "MOST", 0)
    assert refusal(activity) == ("", "too_many")


@pytest.mark.parametrize(
    ("fault", "code"),
    [(scanning.Infected("Eicar"), "harmful"), (scanning.ScannerDown("x"), "scanner")],
)
def test_nothing_passes_the_scanner_unseen(monkeypatch, fault, code):  # UP-07
    def scan(content):
        raise fault

    monkeypatch.setattr(scanning, "refuse_infected", scan)
    assert refusal(build.activity()) == ("file", code)


def test_a_material_is_a_file_or_a_link():
    with pytest.raises(IntegrityError), transaction.atomic():
        build.material(build.activity(), type="link")


def test_taking_out_twice_is_once():
    material = build.material(build.activity())
    for _time in range(2):
        materials.remove(material)
    assert not ActivityMaterial.objects.exists()
    off = build.activity(state="cancelled", cancelled_reason="雨")
    with pytest.raises(ValidationError) as refused:
        materials.remove(build.material(off))
    assert refused.value.code == "over"


# --- who reads them ---------------------------------------------------------------------
def test_whom_it_expects_is_the_same_from_both_sides():  # AZ-04
    top, left, right = build.tree()
    group = build.group(left)
    for branch in (left, right):
        build.appointment(build.member(branch=branch), office="secretary")
        build.appointment(build.member(branch=branch), office="dues_collector")
        build.member(branch=branch, occupation="60000")
        build.member(branch=branch, state="stopped")
        build.member(branch=branch, state="applicant")
    build.member(branch=left, party_group=group)
    given = [
        {"branch": left},
        {"branch": left, "audience": "committee", "kind": "committee_meeting"},
        {"branch": left, "audience": "group", "party_group": group},
        {"branch": top, "audience": "below"},
        {"branch": top, "audience": "below", "offices": ["secretary"]},
        {"branch": right, "occupations": ["60000"]},
        {"branch": top, "audience": "below", "offices": ["secretary", "organizer"]},
        {"branch": top, "offices": ["dues_collector"], "occupations": ["60000"]},
    ]
    made = [build.activity(**fields) for fields in given]
    together, over = build.activity(branch=left), build.activity(audience="below")
    together.co_hosts.create(branch=right)
    over.co_hosts.create(branch=top)
    made += [together, over]

    for member in Member.objects.all():
        found = set(Activity.objects.filter(access.expecting(member)))
        assert found == {a for a in made if access.is_expected(member, a)}
    assert sum(access.expected(a).count() for a in made) > 20


def test_who_reads_the_materials_of_a_committee():
    branch = build.branch()
    meeting = build.activity(
        branch=branch, kind="committee_meeting", audience="committee"
    )
    material = build.material(meeting)
    draft = build.material(build.activity(branch=branch, state="draft"))
    member = build.user(member=build.member(branch=branch))
    officer = build.officer("committee_member", of=branch)
    guest = build.user(member=build.member(branch=branch))
    build.attendance(meeting, guest.member)
    secretary = build.secretary(of=branch)
    accounts = {
        "member": member,
        "officer": officer,
        "guest": guest,
        "secretary": secretary,
        "elsewhere": build.secretary(of=build.branch()),
        "system": build.administrator("system"),
    }

    found = {
        name: set(access_materials.visible_materials(account))
        for name, account in accounts.items()
    }

    assert found == {
        "member": set(),
        "officer": {material},
        "guest": {material},
        "secretary": {material, draft},
        "elsewhere": set(),
        "system": set(),
    }
    for name, account in accounts.items():
        status = client_of(account).get(address("material_file", material)).status_code
        assert status == (200 if material in found[name] else 404), name


def test_who_signed_up_reads_it_until_withdrawing():
    activity = build.activity(seats=3)
    material = build.material(activity)
    user = build.user(member=build.member())
    own = build.sign_up(activity, user.member)
    assert set(access_materials.visible_materials(user)) == {material}
    own.state = "withdrawn"
    own.save()
    assert not access_materials.visible_materials(user).exists()


def test_finding_them_costs_the_same_for_many(django_assert_num_queries):
    activity = build.activity()
    user = build.user(member=build.member(branch=activity.branch))
    _loaded = user.member.branch
    for count in (1, 8):
        for _each in range(count):
            build.material(activity)
        user.__dict__.pop("_scope", None)
        with django_assert_num_queries(2):  # grants, materials
            found = list(access_materials.visible_materials(user))
    assert len(found) == 9
    assert "content" in found[0].get_deferred_fields()


# --- pages ------------------------------------------------------------------------------
def test_a_host_adds_a_file_which_a_member_saves():
    activity = build.activity()
    host = client_of(build.secretary(of=activity.branch))
    page = address("material_add", activity)
    name = "../../etc/须知.pdf"
    upload = SimpleUploadedFile(name, PDF, "text/html")

    done = host.post(page, {"title": "活动须知", "file": upload}, follow=True)

    assert "Added: those invited find it on this page." in text_of(done)
    material = activity.materials.get()
    member = client_of(build.user(member=build.member(branch=activity.branch)))
    assert material.title in text_of(member.get(activity.get_absolute_url()))
    answer = member.get(address("material_file", material))
    assert answer.content == PDF
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert "etc" not in answer.headers["Content-Disposition"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert member.post(address("material_remove", material)).status_code == 404
    gone = host.post(address("material_remove", material), follow=True)
    assert "Taken out." in text_of(gone)
    assert member.get(address("material_file", material)).status_code == 404


def test_each_refusal_is_read_at_its_field():
    activity = build.activity()
    host = client_of(build.secretary(of=activity.branch))
    page = address("material_add", activity)

    def sent(**given):
        answer = host.post(page, {"title": "须知"} | given)
        assert answer.status_code == 422
        return answer.content.decode()

    def file(content):
        return SimpleUploadedFile("a.pdf", content, "application/pdf")

    assert 'id="id_title_error"' in sent(title="", file=file(PDF))
    assert "one of the two" in sent()
    wrong = sent(file=file(b"<svg/>"))
    assert 'id="id_file_error"' in wrong
    assert "Only PDF, Word, Excel, PowerPoint" in wrong
    assert "holds macros" in sent(file=file(packed(*WORD, "word/vbaProject.bin")))
    assert 'id="id_link_error"' in sent(link="javascript:alert(1)")
    assert 'id="id_file_error"' in sent(file=file(b""))
    assert not activity.materials.exists()


def test_a_link_opens_elsewhere_without_telling_from_where():
    activity = build.activity()
    material = build.material(
        activity, type="link", content=None, link="https://a.example/?a=1&b=2"
    )
    member = client_of(build.user(member=build.member(branch=activity.branch)))

    page = member.get(activity.get_absolute_url()).content.decode()

    assert 'href="https://a.example/?a=1&amp;b=2"' in page
    assert "noopener noreferrer" in page
    assert member.get(address("material_file", material)).status_code == 404


def test_materials_by_the_api_are_those_one_may_read():
    branch = build.branch()
    meeting = build.activity(
        branch=branch, kind="committee_meeting", audience="committee"
    )
    material = build.material(meeting)

    def read_by(user):
        client = APIClient()
        client.force_login(user)
        return client.get(f"/api/v1/activities/{meeting.pk}/").json()["materials"]

    assert read_by(build.user(member=build.member(branch=branch))) == []
    (found,) = read_by(build.secretary(of=branch))
    assert (found["id"], found["file"]) == (
        material.pk,
        address("material_file", material),
    )
    assert "content" not in found
