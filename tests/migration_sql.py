"""The SQL of our migrations, judged by squawk: what would lock or lose a table (OP-05).

`make lint` runs it. A throw-away PostgreSQL stands before each migration in turn, so the
SQL is the one that runs, names of constraints included. `.squawk.toml` says which of the
rules hold.
"""

import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from tests import services

# Not judged: they came before the first release, when there were no rows to lock, and a
# merged migration is never edited.
BASELINE = {"members": "0013_give_reveal"}
# A rule that one migration may break, and why: {"members 0042_name": {"rule": "reason"}}.
EXCEPTIONS: dict[str, dict[str, str]] = {}
RULES = Path(__file__).resolve().parent.parent / ".squawk.toml"


def squawk(sql: str, *, name: str, without: tuple[str, ...] = ()) -> str:
    """What squawk says against `sql`, "" for nothing."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.sql"
        file.write_text(sql)
        command = [str(Path(sys.executable).with_name("squawk"))]
        command += ["--config", str(RULES), "--reporter", "gcc"]
        # What is said here takes the place of what the file says.
        left_out = tomllib.loads(RULES.read_text())["excluded_rules"]
        command += [f"--exclude={','.join([*left_out, *without])}"]
        done = subprocess.run(
            [*command, str(file)], capture_output=True, text=True, cwd=folder
        )
    if done.returncode not in {0, 1} or (done.returncode and not done.stdout.strip()):
        raise RuntimeError(f"squawk did not run: {done.stderr}")
    return done.stdout.replace(f"{folder}/", "") if done.returncode else ""


def main() -> None:
    services.start()
    os.environ["DATABASE_ROLE"] = "owner"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django  # noqa: PLC0415 - reads what was set above

    django.setup()
    judged, faults = 0, []
    for name, sql in sql_of_migrations():
        judged += 1
        faults.append(squawk(sql, name=name, without=tuple(EXCEPTIONS.get(name, ()))))
    told = "".join(faults)
    print(told or f"{judged} migrations judged.")  # noqa: T201
    sys.exit(bool(told))


def sql_of_migrations():
    """Each migration after the baseline, in the order in which they are applied."""
    from django.db import connection  # noqa: PLC0415 - after the set-up
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    from members.grades import OWN_APPS  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    for migration, _back in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        app, name = migration.app_label, migration.name
        now = MigrationExecutor(connection)
        if app in OWN_APPS and name > BASELINE.get(app, ""):
            yield f"{app} {name}", sql_of(migration, now.loader)
        now.migrate([], plan=[(migration, False)])


def sql_of(migration, loader) -> str:
    lines = "\n".join(loader.collect_sql([(migration, False)]))
    return f"BEGIN;\n{lines}\nCOMMIT;\n" if migration.atomic else lines


if __name__ == "__main__":
    main()
