"""Deciding on proposed rules in a browser: by keys, by mouse, on a phone, without scripts."""

import re

from playwright.sync_api import expect

from shounuo.kernel.clock import now
from shounuo.policy import services
from shounuo.policy.services import document_upload
from shounuo.staff.queries import actor_for
from tests.browser.conftest import PHONE

TEXT = """清源供水服务规定{mark}

第一条 接到投诉后，应在30分钟内响应，5个工作日内办结。
第二条 仓库收货确认后，3个工作日内完成退款。
第三条 客服主管每月组织一次业务培训。
"""


def upload(site, mark):
    """An upload of its own for each test; `mark` makes its text another."""
    manager = site.world.cast.manager
    return document_upload(
        data=TEXT.format(mark=mark).encode(),
        name="规定.txt",
        code=f"water-{mark}",
        actor=actor_for(manager),
        at=now(),
    )


def states(document):
    return list(document.proposals.order_by("position").values_list("state", flat=True))


def test_rules_are_decided_on_with_the_keys_alone(site):
    document = upload(site, "keys")
    first, second, third, fourth = document.proposals.order_by("position")
    page = site.open(f"/policy/documents/{document.pk}/", person=site.world.cast.manager)
    current = page.locator(".sn-rv-card.is-current")
    expect(current).to_have_id(f"p{first.pk}")
    expect(page.locator("mark.is-on", has_text="30分钟内")).to_be_visible()

    page.keyboard.press("y")
    expect(page.locator(f"#p{first.pk}")).to_have_attribute("data-state", "accepted")
    expect(current).to_have_id(f"p{second.pk}")
    page.keyboard.press("n")
    expect(page.locator(f"#p{second.pk}")).to_have_attribute("data-state", "rejected")
    expect(current).to_have_id(f"p{third.pk}")
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile(rf"/policy/proposals/{third.pk}/edit/"))
    expect(page.locator("#say")).to_contain_text("还差")
    save = page.get_by_role("button", name="保存并采纳").last
    page.locator("select[name='from.0.event']").select_option("case.accepted")
    expect(page.locator("#say")).to_contain_text("还差 1 处")
    save.click()
    expect(page.locator("select[name='until.0.event']")).to_be_focused()
    page.locator("select[name='until.0.event']").select_option("case.resolved")
    expect(page.locator("#say")).to_contain_text("3 个工作日内须解决问题")
    save.click()
    expect(page.locator(f"#p{third.pk}")).to_have_attribute("data-state", "edited")
    expect(current).to_have_id(f"p{fourth.pk}")
    expect(page.locator("#rv-progress")).to_contain_text(re.compile(r"已定\s*3\s*/ 4"))
    assert states(document) == ["accepted", "rejected", "edited", "proposed"]


def test_what_is_chosen_before_the_page_is_ready_is_said_as_well(site):
    document = upload(site, "early")
    gap = document.proposals.order_by("position")[2]
    page = site.open(f"/policy/documents/{document.pk}/", person=site.world.cast.manager)
    scripts = []
    page.route("**/editor*.js", lambda route: scripts.append(route))
    page.goto(f"{site.url}/policy/proposals/{gap.pk}/edit/", wait_until="commit")
    expect(page.locator("#say")).to_contain_text("还差 2 处")
    page.locator("select[name='from.0.event']").select_option("case.accepted")
    [script] = scripts
    script.continue_()
    expect(page.locator("#say")).to_contain_text("还差 1 处")


def test_a_gap_is_filled_with_the_mouse_and_the_words_lead_to_their_rule(site):
    document = upload(site, "mouse")
    gap = document.proposals.get(clause="2")
    page = site.open(f"/policy/documents/{document.pk}/", person=site.world.cast.manager)
    page.locator("mark", has_text="3个工作日内").click()
    expect(page.locator(".sn-rv-card.is-current")).to_have_id(f"p{gap.pk}")
    card = page.locator(f"#p{gap.pk}")
    card.locator("select[name=from]").select_option("case.accepted")
    card.get_by_role("button", name="补上并采纳").click()
    expect(card.get_by_role("alert")).to_contain_text("until")
    expect(card.locator("select[name=from]")).to_have_value("case.accepted")
    card.locator("select[name=until]").select_option("case.resolved")
    card.get_by_role("button", name="补上并采纳").click()
    expect(card).to_contain_text("自受理工单起，3 个工作日内须解决问题")
    page.get_by_role("button", name=re.compile("采纳有把握的")).click()
    expect(page.locator("#rv-progress")).to_contain_text(re.compile(r"已定\s*4\s*/ 4"))
    page.get_by_role("button", name="写成草案").click()
    expect(page).to_have_url(re.compile(r"/policy/water-mouse/versions/"))
    expect(page.locator("main")).to_contain_text("草案")


def test_the_review_fits_a_phone_and_works_without_scripts(site):
    document = upload(site, "phone")
    first = document.proposals.earliest("position")
    page = site.open(f"/policy/documents/{document.pk}/", person=site.world.cast.manager, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    plain = site.open(f"/policy/documents/{document.pk}/", person=site.world.cast.manager, scripts=False)
    plain.locator(f"#p{first.pk}").get_by_role("button", name="采纳", exact=True).click()
    expect(plain.locator(f"#p{first.pk}")).to_contain_text("已采纳")
    plain.locator(f"#p{first.pk}").get_by_role("link", name="改写").click()
    expect(plain.locator("input[name='within.n']")).to_have_value("30")


def test_who_decides_second_hears_of_it_in_place_and_decides_on_purpose(site):
    document = upload(site, "two")
    first = document.proposals.earliest("position")
    cast = site.world.cast
    page = site.open(f"/policy/documents/{document.pk}/", person=cast.manager)
    services.proposal_reject(proposal_id=first.pk, actor=cast.actor(cast.admin), at=now())
    card = page.locator(f"#p{first.pk}")
    card.get_by_role("button", name="采纳", exact=True).click()
    expect(card.get_by_role("alert")).to_contain_text("管理员 在这期间已经定了：未采纳。您的没有存。")
    expect(page.locator(".sn-rv-card.is-current")).to_have_id(f"p{first.pk}")
    page.keyboard.press("y")  # a key alone replaces nobody's decision
    expect(card).to_have_attribute("data-state", "rejected")
    card.get_by_role("button", name="仍按原提议采纳").click()
    expect(card).to_have_attribute("data-state", "accepted")
    assert states(document)[0] == "accepted"
