"""The sentence of each kind of notification, in the language of its reader."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.models import Alarm, Correction, Member, Notification, Office

Kind = Notification.Kind
# Words of a context that are said as they were stored.
AS_STORED = (
    "member",
    "branch",
    "on",
    "file",
    "name",
    "who",
    "reason",
    "place",
    "task",
)
SENTENCES = {
    Kind.CORRECTION_ASKED: gettext_lazy("%(member)s asks to correct “%(field)s”."),
    Kind.CORRECTION_ANSWERED: gettext_lazy(
        "Your request to correct “%(field)s” was answered: %(state)s."
    ),
    Kind.IMPORT_READY: gettext_lazy(
        "The roster “%(file)s” is checked: look at what changes."
    ),
    Kind.IMPORT_DONE: gettext_lazy(
        "The roster “%(file)s” was applied: %(count)s rows."
    ),
    Kind.IMPORT_UNDONE: gettext_lazy(
        "The import of the roster “%(file)s” was undone: %(count)s records."
    ),
    Kind.IMPORT_STANDS: gettext_lazy(
        "The import of the roster “%(file)s” could not be undone: look why."
    ),
    Kind.IMPORT_HELD: gettext_lazy(
        "The roster “%(file)s” is held: the virus scanner found it harmful."
    ),
    Kind.EXPORT_READY: gettext_lazy("The roll of %(branch)s is ready to download."),
    Kind.APPOINTED: gettext_lazy(
        "You hold the office “%(office)s” in %(branch)s from %(on)s."
    ),
    Kind.APPOINTMENT_ENDED: gettext_lazy(
        "Your office “%(office)s” in %(branch)s ends on %(on)s."
    ),
    Kind.STATE_CHANGED: gettext_lazy("Your state is “%(state)s” since %(on)s."),
    Kind.WELCOME: gettext_lazy("Welcome. Please look whether your record is right."),
    Kind.TOKEN_ISSUED: gettext_lazy(
        "An API token “%(name)s” was made for your account. Was it not you? Revoke it "
        "and change your password."
    ),
    Kind.ALARM: gettext_lazy("Alarm: %(alarm)s"),
    Kind.MAIL_SET: gettext_lazy(
        "Your inbox is now sent to a mail address as well. Was it not you? Stop it on "
        "the page “My account” and change your password."
    ),
    Kind.PASSWORD_CHANGED: gettext_lazy(
        "Your password was changed. Was it not you? Tell your branch at once."
    ),
    Kind.SECOND_FACTOR_SET: gettext_lazy(
        "Signing in now asks for a code of your phone; other devices were signed out. "
        "Was it not you? Tell your branch at once."
    ),
    Kind.SECOND_FACTOR_REMOVED: gettext_lazy(
        "Signing in does not ask for a code of your phone any more. Was it not you? "
        "Tell your branch at once."
    ),
    Kind.RECOVERY_CODES_MADE: gettext_lazy(
        "New recovery codes were made for your account. Was it not you? Tell your "
        "branch at once."
    ),
    Kind.RECOVERY_CODE_USED: gettext_lazy(
        "A recovery code was used to sign in; %(count)s are left. Was it not you? Tell "
        "your branch at once."
    ),
    Kind.REVEALED: gettext_lazy(
        "%(who)s looked at your “%(field)s” in full. Reason: %(reason)s"
    ),
    Kind.ACTIVITY_ANNOUNCED: gettext_lazy("“%(name)s”: %(at)s, %(place)s."),
    Kind.ACTIVITY_MOVED: gettext_lazy("“%(name)s” was moved: now %(at)s, %(place)s."),
    Kind.ACTIVITY_NEAR: gettext_lazy("Reminder: “%(name)s”, %(at)s, %(place)s."),
    Kind.ACTIVITY_CANCELLED: gettext_lazy(
        "“%(name)s” on %(at)s does not take place. Reason: %(reason)s"
    ),
    Kind.SEAT_GIVEN: gettext_lazy(
        "A seat became free: you moved up from the waiting list of “%(name)s”, %(at)s, "
        "%(place)s. The seat is yours; take it, or pass it on at once."
    ),
    Kind.SEAT_RELEASED: gettext_lazy(
        "Your sign-up for “%(name)s”, %(at)s, has ended: you are no longer among those "
        "it is for. Is that wrong? Ask its host."
    ),
    Kind.SIGNED_UP_BY: gettext_lazy(
        "%(who)s signed you up for “%(name)s”, %(at)s, %(place)s."
    ),
    Kind.TASK_GIVEN: gettext_lazy("Please help with “%(name)s”, %(at)s: %(task)s."),
    Kind.LISTED_BY: gettext_lazy(
        "%(who)s put you on the waiting list of “%(name)s”, %(at)s, %(place)s."
    ),
    Kind.WITHDRAWN_BY: gettext_lazy(
        "%(who)s withdrew your sign-up for “%(name)s”, %(at)s, %(place)s."
    ),
    Kind.SIGN_UP_CHANGED_BY: gettext_lazy(
        "%(who)s changed your note or answers for “%(name)s”, %(at)s, %(place)s."
    ),
    Kind.MINUTES_TO_SIGN: gettext_lazy(
        "The minutes of “%(name)s” wait for your signature."
    ),
    Kind.RESOLUTION_GIVEN: gettext_lazy(
        "“%(name)s” gave you something to do: %(reason)s Due: %(on)s."
    ),
    Kind.DUTIES_OPEN: gettext_lazy(
        "Still to be held in %(branch)s by %(on)s: %(count)s. See which."
    ),
    Kind.APPRAISAL_SELF: gettext_lazy(
        "The appraisal of members of %(branch)s began: please write your "
        "self-appraisal by %(on)s."
    ),
    Kind.APPRAISAL_MUTUAL: gettext_lazy(
        "Appraisal of members of %(branch)s: you may write what you think of others."
    ),
    Kind.APPRAISAL_POLL: gettext_lazy(
        "Appraisal of members of %(branch)s: the secret poll is open."
    ),
    Kind.APPRAISAL_TOLD: gettext_lazy(
        "Appraisal of members of %(branch)s: please read your result and confirm it."
    ),
    Kind.FOLLOW_UP_GIVEN: gettext_lazy(
        "Please help a member of %(branch)s after the appraisal, by %(on)s."
    ),
}


def sentences(notifications: Iterable[Notification]) -> list[tuple[Notification, str]]:
    """Each notification with what it says. Names in it were stored when it was written."""
    offices = {office.code: office.name for office in Office.objects.all()}
    return [(line, _sentence(line, offices)) for line in notifications]


def _sentence(notification: Notification, offices: dict[str, str]) -> str:
    given = notification.context
    words = {name: given.get(name, "") for name in AS_STORED} | {
        "count": given.get("count", 0),
        "office": offices.get(given.get("office", ""), ""),
        "field": _field(given.get("field", "")),
        "state": _state(given.get("state", "")),
        "alarm": alarm_sentence(given.get("alarm", ""), given.get("about", "")),
        "at": _moment(given.get("at", "")),
    }
    return str(SENTENCES[Kind(notification.kind)]) % words


def alarm_sentence(kind: str, about: str) -> str:
    """What an alarm says, and of what."""
    if kind not in Alarm.Kind.values:
        return ""
    said = str(Alarm.Kind(kind).label)
    return (
        _("%(said)s (%(about)s).") % {"said": said, "about": about} if about else said
    )


def _moment(text: str) -> str:
    """A day and an hour in Shanghai."""
    if not text:
        return ""
    return f"{timezone.localtime(datetime.fromisoformat(text)):%Y-%m-%d %H:%M}"


def _field(name: str) -> str:
    fields = {field.name: field for field in Member._meta.concrete_fields}
    return str(fields[name].verbose_name) if name else ""


def _state(value: str) -> str:
    for choices in (Correction.State, Member.State):
        if value in choices.values:
            return str(choices(value).label)
    return value
