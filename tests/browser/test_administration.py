"""The administration in a browser: its scripts run, text that was stored does not."""

import pytest
from django.contrib import admin
from django.urls import reverse

from members.models import Branch, BranchGrant, Member, Office, User
from tests import build
from tests.walk import make_world

# What would run if a template took text for markup, or for one of Alpine's expressions.
PAYLOADS = (
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(2)>',
    "'+alert(3)+'",
    '" x-init="alert(4)',
    "</script><script>alert(5)</script>",
    "{{ 7*7 }}${alert(6)}`",
)


def pages_of(user):
    """Each list, form to add, newest record and its history that `user` may open."""
    for model, pages in sorted(admin.site._registry.items(), key=lambda one: str(one)):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        request = type("Request", (), {"user": user, "GET": {}})()
        if pages.has_view_permission(request):
            yield reverse(f"{name}_changelist")
            if (row := pages.get_queryset(request).first()) is not None:
                yield reverse(f"{name}_change", args=[row.pk])
                yield reverse(f"{name}_history", args=[row.pk])
        if pages.has_add_permission(request):
            yield reverse(f"{name}_add")


@pytest.mark.parametrize("role", ["root", "system", "security", "audit"])
def test_stored_text_does_not_run_on_any_page(portal, axe, role):  # IN-03, IN-05
    world = make_world()
    Branch.objects.filter(parent=None).update(
        name=PAYLOADS[0], short_name=PAYLOADS[3][:40]
    )
    for number, payload in enumerate(PAYLOADS):
        member = build.member(
            payload[:50], branch=Branch.objects.get(pk=world.keys["left"])
        )
        User.objects.create(
            username=f"0{number}", display_name=payload[:50], member=member
        )
        Branch.objects.filter(code__endswith=str(number)).update(notes=payload)
    Office.objects.update(name_zh=PAYLOADS[2], name_en=PAYLOADS[4])
    BranchGrant.objects.filter(appointment=None).update(purpose=PAYLOADS[1])
    User.objects.filter(pk=world.users[role].pk).update(is_staff=True)
    dialogs = []
    portal.on(
        "dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss())
    )

    user = User.objects.get(pk=world.users[role].pk)
    portal.sign_in(user)
    visited = ["/admin/", *pages_of(user)]
    for path in visited:
        answer = portal.visit(path)
        assert answer.status == 200, path
        assert portal.locator("[x-data]").count(), path
        axe(portal)

    assert dialogs == []
    assert len(visited) > 10


def test_the_pages_work_with_their_scripts(portal, screen):
    """Choices are searched for, filters open, and the refusal of a service is shown."""
    world = make_world()
    user = world.users["root"]
    User.objects.filter(pk=user.pk).update(is_staff=True)
    portal.sign_in(user)

    portal.visit(reverse("admin:members_appointment_add"))
    portal.locator(".select2-selection").first.click()
    portal.locator(".select2-search__field").fill("薛丽")
    portal.locator(".select2-results__option", has_text="薛丽华").click()
    portal.locator("a[id^=calendarlink]").first.click()
    portal.locator(".calendarbox td a").first.wait_for(state="visible")

    portal.visit(reverse("admin:members_member_changelist"))
    portal.locator("[x-on\\:click*=filterOpen]").first.click()
    portal.locator("#changelist-filter a[href*=probationary]").click()
    portal.wait_for_url("**state__exact=probationary**")
    assert Member.objects.filter(state="probationary").count() == 0

    portal.visit(reverse("admin:members_member_change", args=[world.keys["person"]]))
    portal.fill("[name=full_member_on]", "1999/01/01")
    portal.locator("[name=_save]").click()
    portal.get_by_text("请更正以下错误").wait_for()
