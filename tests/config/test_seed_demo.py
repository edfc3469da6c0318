"""The demonstration as a command: the same for a seed, whole at any size, refused in words."""

import gc
import hashlib
import json
from datetime import date
from io import StringIO
from itertools import islice
from random import Random
from statistics import median

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from activities.models import (
    Activity,
    Attendance,
    Minutes,
)
from config.demo.lives import Life
from config.demo.seeding import sizes
from config.demo.tree import Kind, organizations
from members import access
from members.models import (
    Branch,
    Member,
    Notification,
    User,
)
from members.services import audit, reveals

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 30)


def run(**options):
    """Seed; return what the command printed on its last line."""
    out = StringIO()
    call_command("seed_demo", today=TODAY, stdout=out, **options)
    return json.loads(out.getvalue().splitlines()[-1])


def test_it_is_the_same_for_a_seed_and_another_for_another():
    def drawn(seed):
        """What a seed makes, and nothing of it left."""
        counts, mark = run(members=60, branches=12, seed=seed), hashlib.sha256()
        for model in (apps.get_model("members", "MemberEvent"), Member):
            for row in model.objects.order_by("pk").select_related("branch"):
                facts = (row.name, row.id_number, row.phone, row.address, row.state)
                mark.update(repr((*facts, row.updated_at, row.branch.code)).encode())
        for row in Branch.objects.order_by("pk"):
            mark.update(f"{row.code} {row.name} {row.established_on}".encode())
        for row in Activity.objects.order_by("pk").select_related("branch"):
            mark.update(f"{row.branch.code} {row.title} {row.starts_at}".encode())
        for row in Attendance.objects.order_by("pk").select_related("member"):
            mark.update(f"{row.member.id_number} {row.state} {row.way}".encode())
        for row in Minutes.objects.order_by("pk"):
            mark.update(repr((row.number, row.begins_at, row.people)).encode())
        for row in Notification.objects.order_by("pk").select_related("user__member"):
            whose = row.user.member.id_number
            mark.update(f"{whose} {row.kind} {row.created_at}".encode())
        empty()
        return counts, mark.hexdigest()

    first, again, other = drawn(5), drawn(5), drawn(6)

    assert first == again
    assert first[1] != other[1]


def empty():
    tables = [
        model._meta.db_table
        for model in apps.get_app_config("members").get_models()
        if model._meta.model_name not in {"office", "officeevent"}
    ] + ["pghistory_context"]
    quoted = ", ".join(connection.ops.quote_name(table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {quoted} CASCADE")


def test_people_that_are_written_are_let_go():
    gc.collect()
    before = people_in_memory()  # other tests may hold some
    gc.disable()  # as while it runs: a million that held one another would fill it
    try:
        run(members=60, branches=12)
        left = people_in_memory().keys() - before.keys()
    finally:
        gc.enable()

    assert not left


def people_in_memory():
    """By identity; held here, so that nobody else gets the same."""
    return {id(one): one for one in gc.get_objects() if type(one) in (Member, Life)}


@pytest.mark.parametrize("size", [4, 11, 32, 200])
def test_the_tree_is_whole_at_any_size(size):
    run(members=40, branches=size)

    branches = Branch.objects.select_related("parent")
    assert len(branches) == size
    for branch in branches:
        parent = branch.parent
        assert branch.path == f"{parent.path if parent else ''}{branch.pk}."
        if parent is None:
            assert branch.kind == Kind.COMMITTEE
        else:  # ORG-16
            assert parent.kind in Branch.PARENTS[branch.kind]
            assert parent.established_on <= branch.established_on


def test_rolls_of_any_size_hold_all_and_the_first_is_a_usual_branch():
    for members, branches in ((300, 30), (20_000, 400), (1_000_000, 20_000)):
        units = list(islice(organizations(Random(1)), branches))  # noqa: S311
        found = [size for _unit, size in sizes(units, members)]

        assert sum(found) == members
        assert found[0] <= 51
    assert 45 < median(found) < 60
    assert max(found) < 400


def test_demonstration_accounts_are_made_on_request(settings, tmp_path):
    settings.VAR = tmp_path

    run(members=150, branches=8, accounts=True)

    file = tmp_path / "demo-accounts.json"
    assert file.stat().st_mode & 0o777 == 0o600
    accounts = {row["username"]: row for row in json.loads(file.read_text())}
    assert set(accounts) == {
        *("secretary", "organizer", "committee", "county", "city"),
        *("member", "newcomer"),
        *("system", "security", "audit"),
    }
    for name, row in accounts.items():
        user = User.objects.get(username=name)
        assert user.check_password(row["password"])
        assert user.must_change_password is (name == "newcomer")
        assert user.is_staff is (name in {"committee", "system", "security", "audit"})
    secretary = User.objects.get(username="secretary")
    assert secretary.has_perm("members.manage_roll", secretary.member)
    committee = User.objects.get(username="committee")
    assert committee.has_perm("members.manage_roll", secretary.member)
    for name in ("secretary", "committee", "county", "city"):
        user = User.objects.get(username=name)
        reached = access.visible_members(user).count()
        assert accounts[name]["members"] == reached > 0
    assert accounts["city"]["members"] == 150
    assert accounts["system"]["members"] == 0


@pytest.mark.parametrize(
    "options",
    [
        {"branches": 3},
        {"members": 0},
        {"days": 10},
        {"today": date(2999, 1, 1)},
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence(options):
    with pytest.raises(CommandError, match=r"\.$"):
        call_command("seed_demo", **options)


def test_known_passwords_are_refused_behind_https(settings):
    settings.HTTPS = True

    with pytest.raises(CommandError, match="HTTPS"):  # OP-02
        run(accounts=True)


def test_the_log_tells_of_a_few_acts_and_the_member_who_looked(settings, tmp_path):
    settings.VAR = tmp_path
    run(members=60, branches=12, accounts=True)
    user = User.objects.get(username="member")

    looked = reveals.lookers(user.member)

    assert [looker["field"] for looker in looked] == [
        *("phone", "id_number", "address", "phone")
    ]
    assert {looker["who"].username for looker in looked} == {"secretary"}
    assert user.notifications.filter(kind="revealed").count() == 4
    assert audit.verify().passed
