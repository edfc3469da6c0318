"""The audit log in the administration: for the audit administrator, read-only, quick."""

import csv
import io

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from members.admin.audit import CappedPaginator
from members.models import AuditEntry, AuditPending, User
from members.services import audit, audit_reading
from tests import build

pytestmark = pytest.mark.django_db
LIST = "/admin/members/auditentry/"
EXPORT = f"{LIST}export/"
Act = audit.Act


@pytest.fixture
def auditor():
    return build.administrator("audit")


@pytest.fixture
def client(client, auditor):
    client.force_login(auditor)
    return client


@pytest.fixture
def log():
    """Entries by name, of three days."""
    top, left, right = build.tree()
    by, other = build.user("xlh1"), build.user("other")
    person = build.member("薛丽华", branch=left)
    made = {}
    with time_machine.travel("2026-03-01T10:00:00+08:00", tick=False) as clock:
        made["reveal"] = audit.record(
            Act.REVEALED, by=by, subject=person, branch=left, member=person,
            reason="换届核对", field="phone",
        )  # fmt: skip
        clock.move_to("2026-03-02T10:00:00+08:00")
        made["refused"] = audit.record(
            Act.ACCESS_REFUSED, by=other, result="refused", route="r", key="7"
        )
        clock.move_to("2026-03-03T23:59:59+08:00")
        made["branch"] = audit.record(
            Act.BRANCH_CHANGED, by=by, subject=right, branch=right, change="moved"
        )
    made["left"], made["top"], made["person"] = left, top, person
    return made


def shown(client, **query):
    answer = client.get(LIST, query)
    assert answer.status_code == 200, query
    return {row.pk for row in answer.context["cl"].result_list}


def test_the_list_is_for_the_audit_administrator_alone(client, log, auditor):
    user = build.secretary(of=log["left"])
    User.objects.filter(pk=user.pk).update(is_staff=True)
    others = [user, *(build.administrator(role) for role in ("system", "security"))]

    assert client.get(LIST).status_code == 200
    for other in others:
        client.force_login(other)
        for path in (LIST, EXPORT, f"{LIST}{log['reveal'].pk}/change/"):
            assert client.get(path).status_code == 404


def test_nobody_changes_or_adds_an_entry(client, log):
    page = f"{LIST}{log['reveal'].pk}/change/"
    assert client.get(page).status_code == 200
    for path in (page, f"{LIST}add/", f"{LIST}{log['reveal'].pk}/delete/"):
        assert client.post(path, {"reason": "x"}).status_code in {403, 404}
    assert AuditEntry.objects.get(pk=log["reveal"].pk).reason == "换届核对"


@pytest.mark.parametrize(
    "query", [{"branch__path": "1."}, {"by__password__startswith": "p"}, {"mac": "x"}]
)
def test_only_declared_filters_are_taken(client, log, query):  # IN-02
    assert client.get(LIST, query).status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"reveal", "refused", "branch"}),
        ({"act__exact": "revealed"}, {"reveal"}),
        ({"result__exact": "refused"}, {"refused"}),
        ({"account": "xlh1"}, {"reveal", "branch"}),
        ({"account": "nobody"}, set()),
        ({"branch": "{left.code}"}, {"reveal"}),
        ({"branch": "{top.code}"}, {"reveal", "branch"}),
        ({"branch": "nowhere"}, set()),
        ({"member": "{person.pk}"}, {"reveal"}),
        ({"member": "x"}, set()),
        ({"member": "9" * 19}, set()),
        ({"record": "{person.pk}", "kind": "members.member"}, {"reveal"}),
        ({"kind": "members.branch"}, {"branch"}),
        ({"since": "2026-03-02"}, {"refused", "branch"}),
        ({"until": "2026-03-02"}, {"reveal", "refused"}),
        ({"since": "2026-03-02", "until": "2026-03-02"}, {"refused"}),
        ({"until": "2026-03-03"}, {"reveal", "refused", "branch"}),
        ({"since": "0001-01-01"}, set()),
        ({"until": "9999-12-31"}, set()),
        ({"since": "2026-02-30"}, set()),
        ({"address": "192.0.2.1"}, set()),
        ({"address": "nowhere"}, set()),
        ({"q": "换届"}, {"reveal"}),
        ({"q": "xlh1"}, {"reveal", "branch"}),
        ({"q": "192.0.2.1"}, set()),
        ({"q": "0" * 32}, set()),
    ],
)
def test_filters_and_search(client, log, query, found):
    query = {name: value.format(**log) for name, value in query.items()}

    entries = {log[name].pk for name in found}
    assert shown(client, **query) & {e.pk for e in entries_of(log)} == entries


def entries_of(log):
    return [entry for entry in log.values() if isinstance(entry, AuditEntry)]


def test_people_are_numbers_in_it(client, log):  # AZ-09
    for path in (LIST, f"{LIST}{log['reveal'].pk}/change/"):
        page = client.get(path).content.decode()
        assert str(log["person"].pk) in page
        assert log["person"].name not in page


def test_how_the_chain_stands_is_on_top(client, log, settings, tmp_path):
    settings.AUDIT_ANCHORS = str(tmp_path / "anchors.jsonl")
    state = client.get(LIST).context["chain"]
    assert (state.last, state.pending, state.late, state.verified) == (
        None,
        AuditPending.objects.count(),
        True,
        None,
    )

    audit.seal()
    audit.note_check(audit.verify())
    state = client.get(LIST).context["chain"]
    assert (state.last.position, state.late, state.is_whole) == (1, False, True)

    with connection.cursor() as cursor:
        cursor.execute("UPDATE members_auditentry SET reason = 'x' WHERE reason <> ''")
    audit.note_check(audit.verify())
    answer = client.get(LIST)
    assert not answer.context["chain"].is_whole
    assert f"Entry {log['reveal'].pk} was changed" in answer.content.decode()


def test_more_entries_cost_no_more_queries(client, log):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            client.get(LIST)
        return len(asked)

    client.get(LIST)
    few = queries()
    for _each in range(20):
        audit.record(Act.SIGNED_OUT, by=build.user(), branch=build.branch())

    assert queries() == few


def test_it_is_counted_so_far_and_no_further(client, log, monkeypatch):
    monkeypatch.setattr(CappedPaginator, "most", 2)

    answer = client.get(LIST)

    assert answer.context["cl"].result_count == 2
    with CaptureQueriesContext(connection) as asked:
        client.get(LIST)
    counts = [q["sql"] for q in asked if "COUNT(" in q["sql"] and "entry" in q["sql"]]
    assert counts
    assert all("LIMIT 2" in sql for sql in counts if "pending" not in sql)


# --- taken away -----------------------------------------------------------------------------
def rows_of(answer):
    text = answer.content.decode("utf-8-sig")
    _header, *rows = csv.reader(io.StringIO(text, newline=""))
    return rows


def test_the_list_is_exported_as_it_is_filtered(client, log, auditor):
    address = f"{EXPORT}?account=xlh1&since=2026-03-01"

    assert client.get(address).status_code == 200
    assert not AuditEntry.objects.filter(act="audit_exported").exists()  # AZ-15
    answer = client.post(address, {"reason": "季度检查"})

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert [row[0] for row in rows_of(answer)] == [
        str(log["branch"].pk),
        str(log["reveal"].pk),
    ]
    assert rows_of(answer)[1][1] == "2026-03-01 10:00:00"
    entry = AuditEntry.objects.get(act="audit_exported")
    assert (entry.by, entry.reason) == (auditor, "季度检查")
    assert entry.context == {"rows": 2, "filters": "account=xlh1, since=2026-03-01"}


def test_cells_of_the_file_are_no_formulas(client):  # IN-09
    audit.record(Act.EXPORTED, by=build.user("bob"), reason="=1+1")

    answer = client.post(f"{EXPORT}?account=bob", {"reason": "季度检查"})

    assert "'=1+1" in rows_of(answer)[0]


@pytest.mark.parametrize("reason", ["", "abc"])
def test_an_export_needs_a_reason(client, log, reason):
    answer = client.post(EXPORT, {"reason": reason})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["reason"]
    assert not AuditEntry.objects.filter(act="audit_exported").exists()


def test_an_export_is_bounded(client, log, monkeypatch):
    monkeypatch.setattr(audit_reading, "MOST_ROWS", 2)

    answer = client.post(EXPORT, {"reason": "季度检查"})

    assert answer.status_code == 422
    assert "2" in answer.context["form"].non_field_errors()[0]
    assert not AuditEntry.objects.filter(act="audit_exported").exists()


def test_what_was_searched_for_is_not_quoted(client, log):  # AU-05
    client.post(f"{EXPORT}?q=13955512345", {"reason": "季度检查"})

    assert AuditEntry.objects.get(act="audit_exported").context["filters"] == "q"


# --- the API ------------------------------------------------------------------------------
def test_a_program_of_the_auditor_reads_the_log(log, auditor):
    program = APIClient()
    program.force_login(auditor)

    def listed(**query):
        answer = program.get("/api/v1/audit/", query)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["results"]]

    assert listed(within=log["top"].pk) == [log["branch"].pk, log["reveal"].pk]
    assert listed(act="revealed") == [log["reveal"].pk]
    assert listed(within=2_000_000_000) == []
    assert listed(since="2026-03-02T00:00:00Z", until="2026-03-03T00:00:00Z") == [
        log["refused"].pk
    ]
    row = program.get(f"/api/v1/audit/{log['reveal'].pk}/").json()
    assert row["member"] == log["person"].pk
    assert (row["account"], row["context"]) == ("xlh1", {"field": "phone"})
    assert "薛丽华" not in str(row)
    assert set(row).isdisjoint({"mac"})


def test_a_page_of_the_api_costs_the_same_whatever_it_holds(
    log, auditor, django_assert_num_queries
):
    program = APIClient()
    program.force_login(auditor)
    program.get("/api/v1/audit/")
    with django_assert_num_queries(2):  # the account, the entries with theirs
        program.get("/api/v1/audit/")


def test_nobody_else_reads_it_by_the_api(log):
    for user in (
        build.secretary(of=log["top"], home=log["left"]),
        build.administrator("security"),
    ):
        program = APIClient()
        program.force_login(user)
        assert program.get("/api/v1/audit/").json()["results"] == []
        url = reverse("api-v1:audit-detail", args=[log["reveal"].pk])
        assert program.get(url).status_code == 404
