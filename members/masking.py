"""Masks for what is sensitive (MEM-34, SEC-40, CR-11). They are made on the server alone.

An ID number shows its last four characters, a phone its first three and last four digits,
an address its province, city or district; anything else sealed shows nothing.
"""

import re
from typing import Final

from django.db import models
from django.utils.translation import gettext

from members.algorithms import normalize_id_number, normalize_phone
from members.sealing import SealBroken, SealedField

_STARS: Final = "****"


def mask_id_number(number: str) -> str:
    """The last four characters: "**************002X"."""
    number = normalize_id_number(number)
    return _keep_end(number, 4)


def mask_phone(phone: str) -> str:
    """The first three and the last four digits of a mobile ("138****1234"); of any other
    number the last four, of a short one nothing."""
    number = normalize_phone(phone)
    if re.fullmatch(r"1\d{10}", number):
        return f"{number[:3]}{_STARS}{number[-4:]}"
    return _keep_end(number, 4)


def mask_address(address: str) -> str:
    """At most the first six characters, cut after the last division among them."""
    address = address.strip()
    if not address:
        return ""
    division = re.match(r".{1,5}[省市区县州盟旗]", address)
    return (division.group() if division else "") + _STARS


def mask_text(text: str) -> str:
    """Nothing of the text, not even its length."""
    return _STARS if text else ""


_MASKS: Final = {
    "id_number": mask_id_number,
    "phone": mask_phone,
    "landline": mask_phone,
    "address": mask_address,
}


def mask(field_name: str, text: str) -> str:
    """`text` masked as the sealed field `field_name` of a record is."""
    return _MASKS.get(field_name, mask_text)(text)


def masked(instance: models.Model, field_name: str) -> str:
    """A field of `instance` as it may be shown: sealed fields masked, others as they are.

    A damaged value gives a note that says so, and the page goes on (CR-02).
    """
    field = instance._meta.get_field(field_name)
    try:
        value = getattr(instance, field_name)
    except SealBroken:
        return gettext("damaged")
    if not isinstance(field, SealedField):
        return "" if value is None else str(value)
    if not isinstance(value, str):
        return mask_text("sealed" if value else "")
    return mask(field_name, value)


def _keep_end(text: str, count: int) -> str:
    if len(text) < 2 * count:
        return _STARS if text else ""
    return "*" * (len(text) - count) + text[-count:]
