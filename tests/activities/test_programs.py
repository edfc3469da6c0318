"""Programs, the decision flow, modules and photos (KIND-01 … KIND-13)."""

import io
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from activities import access_programs, presets, uploads
from activities.models import Effect, FlowStep, Module, Program, Reading
from activities.services import flow, modules, photos, programs
from members.models import AuditEntry, Branch
from members.scanning import Infected, ScannerDown
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def branch():
    return build.branch("中共青石村支部")


@pytest.fixture
def secretary(branch):
    return build.secretary(of=branch)


@pytest.fixture
def program(branch, secretary):
    return build.program(branch)


def code_of(call, *args, **kwargs):
    with pytest.raises(ValidationError) as refusal:
        call(*args, **kwargs)
    error = refusal.value
    found = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    return {(name, one.code) for name, errors in found.items() for one in errors}


DAY = date(2026, 1, 10)


def step(program, name, days, **fields):
    fields = {"body": "村党支部", **fields}
    if name in FlowStep.VOTING:
        fields = {"yes": 9, "no": 1, "abstain": 0, **fields}
    if name in FlowStep.PUBLISHING:
        fields = {"place": "村务公开栏", **fields}
    made = FlowStep(program=program, step=name, on=DAY + timedelta(days), **fields)
    return flow.record(made, by=None)


def all_steps(program):
    for number, name in enumerate(FlowStep.Step.values):
        step(program, name, 20 if name == "publish_result" else number)


# --- presets and modules ------------------------------------------------------------------
def test_every_setting_has_a_preset_in_both_languages():  # KIND-11
    for setting in Branch.Setting.values:
        assert presets.modules_of(setting), setting
    for preset in presets.all_presets().values():
        assert preset.module in Module.values
        assert preset.indicators()
        assert preset.milestones()
        assert all(preset.words.values())


def test_a_module_is_switched_once_and_audited(branch, secretary):  # KIND-11
    assert modules.of(branch) == {Module.REVITALIZATION, Module.DECISION_FLOW}

    assert modules.switch(branch, Module.REVITALIZATION, False, by=secretary)
    assert not modules.switch(branch, Module.REVITALIZATION, False, by=secretary)
    assert modules.switch(branch, Module.POSTS, True, by=secretary)

    assert modules.of(branch) == {Module.DECISION_FLOW, Module.POSTS}
    assert [p.code for p in modules.presets_for(branch)] == ["posts"]
    entries = AuditEntry.objects.filter(act="module_switched", by=secretary)
    assert entries.count() == 2


def test_what_belongs_to_a_module_that_is_off_is_out_of_reach(
    client, program, secretary, branch
):
    client.force_login(secretary)
    page = program.get_absolute_url()
    assert client.get(page).status_code == 200

    modules.switch(branch, Module.DECISION_FLOW, False, by=None)
    assert "Four discussions" not in client.get(page).content.decode()
    assert client.get(f"{page}step/").status_code == 404
    modules.switch(branch, Module.REVITALIZATION, False, by=None)
    assert client.get(page).status_code == 404
    assert list(access_programs.visible_programs(secretary)) == []
    assert not secretary.has_perm("activities.view_program", program)
    form = client.get("/activities/programs/add/").context["form"]
    assert "preset" not in form.fields
    modules.switch(branch, Module.REVITALIZATION, True, by=None)
    assert client.get(page).status_code == 200


# --- who sees what ------------------------------------------------------------------------
def test_members_read_what_was_started_and_officers_manage():
    top, left, right = build.tree()
    made, draft = build.program(left), build.program(left, state="draft")
    both = {made, draft}
    users = {
        "member": build.user(member=build.member(branch=left)),
        "secretary": build.secretary(of=left),
        "above": build.secretary(of=top, home=right),
        "sibling": build.secretary(of=right),
        "stranger": build.user(),
        "system": build.administrator("system"),
    }
    seen = {"member": {made}, "secretary": both, "above": both}
    for name, user in users.items():
        assert set(access_programs.visible_programs(user)) == seen.get(name, set())
        managed = seen.get(name, set()) if name != "member" else set()
        assert set(access_programs.managed_programs(user)) == managed, name


# --- services -----------------------------------------------------------------------------
def test_a_program_begins_from_its_preset(branch, secretary):
    preset = presets.all_presets()["revitalization"]
    drafted = programs.drafted(branch, preset, starts_on=DAY)

    made = programs.begin(drafted, preset, by=secretary)

    assert (made.state, made.module, made.has_flow) == ("draft", "revitalization", True)
    assert (made.indicators.count(), made.milestones.count()) == (3, 3)
    other = presets.all_presets()["posts"]
    wrong = programs.drafted(branch, other, starts_on=DAY)
    assert code_of(programs.begin, wrong, other, by=None) == {("", "module_off")}


def test_steps_of_a_program_and_their_refusals(program, secretary):
    assert code_of(programs.start, program, by=None) == {("", "under_way")}
    assert code_of(programs.stop, program, reason=" ", by=None) == {
        ("reason", "no_reason")
    }
    programs.finish(program, by=secretary)
    assert code_of(programs.stop, program, reason="x", by=None) == {("", "over")}
    draft = build.program(program.branch, state="draft")
    assert code_of(programs.finish, draft, by=None) == {("", "not_started")}
    assert AuditEntry.objects.filter(act="program_changed", by=secretary).count() == 1


def test_the_plan_is_judged_by_field(program):
    program.ends_on = program.starts_on
    assert code_of(programs.change, program, by=None) == {("ends_on", "order")}
    program.ends_on = program.starts_on + timedelta(days=9)
    program.member = build.member()
    assert code_of(programs.change, program, by=None) == {("member", "not_here")}


def test_progress_is_measured_on_the_own_way(program):
    indicator = program.indicators.create(name="收入", baseline=20, target=60)
    made = Reading(indicator=indicator, on=DAY, value=30)
    programs.save_part(made, by=None)

    assert [indicator.reached(v) for v in (10, 30, 60, 99)] == [0, 25, 100, 100]
    tomorrow = timezone.localdate() + timedelta(days=1)
    late = Reading(indicator=indicator, on=tomorrow, value=1)
    assert code_of(programs.save_part, late, by=None) == {("on", "future")}
    assert code_of(programs.remove_part, indicator) == {("", "has_readings")}


def test_an_activity_belongs_to_one_program_of_its_branch(program):
    activity = build.activity(branch=program.branch)
    programs.link(program, activity)
    programs.link(program, activity)
    other = build.program(program.branch)

    assert program.links.count() == 1
    assert code_of(programs.link, other, activity) == {("activity", "taken")}
    assert code_of(programs.link, other, build.activity()) == {
        ("activity", "elsewhere")
    }


# --- the flow -----------------------------------------------------------------------------
def test_all_six_steps_in_their_order(program):  # KIND-01
    all_steps(program)

    assert flow.next_step(program) is None
    posted = program.steps.get(step="publish_decision")
    assert (posted.days, posted.last_day) == (7, posted.on + timedelta(days=6))


def test_a_step_before_its_turn_is_refused(program):  # KIND-01
    assert code_of(step, program, "confer", 0) == {("", "too_early")}
    step(program, "propose", 0)
    assert code_of(step, program, "propose", 1) == {("", "done")}
    assert code_of(step, program, "review", 1) == {("", "too_early")}
    assert code_of(step, program, "confer", -1) == {("on", "order")}


def test_the_result_waits_for_the_decision_to_have_hung(program):  # KIND-01
    for number, name in enumerate(FlowStep.Step.values[:5]):
        step(program, name, number)

    assert code_of(step, program, "publish_result", 10) == {("on", "too_early")}
    step(program, "publish_result", 11)


def test_a_no_ends_the_flow_with_its_reason(program):  # KIND-01
    step(program, "propose", 0)
    no = {"passed": False, "yes": 2, "no": 8}
    assert code_of(step, program, "confer", 1, **no) == {("reason", "no_reason")}
    step(program, "confer", 1, reason="资金未落实", **no)

    assert flow.next_step(program) is None
    assert code_of(step, program, "review", 2) == {("", "ended")}
    flow.take_back(program, by=None)
    assert flow.next_step(program) == "confer"


def test_nothing_is_taken_back_before_the_first_step(program):
    assert code_of(flow.take_back, program, by=None) == {("", "no_step")}


def test_counts_fit_the_result(program):
    step(program, "propose", 0)
    assert code_of(step, program, "confer", 1, yes=5, no=5) == {("passed", "votes")}
    assert code_of(step, program, "confer", 1, yes=None) == {("yes", "votes")}
    assert code_of(step, program, "confer", 1, body=" ") == {("body", "no_body")}
    assert code_of(step, build.program(state="draft"), "propose", 0) == {
        ("", "not_started")
    }
    village = build.program(program.branch, has_flow=False)
    assert code_of(step, village, "propose", 0) == {("", "no_flow")}


# --- photos -------------------------------------------------------------------------------
def picture(**options):
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"
    written = io.BytesIO()
    image = Image.new("RGB", options.pop("size", (2000, 1000)), "red")
    image.save(written, options.pop("kind", "JPEG"), exif=exif)
    return written.getvalue()


def test_a_photo_keeps_nothing_of_the_camera(program, secretary):
    sent = picture()
    assert b"SecretCamera" in sent

    made = photos.add(program, sent, caption="新路", by=secretary)

    kept = bytes(made.image)
    opened = Image.open(io.BytesIO(kept))
    assert b"SecretCamera" not in kept
    assert (dict(opened.getexif()), opened.size) == ({}, (1600, 800))


def test_what_is_no_picture_or_too_many_is_refused(program, secretary, monkeypatch):
    def add(content, caption="图"):
        return photos.add(program, content, caption=caption, by=secretary)

    assert code_of(add, b"<svg/>") == {("image", "no_picture")}
    assert code_of(add, picture()[:400]) == {("image", "no_picture")}
    assert code_of(add, picture(), " ") == {("caption", "no_caption")}
    assert code_of(add, bytes(uploads.MOST_BYTES + 1)) == {("image", "too_large")}
    monkeypatch.setattr(photos, "MOST", 0)
    assert code_of(add, picture()) == {("", "too_many")}


def test_a_photo_that_the_scanner_stops_is_refused(program, secretary, monkeypatch):
    def add():
        return photos.add(program, picture(), caption="图", by=secretary)

    for fault, code in ((Infected("Eicar"), "harmful"), (ScannerDown(), "scanner")):

        def refuse(_content, fault=fault):
            raise fault

        monkeypatch.setattr(uploads.scanning, "refuse_infected", refuse)
        assert code_of(add) == {("image", code)}
    assert not program.photos.exists()


def test_a_program_begins_in_a_branch_that_stands_and_in_this_age(branch, secretary):
    preset = presets.all_presets()["revitalization"]

    def begin(starts_on, branch=branch):
        drafted = programs.drafted(branch, preset, starts_on=starts_on)
        return programs.begin(drafted, preset, by=secretary)

    assert code_of(begin, date(1900, 1, 1)) == {("starts_on", "too_far")}
    branch.closed_on = date(2026, 1, 1)
    branch.save()
    assert code_of(begin, date(2026, 1, 1)) == {("branch", "closed")}


def test_a_publication_says_where_it_hung(program):  # KIND-01
    for number, name in enumerate(FlowStep.Step.values[:4]):
        step(program, name, number)

    refusal = code_of(step, program, "publish_decision", 5, place=" ")
    assert refusal == {("place", "no_place")}


def test_a_photo_is_served_to_who_may_see_the_program(client, program, secretary):
    client.force_login(secretary)
    page = program.get_absolute_url()
    upload = SimpleUploadedFile("a.jpg", picture(), "image/jpeg")
    client.post(f"{page}photos/add/", {"image": upload, "caption": "新路"})
    photo = program.photos.get()
    url = f"/activities/programs/photos/{photo.pk}/"

    answer = client.get(url)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    client.force_login(build.secretary(of=build.branch()))
    assert client.get(url).status_code == 404
    client.force_login(secretary)
    client.post(f"{url}remove/")
    assert not program.photos.exists()


# --- pages --------------------------------------------------------------------------------
def test_a_secretary_takes_a_program_from_preset_to_end(client, secretary):
    client.force_login(secretary)
    url = "/activities/programs/add/?preset=revitalization"
    form = client.get(url).context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    assert client.post(url, sent | {"goals": ""}).status_code == 422
    client.post(url, sent)
    made = Program.objects.get()
    page = made.get_absolute_url()
    client.post(f"{page}start/")

    early = client.post(f"{page}step/?step=decide", {"on": "2026-01-01", "body": "村"})
    assert early.status_code == 422
    late = client.post(
        f"{page}step/?step=confer",
        {"on": "2026-01-01", "body": "村", "passed": "yes"}
        | {"yes": 1, "no": 0, "abstain": 0},
    )
    assert "First comes “The branch proposes”" in late.content.decode()
    client.post(f"{page}step/", {"on": "2026-01-01", "body": "村", "passed": "yes"})
    assert made.steps.get().step == "propose"
    client.post(f"{page}items/add/?kind=project", {"title": "修路"})
    client.post(f"{page}milestones/add/", {"title": "开工", "due_on": "2026-05-01"})
    client.post(
        f"/activities/programs/indicators/{made.indicators.first().pk}/read/",
        {"on": "2026-02-01", "value": "30"},
    )
    text = client.get(page).content.decode()
    assert "修路" in text
    assert made.indicators.first().readings.count() == 1
    assert client.post(f"{page}stop/", {"reason": ""}).status_code == 422
    client.post(f"{page}stop/", {"reason": "合并"})
    assert "合并" in client.get(page).content.decode()
    assert client.post(f"{page}edit/", sent).status_code == 422


def test_what_came_of_its_activities_stands_on_its_page(
    client, program, secretary, django_assert_num_queries
):
    member = build.member(branch=program.branch)
    client.force_login(secretary)
    page = program.get_absolute_url()
    programs.link(program, build.activity(branch=program.branch))
    assert "What came of its activities" not in client.get(page).text

    for number in (1, 4):
        for _one in range(number):
            held = build.meeting(program.branch, state="held")
            build.attendance(held, member)
            Effect.objects.create(activity=held, change="改在下午开会")
            programs.link(program, held)
        with django_assert_num_queries(WITH_EFFECT):
            shown = client.get(page).text
        assert "改在下午开会" in shown
        assert "100%" in shown
    client.force_login(build.user(member=member))
    assert "改在下午开会" not in client.get(page).text


WITH_EFFECT = 18


def test_pages_cost_the_same_however_much_there_is(
    client, program, secretary, django_assert_max_num_queries
):
    client.force_login(secretary)
    page = program.get_absolute_url()
    client.get(page)
    for number in range(8):
        one = program.indicators.create(name=f"{number}", target=9)
        one.readings.create(on=DAY, value=1)
        program.milestones.create(title="x", due_on=DAY)
        program.items.create(
            kind="post", title="x", member=build.member(branch=program.branch)
        )
        build.program(program.branch)
    all_steps(program)
    with django_assert_max_num_queries(DETAIL_QUERIES):
        client.get(page)
    with django_assert_max_num_queries(LIST_QUERIES):
        client.get("/activities/programs/")


DETAIL_QUERIES, LIST_QUERIES = 20, 8
