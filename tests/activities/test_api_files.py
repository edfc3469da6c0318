"""Files by the API: added, listed, fetched and taken out as on the pages (MIN-11, UP-01 …
UP-07)."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from activities import uploads
from activities.models import Activity, MinutesFile, Program, ProgramPhoto
from activities.services import materials, minutes_files, photos
from members import scanning
from tests import build
from tests.activities.api import client_of, refusal
from tests.activities.test_materials import PDF, WORD, packed
from tests.activities.test_programs import picture

pytestmark = pytest.mark.django_db
PAPER = PDF + b"%%EOF"


class Place:
    """What files of one kind hang on, and how they are sent, fetched and counted."""

    def __init__(self, noun, parent, one, name, end, **more):
        self.url = f"/api/v1/{noun}/{parent.pk}/{end}/"
        self.parent, self.one, self.name, self.more = parent, one, name, more
        self.end, self.content = (
            end,
            {"file": "file", "content": "content"}.get(name, "image"),
        )

    def send(self, client, file=PAPER, /, **more):
        sent = self.more | more
        if file is not None:
            sent[self.name] = SimpleUploadedFile("../x.html", file, "text/html")
        return client.post(self.url, sent, format="multipart")

    def address(self, key, end=""):
        return f"/api/v1/{self.one}/{key}/{end}"

    def kept(self):
        return getattr(self.parent, self.end)


@pytest.fixture
def branch():
    return build.branch()


def materials_of(branch):
    activity = build.activity(branch=branch)
    return Place(
        "activities", activity, "activity-materials", "file", "materials", title="须知"
    )


def files_of(branch):
    draft = build.minutes_draft(branch)
    return Place(
        *("minutes", draft, "minutes-files", "content", "files"),
        kind="slides",
        caption="课件",
    )


def photos_of(branch):
    program = build.program(branch)
    return Place(
        "programs", program, "program-photos", "image", "photos", caption="新路"
    )


PLACES = {"materials": materials_of, "files": files_of, "photos": photos_of}
every_kind = pytest.mark.parametrize("kind", PLACES)


# --- the way of a file ------------------------------------------------------------------
@every_kind
def test_a_file_is_added_listed_fetched_and_taken_out(kind, branch):
    place, client = PLACES[kind](branch), client_of(build.secretary(of=branch))

    made = place.send(client, picture())

    assert made.status_code == 201, made.content
    row = made.json()
    assert client.get(place.url).json() == [row]
    assert client.get(place.address(row["id"])).json() == row
    assert "image" not in row
    assert "content" not in row
    answer = client.get(place.address(row["id"], f"{place.content}/"))
    assert Image.open(BytesIO(answer.content)).format == "JPEG"
    assert b"SecretCamera" not in answer.content  # UP-03
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert "html" not in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]  # UP-02
    assert "no-store" in answer.headers["Cache-Control"]
    assert place.kept().get().added_by.member.branch == branch
    gone = client.post(place.address(row["id"], "remove/"))
    assert gone.status_code == 204
    assert client.get(place.address(row["id"])).status_code == 404
    assert client.get(place.url).json() == []


def test_papers_are_kept_as_they_are_and_told_by_their_content(branch):
    client = client_of(build.secretary(of=branch))
    for place, content, kind in (
        (materials_of(branch), packed(*WORD), "docx"),
        (materials_of(branch), PAPER, "pdf"),
        (files_of(branch), PAPER, "pdf"),
    ):
        row = place.send(client, content).json()
        assert kind in {row.get("type"), row.get("format")}
        url = place.address(row["id"], f"{place.content}/")
        assert client.get(url).content == content


def test_a_link_is_added_as_json_or_in_a_form(branch):
    place, client = materials_of(branch), client_of(build.secretary(of=branch))
    link = {"title": "讲话", "link": "https://www.example.org/a"}

    as_json = client.post(place.url, link, format="json")
    as_form = place.send(client, None, **link)

    assert [one.status_code for one in (as_json, as_form)] == [201, 201]
    row = as_json.json()
    assert (row["type"], row["link"], row["file"]) == ("link", link["link"], "")
    assert client.get(place.address(row["id"], "file/")).status_code == 404


def test_the_same_file_of_minutes_twice_is_one(branch):
    place, client = files_of(branch), client_of(build.secretary(of=branch))

    assert place.send(client).json() == place.send(client).json()
    assert place.kept().count() == 1


def test_files_and_their_digest_are_read_with_the_minutes(branch):
    place, client = files_of(branch), client_of(build.secretary(of=branch))
    before = client.get(f"/api/v1/minutes/{place.parent.pk}/").json()
    row = place.send(client).json()

    after = client.get(f"/api/v1/minutes/{place.parent.pk}/").json()

    assert (before["files"], after["files"]) == ([], [row])
    assert before["digest"] != after["digest"]


# --- refusals ---------------------------------------------------------------------------
@every_kind
def test_each_refusal_is_said_at_its_field_and_nothing_is_kept(
    kind, branch, monkeypatch
):
    place, client = PLACES[kind](branch), client_of(build.secretary(of=branch))
    name, (text, *_rest) = place.name, [n for n in place.more if n != "kind"]
    service = {"materials": materials, "files": minutes_files, "photos": photos}[kind]
    wrong = {"materials": "type", "files": "no_paper", "photos": "no_picture"}[kind]
    missing = {"materials": "one_of"}.get(kind, "required")

    assert refusal(place.send(client, b"")) == {name: "empty"}
    assert refusal(place.send(client, None)) == {name: missing}
    assert refusal(place.send(client, None, **{name: "text"})) == {name: "invalid"}
    for content in (b"<svg onload=x>", b"GIF89a;<script>", b"MZ\x90\0", picture()[:99]):
        assert refusal(place.send(client, content)) == {name: wrong}
    assert refusal(place.send(client, **{text: " "})) == {text: "blank"}
    assert refusal(place.send(client, **{text: "长" * 81})) == {text: "max_length"}
    if kind == "files":
        assert refusal(place.send(client, kind="x")) == {"kind": "invalid_choice"}
        assert refusal(place.send(client, kind="photo")) == {"content": "no_picture"}
    if kind == "materials":
        both = place.send(client, link="https://a.example")
        assert refusal(both) == {"file": "one_of"}
        script = place.send(client, None, link="javascript:alert(1)")
        assert refusal(script) == {"link": "invalid"}
        with_macros = packed(*WORD, "word/vbaProject.bin")
        assert refusal(place.send(client, with_macros)) == {"file": "macros"}
        monkeypatch.setattr(materials, "MOST_UNPACKED", 1)
        assert refusal(place.send(client, packed(*WORD))) == {"file": "too_heavy"}
    monkeypatch.setattr(service, "MOST", 0)
    assert refusal(place.send(client, picture())) == {None: "too_many"}
    assert not place.kept().exists()


@every_kind
def test_a_file_a_little_too_large_is_refused_at_its_field(kind, branch):
    place, client = PLACES[kind](branch), client_of(build.secretary(of=branch))
    most = materials.MOST_BYTES if kind == "materials" else uploads.MOST_BYTES
    large = PAPER + b"x" * (most - len(PAPER) + 1)

    assert refusal(place.send(client, large)) == {place.name: "too_large"}
    much = place.send(client, large + b"x" * (1 << 17))
    assert (much.status_code, much.json()["code"]) == (413, "too_large")
    assert not place.kept().exists()


def test_a_picture_with_too_many_pixels_is_refused(branch, monkeypatch):  # UP-03
    monkeypatch.setattr(uploads, "MOST_PIXELS", 10)
    client = client_of(build.secretary(of=branch))

    for make in PLACES.values():
        place = make(branch)
        assert refusal(place.send(client, picture())) == {place.name: "too_large"}


@every_kind
@pytest.mark.parametrize(
    ("fault", "code"),
    [(scanning.Infected("Eicar"), "harmful"), (scanning.ScannerDown("x"), "scanner")],
)
def test_nothing_passes_the_scanner_unseen(kind, branch, monkeypatch, fault, code):
    """UP-07"""

    def scan(content):
        raise fault

    place, client = PLACES[kind](branch), client_of(build.secretary(of=branch))
    monkeypatch.setattr(scanning, "refuse_infected", scan)

    assert refusal(place.send(client)) == {place.name: code}
    assert not place.kept().exists()


def test_what_is_over_or_signed_takes_no_more_and_loses_nothing(branch):
    client = client_of(build.secretary(of=branch))
    off, end, signed = materials_of(branch), photos_of(branch), files_of(branch)
    held = [build.material(off.parent), build.minutes_file(signed.parent)]
    Activity.objects.update(state="cancelled", cancelled_reason="雨")
    Program.objects.update(state="finished")
    type(signed.parent).objects.update(
        state="signing", chair=build.member(), chair_signed_at="2026-01-01T00:00Z"
    )

    for place, code in ((off, "over"), (end, "over"), (signed, "signed")):
        assert refusal(place.send(client, picture())) == {None: code}
    for place, one, code in ((off, held[0], "over"), (signed, held[1], "signed")):
        answer = client.post(place.address(one.pk, "remove/"))
        assert refusal(answer) == {None: code}
    assert MinutesFile.objects.count() == 1


@every_kind
def test_other_formats_are_a_415(kind, branch):
    place, client = PLACES[kind](branch), client_of(build.secretary(of=branch))
    kinds = ["application/pdf", "application/x-www-form-urlencoded", "text/plain"]
    if kind != "materials":
        kinds.append("application/json")
    for other in kinds:
        answer = client.generic("POST", place.url, "{}", content_type=other)
        assert answer.status_code == 415
        assert answer.json()["code"] == "unsupported_media_type"


# --- access -----------------------------------------------------------------------------
def people_of(branch):
    return {
        "secretary": build.secretary(of=branch),
        "above": build.secretary(of=branch.parent, home=build.branch()),
        "member": build.user(member=build.member(branch=branch)),
        "sibling": build.secretary(of=build.branch()),
        "stranger": build.user(),
        "system": build.administrator("system"),
        "security": build.administrator("security"),
        "audit": build.administrator("audit"),
    }


@pytest.mark.parametrize(
    ("kind", "reads", "lists"),
    [
        ("materials", {"member"}, {"member"}),
        ("files", set(), set()),
        ("photos", {"member"}, {"member"}),
    ],
)
def test_who_reads_and_writes_is_who_does_on_the_pages(kind, reads, lists):
    branch = build.branch(parent=build.committee())
    place, writers = PLACES[kind](branch), {"secretary", "above"}
    users = people_of(branch)
    key = place.send(client_of(users["secretary"]), picture()).json()["id"]

    def may(method, url, fine, **options):
        found = set()
        for name, user in users.items():
            answer = getattr(client_of(user), method)(url, **options)
            assert answer.status_code in {fine, 404}, (name, answer.content)
            found |= {name} if answer.status_code == fine else set()
        return found

    assert may("get", place.url, 200) == writers | lists
    assert may("get", place.address(key), 200) == writers | reads
    assert may("get", place.address(key, f"{place.content}/"), 200) == writers | reads
    assert may("post", place.url, 400, format="multipart") == writers
    for name, user in users.items():
        if name not in writers:
            url = place.address(key, "remove/")
            assert client_of(user).post(url).status_code == 404
            assert place.send(client_of(user)).status_code == 404
    assert place.kept().count() == 1
    nobody = APIClient()
    assert place.send(nobody).status_code == 401
    assert nobody.get(place.address(key, f"{place.content}/")).status_code == 401


def test_a_member_lists_only_the_materials_one_may_read(branch):
    meeting = build.activity(
        branch=branch, kind="committee_meeting", audience="committee"
    )
    material = build.material(meeting)
    url = f"/api/v1/activities/{meeting.pk}/materials/"
    member = client_of(build.user(member=build.member(branch=branch)))
    officer = client_of(build.officer("committee_member", of=branch))

    assert member.get(url).json() == []
    assert [row["id"] for row in officer.get(url).json()] == [material.pk]
    one = f"/api/v1/activity-materials/{material.pk}/"
    assert [member.get(f"{one}{end}").status_code for end in ("", "file/")] == [404] * 2


def test_the_recorder_adds_files_and_takes_them_out(branch):  # MIN-11
    recorder = build.user(member=build.member(branch=branch))
    place = files_of(branch)
    place.parent.recorder = recorder.member
    place.parent.save()
    client = client_of(recorder)

    row = place.send(client).json()
    assert client.post(place.address(row["id"], "remove/")).status_code == 204


def test_photos_of_a_module_that_is_off_are_out_of_reach(branch):  # KIND-11
    client, place = client_of(build.secretary(of=branch)), photos_of(branch)
    photo = build.program_part(ProgramPhoto, place.parent)
    branch.modules.create(module=place.parent.module, is_on=False)

    assert client.get(place.url).status_code == 404
    assert place.send(client).status_code == 404
    assert client.get(place.address(photo.pk, "image/")).status_code == 404


# --- cost -------------------------------------------------------------------------------
@every_kind
def test_a_list_costs_the_same_for_many_and_loads_no_content(
    kind, branch, django_assert_max_num_queries
):
    place, client = PLACES[kind](branch), client_of(build.secretary(of=branch))
    make = {
        "materials": build.material,
        "files": build.minutes_file,
        "photos": lambda program: build.program_part(ProgramPhoto, program),
    }[kind]
    make(place.parent)
    client.get(place.url)
    with django_assert_max_num_queries(30) as few:
        client.get(place.url)
    for _each in range(5):
        make(place.parent)
    with django_assert_max_num_queries(len(few)) as many:
        assert len(client.get(place.url).json()) == 6
    column = "image" if kind == "photos" else "content"
    table = place.kept().model._meta.db_table
    for query in many.captured_queries:
        assert f'"{table}"."{column}"' not in query["sql"]
