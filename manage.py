#!/usr/bin/env python
"""Django's command line, which starts the embedded services where a command needs them."""

import os
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

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
# These change tables, which only the owner of the database may.
AS_OWNER = {"migrate", "flush", "pgtrigger", "createcachetable"}


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    var = embedded.var_folder()
    if command in AS_OWNER:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    needless = command in NO_DATABASE or "--help" in sys.argv or embedded.configured()
    # SIGTERM ends us like Ctrl-C does: after the services.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        embedded.make_secrets(var)
        services = nullcontext({}) if needless else started_for(command, var)
        with services as environment:
            os.environ.update(environment)
            execute_from_command_line(sys.argv)
    except embedded.StartError as reason:
        sys.exit(str(reason))


def started_for(command: str, var: Path) -> AbstractContextManager[dict[str, str]]:
    name = f"`manage.py {command}`"
    return embedded.services(var, name, migrated=command not in AS_OWNER)


if __name__ == "__main__":
    main()
