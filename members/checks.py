"""What Django checks before a command: that the keys are there (CR-05)."""

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from members.key_ring import key_ring


@register("keys")
def keys_are_there(**_kwargs: Any) -> list[CheckMessage]:
    """An error that names the setting, when the key ring does not open."""
    try:
        _ = key_ring().active_audit_key
    except ImproperlyConfigured as refusal:
        return [Error(str(refusal), id="members.E005")]
    return []
