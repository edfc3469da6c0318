#!/usr/bin/env python
"""Django's command line, which starts the embedded services where a command needs them."""

import os
import signal
import subprocess
import sys

from django.core.management import execute_from_command_line

from config import embedded

# These start no database. The last line: work on files alone.
NO_DATABASE = {
    *(
        "check",
        "help",
        "version",
        "--help",
        "-h",
        "--version",
        "catalogs",
        "spectacular",
    ),
    *("makemigrations", "optimizemigration", "collectstatic", "findstatic"),
    *(
        "makemessages",
        "compilemessages",
        "diffsettings",
        "startapp",
        "testserver",
        "test",
    ),
    *("calibrate_items", "simulate_adaptive", "replay_adaptive"),
    *("evaluate_recommender", "evaluate_assistant", "evaluate_topics"),
}
# These change tables, which only the owner of the database may; and a demonstration
# dates its history back. Rotating keys seals the history anew.
MIGRATING = {"migrate", "flush", "pgtrigger", "createcachetable"}
AS_OWNER = MIGRATING | {"seed_demo", "rotate_keys"}


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if command in AS_OWNER:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    # SIGTERM ends us like Ctrl-C does: after the services.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        configured = embedded.configured()
        if not configured:
            embedded.make_secrets(embedded.var_folder())
        if configured or command in NO_DATABASE or "--help" in sys.argv:
            execute_from_command_line(sys.argv)
        else:
            execute_with_services(command)
    except embedded.StartError as reason:
        sys.exit(str(reason))


def execute_with_services(command: str) -> None:
    """Join what runs, else start services whose tables are up to date."""
    prepare = embedded.forget_migrations if command in MIGRATING else migrate
    var, name = embedded.var_folder(), f"`manage.py {command}`"
    with embedded.services(var, name, prepare) as place:
        os.environ.update(place.environment())
        if command in MIGRATING:
            embedded.forget_migrations(place)
        execute_from_command_line(sys.argv)


def migrate(place: embedded.Place) -> None:
    def in_a_process_of_its_own() -> None:
        print("Preparing the database ...", file=sys.stderr)  # noqa: T201
        environment = os.environ | place.environment()
        step = [sys.executable, __file__, "migrate", "--verbosity", "0"]
        # Standard output is for the result of the command.
        done = subprocess.run(step, env=environment, stdout=sys.stderr)  # noqa: S603
        if done.returncode != 0:
            raise embedded.StartError("The database could not be migrated: see above.")

    embedded.migrate_when_changed(place, in_a_process_of_its_own)


if __name__ == "__main__":
    main()
