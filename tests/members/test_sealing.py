"""Sealed fields on the real tables: CR-02 … CR-05, CR-07 … CR-09."""

import logging
import pickle
from datetime import date

import pytest
from django import forms
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.db import connection, models, transaction
from django.db.models import F, Value
from django.forms.models import model_to_dict
from django.test.utils import isolate_apps

from members import ciphers, sealing
from members.models import Branch, Correction, Member, User
from members.sealing import (
    IndexField,
    SealBroken,
    Sealed,
    SealedField,
    SealedModel,
    SealedQuerySet,
    index_of,
    try_open,
)

PHONE, ID_NUMBER = "13800001234", "11010519491231002X"

pytestmark = pytest.mark.django_db


def branch():
    return Branch.objects.get_or_create(
        code="B1",
        defaults={
            "path": "1.",
            "pk": 1,
            "name": "Branch",
            "kind": Branch.Kind.BRANCH,
            "setting": Branch.Setting.VILLAGE,
            "established_on": date(2000, 1, 1),
        },
    )[0]


def person(**values):
    """A member who is not saved yet."""
    defaults = {
        "name": "A. Person",
        "sex": "2",
        "ethnic_group": "01",
        "birth_date": date(1949, 12, 31),
        "branch": branch(),
        "state": Member.State.APPLICANT,
        "enrolled_on": date(2020, 1, 1),
    }
    return Member(**{**defaults, **values})


def saved(**values):
    member = person(**values)
    member.save()
    return member


def stored(row, column="phone"):
    """What the database holds, read past the application."""
    query = f'SELECT "{column}" FROM "{row._meta.db_table}" WHERE id = %s'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, [row.pk])
        (value,) = cursor.fetchone()
    return None if value is None else bytes(value)


def store(member, value, column="phone"):
    """Change a row as an intruder would: past the application."""
    query = f'UPDATE members_member SET "{column}" = %s WHERE id = %s'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, [value, member.pk])


def read(member, name="phone"):
    return getattr(Member.objects.get(pk=member.pk), name)


# Text in, text out; sealed bytes in the database


def test_text_that_is_saved_is_read_again():
    member = saved(phone=PHONE, address="杭州市西湖区1号", id_number=None)

    again = Member.objects.get(pk=member.pk)
    assert (again.phone, again.address, again.id_number) == (
        PHONE,
        "杭州市西湖区1号",
        "",
    )
    assert (member.phone, member.address, member.id_number) == (
        again.phone,
        again.address,
        "",
    )


def test_the_row_holds_version_key_nonce_body_and_tag():
    value = stored(saved(phone=PHONE))

    assert value[:3] == bytes([ciphers.SM4, 0, 1])
    assert len(value) == 3 + 12 + len(PHONE) + 16
    assert PHONE.encode() not in value


@pytest.mark.parametrize("nothing", ["", None])
def test_empty_text_is_null(nothing):
    member = saved(phone=nothing)

    assert stored(member) is None
    assert stored(member, "phone_index") is None
    assert read(member) == ""


def test_the_empty_text_is_sealed_where_null_is_not_allowed():
    user = User.objects.create(username="a")
    asked = Correction.objects.create(
        member=saved(), field="phone", proposed="", asked_by=user
    )

    assert len(stored(asked, "proposed")) == 3 + 12 + 16
    assert Correction.objects.get().proposed == ""


def test_values_are_the_sealed_bytes():  # CR-09
    member = saved(phone=PHONE)

    (row,) = Member.objects.values("phone")
    (phone,) = Member.objects.values_list("phone", flat=True)
    assert row["phone"] == phone == stored(member)
    assert PHONE not in repr(row)


def test_dumpdata_refuses_sealed_fields():  # CR-09
    saved(phone=PHONE)

    with pytest.raises(FieldError, match="fixtures"):
        serializers.serialize("json", Member.objects.all())


def test_a_pickled_instance_holds_no_text():  # CR-01: what goes to a cache
    member = saved(phone=PHONE)
    assert member.phone == PHONE

    pickled = pickle.dumps(member)

    assert PHONE.encode() not in pickled
    assert pickle.loads(pickled).phone == PHONE  # noqa: S301  our own bytes


def test_bytes_are_sealed_too():
    with isolate_apps("members"):

        class Paper(SealedModel):
            content = SealedField(kind="bytes", null=True)

            class Meta:
                app_label = "members"

    with connection.schema_editor() as editor:
        editor.create_model(Paper)
    paper = Paper.objects.create(content=b"\x00\xffPK")

    assert Paper.objects.get(pk=paper.pk).content == b"\x00\xffPK"
    assert Paper.objects.create(content=b"").content == b""
    with pytest.raises(TypeError):
        Paper(content="text")


# What reaches the database is sealed, or refused


@pytest.mark.parametrize(
    "lookup", ["", "__exact", "__in", "__contains", "__startswith", "__gt", "__length"]
)
def test_every_lookup_but_isnull_is_refused(lookup):
    with pytest.raises(FieldError):
        Member.objects.filter(**{f"phone{lookup}": PHONE}).count()


def test_a_sealed_field_can_be_asked_whether_it_is_null():
    with_phone, without = saved(phone=PHONE), saved()

    assert list(Member.objects.filter(phone__isnull=True)) == [without]
    assert list(Member.objects.exclude(phone__isnull=True)) == [with_phone]


@pytest.mark.parametrize(
    "value", [PHONE, PHONE.encode(), Value(PHONE), Value(b"x"), F("address"), F("name")]
)
@pytest.mark.parametrize("rows", [Member.objects, Member._base_manager])
def test_update_refuses_what_is_not_sealed(rows, value):
    member = saved(phone="13900000000", address="x")

    with pytest.raises(FieldError), transaction.atomic():
        rows.filter(pk=member.pk).update(phone=value)
    assert read(member) == "13900000000"


def test_update_takes_a_value_that_is_sealed_for_the_row():
    member = saved(phone=PHONE)
    again = Member._meta.get_field("phone").seal("13900000000", member.pk)

    Member.objects.filter(pk=member.pk).update(phone=again, address=None)

    assert read(member) == "13900000000"


@pytest.mark.parametrize("value", [13800001234, b"1380000", Value("x"), F("name")])
def test_an_instance_takes_text_alone(value):
    with pytest.raises(TypeError):
        person(phone=value)


# Bound to its row (CR-02, CR-03)


def test_each_flipped_byte_is_noticed_and_gives_no_text(caplog):
    member = saved(phone=PHONE)
    value = stored(member)
    for place in range(len(value)):
        store(member, value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :])
        with pytest.raises(SealBroken):
            read(member)

    assert len(caplog.records) == len(value)
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    assert f"members_member.phone of row {member.pk}" in caplog.text
    assert PHONE not in caplog.text


@pytest.mark.parametrize("length", [0, 1, 3, 14, 15, 20, 30, 41])
def test_a_cut_value_is_noticed(length):
    member = saved(phone=PHONE)
    store(member, stored(member)[:length])

    with pytest.raises(SealBroken):
        read(member)


def test_a_value_copied_to_another_row_is_noticed():
    one, other = saved(phone=PHONE), saved(phone="13900000000")
    store(other, stored(one))

    with pytest.raises(SealBroken) as broken:
        read(other)
    assert (broken.value.table, broken.value.column) == ("members_member", "phone")
    assert broken.value.pk == other.pk
    assert read(one) == PHONE


def test_two_rows_with_all_sealed_columns_swapped_are_noticed():
    texts = {"phone": PHONE, "id_number": ID_NUMBER, "address": "x", "landline": "1"}
    one, other = saved(**texts), saved(phone="13900000000", address="y")
    columns = [*texts, "phone_index", "phone_tail", "id_number_index"]
    of_one, of_other = ({c: stored(m, c) for c in columns} for m in (one, other))
    for column in columns:  # clear first: an ID number is on one roll alone
        store(one, None, column)
    for column in columns:
        store(other, of_one[column], column)
        store(one, of_other[column], column)

    for member, name in [
        (one, "phone"),
        (one, "address"),
        *((other, n) for n in texts),
    ]:
        with pytest.raises(SealBroken):
            read(member, name)


def test_a_value_copied_to_another_column_is_noticed():
    member = saved(phone=PHONE, landline="057188886666")
    store(member, stored(member), "landline")

    with pytest.raises(SealBroken):
        read(member, "landline")
    assert read(member) == PHONE


def test_a_value_copied_to_another_table_is_noticed():
    user = User.objects.create(username="a")
    member = saved(phone=PHONE)
    asked = Correction.objects.create(
        pk=member.pk, member=member, field="phone", proposed="x", asked_by=user
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE members_correction SET proposed = %s", [stored(member)])

    with pytest.raises(SealBroken):
        assert Correction.objects.get(pk=asked.pk).proposed


def test_a_page_goes_on_past_a_damaged_field():
    member = saved(phone=PHONE, address="x")
    store(member, b"\x01damaged")

    again = Member.objects.get(pk=member.pk)

    assert try_open(again, "phone") is None
    assert try_open(again, "address") == "x"


def test_saving_the_rest_keeps_a_damaged_value_for_repair():
    member = saved(phone=PHONE, address="x")
    broken = b"\x01" + stored(member)[1:-1]
    store(member, broken)

    again = Member.objects.get(pk=member.pk)
    again.address = "y"
    again.save()

    assert stored(member) == broken
    assert read(member, "address") == "y"


def test_a_damaged_value_can_be_typed_anew():
    member = saved(phone=PHONE)
    store(member, b"\x01damaged")

    again = Member.objects.get(pk=member.pk)
    again.phone = "13900000000"
    again.save()

    assert read(member) == "13900000000"


# The primary key comes first (CR-03)


def test_bulk_create_binds_each_value_to_its_row(django_assert_num_queries):
    people = [person(phone=f"1380000{number:04}") for number in range(20)]

    with django_assert_num_queries(2):  # the sequence, the insert
        Member.objects.bulk_create(people)

    found = {member.pk: member.phone for member in Member.objects.all()}
    assert found == {member.pk: member.phone for member in people}
    assert len(found) == 20


def test_bulk_create_refuses_to_merge_rows():
    with pytest.raises(FieldError):
        Member.objects.bulk_create([person()], update_conflicts=True)


def test_bulk_update_seals_for_each_row_and_takes_the_index_along():
    people = [saved(phone=f"1380000{number:04}", address="x") for number in range(3)]
    for number, member in enumerate(people):
        member.phone = f"1390000{number:04}"
    people[2].phone = ""
    untouched = Member.objects.defer("phone").get(pk=people[0].pk)

    assert Member.objects.bulk_update(people, ["phone"]) == 3

    assert [read(m) for m in people] == ["13900000000", "13900000001", ""]
    by_index = Member.objects.filter(
        phone_index=index_of(Member, "phone_index", "13900000001")
    )
    assert list(by_index) == [people[1]]
    assert stored(people[2], "phone_index") is None
    assert untouched.phone == "13900000000"
    assert people[1].phone == "13900000001"


def test_a_new_row_is_inserted_without_looking_for_it(django_assert_num_queries):
    member = person(phone=PHONE)

    with django_assert_num_queries(2):  # the sequence, the insert
        member.save()


def test_update_or_create_seals():
    unique = {"name": "B", "branch": branch()}
    member, created = Member.objects.update_or_create(
        **unique,
        defaults={"phone": PHONE},
        create_defaults={
            **{f: getattr(person(), f) for f in ("sex", "ethnic_group", "birth_date")},
            "state": Member.State.APPLICANT,
            "enrolled_on": date(2020, 1, 1),
            "phone": "13900000000",
        },
    )
    assert (created, read(member)) == (True, "13900000000")

    _member, created = Member.objects.update_or_create(
        **unique, defaults={"phone": PHONE}
    )

    assert (created, read(member)) == (False, PHONE)
    assert (
        Member.objects.get(phone_index=index_of(Member, "phone_index", PHONE)) == member
    )


def test_a_copied_instance_is_sealed_for_its_own_row():
    member = Member.objects.get(pk=saved(phone=PHONE).pk)
    first = member.pk
    member.pk = None
    member.save()

    assert member.pk != first
    assert [m.phone for m in Member.objects.order_by("pk")] == [PHONE, PHONE]


def test_a_new_primary_key_is_bound_on_save():
    member = saved(phone=PHONE)
    member.pk += 1000
    member.save()

    assert read(member) == PHONE


def test_deferred_fields_are_loaded_when_they_are_read(django_assert_num_queries):
    member = saved(phone=PHONE, address="x")

    for rows in (Member.objects.defer("phone"), Member.objects.only("name")):
        again = rows.get(pk=member.pk)
        with django_assert_num_queries(1):
            assert again.phone == again.phone == PHONE


def test_saving_an_instance_with_deferred_fields_leaves_them():
    member = saved(phone=PHONE, address="x")
    again = Member.objects.only("name", "phone_index").get(pk=member.pk)
    again.name = "B"
    again.save()

    assert (read(member), read(member, "name")) == (PHONE, "B")
    assert stored(member, "phone_index") == index_of(Member, "phone_index", PHONE)


def test_refresh_from_db_reads_the_new_value_in_one_query(django_assert_num_queries):
    member = saved(phone=PHONE, address="x")
    other = Member.objects.get(pk=member.pk)
    other.phone = "13900000000"
    other.save()
    member.address = "not saved"

    with django_assert_num_queries(1):
        member.refresh_from_db()
        assert (member.phone, member.address) == ("13900000000", "x")
    member.refresh_from_db(fields=["phone"])
    assert member.phone == "13900000000"


def test_refresh_from_db_opens_nothing():
    member = saved(phone=PHONE)
    store(member, b"\x01damaged")

    member.refresh_from_db()

    with pytest.raises(SealBroken):
        assert member.phone


# Nonces (CR-04)


def test_every_nonce_is_fresh():
    Member.objects.bulk_create([person(phone=PHONE) for _ in range(2000)])

    values = list(Member.objects.values_list("phone", flat=True))
    assert len({value[3:15] for value in values}) == 2000
    assert len(set(values)) == 2000


def test_a_value_that_did_not_change_keeps_its_bytes():
    member = saved(phone=PHONE)
    first = stored(member)
    again = Member.objects.get(pk=member.pk)
    again.phone = PHONE  # what a form does
    again.save()
    assert stored(member) == first

    again.phone = "13900000000"
    again.save()
    assert stored(member) != first


# Two ciphers (SEC-49, CR-08)


@pytest.mark.parametrize("first", ["sm4", "aes256"])
def test_either_cipher_reads_what_the_other_sealed(settings, first):
    second = {"sm4": "aes256", "aes256": "sm4"}[first]
    settings.SEALING_CIPHER = first
    old = saved(phone=PHONE)
    settings.SEALING_CIPHER = second
    new = saved(phone="13900000000")

    versions = ciphers.VERSIONS
    assert [stored(m)[0] for m in (old, new)] == [versions[first], versions[second]]
    assert [read(m) for m in (old, new)] == [PHONE, "13900000000"]
    again = Member.objects.get(pk=old.pk)
    again.save()
    assert (stored(old)[0], read(old)) == (versions[second], PHONE)


def test_an_unknown_cipher_is_named(settings):
    settings.SEALING_CIPHER = "rot13"

    with pytest.raises(ImproperlyConfigured, match="SEALING_CIPHER"):
        saved(phone=PHONE)


# Equality by index (CR-07)


@pytest.mark.parametrize("spelling", [PHONE, "+86 138-0000-1234", "138 0000 1234"])
def test_a_phone_is_found_in_any_spelling(spelling):
    member, _other = saved(phone="138 0000 1234"), saved(phone="13800004321")

    found = Member.objects.filter(phone_index=index_of(Member, "phone_index", spelling))

    assert list(found) == [member]


def test_a_phone_is_found_by_its_last_four_digits():
    member, other = saved(phone=PHONE), saved(phone="13911111234")
    saved(phone="13800004321")

    found = Member.objects.filter(phone_tail=index_of(Member, "phone_tail", "1234"))

    assert set(found) == {member, other}


@pytest.mark.parametrize("name", ["phone_index", "phone_tail", "id_number_index"])
def test_an_empty_text_finds_nobody(name):
    saved()

    assert not Member.objects.filter(**{name: index_of(Member, name, " ")}).exists()


def test_each_column_has_an_index_key_of_its_own():
    indexes = {
        index_of(Member, n, "1234")
        for n in ("phone_index", "phone_tail", "id_number_index")
    }

    assert len(indexes) == 3


def test_the_index_follows_its_source_before_and_after_saving():
    member = saved(phone=PHONE)
    first = member.phone_index
    member.phone = "13900000000"
    second = member.phone_index  # what a unique constraint is judged by

    member.save(update_fields=["phone"])

    assert first == index_of(Member, "phone_index", PHONE)
    assert second == index_of(Member, "phone_index", "13900000000")
    assert stored(member, "phone_index") == second
    member.phone = ""
    member.save()
    assert (stored(member, "phone_index"), member.phone_index) == (None, None)


@pytest.mark.parametrize("lookup", ["__startswith", "__gt", "__contains"])
def test_an_index_compares_for_equality_alone(lookup):
    with pytest.raises(FieldError):
        Member.objects.filter(**{f"phone_index{lookup}": b"x"}).count()


def test_an_index_is_not_looked_up_by_text():
    with pytest.raises(FieldError, match="index_of"):
        Member.objects.filter(phone_index=PHONE).count()


# History: triggers copy the sealed bytes


def test_the_history_opens_what_its_triggers_copied():
    member = saved(phone=PHONE)
    member.phone = "13900000000"
    member.save()

    history = Member.pgh_event_model.objects.order_by("pgh_id")

    assert [event.phone for event in history] == [PHONE, "13900000000"]
    assert [event.phone for event in history.only("pgh_id")] == [PHONE, "13900000000"]
    assert history.last().phone_index == member.phone_index
    assert history.last()._meta.db_table != "members_member"


def test_a_value_copied_to_another_members_history_is_noticed():
    one, other = saved(phone=PHONE), saved(phone="13900000000")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_memberevent SELECT (e).* FROM (SELECT "
            "jsonb_populate_record(e, jsonb_build_object('pgh_id', 999999, 'pgh_obj_id', %s::bigint)) AS e "
            "FROM members_memberevent e WHERE pgh_obj_id = %s) AS copied",
            [other.pk, one.pk],
        )

    with pytest.raises(SealBroken):
        assert Member.pgh_event_model.objects.get(pk=999999).phone


# Forms


class PhoneForm(forms.ModelForm):
    class Meta:
        model = Member
        fields = ["phone"]


def test_a_form_shows_and_changes_the_text():
    member = saved(phone=PHONE)

    form = PhoneForm(
        {"phone": "13900000000"}, instance=Member.objects.get(pk=member.pk)
    )

    assert model_to_dict(member, ["phone"]) == {"phone": PHONE}
    assert isinstance(form.fields["phone"], forms.CharField)
    assert form.is_valid(), form.errors
    form.save()
    assert read(member) == "13900000000"


def test_an_empty_box_does_not_wipe_a_damaged_value():
    member = saved(phone=PHONE)
    store(member, b"\x01damaged")

    form = PhoneForm({"phone": ""}, instance=Member.objects.get(pk=member.pk))

    assert form.initial == {"phone": ""}
    assert form.is_valid(), form.errors
    form.save()
    assert stored(member) == b"\x01damaged"


def test_a_constraint_is_checked_before_anything_is_sealed():
    with isolate_apps("members"):

        class Reachable(SealedModel):
            phone = SealedField(null=True)
            address = SealedField(null=True)

            class Meta:
                app_label = "members"
                constraints = [
                    models.CheckConstraint(
                        condition=models.Q(phone__isnull=False)
                        | models.Q(address__isnull=False),
                        name="reachable",
                    )
                ]

    Reachable(phone=PHONE).validate_constraints()
    with pytest.raises(ValidationError):
        Reachable(phone="").validate_constraints()


def test_an_id_number_on_another_roll_is_found_before_saving():
    saved(id_number=ID_NUMBER)

    person(id_number="440524188001010014").validate_constraints()
    with pytest.raises(ValidationError):
        person(id_number=ID_NUMBER.lower()).validate_constraints()


# Declarations


def test_a_model_that_cannot_seal_is_found_by_the_checks():
    with isolate_apps("members"):

        class Plain(models.Model):
            phone = SealedField(null=True)

            class Meta:
                app_label = "members"

            def __str__(self):
                return ""

        class PlainRows(SealedModel):
            phone = SealedField(null=True)
            objects = models.Manager()

            class Meta:
                app_label = "members"

        class NoSource(SealedModel):
            phone_index = IndexField(source="phone")

            class Meta:
                app_label = "members"

    found = [m.id for model in (Plain, PlainRows, NoSource) for m in model.check()]
    assert found == ["members.E001", "members.E002", "members.E003"]


@pytest.mark.parametrize(
    "field",
    [
        SealedField("phone", null=True, blank=True, max_length=20),
        SealedField(kind="bytes", null=True, editable=False),
        IndexField(source="phone", part="last4", normalize="phone"),
    ],
)
def test_a_field_is_the_same_after_a_migration(field):
    _name, _path, args, kwargs = field.deconstruct()

    again = type(field)(*args, **kwargs)

    assert again.deconstruct() == field.deconstruct()
    assert vars(again).keys() == vars(field).keys()


def test_all_models_with_sealed_fields_take_their_key_first():
    with_sealed = [
        model
        for model in Branch._meta.apps.get_models()
        if sealing.sealed_fields(model) and not hasattr(model, "pgh_tracked_model")
    ]

    assert Member in with_sealed
    assert [m for m in with_sealed if not issubclass(m, SealedModel)] == []
    rows = {type(m._default_manager.get_queryset()) for m in with_sealed}
    assert {t for t in rows if not issubclass(t, SealedQuerySet)} == set()


def test_a_value_alone_says_nothing_in_a_log():
    assert repr(Sealed(b"\x01abc")) == "<Sealed 4 bytes>"
    assert str(SealBroken("t", "c", 7)) == "The sealed value t.c of row 7 is damaged."
    assert str(pickle.loads(pickle.dumps(SealBroken("t", "c", 7)))).endswith("damaged.")  # noqa: S301
