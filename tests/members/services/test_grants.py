"""Rights for a purpose have a purpose and an end, and are given to others (AZ-08)."""

from datetime import date

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError

from members import access
from members.models import BranchGrant, User
from members.services import grants
from tests import build

pytestmark = pytest.mark.django_db
SOON = date(2099, 1, 1)


@pytest.fixture
def security():
    return build.administrator("security")


def right(name):
    return Permission.objects.get(content_type__app_label="members", codename=name)


def give(user, branch, by, **fields):
    options = {"purpose": "巡察", "starts_on": date(2026, 1, 1), "ends_on": SOON}
    rights = fields.pop("rights", [right("view_branch"), right("view_roll")])
    return grants.give(user, branch, rights, **(options | fields), by=by)


def code_of(refused):
    error = refused.value
    if hasattr(error, "error_dict"):
        ((error,),) = error.error_dict.values()
    return error.code


def test_rights_reach_the_branches_below_and_are_given_once(security):
    top, left, _right = build.tree()
    user, somebody = build.user(), build.member(branch=left)
    assert not access.visible_members(user).exists()

    give(user, top, security)
    give(user, top, security, purpose="复查")

    user = User.objects.get(pk=user.pk)
    assert list(access.visible_members(user)) == [somebody]
    assert BranchGrant.objects.filter(user=user).count() == 2
    assert set(BranchGrant.objects.values_list("purpose", flat=True)) == {"复查"}


def make_closed():
    return build.branch(closed_on=date(2020, 1, 1))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"purpose": "  "}, "needs_purpose"),
        ({"rights": []}, "no_rights"),
        ({"ends_on": date(2025, 12, 31)}, "before_start"),
        ({"starts_on": date(2020, 1, 1), "ends_on": date(2020, 2, 1)}, "in_past"),
    ],
)
def test_what_is_refused(security, fields, code):
    with pytest.raises(ValidationError) as refused:
        give(build.user(), build.committee(), security, **fields)

    assert code_of(refused) == code
    assert not BranchGrant.objects.exists()


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: build.administrator("audit"), "is_administrator"),
        (lambda: build.user(is_active=False), "switched_off"),
    ],
)
def test_who_gets_none(security, make, code):
    with pytest.raises(ValidationError) as refused:
        give(make(), build.committee(), security)

    assert code_of(refused) == code


def test_nobody_gives_rights_to_the_own_account(security):
    with pytest.raises(ValidationError) as refused:
        give(security, build.committee(), security)

    assert code_of(refused) == "own_account"


def test_a_closed_branch_takes_none(security):
    with pytest.raises(ValidationError) as refused:
        give(build.user(), make_closed(), security)

    assert code_of(refused) == "closed_branch"


def test_a_grant_is_ended_early_and_at_once(security):
    user = build.user()
    (grant,) = give(user, build.committee(), security, rights=[right("view_roll")])
    assert access.scope(user, "view_roll")

    grants.set_end(grant, date(2026, 1, 2), by=security)
    grants.set_end(grant, date(2026, 1, 2), by=security)

    assert not access.scope(User.objects.get(pk=user.pk), "view_roll")


def test_a_grant_is_prolonged_only_for_who_could_get_it(security):
    user = build.user()
    (grant,) = give(user, build.committee(), security, rights=[right("view_roll")])
    User.objects.filter(pk=user.pk).update(is_active=False)

    with pytest.raises(ValidationError) as refused:
        grants.set_end(grant, date(2099, 6, 1), by=security)

    assert code_of(refused) == "switched_off"


def test_a_grant_of_an_office_ends_with_the_office(security):
    build.secretary(of=build.branch())
    grant = BranchGrant.objects.first()

    with pytest.raises(ValidationError) as refused:
        grants.set_end(grant, SOON, by=security)

    assert code_of(refused) == "by_office"
