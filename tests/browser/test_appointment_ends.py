"""An appointment that ends while its holder is signed in (AZ-07)."""

from datetime import timedelta

from playwright.sync_api import expect

from members import access
from members.models import Appointment
from members.services import offices
from tests import build


def test_the_rights_are_gone_with_the_next_click(portal):
    top = build.committee("中共云溪镇委员会")
    branch = build.branch("中共青石村支部委员会", parent=top)
    build.member("薛丽华", branch=branch)
    secretary = build.secretary(of=branch)
    yesterday = access.today() - timedelta(days=1)
    portal.sign_in(secretary)
    portal.visit("/members/roll/")
    link = portal.get_by_role("link", name="薛丽华")
    expect(link).to_have_count(1)

    offices.end_appointment(
        Appointment.objects.get(), on=yesterday, reason="换届", by=None
    )
    link.click()
    portal.wait_for_load_state()

    assert "薛丽华" not in portal.locator("body").inner_text()
    answer = portal.visit("/members/roll/")
    assert answer.status == 404
    assert portal.visit("/members/me/").status == 200
