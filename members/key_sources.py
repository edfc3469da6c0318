"""Where the key-encrypting key comes from: environment, command or file (SEC-52).

A source gives one key or more, each 32 bytes in base64, one a line. The first of them
wraps the key ring; each of them may open it, so that the key-encrypting key can be
replaced while the portal runs. This module imports no model and no settings.
"""

import base64
import binascii
import os
import secrets
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from django.core.exceptions import ImproperlyConfigured

KEK_BYTES: Final = 32
COMMAND_SECONDS: Final = 10
# Where container engines put secrets, with a mode that is not ours to choose.
CONTAINER_SECRETS: Final = Path("/run/secrets")


class KekSource(Protocol):
    """A place that key-encrypting keys come from."""

    @property
    def setting(self) -> str:
        """The setting that names the place."""

    def read(self) -> str:
        """The keys as text. Raises ImproperlyConfigured, naming the setting."""


@dataclass(frozen=True)
class FromEnvironment:
    """The text of SEALING_KEK."""

    text: str = field(repr=False)
    setting: str = "SEALING_KEK"

    def read(self) -> str:
        return self.text


@dataclass(frozen=True)
class FromCommand:
    """What a program of the operator prints, of a hardware module or key service.

    It is run without a shell, once by each process for each version of the ring, and has
    ten seconds. Its standard error is ours.
    """

    command: str
    setting: str = "SEALING_KEK_COMMAND"

    def read(self) -> str:
        try:
            done = subprocess.run(  # noqa: S603  the operator's own program
                shlex.split(self.command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                timeout=COMMAND_SECONDS,
                check=True,
            )
            return done.stdout.decode("ascii")
        except subprocess.TimeoutExpired:
            reason = f"took longer than {COMMAND_SECONDS} seconds"
        except subprocess.CalledProcessError as error:
            reason = f"ended with status {error.returncode}"
        except OSError as error:
            reason = f"cannot be run ({error.strerror})"
        except ValueError:
            reason = "printed no key"
        raise ImproperlyConfigured(
            f"The program of SEALING_KEK_COMMAND {reason}: run it by hand and mend it."
        ) from None


@dataclass(frozen=True)
class FromFile:
    """The file SEALING_KEK_FILE, which its owner alone may read."""

    path: Path
    setting: str = "SEALING_KEK_FILE"

    @property
    def is_writable(self) -> bool:
        """Whether we may put a new key there ourselves."""
        return os.access(self.path.parent, os.W_OK)

    def read(self) -> str:
        try:
            mode = self.path.stat().st_mode
            if mode & 0o077 and CONTAINER_SECRETS not in self.path.parents:
                raise ImproperlyConfigured(
                    f"SEALING_KEK_FILE names {self.path}, which others may read: "
                    f"chmod 400 {self.path}"
                )
            return self.path.read_text("ascii")
        except OSError as error:
            raise ImproperlyConfigured(
                f"SEALING_KEK is not set and SEALING_KEK_FILE ({self.path}) cannot be "
                f"read ({error.strerror}): restore the key-encrypting key."
            ) from error
        except ValueError as error:
            raise ImproperlyConfigured(_no_key(self)) from error


def choose(*, kek: str, command: str, path: str | Path) -> KekSource:
    """The source that the three settings name; the file where neither other is set.

    Raises ImproperlyConfigured where both of the others are.
    """
    if kek and command:
        raise ImproperlyConfigured(
            "SEALING_KEK and SEALING_KEK_COMMAND are both set: keep one of them."
        )
    if kek:
        return FromEnvironment(kek)
    return FromCommand(command) if command else FromFile(Path(path))


def from_environment(environment: Mapping[str, str], path: str | Path) -> KekSource:
    """The source that the environment names, before there are settings."""
    return choose(
        kek=environment.get("SEALING_KEK", ""),
        command=environment.get("SEALING_KEK_COMMAND", ""),
        path=path,
    )


def keys_of(source: KekSource) -> tuple[bytes, ...]:
    """The keys of a source, the one that wraps first.

    Raises ImproperlyConfigured, naming the setting, unless there is one at least and
    each is 32 bytes in base64.
    """
    try:
        keys = [base64.b64decode(k, validate=True) for k in source.read().split()]
    except (binascii.Error, ValueError):
        keys = []
    if not keys or {len(key) for key in keys} != {KEK_BYTES}:
        raise ImproperlyConfigured(_no_key(source))
    return tuple(keys)


def new_kek() -> str:
    """A fresh key-encrypting key: 32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(KEK_BYTES)).decode()


def _no_key(source: KekSource) -> str:
    return f"{source.setting} must give {KEK_BYTES} bytes in base64."
