"""`manage.py verify_audit`: walk the chain of the audit log (AU-03)."""

import json
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand

from members.services import audit


class Command(BaseCommand):
    help = "Check that no entry of the audit log was changed, removed, put in or moved."

    def handle(self, **options):
        audit.seal()
        verdict = audit.verify()
        self.stdout.write(json.dumps({"passed": verdict.passed} | asdict(verdict)))
        if not verdict.passed:
            sys.exit(verdict.broken)
