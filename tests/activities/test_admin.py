"""Activities in the administration: read with the right, corrected by the service."""

from datetime import timedelta

import pytest
from django.utils import timezone

from activities.models import Activity
from tests import build

pytestmark = pytest.mark.django_db
URL = "/admin/activities/activity/"


@pytest.fixture
def branch():
    return build.branch()


@pytest.fixture
def staff(branch, client):
    user = build.secretary(of=branch)
    user.is_staff = True
    user.save()
    client.force_login(user)
    return user


def sent(activity, **fields):
    """The form as the administration posts it."""
    names = ("title", "purpose", "place", "accessibility", "transport")
    form = {name: getattr(activity, name) for name in names}
    for name in ("starts_at", "ends_at"):
        at = timezone.localtime(getattr(activity, name))
        form |= {f"{name}_0": f"{at:%Y-%m-%d}", f"{name}_1": f"{at:%H:%M:%S}"}
    for prefix in ("agenda", "co_hosts"):
        form |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return form | fields


def test_what_was_entered_wrong_is_put_right(client, staff, branch):
    activity = build.activity("主题党目", branch=branch)
    url = f"{URL}{activity.pk}/change/"
    assert client.get(url).status_code == 200

    client.post(url, sent(activity, title="主题党日"))
    activity.refresh_from_db()
    assert activity.title == "主题党日"
    assert activity.state == "planned"


def test_the_service_refuses_at_the_field(client, staff, branch):
    activity = build.activity(branch=branch)
    late = timezone.localtime(activity.ends_at + timedelta(days=2))
    form = sent(activity, starts_at_0=f"{late:%Y-%m-%d}")

    answer = client.post(f"{URL}{activity.pk}/change/", form)

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"ends_at"}
    activity.refresh_from_db()
    assert activity.starts_at < activity.ends_at


def test_what_is_over_is_not_changed(client, staff, branch):
    activity = build.activity(branch=branch, state="held")

    client.post(f"{URL}{activity.pk}/change/", sent(activity, title="x"))

    assert Activity.objects.get().title == activity.title


@pytest.mark.parametrize("role", ["system", "security", "audit"])
def test_administrators_see_no_activities(client, branch, role):
    activity = build.activity(branch=branch)
    client.force_login(build.administrator(role))

    assert client.get(URL).status_code in {403, 404}
    assert client.get(f"{URL}{activity.pk}/change/").status_code in {403, 404}


def test_nothing_is_added_here(client, staff):
    assert client.get(f"{URL}add/").status_code in {403, 404}
