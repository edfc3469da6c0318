"""What production refuses to start with (OP-02). Production is where HTTPS is on."""

from collections.abc import Iterator

from django.core.exceptions import ImproperlyConfigured

SHORTEST_SECRET = 40
DIFFERENT_LETTERS = 10
LEAST_ROUNDS = 300_000


def refuse_weak(settings) -> None:
    """Raise ImproperlyConfigured with a sentence for each setting that is too weak."""
    if settings.HTTPS and (weak := list(weaknesses(settings))):
        raise ImproperlyConfigured(" ".join(weak))


def weaknesses(settings) -> Iterator[str]:
    if settings.DEBUG:
        yield "DEBUG is on: its pages show settings and code to everybody."
    if settings.DEMO:
        yield "DEMO is on: its accounts have passwords that everybody knows."
    if not settings.SECOND_FACTOR:
        yield "SECOND_FACTOR is off: officers and administrators must have one (SEC-28)."
    if settings.PASSWORD_HASH == "sm3" and settings.PASSWORD_ROUNDS < LEAST_ROUNDS:  # noqa: S105  a name
        yield f"PASSWORD_ROUNDS is too low: give {LEAST_ROUNDS:,} or more."
    secret = settings.SECRET_KEY
    if len(secret) < SHORTEST_SECRET or len(set(secret)) < DIFFERENT_LETTERS:
        yield f"SECRET_KEY is too weak: give {SHORTEST_SECRET} random letters or more."
    if (
        any("*" in host for host in settings.ALLOWED_HOSTS)
        or not settings.ALLOWED_HOSTS
    ):
        yield "ALLOWED_HOSTS must name the hosts of the portal, without *."
    foreign = [o for o in settings.CSRF_TRUSTED_ORIGINS if not is_sound_origin(o)]
    if foreign:
        yield f"CSRF_TRUSTED_ORIGINS must be https and without *: {', '.join(foreign)}."


def is_sound_origin(origin: str) -> bool:
    return origin.startswith("https://") and "*" not in origin
