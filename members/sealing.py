"""Sealed fields: text that lies encrypted in its column (SEC-37, SEC-49, CR-01 … CR-09).

    class Member(SealedModel):
        phone = SealedField(max_length=20, null=True, blank=True)
        phone_index = IndexField(source="phone", normalize="phone")

    member.phone                             # text in, text out
    Member.objects.values("phone")           # the sealed bytes
    Member.objects.filter(phone_index=index_of(Member, "phone_index", "138 0000 1234"))

A sealed value is: version (1 byte, names the cipher), key id (2), nonce (12), body, tag
(16). Bound into it, so that no value can be copied elsewhere: version, key id, table,
column and primary key. The primary key is therefore taken from its sequence before the
insert. Renaming a table or a column means sealing its values anew.
"""

from __future__ import annotations

import logging
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final, Self, TypeVar

from django import forms
from django.conf import settings
from django.core import checks
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connections, models, router
from django.db.models.expressions import Case, Value
from django.db.models.functions import Cast
from django.db.models.lookups import In
from django.db.models.query_utils import DeferredAttribute

from members import ciphers
from members.algorithms import normalize_id_number, normalize_phone
from members.key_ring import KeyRing, key_ring, settled
from members.signals import seal_broken

logger = logging.getLogger(__name__)

_M = TypeVar("_M", bound=models.Model, covariant=True)

# While set, sealed fields of instances read as the database holds them.
_as_stored: ContextVar[bool] = ContextVar("sealed fields read as stored", default=False)

_HEAD_BYTES: Final = 3
_BODY_STARTS: Final = _HEAD_BYTES + ciphers.NONCE_BYTES


class SealBroken(Exception):  # noqa: N818  the name says what happened
    """A stored value does not open: it was changed, moved, cut, or its key is gone."""

    def __init__(self, table: str, column: str, pk: Any):
        super().__init__(table, column, pk)
        self.table, self.column, self.pk = table, column, pk

    def __str__(self) -> str:
        return (
            f"The sealed value {self.table}.{self.column} of row {self.pk} is damaged."
        )


class Sealed(bytes):
    """A value as the database holds it; on an instance it knows the row it belongs to."""

    pk: Any = None
    opened: str | bytes | None = None

    def __repr__(self) -> str:
        return f"<Sealed {len(self)} bytes>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what the database holds, never what was read from it (CR-01)."""
        return _restore, (bytes(self), self.pk)

    @property
    def is_current(self) -> bool:
        """Whether new values would be sealed by the same cipher and key."""
        return self[:_HEAD_BYTES] == current_head(key_ring())


class _Unsealed:
    """A value that was assigned and not yet saved, and the sealed one it replaces."""

    __slots__ = ("plain", "was")

    def __init__(self, plain: str | bytes | None, was: Sealed | None):
        self.plain, self.was = plain, was


class SealedAttribute(DeferredAttribute):
    """Opens the value when it is first read."""

    field: SealedField

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        if instance is None:
            return self
        held = self.held(instance)
        if not _as_stored.get():
            return self.field.plain_of(instance, held)
        if isinstance(held, _Unsealed):  # all that can be said is whether there is one
            return None if self.field.is_null(held.plain) else Sealed(b"not sealed yet")
        return held

    def __set__(self, instance: models.Model, value: Any) -> None:
        name = self.field.attname
        if not (value is None or isinstance(value, (Sealed, self.field.plain_type))):
            kind = self.field.plain_type.__name__
            raise TypeError(f"{self.field} takes {kind}, not {type(value).__name__}.")
        if value is None or isinstance(value, Sealed):
            instance.__dict__[name] = value
            return
        was = instance.__dict__.get(name)
        was = was.was if isinstance(was, _Unsealed) else was
        # A plain copy: a subclass of str, such as SafeString, carries more than text.
        plain = self.field.plain_type(value)
        instance.__dict__[name] = _Unsealed(plain, was)

    def held(self, instance: models.Model) -> Sealed | _Unsealed | None:
        """What the instance holds, loaded first when it was deferred."""
        name = self.field.attname
        if name not in instance.__dict__:
            rows = type(instance)._base_manager.using(instance._state.db)
            stored = rows.filter(pk=instance.pk).values_list(name, flat=True).get()
            if stored is not None:
                stored.pk = self.field.row_of(instance)
            instance.__dict__[name] = stored
        held: Sealed | _Unsealed | None = instance.__dict__[name]
        return held


class SealedField(models.BinaryField):
    """Text (or bytes, by `kind="bytes"`) that is encrypted in the database.

    Reads as text; NULL reads as the empty text, and the empty text is stored as NULL where
    the column allows it. Raises SealBroken, never returns text, for a damaged value.
    """

    descriptor_class = SealedAttribute
    empty_values = [None, "", b""]

    # What type checkers take the attribute for: text, or bytes by `kind`.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def __init__(self, *args: Any, kind: str = "text", **kwargs: Any):
        self.kind = kind
        self.plain_type: Any = {"text": str, "bytes": bytes}[kind]
        kwargs.setdefault("editable", True)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        if self.kind != "text":
            kwargs["kind"] = self.kind
        if not self.editable:
            kwargs["editable"] = False
        return name, path, args, kwargs

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *_check_model(self)]

    # Reading

    def from_db_value(self, value: Any, *args: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    @property
    def row_name(self) -> str:
        """Where the primary key stands that the value is bound to."""
        return _row_name(self.model)

    def row_of(self, instance: models.Model) -> Any:
        """The primary key the value is bound to."""
        return getattr(instance, _row_name(self.model))

    def plain_of(self, instance: models.Model, held: Sealed | _Unsealed | None) -> Any:
        if held is None:
            return self.plain_type()
        if isinstance(held, _Unsealed):
            return held.plain
        if held.opened is None:
            held.opened = self.open(held, held.pk or self.row_of(instance))
        return held.opened

    def is_null(self, plain: str | bytes | None) -> bool:
        return not plain and self.null

    def plain_at_hand(self, instance: models.Model) -> str | bytes | None:
        """The plain value if it is in memory already: assigned, or opened before."""
        held = instance.__dict__.get(self.attname)
        return (
            held.plain if isinstance(held, _Unsealed) else getattr(held, "opened", None)
        )

    # Writing

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        """Seal for the row's primary key; a value that did not change stays as it is."""
        held = self._attribute(model_instance).held(model_instance)
        sealed = self._sealed_for(model_instance, held)
        model_instance.__dict__[self.attname] = sealed
        return sealed

    def _sealed_for(
        self, instance: models.Model, held: Sealed | _Unsealed | None
    ) -> Sealed | None:
        row = self.row_of(instance)
        was = held.was if isinstance(held, _Unsealed) else held
        if was is not None and was.pk is None:
            was.pk = row
        of_this_row = was is not None and was.pk == row
        if isinstance(held, _Unsealed):
            plain = held.plain
        elif was is None or (of_this_row and was.is_current):
            return was
        else:
            try:
                plain = self.plain_of(instance, was)
            except SealBroken:
                if of_this_row:
                    return was  # keep what may yet be repaired
                raise
        if self.is_null(plain):
            return None
        keeps = of_this_row and was is not None and was.is_current
        if keeps and self._opens_to(plain, instance, was):
            return was
        return self.seal(plain, row)

    def _opens_to(
        self, plain: str | bytes | None, instance: models.Model, sealed: Sealed | None
    ) -> bool:
        try:
            return bool(self.plain_of(instance, sealed) == plain)
        except SealBroken:
            return False

    def seal(self, plain: str | bytes | None, row: Any) -> Sealed:
        """Seal a value for one row of this column."""
        if row is None:
            raise FieldError(
                f"{self} is sealed for a primary key, and this row has none."
            )
        ring, nonce = key_ring(), secrets.token_bytes(ciphers.NONCE_BYTES)
        head = current_head(ring)
        key = ring.sealing_key(ring.active_data_key, head[0])
        text = plain.encode() if isinstance(plain, str) else plain or b""
        body = ciphers.encrypt(head[0], key, nonce, text, self._bound(head, row))
        sealed = Sealed(head + nonce + body)
        sealed.pk, sealed.opened = row, plain
        return sealed

    def open(self, sealed: bytes, row: Any) -> str | bytes:
        """Open what the database holds in this column of a row, or raise SealBroken."""
        head, nonce = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES:_BODY_STARTS]
        try:
            key = key_ring().sealing_key(int.from_bytes(head[1:], "big"), head[0])
            body = sealed[_BODY_STARTS:]
            plain = ciphers.decrypt(head[0], key, nonce, body, self._bound(head, row))
            return plain.decode() if self.kind == "text" else plain
        except (ciphers.OpeningError, LookupError, ValueError):
            table, column = _place(self)
            logger.error("Sealed value damaged: %s.%s of row %s", table, column, row)
            seal_broken.send(type(self), table=table, column=column, row=row)
            raise SealBroken(table, column, row) from None

    def _bound(self, head: bytes, row: Any) -> bytes:
        return head + ciphers.join(*_place(self), str(row))

    def _attribute(self, instance: models.Model) -> SealedAttribute:
        attribute: SealedAttribute = getattr(type(instance), self.attname)
        return attribute

    # What reaches the database is sealed, or refused.

    def get_db_prep_value(
        self, value: Any, connection: Any, prepared: Any = False
    ) -> Any:
        if not _is_sealed(value):
            raise FieldError(f"{self} takes text through an instance that is saved.")
        return super().get_db_prep_value(value, connection, prepared)

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> Any:
        if hasattr(value, "resolve_expression") and not _is_sealed_case(value):
            raise FieldError(f"{self} takes no expression: save an instance.")
        return super().get_placeholder(value, compiler, connection)  # type: ignore[misc]  # stubs of a later Django

    def get_lookup(self, lookup_name: str) -> Any:
        # "df" compares the sealed bytes of a row before and after, in history triggers.
        if lookup_name not in {"isnull", "df"}:
            raise FieldError(f"{self} is sealed: look up by its index field.")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self} is sealed: look up by its index field.")

    # Forms and fixtures

    def to_python(self, value: Any) -> Any:
        return value

    def formfield(self, **kwargs: Any) -> Any:
        if self.kind == "bytes":
            return None
        defaults = {"form_class": forms.CharField, "max_length": self.max_length}
        return super().formfield(**{**defaults, **kwargs})

    def value_from_object(self, obj: models.Model) -> Any:
        """What a form starts from: nothing, where the value is damaged."""
        try:
            return super().value_from_object(obj)
        except SealBroken:
            return self.plain_type()

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        """Take what was typed; an empty box does not wipe a damaged value."""
        if data or try_open(instance, self.attname) is not None:
            super().save_form_data(instance, data)

    def value_to_string(self, obj: models.Model) -> str:
        raise FieldError(f"{self} is not written to fixtures (CR-09): use a backup.")


class Index(bytes):
    """The index of a text under the active key; `others` are those under older keys."""

    others: tuple[bytes, ...] = ()


class IndexIn(In):
    """Finds a text by its indexes under all keys that rows may be under (CR-06)."""

    def get_prep_lookup(self) -> Any:
        if self.rhs is None:  # Django asks whether it is NULL
            return None
        if self.rhs_is_direct_value():
            self.rhs = [every for one in self.rhs for every in _with_others(one)]
        return super().get_prep_lookup()


class IndexExact(IndexIn):
    def __init__(self, lhs: Any, rhs: Any):
        is_value = rhs is not None and not hasattr(rhs, "resolve_expression")
        super().__init__(lhs, [rhs] if is_value else rhs)


def as_asked(indexes: Iterable[bytes]) -> dict[bytes, bytes]:
    """What was asked for, by each of the indexes that its row may hold."""
    return {every: index for index in indexes for every in _with_others(index)}


def _with_others(index: Any) -> list[Any]:
    return [index, *getattr(index, "others", ())]


class IndexAttribute(DeferredAttribute):
    """Follows the sealed source as soon as that is in memory, saved or not."""

    field: IndexField

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        if instance is None:
            return self
        source = self.field.source_field()
        plain = source.plain_at_hand(instance) if source else None
        if plain is not None:
            return self.field.index_of(str(plain)) or None
        if source and instance.__dict__.get(source.attname, self) is None:
            return None
        return super().__get__(instance, cls)

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class IndexField(models.BinaryField):
    """The keyed hash of a sealed field, for equality only (CR-07).

    Key id (2 bytes) and HMAC-SM3 (32) under a key of its own column, over the normalized
    text: all of it, or by `part="last4"` its last four characters. Fills itself from the
    field `source`. Not unique by itself: constraints belong to the model. A field with a
    unique constraint needs a second one with `next_of` and the same constraint, which
    holds the index under the next key while the index key changes (decision 0007).
    """

    descriptor_class = IndexAttribute

    def __init__(
        self,
        *args: Any,
        source: str,
        part: str = "all",
        normalize: str = "text",
        next_of: str = "",
        **kwargs: Any,
    ):
        if part not in {"all", "last4"} or normalize not in NORMALIZERS:
            raise ImproperlyConfigured(f"IndexField: unknown {part} or {normalize}.")
        self.source, self.part, self.normalize = source, part, normalize
        self.next_of = next_of
        kwargs = {"null": True, "blank": True, **kwargs, "editable": False}
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs["source"] = self.source
        kwargs["part"] = self.part
        kwargs["normalize"] = self.normalize
        if self.next_of:
            kwargs["next_of"] = self.next_of
        return name, path, args, kwargs

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *_check_model(self)]

    def source_field(self) -> SealedField | None:
        """The sealed field; None on an event model that does not copy it."""
        for field in self.model._meta.concrete_fields:
            if field.name == self.source and isinstance(field, SealedField):
                return field
        return None

    @property
    def mark(self) -> bytes:
        """What an index begins with that is written now; b"" when none is."""
        key_id = self._key_id(key_ring())
        return b"" if key_id is None else key_id.to_bytes(2, "big")

    def index_of(self, text: str) -> Index:
        """The index of a text; b"" (which no row holds) when nothing is left of it."""
        normal = NORMALIZERS[self.normalize](text)
        if self.part == "last4":
            normal = normal[-4:] if len(normal) >= 4 else ""
        ring = key_ring()
        key_id = self._key_id(ring)
        if not normal or key_id is None:
            return Index()
        index = Index(self._under(ring, key_id, normal))
        if ring.other_index_keys and not self.next_of:
            others = ring.other_index_keys
            index.others = tuple(self._under(ring, key, normal) for key in others)
        return index

    def _key_id(self, ring: KeyRing) -> int | None:
        return ring.next_index_key if self.next_of else ring.active_index_key

    def _under(self, ring: KeyRing, key_id: int, normal: str) -> bytes:
        table, column = _place(self)
        key = ring.index_key(key_id, table, self.next_of or column)
        return key_id.to_bytes(2, "big") + ciphers.keyed_hash(key, normal.encode())

    def from_db_value(self, value: Any, *args: Any) -> bytes | None:
        return None if value is None else bytes(value)

    def get_db_prep_value(
        self, value: Any, connection: Any, prepared: Any = False
    ) -> Any:
        if isinstance(value, str):
            raise FieldError(f"{self} is looked up by `index_of`, not by text.")
        return super().get_db_prep_value(value, connection, prepared)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name in {"exact", "in"}:
            return {"exact": IndexExact, "in": IndexIn}[lookup_name]
        if lookup_name not in {"isnull", "df"}:
            raise FieldError(f"{self} can only be compared for equality.")
        return super().get_lookup(lookup_name)


class SealedQuerySet(models.QuerySet[_M]):
    """Keeps the promise of SealedModel for many rows at once."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Take all primary keys in one query, then insert."""
        rows = list(objs)
        if kwargs.get("update_conflicts") or (len(args) > 2 and args[2]):
            raise FieldError(
                "Rows with sealed fields cannot be merged on insert: the row that is "
                "already there has another primary key."
            )
        without = [row for row in rows if row.pk is None]
        self._for_write = True
        keys = next_primary_keys(self.model, len(without), self.db)
        for row, key in zip(without, keys, strict=True):
            row.pk = key
        return super().bulk_create(rows, *args, **kwargs)

    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        """Seal each value for its row; index fields follow their sources."""
        rows, names = tuple(objs), _with_index_fields(self.model, fields)
        sealed = [field for field in sealed_fields(self.model) if field.name in names]
        for row in rows:
            for field in sealed:
                field.pre_save(row, add=False)
        with _reading_as_stored():
            return super().bulk_update(rows, names, batch_size)


class SealedModel(models.Model):
    """A model with sealed fields: knows its primary key before it is inserted."""

    objects = SealedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(
        self,
        *,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Save; an index field is saved whenever its source is."""
        if self.pk is None and not force_update and update_fields is None:
            using = using or router.db_for_write(type(self), instance=self)
            (self.pk,) = next_primary_keys(type(self), 1, using)
            force_insert = force_insert or True
        if update_fields is not None:
            update_fields = _with_index_fields(type(self), update_fields)
        super().save(
            force_insert=force_insert,
            force_update=force_update,
            using=using,
            update_fields=update_fields,
        )

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Any, values: Any, **kwargs: Any
    ) -> Self:
        """Bind what was loaded to its row, so that a copied instance is sealed anew."""
        instance = super().from_db(db, field_names, values, **kwargs)
        for field in sealed_fields(cls):
            held = instance.__dict__.get(field.attname)
            if held is not None:
                held.pk = instance.pk
        return instance

    def clean_fields(self, exclude: Any = None) -> None:
        """Check the fields; one that is damaged is left as it is (CR-02)."""
        names = (field.attname for field in sealed_fields(type(self)))
        damaged = {name for name in names if try_open(self, name) is None}
        super().clean_fields(exclude=damaged | set(exclude or ()))

    def validate_constraints(self, exclude: Any = None) -> None:
        """Check the constraints without opening anything."""
        with _reading_as_stored():
            super().validate_constraints(exclude=exclude)

    def refresh_from_db(
        self, using: str | None = None, fields: Any = None, from_queryset: Any = None
    ) -> None:
        """Reload without opening anything."""
        with _reading_as_stored():
            super().refresh_from_db(using, fields, from_queryset)


def index_of(model: type[models.Model], index_field: str, text: str) -> Index:
    """What `index_field` holds for `text`; b"" (held by no row) for an empty text."""
    field = model._meta.get_field(index_field)
    if not isinstance(field, IndexField):
        raise FieldError(f"{field} is not an index field.")
    return field.index_of(text)


def try_open(instance: models.Model, name: str) -> Any:
    """The value of a sealed field, or None where it is damaged."""
    try:
        return getattr(instance, name)
    except SealBroken:
        return None


def sealed_fields(model: type[models.Model]) -> list[SealedField]:
    return [f for f in model._meta.concrete_fields if isinstance(f, SealedField)]


def index_fields(model: type[models.Model]) -> list[IndexField]:
    return [f for f in model._meta.concrete_fields if isinstance(f, IndexField)]


def next_primary_keys(model: type[models.Model], count: int, using: str) -> list[int]:
    """Take `count` values from the sequence of the model's primary key, in one query."""
    if not count:
        return []
    meta = model._meta
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [f'"{meta.db_table}"', meta.pk.column, count],
        )
        return [key for (key,) in cursor.fetchall()]


@contextmanager
def _reading_as_stored() -> Iterator[None]:
    token = _as_stored.set(True)
    try:
        yield
    finally:
        _as_stored.reset(token)


def _restore(value: bytes, pk: Any) -> Sealed:
    sealed = Sealed(value)
    sealed.pk = pk
    return sealed


def current_head(ring: KeyRing) -> bytes:
    """Version and key id of what is sealed now."""
    return bytes([_version()]) + ring.active_data_key.to_bytes(2, "big")


@settled
def _version() -> int:
    name = getattr(settings, "SEALING_CIPHER", "sm4")
    if name not in ciphers.VERSIONS:
        raise ImproperlyConfigured("SEALING_CIPHER must be sm4 or aes256.")
    return ciphers.VERSIONS[name]


def _tracked_model(model: type[models.Model]) -> type[models.Model]:
    """The model an event model copies (django-pghistory), else the model itself."""
    tracked: type[models.Model] = getattr(model, "pgh_tracked_model", model)
    return tracked


@lru_cache
def _row_name(model: type[models.Model]) -> str:
    """The attribute that holds the primary key: on an event row, the tracked row's."""
    tracked = _tracked_model(model)
    if tracked is model:
        return "pk"
    names = {field.attname for field in model._meta.concrete_fields}
    return "pgh_obj_id" if "pgh_obj_id" in names else tracked._meta.pk.attname


def _place(field: models.Field[Any, Any]) -> tuple[str, str]:
    """Table and column; triggers copy rows to event tables, so there the tracked ones."""
    return _tracked_model(field.model)._meta.db_table, str(field.column)


def _is_sealed(value: Any) -> bool:
    return value is None or isinstance(value, Sealed)


def _is_sealed_case(expression: Any) -> bool:
    """Whether this is what bulk_update writes: a choice between sealed values."""
    if isinstance(expression, Cast):
        (expression,) = expression.get_source_expressions()
    if not isinstance(expression, Case):
        return False
    results = [case.result for case in expression.cases] + [expression.default]
    return all(isinstance(r, Value) and _is_sealed(r.value) for r in results)


def _with_index_fields(model: type[models.Model], names: Iterable[str]) -> list[str]:
    wanted = list(names)
    for field in model._meta.concrete_fields:
        if isinstance(field, IndexField) and field.source in wanted:
            wanted.append(field.name)
    return list(dict.fromkeys(wanted))


def _check_model(field: SealedField | IndexField) -> list[checks.CheckMessage]:
    model = field.model
    if hasattr(model, "pgh_tracked_model"):
        return []
    if not issubclass(model, SealedModel):
        hint = "Derive the model from members.sealing.SealedModel."
        return [
            checks.Error(
                "A sealed field needs SealedModel.", hint, field, "members.E001"
            )
        ]
    if not isinstance(model._default_manager.all(), SealedQuerySet):
        hint = "Derive the queryset of the default manager from SealedQuerySet."
        return [
            checks.Error(
                "A sealed field needs SealedQuerySet.", hint, field, "members.E002"
            )
        ]
    if isinstance(field, IndexField) and _is_unique_without_next(field):
        hint = "Add an IndexField with next_of, under the same constraint."
        return [
            checks.Error(
                "Uniqueness would not outlive a change of the index key.",
                hint,
                field,
                "members.E004",
            )
        ]
    if isinstance(field, IndexField) and field.source_field() is None:
        hint = "Name a SealedField of the same model as source."
        return [
            checks.Error(
                "An index field needs its source.", hint, field, "members.E003"
            )
        ]
    return []


def _is_unique_without_next(field: IndexField) -> bool:
    model = field.model._meta
    nexts = {other.name for other in index_fields(field.model) if other.next_of}
    unique = [c for c in model.constraints if isinstance(c, models.UniqueConstraint)]
    on_next = sum(bool(nexts & set(c.fields)) for c in unique)
    return not field.next_of and (
        field.unique or sum(field.name in c.fields for c in unique) > on_next
    )


def _normalize_text(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


NORMALIZERS: Final[dict[str, Callable[[str], str]]] = {
    "text": _normalize_text,
    "phone": normalize_phone,
    "id_number": normalize_id_number,
}
