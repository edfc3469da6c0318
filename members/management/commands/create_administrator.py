"""`manage.py create_administrator USERNAME --role system|security|audit`"""

import json

import pghistory
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from members.models import User
from members.services import administrators


class Command(BaseCommand):
    help = (
        "Make the account of an administrator, or give one a new first password. The "
        "last line is a JSON object: username, role, first_password (shown only now)."
    )

    def add_arguments(self, parser):
        roles = [role for role in User.Administrator.values if role]
        parser.add_argument("username")
        parser.add_argument("--role", required=True, choices=roles)

    def handle(self, *, username, role, **options):
        try:
            with pghistory.context(command="create_administrator"):
                user, password = administrators.create_administrator(username, role)
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal
        made = {
            "username": user.username,
            "role": user.administrator,
            "first_password": password,
        }
        self.stdout.write(json.dumps(made, ensure_ascii=False))
