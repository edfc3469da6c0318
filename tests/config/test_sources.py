"""What no source file of the project does, read as a syntax tree (IN-01, OP-06)."""

import ast
import tomllib

import kombu.serialization
import pytest
from django.conf import settings
from django.core.cache import cache
from kombu import Connection
from kombu.exceptions import ContentDisallowed

from config.celery import app
from tests.config.test_templates import ROOT, SOURCES

PROGRAMS = [*SOURCES, *ROOT.glob("deploy/*.py"), *ROOT.glob("bin/*.py")]
TREES = {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in PROGRAMS}

# Where a statement is put together: from names of our own tables, columns and roles.
REVIEWED = {
    "config/demo/copying.py",
    "config/demo/history.py",
    "config/embedded.py",
    "members/append_only.py",
    "members/copying.py",
    "members/migrations/0003_history_is_append_only.py",
    "members/services/import_undo.py",
    "members/services/renewal.py",
}


def calls(tree):
    """Each call as its name and its node: `cursor.execute(…)` is "execute"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            yield getattr(called, "attr", getattr(called, "id", "")), node


def is_constant(node, constants):
    """A text that stands in the source, or a module's own constant."""
    return (isinstance(node, ast.Constant)) or (
        isinstance(node, ast.Name) and node.id in constants
    )


def constants_of(tree):
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_no_statement_is_built_from_text_outside_the_reviewed_modules():  # IN-01
    built = {
        name
        for name, tree in TREES.items()
        for called, node in calls(tree)
        if called in {"execute", "executemany"}
        and node.args  # a pipeline of the cache has none
        and not is_constant(node.args[0], constants_of(tree))
    }

    assert built == REVIEWED


def test_no_query_takes_sql_of_its_own():  # IN-01
    used = {
        name
        for name, tree in TREES.items()
        for called, _node in calls(tree)
        if called in {"extra", "raw", "RawSQL"}
    }

    assert used == {"members/services/renewal.py"}
    assert used <= REVIEWED


def test_nothing_runs_what_it_reads():  # OP-06
    modules = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml"}
    found = []
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found += [(name, a.name) for a in node.names if a.name in modules]
            elif isinstance(node, ast.ImportFrom) and node.module in modules:
                found.append((name, node.module))
        for called, node in calls(tree):
            by_name = isinstance(node.func, ast.Name)
            if by_name and called in {"eval", "exec", "compile", "__import__"}:
                found.append((name, called))
            if called in {"system", "popen", "getoutput", "getstatusoutput"}:
                found.append((name, called))
            if any(keyword.arg == "shell" for keyword in node.keywords):
                found.append((name, "shell"))

    assert found == []


def test_a_pickled_message_is_refused_by_the_workers():  # OP-06
    kombu.serialization.enable_insecure_serializers(["pickle"])
    try:
        with Connection(settings.CELERY_BROKER_URL) as connection:
            queue = connection.SimpleQueue("pickled", serializer="pickle")
            queue.put({"task": "members.tasks.tidy_rosters"})
            accepted = kombu.serialization.prepare_accept_content(
                app.conf.accept_content
            )
            queue.consumer.accept = accepted
            with pytest.raises(ContentDisallowed):
                queue.get(timeout=5)
            queue.queue.purge()
            queue.close()
    finally:
        kombu.serialization.disable_insecure_serializers(["json"])

    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"


def test_the_cache_holds_text_and_nothing_that_could_run():  # OP-06
    cache.set("kept", {"name": "青石村", "numbers": [1, None]}, 10)

    raw = cache._cache.get_client().get(cache.make_key("kept"))
    assert raw.startswith(b"{")
    assert cache.get("kept") == {"name": "青石村", "numbers": [1, None]}
    with pytest.raises(TypeError):
        cache.set("kept", object(), 10)


def test_every_exception_from_the_security_rules_says_why():  # OP-05
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]

    assert "S" in rules["select"]
    assert not [code for code in rules["ignore"] if code.startswith("S")]
    assert set(rules["per-file-ignores"]) == {"tests/*"}
