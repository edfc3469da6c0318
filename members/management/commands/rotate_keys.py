"""`manage.py rotate_keys --kind data|index|audit|kek` (CR-06; docs/keys.md)."""

import json
import sys
import time
from dataclasses import asdict

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from members.services import keys, renewal


class Command(BaseCommand):
    help = (
        "Make a new key and move what is under the older ones, while the portal runs. "
        "Broken off, it goes on where it was when it is run again. The last line is a "
        "JSON object: passed, kind, key, renewed, damaged, destroyed, seconds."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--kind",
            required=True,
            choices=["data", "index", "audit", "kek"],
            help="kek: the key-encrypting key, which touches no row",
        )
        parser.add_argument(
            "--finish",
            action="store_true",
            help="make no new key: finish what was broken off",
        )
        parser.add_argument(
            "--destroy-old",
            action="store_true",
            help="then destroy the older data or index keys: backups of before stay closed",
        )
        parser.add_argument("--batch", type=int, default=renewal.BATCH, help="rows")
        parser.add_argument(
            "--grace",
            type=float,
            default=renewal.GRACE_SECONDS,
            help="seconds that a slow request may hold a value before it writes it",
        )

    def handle(self, *, kind, finish, destroy_old, batch, grace, **options):
        if batch < 1 or grace < 0:
            raise CommandError("--batch is 1 or more, --grace 0 or more.")
        if kind in {"audit", "kek"} and (finish or destroy_old):
            raise CommandError(
                "--finish and --destroy-old are for data and index keys."
            )
        pace = keys.Pace(self.tick, batch, grace)
        moving = {"finish": finish, "destroy_old": destroy_old}
        begun = time.monotonic()
        try:
            rotation = {
                "data": lambda: keys.rotate_data_key(pace, **moving),
                "index": lambda: keys.rotate_index_key(pace, **moving),
                "audit": keys.rotate_audit_key,
                "kek": keys.rotate_kek,
            }[kind]()
        except (ValidationError, PermissionError) as refusal:
            reason = getattr(refusal, "message", None) or f"{refusal}."
            raise CommandError(reason) from refusal
        seconds = round(time.monotonic() - begun, 1)
        outcome = {"passed": not rotation.damaged, "kind": kind} | asdict(rotation)
        self.stdout.write(json.dumps(outcome | {"seconds": seconds}))
        if rotation.damaged:
            sys.exit(f"{len(rotation.damaged)} rows do not open and stay as they are.")

    def tick(self, done, total):
        self.stderr.write(f"{done} / {total}", self.style.NOTICE)
