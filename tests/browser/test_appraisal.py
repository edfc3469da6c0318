"""A member writes a self-appraisal on a phone and votes; the secretary grades; the member
reads the result and confirms it (LIFE-08, LIFE-23, LIFE-24)."""

from playwright.sync_api import expect

from activities.models import AppraisalResult, AppraisalRound
from activities.services import polls
from tests import build


def test_from_the_self_appraisal_to_the_feedback(portal, axe):
    branch = build.branch("中共青石村支部委员会")
    secretary = build.secretary(of=branch)
    names = ("薛丽华", "陈芳", "邓立新")
    users = [build.user(member=build.member(name, branch=branch)) for name in names]

    portal.sign_in(secretary)
    portal.who = secretary
    portal.visit(branch.get_absolute_url())
    portal.click(f"main a[href$='/branches/{branch.pk}/appraisals/']")
    axe(portal)
    portal.fill("#id_due_on", "2027-01-01")
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    axe(portal)
    round_ = AppraisalRound.objects.get()

    change(portal, users[0])
    portal.visit("/activities/mine/")
    portal.click("main a[href$='/appraisals/']")
    axe(portal)
    portal.click("#own a")
    portal.click("#now a.btn-primary")
    portal.fill("#id_text", "一年来按时参加组织生活，不足是学习不够。")
    axe(portal)
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    expect(portal.locator("main")).to_contain_text(
        "一年来按时参加组织生活", use_inner_text=True
    )

    change(portal, secretary)
    page = round_.get_absolute_url()
    for step in ("mutual", "poll"):
        portal.visit(page)
        portal.click(f"#next a[href$='/{step}/']")
        axe(portal)
        portal.click("main form button.btn-primary")
        portal.wait_for_selector(".message-success")

    # All but the member vote elsewhere.
    round_.refresh_from_db()
    for user in (secretary, *users[1:]):
        others = polls.asked(round_).exclude(member=user.member)
        polls.vote(round_, {one.pk: "excellent" for one in others}, by=user)

    change(portal, users[0])
    portal.visit("/activities/appraisals/")
    portal.click("#own a")
    portal.click("#now a.btn-primary")
    axe(portal)
    portal.click("main form button.btn-primary")  # the browser asks for a grade first
    assert portal.url.endswith("/vote/")
    for part in polls.asked(round_).exclude(member=users[0].member):
        portal.check(f"input[name=grade_{part.pk}][value=qualified]")
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    expect(portal.locator("main")).to_contain_text("您已投票", use_inner_text=True)

    change(portal, secretary)
    portal.visit(page)
    expect(portal.locator("main")).to_contain_text(
        "4人中已有4人投票", use_inner_text=True
    )
    portal.click("#next a[href$='/close/']")
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")
    axe(portal)
    for part in round_.appraisals.select_related("member"):
        portal.visit(page)
        portal.get_by_role("link", name=part.member.name).click()
        axe(portal)
        portal.click("main a[href$='/decide/']")
        best = part.member.name == names[0]
        portal.check(f"input[name=grade][value={'excellent' if best else 'qualified'}]")
        portal.fill("#id_opinion", "能履行党员义务。")
        portal.fill("#id_reason", "" if best else "支部党员大会研究确定。")
        axe(portal)
        portal.click("main form button.btn-primary")
        portal.wait_for_selector(".message-success")
    portal.visit(page)
    portal.click("#next a[href$='/tell/']")
    portal.check("input[name=body][value=meeting]")
    axe(portal)
    portal.click("main form button.btn-primary")
    portal.wait_for_selector(".message-success")

    change(portal, users[0])
    portal.visit("/activities/appraisals/")
    portal.click("#own a")
    result = portal.locator("#result")
    expect(result).to_contain_text("优秀", use_inner_text=True)
    expect(result).to_contain_text("能履行党员义务。", use_inner_text=True)
    axe(portal)
    result.locator("button").click()
    portal.wait_for_selector(".message-success")
    expect(portal.locator("#result")).to_contain_text("已阅并确认", use_inner_text=True)
    read = AppraisalResult.objects.get(appraisal__member=users[0].member)
    assert read.read_at is not None


def change(portal, user):
    """Somebody else sits down before it; who was there before is still signed in."""
    kept = portal.__dict__.setdefault("kept", {})
    kept[portal.who] = portal.context.cookies()
    portal.context.clear_cookies()
    if user in kept:
        portal.context.add_cookies(kept[user])
    else:
        portal.sign_in(user)
    portal.who = user
