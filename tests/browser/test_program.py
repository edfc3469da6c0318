"""A village secretary begins the rural revitalization program and takes it through the
four discussions and two publications; a member reads it (KIND-01)."""

from playwright.sync_api import expect

from activities.models import FlowStep, Program
from tests import build


def test_a_village_decides_in_six_steps_and_a_member_reads_it(portal, axe):
    branch = build.branch("中共青石村支部委员会")
    member = build.user(member=build.member("薛丽华", branch=branch))

    portal.sign_in(build.secretary(of=branch))
    portal.visit("/activities/programs/")
    axe(portal)
    portal.click("main a[href$='/programs/add/']")
    portal.select_option("#id_preset", "revitalization")
    portal.click("main form button.btn-primary")
    portal.fill("#id_title", "青石村乡村振兴")
    axe(portal)
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    program = Program.objects.get()
    portal.click("main form[action$='/start/'] button")
    portal.wait_for_selector(".message-success")
    axe(portal)

    page = f"/activities/programs/{program.pk}/"
    portal.visit(f"{page}step/?step=decide")
    fill(portal, "decide", 1)
    portal.click("main form button.btn-primary")
    expect(portal.locator("main")).to_contain_text(
        "应先完成“村党支部提议”", use_inner_text=True
    )

    for number, step in enumerate(FlowStep.Step.values):
        portal.visit(page)
        portal.click(f"main a[href$='step={step}']")
        fill(portal, step, 20 if step == "publish_result" else 1 + number)
        axe(portal)
        portal.click("main form button.btn-primary")
        portal.wait_for_selector(".message-success")
    assert program.steps.count() == 6

    portal.context.clear_cookies()
    portal.sign_in(member)
    portal.visit("/activities/programs/")
    portal.get_by_role("link", name="青石村乡村振兴").click()
    portal.wait_for_url(f"**{page}")
    text = portal.locator("main").inner_text()
    assert all(word in text for word in ("实施结果公开", "村务公开栏", "赞成9票"))
    expect(portal.locator("main a[href$='/edit/']")).to_have_count(0)
    axe(portal)


def fill(portal, step, day):
    portal.fill("#id_on", f"2026-01-{day:02}")
    if step in FlowStep.PUBLISHING:
        portal.fill("#id_place", "村务公开栏")
        return
    portal.fill("#id_body", "会议")
    if step in FlowStep.VOTING:
        for name, count in (("yes", "9"), ("no", "1"), ("abstain", "0")):
            portal.fill(f"#id_{name}", count)
