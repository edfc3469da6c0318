"""What `make lint` refuses in the SQL of migrations (OP-05)."""

import pytest
from django.db import connection
from django.db.migrations import AddIndex, AlterField, Migration
from django.db.migrations.loader import MigrationLoader
from django.db.models import CharField, Index

from tests.migration_sql import BASELINE, EXCEPTIONS, sql_of, squawk

DANGERS = {
    "require-concurrent-index-creation": "CREATE INDEX i ON members_member (pinyin)",
    "adding-required-field": "ALTER TABLE members_member ADD COLUMN x text NOT NULL",
    "ban-drop-column": "ALTER TABLE members_member DROP COLUMN pinyin",
    "ban-drop-table": "DROP TABLE members_member",
    "renaming-column": "ALTER TABLE members_member RENAME COLUMN pinyin TO x",
    "renaming-table": "ALTER TABLE members_member RENAME TO x",
    "changing-column-type": "ALTER TABLE members_member ALTER COLUMN id TYPE text",
    "adding-not-nullable-field": "ALTER TABLE members_member ALTER pinyin SET NOT NULL",
    "constraint-missing-not-valid": "ALTER TABLE members_member "
    "ADD CONSTRAINT c CHECK (id > 0)",
    "adding-foreign-key-constraint": "ALTER TABLE members_member ADD CONSTRAINT f "
    "FOREIGN KEY (branch_id) REFERENCES members_branch (id)",
    "disallowed-unique-constraint": "ALTER TABLE members_member "
    "ADD CONSTRAINT u UNIQUE (pinyin)",
    "ban-concurrent-index-creation-in-transaction": "CREATE INDEX CONCURRENTLY i "
    "ON members_member (pinyin)",
}


@pytest.mark.parametrize(("rule", "sql"), DANGERS.items())
def test_what_locks_or_loses_a_table_is_refused(rule, sql):
    told = squawk(f"BEGIN;\n{sql};\nCOMMIT;\n", name="members 0099_x")

    assert told.startswith("members 0099_x.sql:")
    assert f"{rule} " in told


def test_an_exception_leaves_one_rule_out_and_no_other():
    sql = f"BEGIN; {DANGERS['ban-drop-column']}; {DANGERS['ban-drop-table']}; COMMIT;"

    told = squawk(sql, name="x", without=("ban-drop-column",))

    assert "ban-drop-table" in told
    assert "ban-drop-column" not in told


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY i ON members_member (pinyin);",
        "ALTER TABLE members_member ADD COLUMN x text;",
        "BEGIN; CREATE TABLE x (id bigint PRIMARY KEY); CREATE INDEX i ON x (id); "
        "COMMIT;",
        "-- (no-op)",
    ],
)
def test_what_does_no_harm_passes(sql):
    assert squawk(sql, name="x") == ""


@pytest.mark.django_db
def test_the_sql_is_that_of_the_migration():
    loader = MigrationLoader(connection)
    migration = Migration("0099_x", "members")
    migration.dependencies = loader.graph.leaf_nodes("members")
    index = Index(fields=["birth_date", "state"], name="x")
    migration.operations = [
        AddIndex("member", index),
        AlterField("branch", "name", CharField(max_length=7)),
    ]
    loader.disk_migrations["members", "0099_x"] = migration
    loader.graph.add_node(("members", "0099_x"), migration)
    for dependency in migration.dependencies:
        loader.graph.add_dependency(migration, ("members", "0099_x"), dependency)

    told = squawk(sql_of(migration, loader), name="members 0099_x")

    assert "require-concurrent-index-creation" in told
    assert "changing-column-type" in told


def test_every_exception_says_why_and_stands_for_a_migration():
    known = {f"{app} {name}" for app, name in MigrationLoader(None).disk_migrations}

    assert EXCEPTIONS.keys() <= known
    assert {f"{app} {name}" for app, name in BASELINE.items()} <= known
    assert all(why for rules in EXCEPTIONS.values() for why in rules.values())
