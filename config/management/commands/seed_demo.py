"""`manage.py seed_demo`: fill an empty portal with an organization that does not exist."""

import json
from datetime import date

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from config.demo.accounts import make_accounts
from config.demo.audit_trail import leave_traces
from config.demo.seeding import LEAST_BRANCHES, counts, seed
from members.models import Branch


class Command(BaseCommand):
    requires_system_checks = []
    help = "Fill an empty portal with a demonstration: fictional, the same for a seed."

    def add_arguments(self, parser):
        parser.add_argument("--members", type=int, default=300)
        parser.add_argument("--branches", type=int, default=30)
        parser.add_argument("--days", type=int, default=730, help="of history")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--today", type=date.fromisoformat, help="last day of the history"
        )
        parser.add_argument(
            "--accounts",
            action="store_true",
            help="make accounts with a known password, as the setting DEMO does",
        )

    def handle(self, **options):
        today = options["today"] or timezone.localdate()
        with_accounts = options["accounts"] or settings.DEMO
        self.refuse(options, today, with_accounts)
        with transaction.atomic():  # whole, so that an interrupted one is made again
            seed(
                members=options["members"],
                branches=options["branches"],
                days=options["days"],
                seed=options["seed"],
                today=today,
            )
            if with_accounts:
                make_accounts(settings.VAR / "demo-accounts.json")
                leave_traces(today)
        self.stdout.write(json.dumps(counts()))

    def refuse(self, options, today, with_accounts):
        if Branch.objects.exists():
            raise CommandError(
                "This portal has branches already: a demonstration needs an empty one "
                "(set VAR to another folder, or DATABASE_URL to another database)."
            )
        if options["branches"] < LEAST_BRANCHES:
            raise CommandError(f"Ask for {LEAST_BRANCHES} branches or more.")
        if options["members"] < 1 or options["days"] < 30:
            raise CommandError("Ask for 1 member or more, and for 30 days or more.")
        if today > timezone.localdate():
            raise CommandError("The history cannot end in the future.")
        if with_accounts and settings.HTTPS:
            raise CommandError(
                "Accounts with a known password are for a demonstration on this machine: "
                "leave out --accounts and DEMO where HTTPS is on."
            )
