"""The administration shows and changes what `members.access` gives, and no more.

Every page of every model is opened as every role; the routes are found in the site's
registry, so that a new model is walked too (AZ-01).
"""

import re
from datetime import date
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.core.files.base import ContentFile
from django.urls import NoReverseMatch, reverse

from activities.models import (
    Activity,
    Appraisal,
    AppraisalRound,
    Attendance,
    Ballot,
    BranchModule,
    BranchSize,
    DutyRule,
    Effect,
    Election,
    FollowUp,
    Minutes,
    Program,
    Resolution,
    Talk,
)
from members import access
from members.models import (
    Appointment,
    AuditPending,
    AuditSeal,
    Authenticator,
    Branch,
    BranchGrant,
    ImportPart,
    LocalCode,
    Member,
    MemberInterest,
    Office,
    PartyGroup,
    RecoveryCode,
    Session,
    Term,
    User,
)
from members.models.account import PastPassword
from tests import build
from tests.walk import SEEDED, SIGNED_IN, make_world

pytestmark = pytest.mark.django_db
site: AdminSite = admin.site
MODELS = sorted(site._registry, key=lambda model: model._meta.model_name)
STAFF = ("secretary", "sibling", "above", "root")
ENTER = (*STAFF, "system", "security", "audit")


@pytest.fixture
def world():
    """The world of the walk, where everybody who might is staff."""
    found = make_world()
    names = [found.users[name].pk for name in (*STAFF, "member", "stranger")]
    User.objects.filter(pk__in=names).update(is_staff=True)
    return found


def as_(client, user):
    client.force_login(User.objects.get(pk=user.pk))
    return client


def url(model, page, *args):
    return reverse(
        f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args
    )


def shown(answer):
    """The primary keys of a change list."""
    return {row.pk for row in answer.context["cl"].result_list}


def reachable(user, model, action="view"):
    fresh = User.objects.get(pk=user.pk)
    return set(access.reachable(fresh, model, action).values_list("pk", flat=True))


# --- who comes in -----------------------------------------------------------------------
def test_sign_in_and_out_are_the_portals_own(client, world):
    answer = client.get("/admin/")
    assert answer.status_code == 302
    answer = client.get(reverse("admin:login"), {"next": "/admin/members/branch/"})
    assert answer.url == "/members/sign-in/?next=%2Fadmin%2Fmembers%2Fbranch%2F"

    as_(client, world.users["system"])
    assert (
        client.get(reverse("admin:password_change")).url == "/members/account/password/"
    )
    assert client.get(reverse("admin:logout")).status_code == 405
    assert client.post(reverse("admin:logout")).url == "/members/sign-in/"
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("role", SIGNED_IN)
def test_only_officers_on_the_staff_and_administrators_come_in(client, world, role):
    answer = as_(client, world.users[role]).get("/admin/")

    assert answer.status_code == (200 if role in ENTER else 404)


def test_who_loses_the_office_is_out_at_once(client, world):  # AZ-07
    secretary = as_(client, world.users["secretary"])
    assert secretary.get("/admin/").status_code == 200

    BranchGrant.objects.filter(user=world.users["secretary"]).update(
        ends_on=date(2020, 1, 2)
    )

    assert secretary.get("/admin/").status_code == 404


# --- what is registered -----------------------------------------------------------------
def test_every_table_of_the_portal_is_there_and_nothing_else():
    from django.apps import apps  # noqa: PLC0415

    own = {
        model
        for model in apps.get_app_config("members").get_models()
        if not hasattr(model, "pgh_tracked_model")
    } - {AuditPending, AuditSeal}  # how the chain stands is told above the log
    # Parts of what has a page of its own, what only serves to know somebody again, and
    # what its member alone reads.
    own -= {ImportPart, Session, Authenticator, RecoveryCode, PastPassword}
    own.remove(MemberInterest)
    own |= {Activity, DutyRule, BranchSize, Effect, Program, BranchModule}
    own |= {Attendance, Minutes, Ballot, Election, Resolution}
    own |= {AppraisalRound, Appraisal, FollowUp, Talk}

    assert set(MODELS) == own


def test_no_route_deletes_or_answers_outside_the_lists(world, client):
    as_(client, world.users["root"])
    person = world.people["person"]

    assert client.get(url(Member, "delete", person.pk)).status_code == 404
    assert (
        client.post(url(Member, "delete", person.pk), {"post": "yes"}).status_code
        == 404
    )
    assert client.get(reverse("admin:search"), {"s": "a"}).status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("admin:view_on_site")


# --- the walk ---------------------------------------------------------------------------
@pytest.mark.parametrize("role", SIGNED_IN)
def test_each_page_shows_what_access_gives(client, world, role):  # AZ-03, AZ-05
    user = world.users[role]
    as_(client, user)
    for model in MODELS:
        name = model._meta.model_name
        may_view = role in ENTER and access.may(
            user, f"{model._meta.app_label}.view_{name}"
        )
        expected = reachable(user, model) if may_view else set()

        answer = client.get(url(model, "changelist"))
        assert answer.status_code == (200 if may_view else 404), name
        if may_view:
            assert shown(answer) == expected
            assert_nothing_sealed(answer)
        for row in model._default_manager.order_by("-pk")[:20]:
            for page in ("change", "history"):
                answer = client.get(url(model, page, row.pk))
                assert answer.status_code == (200 if row.pk in expected else 404), name
                assert_nothing_sealed(answer)
        assert client.get(url(model, "change", 2_000_000_000)).status_code == 404
        answer = client.get(url(model, "add"))
        may_add = site._registry[model].has_add_permission(answer.wsgi_request)
        assert answer.status_code == (200 if may_add and role in ENTER else 404), name


def assert_nothing_sealed(answer):  # AZ-11
    text = unescape(answer.content.decode())
    for name, value in SEEDED.items():
        assert value not in text, name


@pytest.mark.parametrize("role", ENTER)
def test_no_administrator_and_nobody_by_the_way_reads_a_record(client, world, role):
    """Names of people stand only on pages of who may see the person (AZ-09)."""
    as_(client, world.users[role])
    person = world.people["person"]
    sees = person.pk in reachable(world.users[role], Member)

    for model in MODELS:
        answer = client.get(url(model, "changelist"))
        if answer.status_code != 200:
            continue
        assert person.name not in answer.content.decode() or sees, model
        for row in answer.context["cl"].result_list:
            for page in ("change", "history"):
                text = client.get(url(model, page, row.pk)).content.decode()
                assert person.name not in text or sees, (model, page)


@pytest.mark.parametrize("role", ENTER)
def test_choices_offer_only_what_one_sees(client, world, role):  # AZ-05, AZ-06
    user = world.users[role]
    as_(client, user)
    asked = [
        (model, name)
        for model in MODELS
        for name in site._registry[model].autocomplete_fields
    ]
    assert asked
    for model, name in asked:
        related = model._meta.get_field(name).remote_field.model
        answer = client.get(
            reverse("admin:autocomplete"),
            {
                "app_label": "members",
                "model_name": model._meta.model_name,
                "field_name": name,
            },
        )
        if not access.may(user, f"members.view_{related._meta.model_name}"):
            assert answer.status_code in {403, 404}
            continue
        found = {int(row["id"]) for row in answer.json()["results"]}
        assert found == reachable(user, related)


def test_selects_of_a_form_hold_only_what_one_sees(client, world):  # AZ-06
    as_(client, world.users["secretary"])

    form = client.get(url(Appointment, "add")).context["adminform"].form

    branches = set(form.fields["branch"].queryset.values_list("pk", flat=True))
    assert branches == {world.keys["left"]}
    groups = set(form.fields["party_group"].queryset.values_list("pk", flat=True))
    assert groups == {world.keys["group"]}


@pytest.mark.parametrize(
    "query",
    [
        {"id_number_index": "x"},
        {"user__password__startswith": "p"},
        {"branch__parent__name": "中共"},
        {"phone_tail__isnull": "0"},
        {"appointments__office__code": "secretary"},
    ],
)
def test_only_declared_filters_are_taken(client, world, query):  # IN-02
    as_(client, world.users["root"])

    assert client.get(url(Member, "changelist"), query).status_code == 400


def test_an_account_is_not_filtered_by_its_password(client, world):  # IN-02
    as_(client, world.users["audit"])

    answer = client.get(url(User, "changelist"), {"password__startswith": "md5"})

    assert answer.status_code == 400


def test_search_finds_nobody_outside_the_scope(client, world):
    as_(client, world.users["sibling"])
    person = world.people["person"]
    tail = SEEDED["phone"][-4:]

    for text in (person.name, "xlh", "xuelihua", tail):
        answer = client.get(url(Member, "changelist"), {"q": text})
        assert person.pk not in shown(answer)

    as_(client, world.users["secretary"])
    for text in (person.name, tail):
        assert shown(client.get(url(Member, "changelist"), {"q": text})) == {person.pk}


# --- writing ----------------------------------------------------------------------------
def fields_of(answer):
    """What the form of a page would send back as it stands."""
    form = answer.context["adminform"].form
    sent = {}
    for name, field in form.fields.items():
        value = form[name].value()
        if hasattr(field.widget, "decompress"):
            for place, part in enumerate(field.widget.decompress(value)):
                sent[f"{name}_{place}"] = "" if part is None else part
        elif value is True:
            sent[name] = "on"
        elif value is not None and value is not False:
            sent[name] = value
    return sent


def errors_of(answer):
    return answer.context["adminform"].form.errors


def test_a_record_is_changed_by_the_service(client, world):
    as_(client, world.users["secretary"])
    person = world.people["person"]
    page = url(Member, "change", person.pk)

    answer = client.post(
        page, fields_of(client.get(page)) | {"native_place": "贵州遵义"}
    )

    assert answer.status_code == 302
    changed = Member.objects.get(pk=person.pk)
    assert changed.native_place == "贵州遵义"
    assert (changed.id_number, changed.phone) == (SEEDED["id_number"], SEEDED["phone"])


def test_what_the_service_refuses_stands_at_the_field(client, world):
    as_(client, world.users["secretary"])
    page = url(Member, "change", world.people["person"].pk)
    sent = fields_of(client.get(page)) | {"full_member_on": "2000-07-02"}

    answer = client.post(page, sent)

    assert answer.status_code == 200
    assert list(errors_of(answer)) == ["full_member_on"]


def test_a_fault_of_a_hidden_field_stands_on_top(client, world):
    as_(client, world.users["secretary"])
    page = url(Member, "change", world.people["person"].pk)
    sent = fields_of(client.get(page)) | {"sex": "2", "birth_date": "1970-01-01"}

    answer = client.post(page, sent)

    assert answer.status_code == 200
    assert "sex" in errors_of(answer)


def test_state_branch_and_sealed_fields_are_not_written(client, world):  # AZ-10
    as_(client, world.users["above"])
    person = world.people["person"]
    page = url(Member, "change", person.pk)
    elsewhere = Branch.objects.get(name="中共白水村支部")
    sent = fields_of(client.get(page)) | {
        "state": "expelled",
        "branch": elsewhere.pk,
        "id_number": "110000197001017755",
        "phone": "13900000000",
        "enrolled_on": "2001-01-01",
    }

    assert client.post(page, sent).status_code == 302

    stored = Member.objects.get(pk=person.pk)
    assert (stored.state, stored.branch_id) == ("full", world.keys["left"])
    assert (stored.id_number, stored.phone) == (SEEDED["id_number"], SEEDED["phone"])


def test_a_person_is_added_to_an_own_branch_only(client, world):  # AZ-06
    as_(client, world.users["secretary"])
    elsewhere = Branch.objects.get(name="中共白水村支部")
    sent = {
        "name": "新同志",
        "sex": "1",
        "ethnic_group": "01",
        "birth_date": "1990-01-01",
        "state": "applicant",
        "applied_on": "2020-01-01",
    }

    refused = client.post(url(Member, "add"), sent | {"branch": elsewhere.pk})
    taken = client.post(url(Member, "add"), sent | {"branch": world.keys["left"]})

    assert list(errors_of(refused)) == ["branch"]
    assert taken.status_code == 302
    assert Member.objects.get(name="新同志").branch_id == world.keys["left"]
    assert Member.objects.get(name="新同志").state_changes.count() == 1


def test_a_branch_is_set_up_below_and_never_as_a_root_by_a_secretary(client, world):
    as_(client, world.users["above"])
    sent = {
        "name": "中共新村支部",
        "code": "NEW1",
        "kind": "branch",
        "setting": "village",
        "unit_relation": "same",
        "established_on": "2020-01-01",
    }

    for parent in ("", world.keys["top"]):
        refused = client.post(url(Branch, "add"), sent | {"parent": parent})
        assert list(errors_of(refused)) == ["parent"]
    taken = client.post(url(Branch, "add"), sent | {"parent": world.keys["general"]})

    assert taken.status_code == 302
    assert Branch.objects.get(code="NEW1").path.startswith(
        Branch.objects.get(pk=world.keys["general"]).path
    )


def test_the_system_administrator_sets_up_the_first_committee(client):
    as_(client, build.administrator("system"))
    sent = {
        "name": "中共某镇委员会",
        "code": "ROOT",
        "kind": "committee",
        "setting": "organ",
        "unit_relation": "same",
        "established_on": "2020-01-01",
        "document_number": "组〔2020〕1号",
    }

    wrong = client.post(url(Branch, "add"), sent | {"kind": "branch"})
    right = client.post(url(Branch, "add"), sent)

    assert list(errors_of(wrong)) == ["parent"]
    assert right.status_code == 302
    root = Branch.objects.get()
    assert root.changes.get().document_number == "组〔2020〕1号"


def test_a_branch_changes_its_own_details_and_its_superior_the_rest(client, world):
    page = url(Branch, "change", world.keys["left"])
    as_(client, world.users["secretary"])
    sent = fields_of(client.get(page)) | {"notes": "在村委会二楼", "code": "MINE"}
    assert client.post(page, sent).status_code == 302
    left = Branch.objects.get(pk=world.keys["left"])
    assert (left.notes, left.code == "MINE") == ("在村委会二楼", False)

    as_(client, world.users["above"])
    sent = fields_of(client.get(page)) | {"code": "OURS"}
    assert client.post(page, sent).status_code == 302
    assert Branch.objects.get(pk=world.keys["left"]).code == "OURS"


def test_terms_and_groups_go_through_their_services(client, world):
    as_(client, world.users["above"])
    right = Branch.objects.get(name="中共白水村支部")
    sent = {"branch": right.pk, "starts_on": "2025-01-01"}
    assert client.post(url(Term, "add"), sent).status_code == 302
    term = Term.objects.get(branch=right)
    assert (term.number, term.ends_on) == (1, date(2029, 12, 31))  # ORG-33
    page = url(Term, "change", term.pk)
    client.post(page, {"document_number": "组〔2025〕3号", "starts_on": "2001-01-01"})
    term.refresh_from_db()
    assert (term.document_number, term.starts_on) == ("组〔2025〕3号", date(2025, 1, 1))

    assert (
        client.post(
            url(PartyGroup, "add"), {"branch": right.pk, "name": "一组"}
        ).status_code
        == 302
    )
    twice = client.post(url(PartyGroup, "add"), {"branch": right.pk, "name": "一组"})
    assert "name" in errors_of(twice)


def test_an_appointment_is_made_and_ended_by_who_may_appoint(client, world):  # AZ-08
    person, right = world.people["person"], world.keys["left"]
    sent = {
        "member": person.pk,
        "office": Office.objects.get(code="secretary").pk,
        "branch": right,
        "starts_on": "2025-01-01",
        "basis": "elected",
        "decided_by": "支部党员大会",
        "document_number": "组〔2025〕9号",
    }
    as_(client, world.users["secretary"])
    assert list(errors_of(client.post(url(Appointment, "add"), sent))) == ["office"]

    group_leader = Office.objects.get(code="group_leader").pk
    sent |= {
        "office": group_leader,
        "party_group": world.keys["group"],
        "basis": "named",
    }
    assert client.post(url(Appointment, "add"), sent).status_code == 302
    made = Appointment.objects.get(member=person, office=group_leader)
    page = url(Appointment, "change", made.pk)
    ended = client.post(page, {"ends_on": "2099-01-01", "ended_reason": "届满"})
    assert ended.status_code == 302
    made.refresh_from_db()
    assert (made.ends_on, made.starts_on) == (date(2099, 1, 1), date(2025, 1, 1))


def test_an_office_gives_and_takes_rights_at_once(client, world):
    as_(client, world.users["security"])
    office = Office.objects.get(code="secretary")
    page = url(Office, "change", office.pk)
    secretary = world.users["secretary"]
    assert access.scope(User.objects.get(pk=secretary.pk), "export_roll")
    sent = fields_of(client.get(page))
    sent["permissions"] = [
        right.pk for right in office.permissions.exclude(codename="export_roll")
    ]

    assert client.post(page, sent).status_code == 302

    assert not access.scope(User.objects.get(pk=secretary.pk), "export_roll")
    assert access.scope(User.objects.get(pk=secretary.pk), "manage_roll")


# --- accounts and rights ----------------------------------------------------------------
RISES = {
    "administrator": "system",
    "is_staff": "on",
    "is_superuser": "on",
    "is_active": "on",
    "groups": "1",
    "user_permissions": "1",
    "username": "other",
    "password": "another-long-password",
}


@pytest.mark.parametrize("role", ENTER)
@pytest.mark.parametrize(
    "whose", ["secretary", "member", "stranger", "system", "audit"]
)
def test_nobody_raises_rights_by_an_account(client, world, role, whose):  # AZ-08, AZ-09
    user, before = world.users[whose], state_of(world.users[whose])
    as_(client, world.users[role])

    client.post(url(User, "change", user.pk), RISES)

    after = state_of(user)
    changed = {name for name in before if before[name] != after[name]}
    if role == "security" and whose == "stranger":
        # The one whom it is given to; a member's and another's account are refused.
        assert changed <= {"administrator", "is_staff"}
    else:
        assert changed == set() or (role == "system" and changed == {"display_name"})


def state_of(user):
    user = User.objects.get(pk=user.pk)
    names = (
        "administrator",
        "is_staff",
        "is_superuser",
        "username",
        "password",
        "is_active",
        "display_name",
    )
    return {name: getattr(user, name) for name in names} | {
        "groups": user.groups.count(),
        "user_permissions": user.user_permissions.count(),
    }


def test_the_security_administrator_alone_names_administrators(client, world):
    page = url(User, "change", world.users["stranger"].pk)
    as_(client, world.users["security"])
    assert client.post(page, {"administrator": "audit"}).status_code == 302
    assert state_of(world.users["stranger"])["administrator"] == "audit"
    second = client.post(page, {"administrator": "system"})
    assert list(errors_of(second)) == ["administrator"]  # AZ-09
    assert state_of(world.users["stranger"])["administrator"] == "audit"


def test_an_account_is_made_with_a_password_shown_once(client, world):
    as_(client, world.users["system"])

    answer = client.post(
        url(User, "add"), {"username": "founder", "display_name": "筹备组"}
    )

    user = User.objects.get(username="founder")
    (password,) = re.findall(
        r"\b[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}\b", answer.content.decode()
    )
    assert user.check_password(password)
    assert (user.must_change_password, user.administrator, user.is_staff) == (
        True,
        "",
        False,
    )


def test_a_new_first_password_is_asked_for_then_shown(client, world):
    user = world.users["secretary"]
    page = reverse("admin:members_user_new_first_password", args=[user.pk])
    as_(client, world.users["system"])

    before = state_of(user)["password"]
    assert client.get(page).status_code == 200
    assert state_of(user)["password"] == before  # AZ-15
    text = client.post(page).content.decode()

    (password,) = re.findall(r"\b[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}\b", text)
    assert User.objects.get(pk=user.pk).check_password(password)


@pytest.mark.parametrize("role", ENTER)
def test_nobody_takes_over_an_administrator_by_a_password(client, world, role):
    as_(client, world.users[role])
    for whose in ("system", "security", "audit"):
        before = state_of(world.users[whose])
        page = reverse(
            "admin:members_user_new_first_password", args=[world.users[whose].pk]
        )
        assert client.post(page).status_code == 404
        assert state_of(world.users[whose]) == before


def test_rights_for_a_purpose_are_given_with_an_end(client, world):
    user, rights = (
        world.users["stranger"],
        ["view_branch", "manage_tree", "manage_offices"],
    )
    as_(client, world.users["security"])
    form = client.get(url(BranchGrant, "add")).context["adminform"].form
    keys = [r.pk for r in form.fields["rights"].queryset if r.codename in rights]
    sent = {
        "user": user.pk,
        "content_object": world.keys["top"],
        "rights": keys,
        "purpose": "建立组织架构",
        "starts_on": "2025-01-01",
    }

    assert "ends_on" in errors_of(client.post(url(BranchGrant, "add"), sent))
    sent["ends_on"] = "2099-01-01"
    assert client.post(url(BranchGrant, "add"), sent).status_code == 302

    fresh = User.objects.get(pk=user.pk)
    assert access.scope(fresh, "manage_tree") == [
        Branch.objects.get(pk=world.keys["top"]).path
    ]
    given = BranchGrant.objects.filter(user=user)
    assert given.count() == 3
    page = url(BranchGrant, "change", given[0].pk)
    assert (
        client.post(page, {"ends_on": "2025-06-01", "purpose": "别的"}).status_code
        == 302
    )
    assert given.get(ends_on=date(2025, 6, 1)).purpose == "建立组织架构"


@pytest.mark.parametrize("whose", ["security", "audit"])
def test_no_administrator_gets_rights_on_branches(client, world, whose):  # AZ-09
    as_(client, world.users["security"])
    form = client.get(url(BranchGrant, "add")).context["adminform"].form
    sent = {
        "user": world.users[whose].pk,
        "content_object": world.keys["top"],
        "rights": [form.fields["rights"].queryset[0].pk],
        "purpose": "检查",
        "starts_on": "2025-01-01",
        "ends_on": "2099-01-01",
    }

    assert list(errors_of(client.post(url(BranchGrant, "add"), sent))) == ["user"]
    assert not BranchGrant.objects.filter(user=world.users[whose]).exists()


def test_a_grant_of_an_office_ends_with_the_office_only(client, world):
    as_(client, world.users["security"])
    by_office = BranchGrant.objects.filter(user=world.users["secretary"]).first()

    answer = client.post(
        url(BranchGrant, "change", by_office.pk), {"ends_on": "2025-01-01"}
    )

    assert answer.status_code == 404
    by_office.refresh_from_db()
    assert by_office.ends_on is None


# --- code tables in and out -------------------------------------------------------------
def test_code_tables_come_and_go_as_text_by_the_system_administrator_only(
    client, world
):
    pages = [url(LocalCode, "import"), url(LocalCode, "export")]
    for role in ENTER:
        as_(client, world.users[role])
        for page in pages:
            assert client.get(page).status_code == (200 if role == "system" else 404), (
                role
            )


def test_a_code_table_is_read_from_a_file(client):
    as_(client, build.administrator("system"))
    lines = "table,code,name_zh,valid_from\nregion,339901,青岚县,2026-01-01\n"
    form = {"import_file": ContentFile(lines.encode(), "codes.csv"), "format": "0"}

    answer = client.post(url(LocalCode, "import"), form)
    assert not LocalCode.objects.filter(code="339901").exists()
    confirm = answer.context["confirm_form"].initial
    client.post(reverse("admin:members_localcode_process_import"), confirm)

    assert LocalCode.objects.get(code="339901").name_zh == "青岚县"


# --- what a page may load -----------------------------------------------------------------
def test_only_the_administration_has_the_weaker_policy(client, world):
    as_(client, world.users["root"])

    def policy(path):
        return client.get(path).headers["Content-Security-Policy"]

    assert "unsafe" not in policy("/") + policy("/admin/nowhere/")
    ours = policy("/admin/")
    assert "script-src 'self' 'unsafe-eval'" in ours
    assert "style-src-elem 'self';" in f"{ours};"
    assert ours.count("unsafe-inline") == 1
    for kept in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert kept in ours


# --- how much is asked of the database ---------------------------------------------------
@pytest.mark.parametrize("model", [Member, Branch, Appointment, User, BranchGrant])
def test_a_list_asks_as_much_for_many_rows_as_for_few(
    client, django_assert_num_queries, model
):
    top, _left, _right = build.tree()
    role = "security" if model is BranchGrant else "root"
    user = (
        build.administrator("security")
        if role == "security"
        else build.secretary(of=top, home=build.branch(parent=top))
    )
    User.objects.filter(pk=user.pk).update(is_staff=True)
    as_(client, user)

    def queries():
        from django.db import connection  # noqa: PLC0415
        from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

        client.get(url(model, "changelist"))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = client.get(url(model, "changelist"))
        return len(asked), len(shown(answer))

    few, rows_before = queries()
    for _ in range(4):
        branch = build.branch(parent=top)
        build.officer("publicity_officer", of=branch)
    many, rows_after = queries()

    assert rows_after > rows_before
    assert many == few
