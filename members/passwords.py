"""What a password may not be, beside the rules of Django (SEC-25, AN-09)."""

from __future__ import annotations

import unicodedata

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from members import romanize
from members.models import Branch, User

# What anybody would try first here: the product, the subject, the people.
WORDS = (
    "branchportal",
    "portal",
    "dangjian",
    "dangzhibu",
    "dangyuan",
    "zhibu",
    "zhihuidangjian",
    "gongchandang",
    "党建",
    "党支部",
    "支部",
    "党员",
    "共产党",
    "智慧党建",
    "password",
    "mima",
    "密码",
)
LEAST_OWN = 6  # signs that must be left of a password without such words
PREFIXES = ("中国共产党", "中共")
ENDINGS = ("支部", "总支", "支部委员会", "委员会")


class ContextWordsValidator:
    """Refuses what is little more than the name of the account, the branch, its place, or
    the portal."""

    def validate(self, password: str, user: User | None = None) -> None:
        left = _plain(password)
        for word in sorted(_words(user), key=len, reverse=True):
            left = left.replace(word, "")
        if left != _plain(password) and len(left.strip("0123456789")) < LEAST_OWN:
            raise ValidationError(
                _(
                    "This is little more than a name that others know: of the account, "
                    "the branch, the place or the portal. Add words of your own."
                ),
                code="context_words",
            )

    def get_help_text(self) -> str:
        return _("Not the name of your account, your branch or your place.")


def _plain(text: str) -> str:
    """Letters and digits alone, in one form."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if sign.isalnum())


def _words(user: User | None) -> set[str]:
    names = [*WORDS, *settings.PASSWORD_CONTEXT_WORDS]
    if user is not None:
        names += [user.username, user.display_name]
        if user.member is not None:
            names += [user.member.name, *_names_of(user.member.branch)]
    words = {_plain(name) for name in names}
    words |= {
        _plain(romanize.branch_pinyin(name)) for name in names if not name.isascii()
    }
    return {word for word in words if len(word) > 1}


def _names_of(branch: Branch) -> list[str]:
    """The name of a branch and those above, each with and without its ending."""
    above = Branch.objects.filter(path__in=[branch.path, *branch.paths_above()])
    names = []
    for name in above.values_list("name", flat=True):
        for prefix in PREFIXES:
            name = name.removeprefix(prefix)
        names += [name, *(name.removesuffix(ending) for ending in ENDINGS)]
    return names


class CompositionValidator:
    """Asks of administrators for three of four kinds of signs: small and capital letters,
    digits, others. Chinese characters are others."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or not user.administrator:
            return
        wanted = settings.ADMINISTRATOR_PASSWORD_CLASSES
        if len({_kind(sign) for sign in password}) < wanted:
            raise ValidationError(
                _(
                    "An administrator's password has signs of %(count)s kinds out of "
                    "four: capital letters, small letters, digits, others."
                ),
                code="composition",
                params={"count": wanted},
            )

    def get_help_text(self) -> str:
        return ""


def _kind(sign: str) -> str:
    if sign.isdecimal():
        return "digit"
    if sign.isupper():
        return "capital"
    return "small" if sign.islower() else "other"


class HistoryValidator:
    """Refuses the last passwords of an account, the one in use among them."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or user.pk is None:
            return
        past = user.past_passwords.values_list("password", flat=True)
        kept = settings.PASSWORDS_REMEMBERED
        stored = User.objects.filter(pk=user.pk).values_list("password", flat=True)
        for encoded in [*stored, *past[: max(0, kept - 1)]][:kept]:
            if check_password(password, encoded):
                raise ValidationError(
                    _("You had this password before: choose a new one."),
                    code="had_before",
                )

    def get_help_text(self) -> str:
        return ""
