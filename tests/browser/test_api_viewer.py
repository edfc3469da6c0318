"""The viewer of the API works under the policy of all pages, and asks no other host."""

from playwright.sync_api import expect

from tests import build


def test_a_secretary_tries_a_route_in_the_viewer(portal):
    secretary = build.secretary(of=build.branch())
    portal.sign_in(secretary)

    portal.visit("/api/docs/")
    portal.fill(".operation-filter-input", "me")  # which finds members too
    portal.click("#operations-me-me_retrieve .opblock-summary-control")
    portal.click("#operations-me-me_retrieve .try-out__btn")
    with portal.expect_response("**/api/v1/me/") as answer:
        portal.click("#operations-me-me_retrieve .execute")

    assert answer.value.json()["username"] == secretary.username
    expect(portal.locator(".live-responses-table")).to_contain_text(
        "manage_roll", use_inner_text=True
    )


def test_a_token_is_made_and_revoked(portal, axe):
    portal.sign_in(build.secretary(of=build.branch()))

    portal.visit("/members/account/tokens/")
    axe(portal)
    portal.click(".empty-state a.btn")
    axe(portal)
    portal.fill("#id_name", "花名册程序")
    portal.click("main form button.btn-primary")
    assert portal.input_value("#token").startswith("bpt_")
    axe(portal)

    portal.visit("/members/account/tokens/")
    axe(portal)
    portal.click("main table a.btn")
    axe(portal)
    portal.click("main button.btn-danger")
    portal.wait_for_url("**/members/account/tokens/")

    expect(portal.locator("main table a.btn")).to_have_count(0)
