"""`manage.py import_members FILE --branch CODE [--dry-run]`"""

import json
from pathlib import Path

import pghistory
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from members.models import Branch
from members.roster.files import read_roster
from members.services import audit, rosters
from members.services.roster_lines import CHANGED, NEW, REFUSED, UNCHANGED


class Command(BaseCommand):
    help = (
        "Import a roster from .xlsx or .csv into a branch and those below it: all rows "
        "or, if one is refused, none. The last line is a JSON object: accepted, "
        "changed, unchanged, refused (row, column, reason)."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--branch", required=True, help="code of the branch")
        parser.add_argument(
            "--dry-run", action="store_true", help="judge the rows and write nothing"
        )

    def handle(self, *, file, branch, dry_run, **options):
        into = Branch.objects.filter(code=branch, closed_on=None).first()
        if into is None:
            raise CommandError(_("There is no branch with the code %s.") % branch)
        try:
            table = read_roster(file.read_bytes())
            with transaction.atomic(), pghistory.context(command="import_members"):
                made = rosters.Plan(table, branch=into, by=None, lock=not dry_run)
                refused, count = [], 0
                for lines in made.judged(self.tick):
                    refused += [line for line in lines if line.kind == REFUSED]
                    if not (refused or dry_run):
                        count += rosters.write(lines, by=None)
                transaction.set_rollback(bool(refused))
                if count and not refused:
                    audit.record(audit.Act.IMPORT_APPLIED, branch=into, rows=count)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal
        except IntegrityError as error:
            message = _("The rolls changed in this moment: nothing was written.")
            raise CommandError(message) from error
        self.stdout.write(json.dumps(outcome(made, refused), ensure_ascii=False))
        if refused and not dry_run:
            message = _("Nothing was written: mend the refused rows and import again.")
            raise CommandError(message)

    def tick(self, done, total):
        self.stderr.write(f"{done} / {total}", self.style.NOTICE)


def outcome(made, refused):
    return {
        "accepted": made.counts[NEW],
        "changed": made.counts[CHANGED],
        "unchanged": made.counts[UNCHANGED],
        "refused": [
            {
                "row": line.number,
                "column": made.label(line.faults[0].field),
                "reason": " ".join(fault.reason for fault in line.faults),
            }
            for line in refused
        ],
    }
