"""A world with one record of each kind, one account of each role, and every route.

The routes are found in the URL configuration, so that one without an expectation is
noticed (AZ-01).
"""

from dataclasses import dataclass, field
from datetime import date

from django.urls import URLPattern, get_resolver

from members.algorithms import next_demo_id_number
from members.models import (
    Export,
    ImportBatch,
    Notification,
    User,
)
from tests import build

# In the order of growing reach; the three administrators stand aside.
SIGNED_IN = (
    "stranger",
    "member",
    "secretary",
    "sibling",
    "above",
    "root",
    "system",
    "security",
    "audit",
)
NOBODY = "nobody"
ROLES = (NOBODY, *SIGNED_IN)
SEEDED = {
    "id_number": next_demo_id_number("110000", date(1970, 1, 1), 771),
    "phone": "13955512345",
    "landline": "0851-5550123",
    "address": "云溪镇青石村七组八号",
}


@dataclass
class World:
    """left and right stand below general, which stands below top."""

    users: dict[str, User]
    keys: dict[str, int]
    people: dict[str, object] = field(default_factory=dict)


def make_world() -> World:
    top = build.committee("中共云溪镇委员会")
    general = build.branch("中共工业园总支", parent=top, kind="general_branch")
    left = build.branch("中共青石村支部", parent=general)
    right = build.branch("中共白水村支部", parent=general)
    person = build.member("薛丽华", branch=left, **SEEDED)
    group = build.group(left)
    users = {
        "stranger": build.user("stranger"),
        "member": build.user("member", member=person),
        "secretary": build.secretary(of=left),
        "sibling": build.secretary(of=right),
        "above": build.secretary(of=general, home=build.branch(parent=general)),
        "root": build.secretary(of=top, home=build.branch(parent=top)),
        "system": build.administrator("system"),
        "security": build.administrator("security"),
        "audit": build.administrator("audit"),
    }
    for user in users.values():
        Notification.objects.create(user=user, kind="welcome")
    batch = ImportBatch.objects.create(
        branch=left,
        uploaded_by=users["secretary"],
        file_name="名册.xlsx",
        state=ImportBatch.State.CHECKED,
        report="{}",
    )
    export = Export.objects.create(
        branch=left, requested_by=users["secretary"], reason="换届", state="waiting"
    )
    office = build.appointment(
        build.member("左三", branch=left), office="publicity_officer"
    )
    keys = {
        "top": top.pk,
        "general": general.pk,
        "left": left.pk,
        "person": person.pk,
        "group": group.pk,
        "term": build.term(left).pk,
        "office": office.pk,
        "correction": build.correction(person, by=users["member"]).pk,
        "batch": batch.pk,
        "export": export.pk,
        "never": 2_000_000_000,
    }
    return World(users, keys, {"person": person})


def all_routes() -> dict[str, URLPattern]:
    """Every route by its qualified name; one without a name by its pattern."""
    found: dict[str, URLPattern] = {}

    def collect(patterns, namespace, prefix):
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                name = f"{namespace}{pattern.name}" if pattern.name else route
                found[name] = pattern
            else:
                inner = (
                    f"{namespace}{pattern.namespace}:"
                    if pattern.namespace
                    else namespace
                )
                collect(pattern.url_patterns, inner, route)

    collect(get_resolver().url_patterns, "", "/")
    return found
