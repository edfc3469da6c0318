from datetime import date

import pytest
from django.utils import translation

from members.masking import mask_address, mask_id_number, mask_phone, mask_text, masked
from tests.members.test_sealing import ID_NUMBER, PHONE, person, saved, store


@pytest.mark.parametrize(
    ("number", "mask"),
    [
        (ID_NUMBER, "**************002X"),
        (" 110105 19491231002x", "**************002X"),
        ("1234567", "****"),
        ("", ""),
    ],
)
def test_an_id_number_shows_its_last_four(number, mask):  # MEM-34
    assert mask_id_number(number) == mask


@pytest.mark.parametrize(
    ("phone", "mask"),
    [
        (PHONE, "138****1234"),
        ("+86 138-0000-1234", "138****1234"),
        ("0571-88886666", "********6666"),
        ("8888666", "****"),
        ("", ""),
    ],
)
def test_a_phone_hides_its_middle(phone, mask):
    assert mask_phone(phone) == mask


@pytest.mark.parametrize(
    ("address", "mask"),
    [
        ("浙江省杭州市西湖区文三路1号", "浙江省杭州市****"),
        ("杭州市西湖区文三路1号", "杭州市西湖区****"),
        ("内蒙古自治区呼和浩特市", "内蒙古自治区****"),
        ("文三路1号2单元301室", "****"),
        ("区1号", "****"),
        ("", ""),
    ],
)
def test_an_address_ends_at_its_division(address, mask):
    assert mask_address(address) == mask


def test_other_text_shows_not_even_its_length():
    assert mask_text("abc") == mask_text("a" * 99) == "****"
    assert mask_text("") == ""


@pytest.mark.django_db
def test_a_sealed_field_is_masked_and_another_is_not():
    member = person(
        phone=PHONE, landline="0571-88886666", id_number=ID_NUMBER, address="杭州市1号"
    )
    fields = ["phone", "landline", "id_number", "address", "name", "birth_date"]

    assert [masked(member, field) for field in fields] == [
        "138****1234",
        "********6666",
        "**************002X",
        "杭州市****",
        "A. Person",
        str(date(1949, 12, 31)),
    ]
    assert masked(member, "full_member_on") == ""
    assert masked(person(), "phone") == ""


@pytest.mark.django_db
def test_a_damaged_field_says_so():  # CR-02
    member = saved(phone=PHONE)
    store(member, b"\x01damaged")

    with translation.override("en"):
        assert masked(type(member).objects.get(pk=member.pk), "phone") == "damaged"
