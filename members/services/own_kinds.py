"""What is held about a person, kind by kind: why, for how long, and what one may do about
it (SEC-05 … SEC-08, CR-13).

The kinds are the parts of `own_data`, so that the page, the API and the file tell of the
same. What a person gave by choice is deleted by that person, at once and as often as
asked; what a rule demands is kept, and the kind says which rule and whom to ask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members import access
from members.models import MailAddress, MemberInterest, User
from members.services import (
    accounts,
    corrections,
    interests,
    mail,
    own_data,
    sessions,
    tokens,
)

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Text


class Basis(models.TextChoices):
    """Why something is held."""

    CHOICE = "choice", _("By your choice")
    SERVICE = "service", _("So that the portal works for you")
    RULE = "rule", _("Because a rule demands it")


@dataclass(frozen=True)
class Kind:
    """what, why, kept (for how long) and may (what one can do) are sentences.

    name: a part of `own_data`, or "preferences", which are fields of the account.
    of_record: held about people on a roll alone.
    """

    name: str
    basis: Basis
    title: Text
    what: Text
    why: Text
    kept: Text
    may: Text
    of_record: bool = False

    @property
    def is_in_file(self) -> bool:
        return self.name not in {name for name, _where in own_data.SECRETS.values()}

    @property
    def is_correctable(self) -> bool:
        return self.name == "record"

    @property
    def is_deletable(self) -> bool:
        return self.name in DELETIONS


# --- deleting ---------------------------------------------------------------------------
@dataclass(frozen=True)
class Deletion:
    """How to delete a kind or to withdraw it: `count` says how many it would be.

    keep: the key of the session in which it was asked, which goes on.
    """

    label: Text
    question: Text
    count: Callable[[User, str | None], int]
    delete: Callable[[User, datetime, str | None], int]


def _other_sessions(user: User, keep: str | None) -> int:
    return sessions.of(user).exclude(session_key=keep or "").count()


DELETIONS: Final[dict[str, Deletion]] = {
    "mail_address": Deletion(
        _("Delete the address"),
        _("No mail is sent any more, and the address is forgotten at once."),
        lambda user, keep: MailAddress.objects.filter(user=user).count(),
        lambda user, now, keep: int(mail.stop(user)),
    ),
    "interests": Deletion(
        _("Delete my interests"),
        _("You are told of the activities for your branch, as who ticked nothing."),
        lambda user, keep: MemberInterest.objects.filter(member__user=user).count(),
        lambda user, now, keep: interests.forget(user),
    ),
    "preferences": Deletion(
        _("Reset view and language"),
        _("The pages look and speak as they do for everybody who chose nothing."),
        lambda user, keep: int(accounts.has_choices(user)),
        lambda user, now, keep: int(accounts.reset_choices(user)),
    ),
    "corrections": Deletion(
        _("Take back the open requests"),
        _(
            "The branch no longer answers them, and the record stays as it is. You can ask "
            "again at any time."
        ),
        lambda user, keep: corrections.waiting_of(user).count(),
        lambda user, now, keep: corrections.withdraw_all(user),
    ),
    "api_tokens": Deletion(
        _("Revoke all tokens"),
        _("Programs that use them can do nothing any more, at once."),
        lambda user, keep: user.api_tokens.usable(access.today()).count(),
        lambda user, now, keep: tokens.revoke_all(user, now=now, by=user),
    ),
    "sessions": Deletion(
        _("Sign out all others"),
        _("All other devices are signed out at once; you stay signed in here."),
        _other_sessions,
        lambda user, now, keep: sessions.end(user, by=user, keep=keep),
    ),
}


def register(kind: Kind, deletion: Deletion | None = None) -> None:
    """Tell of a kind that a floor above holds; with a deletion, if it can be deleted."""
    KINDS[kind.name] = kind
    if deletion is not None:
        DELETIONS[kind.name] = deletion


def delete(name: str, *, of: User, now: datetime, keep: str | None = None) -> int:
    """Delete or withdraw what `of` gave by choice; returns how much it was, 0 when asked
    twice. Raises ValidationError, code "must_be_kept", with the reason (SEC-17)."""
    if name not in DELETIONS:
        kind = KINDS[name]
        raise ValidationError(f"{kind.why} {kind.may}", code="must_be_kept")
    return DELETIONS[name].delete(of, now, keep)


# --- telling ----------------------------------------------------------------------------
def kinds_of(user: User) -> list[Kind]:
    """The kinds that can be held about `user`, chosen ones first."""
    has_record = user.member_id is not None
    found = [kind for kind in KINDS.values() if has_record or not kind.of_record]
    order = list(Basis)
    return sorted(found, key=lambda kind: order.index(kind.basis))


def held(user: User) -> Counter[str]:
    """How many rows each kind has. One query for each table."""
    counts: Counter[str] = Counter(preferences=int(accounts.has_choices(user)))
    for model, (name, where) in (own_data.ABOUT | own_data.SECRETS).items():
        counts[name] += own_data.rows_about(model, where, user).count()
    return counts


def deletable(user: User, *, keep: str | None = None) -> dict[str, int]:
    """How much `delete` would take of each kind."""
    return {name: way.count(user, keep) for name, way in DELETIONS.items()}


KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(
            "mail_address",
            Basis.CHOICE,
            _("Mail address"),
            _("The address to which your inbox is sent as well."),
            _("You entered it; nobody needs one."),
            _("Until you delete it or enter another."),
            _("Delete it: no mail is sent from then on."),
        ),
        Kind(
            "interests",
            Basis.CHOICE,
            _("Interests"),
            _("What you like to take part in. Nobody but you reads it."),
            _("You ticked it, to be told of activities that fit; nobody needs to."),
            _("Until you take it out."),
            _("Change it under “My interests”, or delete all at once."),
            of_record=True,
        ),
        Kind(
            "preferences",
            Basis.CHOICE,
            _("View and language"),
            _("Whether you use the elder view, and which language you chose."),
            _("You chose it."),
            _("Until you choose otherwise or reset it."),
            _("Change it under “My account”, or reset it."),
        ),
        Kind(
            "corrections",
            Basis.CHOICE,
            _("Requests for correction"),
            _("What you asked the branch to correct, and what it answered."),
            _(
                "You asked. The Personal Information Protection Law wants each request "
                "answered, and a refusal with its reason."
            ),
            _("With the record, also what was answered or taken back."),
            _("Take back what is not answered yet."),
            of_record=True,
        ),
        Kind(
            "api_tokens",
            Basis.CHOICE,
            _("API tokens"),
            _(
                "Name, scope and dates of the keys that programs use for you. The keys "
                "themselves are kept nowhere."
            ),
            _("You made them."),
            _(
                "A token works for a year at most. Its line stays, so that the log can say "
                "which program did something."
            ),
            _("Revoke one, or all at once."),
        ),
        Kind(
            "sessions",
            Basis.SERVICE,
            _("Signed-in devices"),
            _(
                "Since when you are signed in, from which address and with what browser."
            ),
            _("You stay signed in, and see when somebody else is in your place."),
            _("Until you sign out, or the device was not used for a while."),
            _("Sign out one device, or all others at once."),
        ),
        Kind(
            "notifications",
            Basis.SERVICE,
            _("Inbox"),
            _("What the portal told you, and when you read it."),
            _("You can read again what was done and decided."),
            _(
                "As long as your account is there: none is deleted by itself at present."
            ),
            _("Read them and mark them as read. For anything else ask your branch."),
        ),
        Kind(
            "second_factor",
            Basis.SERVICE,
            _("Code of the phone"),
            _(
                "The sealed key that your phone shares with the portal, and fingerprints of "
                "the recovery codes."
            ),
            _(
                "Nobody gets in who learned your password. Officers and administrators "
                "must have it."
            ),
            _("Until you remove it or set up another phone."),
            _(
                "Remove it, if your account does not need it. It is not in the file, which "
                "could open your account."
            ),
        ),
        Kind(
            "passwords",
            Basis.SERVICE,
            _("Earlier passwords"),
            _("Fingerprints of your last passwords, from which nobody can read them."),
            _("A password that was used before does not come back."),
            _("The last few; a new one takes the place of the oldest."),
            _("Change the password. Fingerprints are not in the file."),
        ),
        Kind(
            "account",
            Basis.RULE,
            _("Account"),
            _("Account name, when it was made and last used, and whether it is on."),
            _(
                "Who does something in the portal must be known: Cybersecurity Law, "
                "classified protection."
            ),
            _(
                "As long as the log tells of it. An account is switched off and not "
                "deleted: nobody can use it any more."
            ),
            _("To have it switched off, ask who opened it: your branch."),
        ),
        Kind(
            "record",
            Basis.RULE,
            _("Record on the roll"),
            _(
                "Name, ID number, birth date, education, work, phones, address, Party "
                "dates: what the form of a member asks for."
            ),
            _(
                "Branches keep a roll of their members and must be able to reach them: "
                "Regulations on the Education and Management of Party Members, "
                "Regulations on the Work of Party Branches."
            ),
            _("As long as the roll is kept, also after you left it."),
            _(
                "Have it corrected. Phones and address belong to the roll too: they are "
                "corrected, not deleted. Whether something must be held, ask your branch."
            ),
            of_record=True,
        ),
        Kind(
            "record_history",
            Basis.RULE,
            _("Earlier versions of the record"),
            _("What the record said before each change."),
            _(
                "A correction keeps the old value and the new one, so that it can be "
                "checked: the same regulations as for the record."
            ),
            _("As long as the record."),
            _("Read it. Nobody changes it, administrators included."),
            of_record=True,
        ),
        Kind(
            "state_changes",
            Basis.RULE,
            _("Steps of membership"),
            _("When you became what you are in the Party, and which body decided."),
            _(
                "Detailed Rules on the Admission of Party Members: such papers are part of "
                "the Party file."
            ),
            _("For good."),
            _("Have a wrong date corrected; for a decision ask your branch."),
            of_record=True,
        ),
        Kind(
            "credit_hours",
            Basis.RULE,
            pgettext_lazy("own data", "Credit hours"),
            _("For what you were given hours of study, and what was taken back."),
            _(
                "Members study a number of hours a year: Regulations on the Education "
                "and Management of Party Members."
            ),
            _("For good."),
            _("If an hour is missing, tell the host or your branch."),
            of_record=True,
        ),
        Kind(
            "appointments",
            Basis.RULE,
            _("Offices"),
            _("Which offices you hold or held, from when to when, and who decided."),
            _(
                "Regulations on the Work of Party Branches, Regulations on Elections in "
                "Primary Party Organizations."
            ),
            _("For good, as part of the history of the branch."),
            _("Read them. If one is wrong, ask the branch that recorded it."),
            of_record=True,
        ),
        Kind(
            "rights",
            Basis.RULE,
            pgettext_lazy("own data", "Rights in the portal"),
            _("What you may see and do, in which branch, what for and until when."),
            _(
                "It must be settled who may handle the data of others: Personal "
                "Information Protection Law."
            ),
            _("They end with the office or on their last day; the line stays."),
            _("Ask who gave a right to end it: your branch, or the committee above."),
        ),
        Kind(
            "rights_of_others_on_the_record",
            Basis.RULE,
            _("Rights on your record"),
            _(
                "That you see your record, and whether somebody else was let see it: what "
                "for and until when. Who read a sensitive field is on “My record”."
            ),
            _(
                "It must be settled who may handle your data: Personal Information "
                "Protection Law."
            ),
            _("They end on their last day; the line stays."),
            _("Ask your branch why one was given."),
            of_record=True,
        ),
        Kind(
            "inquiries",
            Basis.RULE,
            _("Inquiries about other rolls"),
            _("When you learned that an ID number stands on another roll."),
            _(
                "Nobody shall search the rolls of others: Personal Information Protection "
                "Law."
            ),
            _("No end is set at present."),
            _("Take a copy. It only says when, not about whom."),
        ),
        Kind(
            "audit",
            Basis.RULE,
            pgettext_lazy("own data", "Log"),
            _("What was done with your record and account, and when."),
            _("Cybersecurity Law: logs are kept for six months or more."),
            _("Six months at least; at present nothing is removed."),
            _("Take a copy. Nobody changes it, administrators included."),
            of_record=True,
        ),
    )
}
