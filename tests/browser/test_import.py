"""A roster with faults is checked, mended, applied, and found on the roll."""

from playwright.sync_api import expect

from members.models import ImportBatch, Member
from tests import build, rosters

FAULTY = rosters.person(2, "李二", 身份证号=rosters.id_number(2)[:-1] + "?")


def roster(*rows):
    """As real files are: a title row, blank rows, a totals row."""
    return rosters.xlsx(
        [["青石村党支部党员花名册"], [], rosters.HEADER, *rows, [], ["合计", len(rows)]]
    )


def offer(portal, content):
    portal.visit("/members/imports/add/")
    portal.set_input_files(
        "input[type=file]",
        {
            "name": "名册.xlsx",
            "mimeType": "application/octet-stream",
            "buffer": content,
        },
    )
    portal.click("main form button.btn-primary")


def send(portal, content):
    offer(portal, content)
    portal.wait_for_url(lambda url: url.rstrip("/").split("/")[-1].isdigit())


def test_a_roster_is_mended_and_applied(portal, axe):
    branch = build.branch("中共青石村支部委员会")
    secretary = build.secretary(of=branch)
    portal.sign_in(secretary)

    offer(portal, b"%PDF-1.7 this is no roster")
    portal.wait_for_selector(".field-error")
    assert not ImportBatch.objects.exists()
    send(portal, b"this is no roster either")
    assert ImportBatch.objects.latest("pk").state == "refused"
    axe(portal)

    send(portal, roster(rosters.person(1, "陈一"), FAULTY))
    batch = ImportBatch.objects.latest("pk")
    assert (batch.state, batch.accepted, batch.refused) == ("checked", 1, 1)
    expect(portal.locator("main")).to_contain_text("李二", use_inner_text=True)
    axe(portal)
    assert set(Member.objects.filter(branch=branch)) == {secretary.member}

    mended = rosters.person(2, "李二")
    send(portal, roster(rosters.person(1, "陈一"), mended))
    assert rosters.id_number(2) not in portal.content()
    portal.locator("a[href$='/apply/']").click()
    axe(portal)
    portal.click("main form button.btn-primary, main form button.btn-danger")
    portal.wait_for_load_state("networkidle")
    assert ImportBatch.objects.latest("pk").state == "applied"

    portal.visit("/members/roll/")
    shown = portal.locator("main").inner_text()
    assert "陈一" in shown
    assert "李二" in shown

    send(portal, roster(rosters.person(1, "陈一"), mended))
    batch = ImportBatch.objects.latest("pk")
    assert (batch.accepted, batch.changed, batch.unchanged) == (0, 0, 2)
