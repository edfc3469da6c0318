#!/usr/bin/env python
"""Django's command line, which starts the embedded services where a command needs them."""

import os
import signal
import sys
from contextlib import nullcontext
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
    var = Path(os.environ.get("VAR") or embedded.ROOT / "var")
    if command in AS_OWNER:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    configured = "DATABASE_URL" in os.environ or "DATABASE_URL_FILE" in os.environ
    needless = configured or command in NO_DATABASE or "--help" in sys.argv
    # SIGTERM ends us like Ctrl-C does: after the services.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        embedded.make_secrets(var)
        with nullcontext({}) if needless else embedded.services(var) as environment:
            os.environ.update(environment)
            execute_from_command_line(sys.argv)
    except embedded.StartError as reason:
        sys.exit(str(reason))


if __name__ == "__main__":
    main()
